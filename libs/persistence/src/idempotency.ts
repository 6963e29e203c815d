import type { DataSource, EntityManager } from 'typeorm';
import { rows } from './database.js';

/** A client's key for one request, and what it asked for (keyed hash of route and body). */
export interface Idempotency { readonly key: string; readonly fingerprint: string }

/** A request under a key that makes no resource by which it could be recognised. */
export interface KeyedRequest extends Idempotency { readonly workspaceId: string }

/** `ours`: nobody has begun it. `answered`: with the sealed body. `running`: somebody is at it. `other`: the key belongs to another request. */
export type Begun = { readonly state: 'ours' | 'running' | 'other' } | { readonly state: 'answered'; readonly status: number; readonly answerSealed: string };

/** How long a key is remembered. */
const KEPT = "interval '24 hours'";

/** Another request with this key got there first. */
export class IdempotencyConflict extends Error {}

/** In the transaction of the create. @throws IdempotencyConflict when the key is taken, after waiting for who takes it. */
export async function remember(tx: EntityManager, workspaceId: string, resourceId: string, idempotency: Idempotency | undefined): Promise<void> {
  if (idempotency === undefined) return;
  const taken = await rows(tx, `
    insert into idempotency_keys (workspace_id, key, fingerprint, resource_id) values ($1, $2, $3, $4)
    on conflict (workspace_id, key) do update set fingerprint = excluded.fingerprint, resource_id = excluded.resource_id, created_at = now(), running_until = null, status = null, answer_sealed = null
      where idempotency_keys.created_at < now() - ${KEPT} returning 1`, [workspaceId, idempotency.key, idempotency.fingerprint, resourceId]);
  if (taken.length === 0) throw new IdempotencyConflict('This Idempotency-Key was used by another request.');
}

export class IdempotencyRepository {
  constructor(private readonly database: DataSource) {}

  /** What an earlier request with this key made; undefined when there was none in the last 24 hours. */
  async find(workspaceId: string, key: string): Promise<{ readonly resourceId: string; readonly fingerprint: string } | undefined> {
    const [found] = await rows<{ resourceId: string; fingerprint: string }>(this.database, `
      select coalesce(resource_id::text, '') as "resourceId", fingerprint from idempotency_keys where workspace_id = $1 and key = $2 and created_at >= now() - ${KEPT}`, [workspaceId, key]);
    return found;
  }

  /** Takes the key for a request, for `leaseMs` at the most: a gateway that died in between doesn't keep it. */
  async begin({ workspaceId, key, fingerprint }: KeyedRequest, leaseMs: number): Promise<Begun> {
    const taken = await rows(this.database, `
      insert into idempotency_keys as i (workspace_id, key, fingerprint, running_until) values ($1, $2, $3, now() + $4::float8 * interval '1 ms')
      on conflict (workspace_id, key) do update set fingerprint = excluded.fingerprint, running_until = excluded.running_until, created_at = now(), resource_id = null, status = null, answer_sealed = null
        where i.created_at < now() - ${KEPT} or (i.fingerprint = excluded.fingerprint and i.status is null and i.running_until < now()) returning 1`, [workspaceId, key, fingerprint, leaseMs]);
    if (taken.length > 0) return { state: 'ours' };
    const [found] = await rows<{ fingerprint: string; status: number | null; answerSealed: string | null }>(this.database, 'select fingerprint, status, answer_sealed as "answerSealed" from idempotency_keys where workspace_id = $1 and key = $2', [workspaceId, key]);
    if (found !== undefined && found.fingerprint !== fingerprint) return { state: 'other' };
    // Gone by now: who had it let go of it, and the next try takes it.
    if (found === undefined || found.status === null || found.answerSealed === null) return { state: 'running' };
    return { state: 'answered', status: found.status, answerSealed: found.answerSealed };
  }

  /** What repeats of the request are answered from now on. */
  async answered({ workspaceId, key, fingerprint }: KeyedRequest, status: number, answerSealed: string): Promise<void> {
    await rows(this.database, 'update idempotency_keys set status = $4, answer_sealed = $5, running_until = null where workspace_id = $1 and key = $2 and fingerprint = $3', [workspaceId, key, fingerprint, status, answerSealed]);
  }

  /** It was refused: the same request may be sent again. */
  async forget({ workspaceId, key, fingerprint }: KeyedRequest): Promise<void> {
    await rows(this.database, 'delete from idempotency_keys where workspace_id = $1 and key = $2 and fingerprint = $3 and status is null', [workspaceId, key, fingerprint]);
  }
}
