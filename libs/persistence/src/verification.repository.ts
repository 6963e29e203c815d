import type { ErrorReport } from '#contracts';
import type { DataSource } from 'typeorm';
import { isId, jsonb, newId, rows } from './database.js';

/** A comparison of partner, topics and warehouses that somebody asked for. */
export interface Verification {
  readonly id: string;
  readonly sourceId: string;
  readonly state: 'queued' | 'running' | 'done' | 'failed';
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** What is being done now, in words. */
  readonly progress: string | null;
  /** One per warehouse. */
  readonly verdicts: unknown;
  readonly difference: number | null;
  readonly apiCalls: number;
  readonly error: ErrorReport | null;
}

export interface VerificationTask { readonly id: string; readonly sourceId: string; readonly workspaceId: string }

const COLUMNS = `id, source_id as "sourceId", state, requested_at as "requestedAt", started_at as "startedAt", finished_at as "finishedAt", progress, verdicts, difference::float8 as difference,
  api_calls::float8 as "apiCalls", error`;

export class VerificationRepository {
  constructor(private readonly database: DataSource) {}

  /** A new one, or the one that is under way: there is never a second one. The caller has checked that the source is the workspace's. */
  async request(workspaceId: string, sourceId: string): Promise<Verification> {
    await rows(this.database, `insert into verifications (id, workspace_id, source_id) values ($1, $2, $3) on conflict (source_id) where state in ('queued', 'running') do nothing`, [newId(), workspaceId, sourceId]);
    const [newest] = await this.list(workspaceId, sourceId, 1);
    if (newest === undefined) throw new Error('the verification that was just asked for is gone');
    return newest;
  }

  /** Newest first, older than `before` (an id). */
  list(workspaceId: string, sourceId: string, limit: number, before?: string): Promise<Verification[]> {
    if (!isId(sourceId) || (before !== undefined && !isId(before))) return Promise.resolve([]);
    return rows(this.database, `select ${COLUMNS} from verifications where workspace_id = $1 and source_id = $2 and ($4::uuid is null or id < $4) order by id desc limit $3`, [workspaceId, sourceId, limit, before ?? null]);
  }

  async get(workspaceId: string, sourceId: string, id: string): Promise<Verification | undefined> {
    if (!isId(sourceId) || !isId(id)) return undefined;
    return (await rows<Verification>(this.database, `select ${COLUMNS} from verifications where workspace_id = $1 and source_id = $2 and id = $3`, [workspaceId, sourceId, id]))[0];
  }

  /** The oldest one of these connectors that nobody works at. */
  async take(owner: string, leaseMs: number, connectors: readonly string[]): Promise<VerificationTask | undefined> {
    const [task] = await rows<VerificationTask>(this.database, `update verifications set state = 'running', lease_owner = $1, lease_expires_at = now() + $2::float8 * interval '1 millisecond', started_at = coalesce(started_at, now())
      where id = (select v.id from verifications as v join sources as s on s.id = v.source_id where v.state in ('queued', 'running') and (v.lease_expires_at is null or v.lease_expires_at < now())
        and s.connector = any($3) order by v.id limit 1 for update of v skip locked)
      returning id, source_id as "sourceId", workspace_id as "workspaceId"`, [owner, leaseMs, connectors]);
    return task;
  }

  /** Renews the lease. False: it is somebody else's now. */
  async progress(id: string, owner: string, leaseMs: number, progress: string): Promise<boolean> {
    return (await rows(this.database, `update verifications set progress = to_jsonb($4::text), lease_expires_at = now() + $3::float8 * interval '1 millisecond'
      where id = $1 and lease_owner = $2 and state = 'running' returning 1`, [id, owner, leaseMs, progress])).length > 0;
  }

  async finish(id: string, owner: string, result: { readonly verdicts: readonly object[]; readonly difference: number; readonly apiCalls: number } | { readonly error: ErrorReport }): Promise<void> {
    const failed = 'error' in result;
    await rows(this.database, `update verifications set state = $3, finished_at = now(), lease_expires_at = null, progress = null, verdicts = $4, difference = $5, api_calls = coalesce($6, api_calls), error = $7
      where id = $1 and lease_owner = $2 and state = 'running'`,
    [id, owner, failed ? 'failed' : 'done', failed ? null : jsonb(result.verdicts), failed ? null : result.difference, failed ? null : result.apiCalls, failed ? jsonb(result.error) : null]);
  }

  /** Lets go of it: another fetcher begins anew. */
  async release(id: string, owner: string): Promise<void> {
    await rows(this.database, `update verifications set state = 'queued', lease_owner = null, lease_expires_at = null where id = $1 and lease_owner = $2 and state = 'running'`, [id, owner]);
  }
}
