import type { RunState, RunTrigger, SourceState } from '#contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { isId, newId, rows } from './database.js';
import { isUsedUp, quotaColumns, type QuotaUse } from './due.js';
import { CollectionRunEntity, RunEntity, type RunExtent } from './entities/run.entity.js';
import { putEvents, putQueued } from './outbox.repository.js';
import { closeRun, type EndedRun } from './run-ending.js';
import { ATTEMPTS, type RunAttempt } from './support.repository.js';

export type RunRequest =
  | { readonly run: RunEntity }
  | { readonly refused: 'not_found' }
  | { readonly refused: 'state'; readonly state: SourceState }
  | { readonly refused: 'too_soon'; readonly retryAfterMs: number }
  | { readonly refused: 'active'; readonly runId: string }
  | { readonly refused: 'quota'; readonly quota: number; readonly retryAfterMs: number };

export interface KeptCall { readonly collection: string; readonly method: string; readonly request: string; readonly status: number; readonly startedAt: Date; readonly durationMs: number; readonly bytes: number }
export interface KeptLine { readonly at: Date; readonly level: string; readonly message: string }

/** Runs as a person sees them: asks for one, watches, cancels. */
export class RunRequestRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Sync now: a queued run and its command, in one transaction.
   * @param minGapMs refused when the last request is younger
   * @param syncsPerDay the operator's default of what a plan allows each source; 0: any number
   */
  request(workspaceId: string, sourceId: string, minGapMs: number, syncsPerDay = 0): Promise<RunRequest> {
    if (!isId(sourceId)) return Promise.resolve({ refused: 'not_found' });
    return this.database.transaction(async (tx) => {
      // The row lock makes two requests at the same moment come one after the other.
      // A request of the future was made before the clock was set back: it counts no more.
      const [source] = await rows<{ state: SourceState; connector: string; waitMs: number | null } & QuotaUse>(tx, `
        select s.state, s.connector, ${quotaColumns('$4')},
          case when s.last_sync_requested_at <= clock_timestamp() then (extract(epoch from s.last_sync_requested_at - clock_timestamp()) * 1000 + $3)::float8 end as "waitMs"
        from sources s join workspaces w on w.id = s.workspace_id where s.id = $1 and s.workspace_id = $2 and s.deleted_at is null for update of s`, [sourceId, workspaceId, minGapMs, syncsPerDay]);
      if (source === undefined) return { refused: 'not_found' };
      if (source.state !== 'active') return { refused: 'state', state: source.state };
      if (source.waitMs !== null && source.waitMs > 0) return { refused: 'too_soon', retryAfterMs: Math.ceil(source.waitMs) };
      const active = await activeRun(tx, sourceId);
      if (active !== undefined) return { refused: 'active', runId: active };
      if (isUsedUp(source)) return { refused: 'quota', quota: source.quota, retryAfterMs: source.resetsAt.getTime() - Date.now() };
      await rows(tx, 'update sources set last_sync_requested_at = clock_timestamp(), syncs_day = $2, syncs_used = $3 where id = $1', [sourceId, source.today, source.used + 1]);
      return { run: await queueRun(tx, { workspaceId, sourceId, connector: source.connector, trigger: 'manual' }) };
    });
  }

  /** Reads collections anew, from the partner or (a replay, which calls nobody: also of a source that may not sync) from what is retained: a queued run that leaves the source's checkpoints alone. */
  again(workspaceId: string, sourceId: string, trigger: 'resync' | 'replay', extent: RunExtent): Promise<RunRequest> {
    return this.database.transaction(async (tx) => {
      const [source] = await rows<{ state: SourceState; connector: string }>(tx, 'select state, connector from sources where id = $1 and workspace_id = $2 and deleted_at is null for update', [sourceId, workspaceId]);
      if (source === undefined) return { refused: 'not_found' };
      if (trigger !== 'replay' && source.state !== 'active') return { refused: 'state', state: source.state };
      const active = await activeRun(tx, sourceId);
      if (active !== undefined) return { refused: 'active', runId: active };
      return { run: await queueRun(tx, { workspaceId, sourceId, connector: source.connector, trigger, extent }) };
    });
  }

  /** Newest first, older than `before` (a run's id). */
  list(workspaceId: string, sourceId: string, limit: number, before?: string): Promise<RunEntity[]> {
    if (!isId(sourceId) || (before !== undefined && !isId(before))) return Promise.resolve([]);
    const query = this.database.getRepository(RunEntity).createQueryBuilder('r').where('r.workspace_id = :workspaceId and r.source_id = :sourceId', { workspaceId, sourceId });
    if (before !== undefined) query.andWhere('r.id < :before', { before });
    return query.orderBy('r.id', 'DESC').limit(limit).getMany();
  }

  async get(workspaceId: string, runId: string): Promise<RunEntity | undefined> {
    return isId(runId) ? await this.database.getRepository(RunEntity).findOneBy({ id: runId, workspaceId }) ?? undefined : undefined;
  }

  collections(runId: string): Promise<CollectionRunEntity[]> {
    return this.database.getRepository(CollectionRunEntity).find({ where: { runId }, order: { collection: 'ASC' } });
  }

  /** From when on each collection was to bring changes: the beginning of the sync before that read all that was new in it. */
  async changesSince({ id, sourceId, trigger }: Pick<RunEntity, 'id' | 'sourceId' | 'trigger'>): Promise<Map<string, Date>> {
    if (trigger === 'first' || trigger === 'resync' || trigger === 'replay') return new Map();
    const found = await rows<{ collection: string; since: Date }>(this.database, `
      select now_read.collection, before.since from collection_runs now_read cross join lateral (
        select r.started_at as since from runs r join collection_runs c on c.run_id = r.id and c.collection = now_read.collection
        where r.source_id = $2 and r.id < $1 and c.state = 'succeeded' and r.extent is null order by r.id desc limit 1) before
      where now_read.run_id = $1 and now_read.full_pass is not true and before.since is not null`, [id, sourceId]);
    return new Map(found.map(({ collection, since }) => [collection, since]));
  }

  /** The first calls of the run, in order. */
  calls(runId: string, limit: number): Promise<KeptCall[]> {
    return rows(this.database, `select collection, method, request, status, started_at as "startedAt", duration_ms as "durationMs", bytes::float8 as bytes
      from api_calls where run_id = $1 order by id limit $2`, [runId, limit]);
  }

  attempts(runId: string): Promise<RunAttempt[]> { return rows(this.database, ATTEMPTS, [runId]); }

  log(runId: string): Promise<KeptLine[]> {
    return rows(this.database, 'select at, level, message from run_log where run_id = $1 order by id', [runId]);
  }

  /** Cancels an active run; its fetcher notices at the next heartbeat or checkpoint. Undefined: there is no such run; otherwise the run as it is now. */
  cancel(workspaceId: string, runId: string): Promise<RunEntity | undefined> {
    if (!isId(runId)) return Promise.resolve(undefined);
    return this.database.transaction(async (tx) => {
      const [run] = await rows<EndedRun>(tx, `
        update runs set state = 'cancelled', fencing_token = fencing_token + 1, finished_at = now(), lease_owner = null, lease_expires_at = null
        where id = $1 and workspace_id = $2 and state in ('queued', 'running', 'deferred')
        returning id, source_id as "sourceId", started_at as "startedAt", state, error`, [runId, workspaceId]);
      if (run !== undefined) {
        await closeRun(tx, run);
        await putEvents(tx, [runChanged({ runId, sourceId: run.sourceId, workspaceId }, 'cancelled')]);
      }
      return await tx.getRepository(RunEntity).findOneBy({ id: runId, workspaceId }) ?? undefined;
    });
  }
}

const activeRun = async (tx: EntityManager, sourceId: string): Promise<string | undefined> =>
  (await rows<{ id: string }>(tx, `select id from runs where source_id = $1 and state in ('queued', 'running', 'deferred')`, [sourceId]))[0]?.id;

const runChanged = (ids: { readonly runId: string; readonly sourceId: string; readonly workspaceId: string }, state: RunState) =>
  ({ ...ids, type: 'run.changed', state, at: new Date().toISOString() }) as const;

/** A queued run with its command and event. The caller holds the source's row and has seen that no run is active. */
export async function queueRun(
  tx: EntityManager, run: { readonly workspaceId: string; readonly sourceId: string; readonly connector: string; readonly trigger: RunTrigger; readonly extent?: RunExtent },
): Promise<RunEntity> {
  const id = newId();
  await tx.getRepository(RunEntity).insert({ id, ...run });
  await putQueued(tx, [{ runId: id, sourceId: run.sourceId, workspaceId: run.workspaceId, connector: run.connector }]);
  return tx.getRepository(RunEntity).findOneByOrFail({ id });
}
