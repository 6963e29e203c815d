import { SUPPORT_REMEDY, type ErrorReport, type SupportState, type SyncEvent } from '#contracts';
import type { DataSource } from 'typeorm';
import { jsonb, rows } from './database.js';
import type { Ending } from './entities/run.entity.js';
import { putEvents } from './outbox.repository.js';
import { closeRun, type Trace } from './run-ending.js';

/** A run that support must be told of. */
export interface SupportNotification {
  readonly runId: string;
  readonly reference: string;
  /** Tries so far, this one included. */
  readonly tries: number;
  /** Channels that have it. */
  readonly delivered: readonly string[];
}

/** One fetcher's hold on a run. */
export interface RunAttempt {
  readonly owner: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** The run's state that it ended with, `lost` (the fetcher went silent) or `released` (it was told to stop); null: under way. */
  readonly outcome: string | null;
  readonly records: number;
  readonly apiCalls: number;
  /** Whether a checkpoint moved or a collection was finished. */
  readonly progressed: boolean;
}

/** The complete log of a run: everything that is known of it, without secrets. */
export interface RunDossier {
  readonly reference: string;
  readonly run: Readonly<Record<string, unknown>>;
  readonly ending: Ending | null;
  readonly trace: Trace | null;
  readonly source: Readonly<Record<string, unknown>>;
  readonly collections: readonly Readonly<Record<string, unknown>>[];
  readonly checkpoints: readonly Readonly<Record<string, unknown>>[];
  readonly attempts: readonly RunAttempt[];
  readonly log: readonly { readonly at: Date; readonly level: string; readonly message: string }[];
  readonly calls: readonly Readonly<Record<string, unknown>>[];
}

/** Attempts at a run, in order. The one under way counts what the run has since it began. */
export const ATTEMPTS = `
  select owner, a.started_at as "startedAt", ended_at as "endedAt", outcome, (case when ended_at is null then r.records - records_before else a.records end)::float8 as records,
    (case when ended_at is null then r.api_calls - calls_before else a.api_calls end)::float8 as "apiCalls", progressed
  from run_attempts a join runs r on r.id = a.run_id where run_id = $1 order by a.fencing_token`;

const FIRST_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 3_600;
/** A notification that nobody took for so long is given up; the run says so. */
const GIVE_UP_DAYS = 7;

