import { Injectable } from '@nestjs/common';
import { DeadLetterRepository, type DeadLetterCount, type DeadLetterFilter, type DeadLetterRow } from '#persistence';
import { Problem, notFound } from '../http/problem.js';

/** Of each record, in a list and alone. */
const SHOWN_BYTES = { listed: 4_096, alone: 262_144 };
/** See `DeadLetterRepository.settle`. */
export const isReplayable = ({ service }: Pick<DeadLetterRow, 'service'>): boolean => service !== 'webhook-gateway';

@Injectable()
export class DeadLettersService {
  constructor(private readonly letters: DeadLetterRepository) {}

  list(workspaceId: string, filter: DeadLetterFilter, limit: number, before: string | undefined): Promise<DeadLetterRow[]> { return this.letters.list(workspaceId, filter, SHOWN_BYTES.listed, limit, before); }

  counts(workspaceId: string, filter: DeadLetterFilter): Promise<DeadLetterCount[]> { return this.letters.counts(workspaceId, filter); }

  async get(workspaceId: string, id: string): Promise<DeadLetterRow> {
    const letter = await this.letters.get(workspaceId, id, SHOWN_BYTES.alone);
    if (letter === undefined) throw notFound('dead letter');
    return letter;
  }

  /** @throws Problem 409 when it was settled before, or can't be replayed */
  async settle(workspaceId: string, id: string, state: 'replayed' | 'discarded'): Promise<DeadLetterRow> {
    const letter = await this.get(workspaceId, id);
    if (state === 'replayed' && !isReplayable(letter)) {
      throw new Problem({
        status: 409, code: 'conflict', title: 'This webhook\'s signature does not hold, so it isn\'t known to be the partner\'s.',
        remedy: 'Correct the webhook\'s secret and let the partner send it again; or sync, which brings what it told of.',
      });
    }
    if (await this.letters.settle(workspaceId, { id }, state) === 0) {
      throw new Problem({ status: 409, code: 'conflict', title: `The dead letter is ${letter.state} already.`, remedy: letter.failedAgainAs === null ? 'There is nothing left to do.' : `Its replay failed too: look at ${letter.failedAgainAs}.` });
    }
    return this.get(workspaceId, id);
  }

  /** All open ones that match, as far as they can be. */
  settleAll(workspaceId: string, filter: DeadLetterFilter, state: 'replayed' | 'discarded'): Promise<number> { return this.letters.settle(workspaceId, filter, state); }
}
