import { parseArgs } from 'node:util';
import { SEALED_PLACES, SealedRepository, openDatabase, type SealedPlace } from '#persistence';
import { createVault, parseKeyRing, sealContext, type Vault } from '#vault';
import type { RotateKeysConfig } from './rotate-keys.config.js';

const BATCH = 200;
/** Turns over everything: a service may still seal with the old key until it has the new ring. */
const TURNS = 3;

/** What one place holds. */
interface Counted { readonly place: string; readonly resealed: number; readonly changedMeanwhile: number; /** Texts by the key that sealed them, afterwards. */ readonly keys: Readonly<Record<string, number>> }

/**
 * `rotate-keys [--check]`: seals everything in the control database with the current key, the first of `VAULT_KEYS`, while the
 * services run. Each text is compared with what it was when it is written: what a renewal or a person brought meanwhile stays.
 * It can be stopped and run again at any time. With `--check` it only counts.
 * @throws Error while another key is still needed, or when one that is needed isn't in the ring
 */
export async function rotateKeys(config: RotateKeysConfig, args: readonly string[] = process.argv.slice(2), print: (text: string) => void = (text) => { process.stdout.write(text); }): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { check: { type: 'boolean', default: false } } });
  const ring = parseKeyRing(config.vaultKeys);
  const database = await openDatabase({ url: config.databaseUrl, applicationName: 'cloud-sources rotate-keys', poolSize: 2 });
  try {
    const rotation = new Rotation(new SealedRepository(database), createVault(ring), ring.current);
    const counted: Counted[] = [];
    for (const place of SEALED_PLACES) counted.push(await rotation.place(place, values.check));
    const needed = new Set(counted.flatMap(({ keys }) => Object.keys(keys)).filter((keyId) => keyId !== ring.current));
    print(table(counted));
    const left = [...needed].sort();
    if (left.length > 0) throw new Error(`Still needed beside ${ring.current}: ${left.join(', ')}. ${values.check ? 'Run rotate-keys without --check.' : 'Run it again; does a service still run with the old order of keys?'}`);
    const unused = Object.keys(ring.keys).filter((keyId) => keyId !== ring.current);
    print(unused.length === 0 ? `Everything is sealed with ${ring.current}.\n` : `Everything is sealed with ${ring.current}. You can remove: ${unused.join(', ')}.\n`);
  } finally {
    await database.destroy();
  }
}

class Rotation {
  constructor(private readonly sealed: SealedRepository, private readonly vault: Vault, private readonly current: string) {}

  async place(place: SealedPlace, check: boolean): Promise<Counted> {
    let [resealed, changedMeanwhile] = [0, 0];
    for (let turn = 0; !check && turn < TURNS; turn += 1) {
      const before = resealed + changedMeanwhile;
      for (let after = ''; ;) {
        const texts = await this.sealed.others(place, this.current, BATCH, after);
        for (const text of texts) {
          const fresh = this.vault.reseal(text.sealed, sealContext[place.place](text.contextId));
          if (await this.sealed.replace(place, text, fresh)) resealed += 1; else changedMeanwhile += 1;
        }
        after = texts.at(-1)?.key ?? '';
        if (texts.length < BATCH) break;
      }
      if (resealed + changedMeanwhile === before) break;
    }
    return { place: place.place, resealed, changedMeanwhile, keys: Object.fromEntries((await this.sealed.count(place)).map(({ keyId, texts }) => [keyId, texts])) };
  }
}

function table(counted: readonly Counted[]): string {
  const lines = [`${'sealed'.padEnd(20)} ${'again'.padStart(7)} ${'changed'.padStart(8)}  by key`];
  for (const { place, resealed, changedMeanwhile, keys } of counted) {
    lines.push(`${place.padEnd(20)} ${String(resealed).padStart(7)} ${String(changedMeanwhile).padStart(8)}  ${Object.entries(keys).map(([keyId, texts]) => `${keyId}: ${texts}`).join(', ') || '–'}`);
  }
  return `${lines.join('\n')}\n`;
}
