import { afterAll, describe, expect, it } from '@jest/globals';
import { gatewayUrl } from '../../deploy/local/src/services.js';
import type { Product } from '../e2e/support/product.js';
import { Person, launch } from './browser.js';

type Begun = { stop(): Promise<unknown> } | { close(): Promise<unknown> };

type Begins = <T extends Begun>(beginning: Promise<T>) => Promise<T>;

/** Takes what a spec begins and ends it after the spec, the newest first; also what a set-up began that fails half-way. */
export function stage(): Begins {
  const begun: Begun[] = [];
  afterAll(async () => {
    const failed: unknown[] = [];
    for (const one of begun.reverse()) await ('stop' in one ? one.stop() : one.close()).catch((error: unknown) => { failed.push(error); });
    if (failed.length > 0) throw failed[0];
  }, 120_000);
  return async (beginning) => {
    const one = await beginning;
    begun.push(one);
    return one;
  };
}

/** Somebody who isn't signed in yet, in a browser of their own. */
export const visitor = async (begins: Begins, { ports }: Product): Promise<Person> => Person.at(await begins(launch()), gatewayUrl(ports));

/** The owner, signed in, in a browser of their own. */
export async function signedIn(begins: Begins, product: Product): Promise<Person> {
  const owner = await visitor(begins, product);
  await owner.signsIn(product.owner, product.secrets.ownerPassword);
  return owner;
}

const LOOKS = [{ name: 'light', dark: false, width: 1280 }, { name: 'dark', dark: true, width: 1280 }, { name: 'narrow', dark: false, width: 390 }] as const;

interface Visits {
  readonly product: Product;
  /** Whose browser it is looked at in. */
  readonly person: Person;
  /** Whose password is the owner's. */
  readonly email?: string;
  readonly paths: readonly string[];
  /** Before it is looked at: what a person opens on the page of this path, step by step. */
  readonly opens?: (path: string, person: Person) => readonly (() => Promise<unknown>)[];
}

/** Each page in light, in dark and on a telephone: no violation of accessibility, as wide as the screen, nothing broken; a picture of each. */
export function looksWell(what: string, visits: () => Promise<Visits> | Visits): void {
  describe.each(LOOKS)(`${what}, $name`, ({ name, dark, width }) => {
    it('has no violation of accessibility, fits the screen and breaks nothing', async () => {
      const { product, person: owner, email = product.owner, paths, opens } = await visits();
      const person = await owner.other({ dark, width });
      const isFine = async (where: string): Promise<void> => expect([where, await person.violations(), await person.overflow()]).toEqual([where, [], 0]);
      await person.goes('/sign-in');
      await isFine('/sign-in');
      await person.signsIn(email, product.secrets.ownerPassword);
      for (const path of paths) {
        await person.goes(path);
        const plain = path.replaceAll(/[0-9a-f-]{36}/g, 'x');
        const [first, ...further] = opens?.(path, person) ?? [];
        await first?.();
        await person.picture(`${name}${plain.replaceAll('/', '-')}`);
        await isFine(plain);
        for (const step of further) { await step(); await isFine(plain); }
      }
      expect(person.troubles).toEqual([]);
      await person.context.close();
    }, 600_000);
  });
}