/** Runs that ended in a way that support must know of, from their end to the last channel's receipt. */
export class SupportRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Takes what is to be sent now; each is due again, less and less often, unless `delivered` says that all have it.
   * @param holdMs for so long nobody else takes it
   */
  take(limit: number, holdMs: number): Promise<SupportNotification[]> {
    return rows(this.database, `
      with due as (select run_id from support_notifications where done_at is null and next_try_at <= now() order by next_try_at limit $1 for update skip locked)
      update support_notifications n set tries = tries + 1,
        next_try_at = now() + greatest($2 * interval '1 ms', least(${LONGEST_PAUSE_SECONDS}, ${FIRST_PAUSE_SECONDS} * power(2, least(tries, 20))) * (0.75 + random() / 2) * interval '1 second')
      from due where n.run_id = due.run_id
      returning n.run_id as "runId", reference, tries, delivered`, [limit, holdMs]);
  }

  /** Undefined when the run is gone. */
  async dossier(runId: string): Promise<RunDossier | undefined> {
    const read = <T>(sql: string): Promise<T[]> => rows<T>(this.database, sql, [runId]);
    const [head] = await read<Pick<RunDossier, 'reference' | 'run' | 'ending' | 'trace' | 'source'>>(`
      select n.reference, n.trace, r.ending, to_jsonb(r) - 'ending' - 'support' as run,
        jsonb_build_object('id', s.id, 'name', s.name, 'slug', s.slug, 'connector', s.connector, 'configuration', s.configuration, 'state', s.state, 'startDate', s.start_date,
          'intervalMinutes', s.interval_minutes, 'lastSuccessAt', s.last_success_at, 'failedRuns', s.failed_runs, 'createdAt', s.created_at, 'warehouseId', s.warehouse_id) as source
      from support_notifications n join runs r on r.id = n.run_id join sources s on s.id = r.source_id where n.run_id = $1`);
    if (head === undefined) return undefined;
    const [collections, checkpoints, attempts, log, calls] = await Promise.all([
      read<RunDossier['collections'][number]>('select to_jsonb(c) - \'run_id\' as c from collection_runs c where run_id = $1 order by collection'),
      read<RunDossier['checkpoints'][number]>('select collection, checkpoint, c.run_id as "runId", updated_at as "updatedAt" from checkpoints c join runs r using (source_id) where r.id = $1 order by collection'),
      read<RunAttempt>(ATTEMPTS),
      read<RunDossier['log'][number]>('select at, level, message from run_log where run_id = $1 order by id'),
      read<RunDossier['calls'][number]>('select collection, method, request, status, started_at as "startedAt", duration_ms as "durationMs", bytes::float8 as bytes from api_calls where run_id = $1 order by id'),
    ]);
    return { ...head, collections: collections.map(({ c }) => c as Readonly<Record<string, unknown>>), checkpoints, attempts, log, calls };
  }

  /** These channels have it now; `all` ends the notification. `error` is why another one hasn't. */
  async delivered(runId: string, channels: readonly string[], all: boolean, error: string | undefined): Promise<void> {
    await rows(this.database, `
      update support_notifications set delivered = delivered || $2::jsonb, last_error = $4,
        done_at = case when $3 or created_at < now() - interval '${GIVE_UP_DAYS} days' then now() end where run_id = $1`, [runId, jsonb(channels), all, error ?? null]);
    if (all) {
      await rows(this.database, `
        update runs set support = jsonb_build_object('state', 'notified', 'notifiedAt', now()),
          error = case when error is not null then jsonb_set(error, '{remedy}', to_jsonb($2::text)) end where id = $1 and state <> 'running'`, [runId, SUPPORT_REMEDY.notified]);
    }
  }

  /**
   * Ends runs that support knows of, those that have waited for `waitMs`, and, without a channel, all at once.
   * @returns how many
   */
  settle(configured: boolean, waitMs: number, limit: number): Promise<number> {
    return this.database.transaction(async (tx) => {
      const due = await rows<{ id: string; sourceId: string; workspaceId: string; startedAt: Date | null; ending: Ending; doneAt: Date | null }>(tx, `
        select r.id, r.source_id as "sourceId", r.workspace_id as "workspaceId", r.started_at as "startedAt", r.ending, n.done_at as "doneAt"
        from runs r join support_notifications n on n.run_id = r.id
        where r.state = 'running' and r.ending is not null and (not $1::boolean or n.done_at is not null or n.created_at <= now() - $2 * interval '1 ms')
        order by r.id limit $3 for update of r skip locked`, [configured, waitMs, limit]);
      for (const { id, sourceId, workspaceId, startedAt, ending, doneAt } of due) {
        const known: SupportState = doneAt !== null ? 'notified' : configured ? 'pending' : 'unconfigured';
        const error: ErrorReport = { ...ending.error, remedy: SUPPORT_REMEDY[known] };
        await rows(tx, `update runs set state = $2, error = $3::jsonb, finished_at = now(), support = jsonb_build_object('state', $4::text, 'notifiedAt', $5::timestamptz) where id = $1`,
          [id, ending.state, jsonb(error), known, doneAt]);
        if (!configured) await rows(tx, 'update support_notifications set done_at = now(), last_error = $2 where run_id = $1', [id, 'no support channel is set up']);
        await closeRun(tx, { id, sourceId, startedAt, state: ending.state, error });
        const head = { runId: id, sourceId, workspaceId, at: new Date().toISOString() };
        const collections = await rows<{ collection: string; state: 'killed' | 'failed' | 'skipped'; records: number; apiCalls: number; error: ErrorReport | null }>(tx,
          `select collection, state, records::float8 as records, api_calls::float8 as "apiCalls", error from collection_runs where run_id = $1 and state in ('killed', 'failed', 'skipped')`, [id]);
        await putEvents(tx, [
          ...collections.map((one): SyncEvent => ({ ...head, type: 'collection.changed', collection: one.collection, state: one.state, records: one.records, apiCalls: one.apiCalls, ...(one.error !== null && { error: one.error }) })),
          { ...head, type: 'run.changed', state: ending.state, error },
        ]);
      }
      return due.length;
    });
  }
}
