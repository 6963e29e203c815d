import { Inject, Injectable } from '@nestjs/common';
import { IdempotencyConflict, IdempotencyRepository, type Idempotency } from '#persistence';
import type { Vault } from '#vault';
import { VAULT } from '../tokens.js';
import { checkKey } from './keyed.js';
import { Problem } from './problem.js';

export const keyReused = (): Problem => new Problem({ status: 422, code: 'idempotency_key_reused', title: 'This Idempotency-Key belongs to another request.', remedy: 'Use a new key for a new request.' });

/** One create with an `Idempotency-Key`. */
export interface Create<T> {
  readonly workspaceId: string;
  readonly route: string;
  readonly key: string | undefined;
  readonly body: unknown;
  /** Makes it, and remembers the key in the same transaction. */
  readonly make: (idempotency: Idempotency | undefined) => Promise<T>;
  /** What an earlier request made. */
  readonly find: (id: string) => Promise<T>;
}

/** Creates that can be repeated: the same key with the same body answers with what the first request made, for 24 hours. */
@Injectable()
export class Creates {
  constructor(private readonly idempotency: IdempotencyRepository, @Inject(VAULT) private readonly vault: Vault) {}

  async once<T>({ workspaceId, route, key, body, make, find }: Create<T>): Promise<T> {
    if (key === undefined) return make(undefined);
    checkKey(key);
    // The body holds secrets, so only a keyed hash of it is kept.
    const fingerprint = this.vault.fingerprint(`${route}\n${JSON.stringify(body)}`);
    const earlier = async (): Promise<T | undefined> => {
      const found = await this.idempotency.find(workspaceId, key);
      if (found === undefined) return undefined;
      if (found.fingerprint === fingerprint) return find(found.resourceId);
      throw keyReused();
    };
    const before = await earlier();
    if (before !== undefined) return before;
    try {
      return await make({ key, fingerprint });
    } catch (error) {
      const other = error instanceof IdempotencyConflict ? await earlier() : undefined;
      if (other === undefined) throw error;
      return other;
    }
  }
}
