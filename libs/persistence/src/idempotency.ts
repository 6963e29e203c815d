import type { DataSource, EntityManager } from 'typeorm';
import { rows } from './database.js';

/** A client's key for one create, and what it asked for (keyed hash of route and body). */
export interface Idempotency { readonly key: string; readonly fingerprint: string }

/** How long a key is remembered. */
const KEPT = "interval '24 hours'";

/** Another request with this key got there first. */
export class IdempotencyConflict extends Error {}

/** In the transaction of the create. @throws IdempotencyConflict when the key is taken, after waiting for who takes it. */
export async function remember(tx: EntityManager, workspaceId: string, resourceId: string, idempotency: Idempotency | undefined): Promise<void> {
  if (idempotency === undefined) return;
  const taken = await rows(tx, `
    insert into idempotency_keys (workspace_id, key, fingerprint, resource_id) values ($1, $2, $3, $4)
    on conflict (workspace_id, key) do update set fingerprint = excluded.fingerprint, resource_id = excluded.resource_id, created_at = now()
      where idempotency_keys.created_at < now() - ${KEPT} returning 1`, [workspaceId, idempotency.key, idempotency.fingerprint, resourceId]);
  if (taken.length === 0) throw new IdempotencyConflict('This Idempotency-Key was used by another request.');
}

export class IdempotencyRepository {
  constructor(private readonly database: DataSource) {}

  /** What an earlier request with this key made; undefined when there was none in the last 24 hours. */
  async find(workspaceId: string, key: string): Promise<{ readonly resourceId: string; readonly fingerprint: string } | undefined> {
    const [found] = await rows<{ resourceId: string; fingerprint: string }>(this.database, `
      select resource_id as "resourceId", fingerprint from idempotency_keys where workspace_id = $1 and key = $2 and created_at >= now() - ${KEPT}`, [workspaceId, key]);
    return found;
  }
}
