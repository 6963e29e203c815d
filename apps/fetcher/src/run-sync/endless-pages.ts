import { createHash } from 'node:crypto';
import { PartnerContractError } from '#contracts';
import type { Page } from '#connector-kit';

/** The same answer to the same request so often in one reading is a loop; an account that changes may send one twice. */
const MOST = 3;

/** Notices a partner whose pages lead in a circle: every page would be progress, and the run would never end. */
export class EndlessPages {
  private readonly seen = new Map<string, number>();

  constructor(private readonly collection: string) {}

  /** @throws PartnerContractError */
  check({ request, body }: Pick<Page, 'request' | 'body'>): void {
    const page = createHash('sha1').update(request).update('\0').update(body).digest('base64');
    const times = (this.seen.get(page) ?? 0) + 1;
    this.seen.set(page, times);
    if (times < MOST) return;
    throw new PartnerContractError(`The pages of ${this.collection} lead in a circle: ${request} was answered with the same page ${times} times.`, {
      remedy: 'Report it to the partner; the next run goes on from the checkpoint. Nothing else is affected.',
    });
  }
}
