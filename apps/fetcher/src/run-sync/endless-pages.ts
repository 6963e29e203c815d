import { createHash } from 'node:crypto';
import { PartnerContractError } from '#contracts';
import type { Page } from '#connector-kit';

/** The same answer to the same request so often in one reading is a loop; an account that changes may send one twice. */
const MOST = 3;

const SAMPLE_BYTES = 256;
const sha1 = (...parts: readonly (string | Buffer)[]): string => parts.reduce((hash, part) => hash.update(part), createHash('sha1')).digest('base64');

/** Notices a partner whose pages lead in a circle: every page would be progress, and the run would never end. */
export class EndlessPages {
  /** By request and what is cheap to tell of the answer; its whole is looked at from the second time on. */
  private readonly seen = new Map<string, { times: number; body: string }>();

  constructor(private readonly collection: string) {}

  /** @throws PartnerContractError */
  check({ request, body }: Pick<Page, 'request' | 'body'>): void {
    const page = sha1(request, `\0${body.length}\0`, body.subarray(0, SAMPLE_BYTES), body.subarray(-SAMPLE_BYTES));
    const known = this.seen.get(page);
    if (known === undefined) { this.seen.set(page, { times: 1, body: '' }); return; }
    const whole = sha1(body);
    const times = known.times === 1 || known.body === whole ? known.times + 1 : known.times;
    this.seen.set(page, { times, body: whole });
    if (times < MOST) return;
    throw new PartnerContractError(`The pages of ${this.collection} lead in a circle: ${request} was answered with the same page ${times} times.`, {
      remedy: 'Report it to the partner; the next run goes on from the checkpoint. Nothing else is affected.',
    });
  }
}
