import { needsSupport, type ErrorReport, type Notice, type RunState } from '#contracts';
import type { EntityManager } from 'typeorm';
import { jsonb, rows, type Executor } from './database.js';
import { putNotification } from './notification.repository.js';
import type { Ending } from './entities/run.entity.js';

export interface EndedRun { readonly id: string; readonly sourceId: string; readonly startedAt: Date | null; readonly state: RunState; readonly error: ErrorReport | null }

/** Calls that are kept of a run that ended well; of one that support must look at, all that were kept while it ran. */
const CALLS_AFTER = 2_000;

/** A collection that found records in so many successful runs in a row, over so many days (a weekend and every night are in them), doesn't find none by chance. */
const STREAK_RUNS = 10;
const STREAK_DAYS = 7;
/** A warning that nothing was found goes when records come again, or is old news after so many days. */
const EMPTY_DAYS = 7;

/** What a run that is over leaves behind, whoever ended it: its attempt and open collections closed, its source told. */
export async function closeRun(tx: EntityManager, { id, sourceId, startedAt, state, error }: EndedRun): Promise<void> {
  await closeAttempts(tx, [id], state);
  // Open at the end of a run that went through: a change feed, read for others and not selected itself.
  await rows(tx, `
    update collection_runs set state = case when started_at is null and $2 <> 'succeeded' then 'skipped' when $2 = 'partial' then 'succeeded' else $2 end, finished_at = now(), waiting_until = null,
      error = case when started_at is not null and $2 in ('failed', 'killed') then coalesce(error, $3::jsonb) else error end
    where run_id = $1 and state in ('queued', 'running', 'deferred')`, [id, state, jsonb(error)]);
  // Of the source and its partner a replay says nothing.
  if ((await rows(tx, `select 1 from runs where id = $1 and trigger = 'replay'`, [id])).length > 0) return;
  await rows(tx, `
    update source_collections c set tried_at = r.created_at, read_at = case when cr.state = 'succeeded' then coalesce(r.started_at, now()) else c.read_at end
    from runs r join collection_runs cr on cr.run_id = r.id
    where r.id = $1 and c.source_id = r.source_id and c.collection = cr.collection and cr.state in ('succeeded', 'failed', 'killed')`, [id]);
  if (state === 'succeeded') {
    await rows(tx, `
      update sources s set last_success_at = coalesce((select case when bool_and(read_at is not null) then min(read_at) end from source_collections where source_id = s.id), s.last_success_at),
        expected_ms = case when usual then round(coalesce(0.7 * s.expected_ms + 0.3 * ms, ms)) else s.expected_ms end,
        expected_calls = case when usual then round(coalesce(0.7 * s.expected_calls + 0.3 * calls, calls)) else s.expected_calls end
      from (select source_id, trigger in ('schedule', 'manual') as usual, extract(epoch from finished_at - started_at) * 1000 as ms, api_calls as calls from runs where id = $1) r
      where s.id = r.source_id`, [id]);
  }
  const [told] = await rows<{ failedRuns: number }>(tx, `
    update sources set last_run_at = coalesce($2::timestamptz, now()), last_run_state = $3,
      state = case when $5 then 'error' else state end,
      error = case when $3 = 'cancelled' then error else $4::jsonb end,
      failed_runs = case when $3 in ('failed', 'killed') then failed_runs + 1 when $3 = 'cancelled' then failed_runs else 0 end,
      failing_since = case when $3 in ('failed', 'killed') then coalesce(failing_since, $2::timestamptz, now()) when $3 = 'cancelled' then failing_since end,
      warning = case when $3 in ('failed', 'killed', 'cancelled') then warning end
    where id = $1 returning failed_runs as "failedRuns"`, [sourceId, startedAt, state, jsonb(error), error?.code === 'authentication_failed']);
  // Once when it begins, not with every run that fails.
  if ((state === 'failed' || state === 'killed') && error !== null && told?.failedRuns === 1) {
    await putNotification(tx, { sourceId, runId: id, kind: error.code === 'authentication_failed' ? 'access_denied' : 'run_failed', title: error.title, remedy: error.remedy });
  }
  if (state === 'cancelled') return;
  await warn(tx, id, sourceId, await noteHealth(tx, id, sourceId));
  if (state === 'partial') await tellPartial(tx, id, sourceId);
  if (!needsSupport(error ?? undefined)) {
    await rows(tx, `delete from api_calls where run_id = $1 and id > (select id from api_calls where run_id = $1 order by id offset ${CALLS_AFTER - 1} limit 1)`, [id]);
  }
}

/** Ends what is open of the attempts at these runs. */
export async function closeAttempts(tx: Executor, runIds: readonly string[], outcome: string): Promise<void> {
  await rows(tx, `
    update run_attempts a set ended_at = now(), outcome = $2, records = r.records - a.records_before, api_calls = r.api_calls - a.calls_before,
      progressed = exists (select from checkpoints c where c.source_id = r.source_id and c.run_id = r.id and c.fencing_token = a.fencing_token)
        or exists (select from run_checkpoints c where c.run_id = r.id and c.fencing_token = a.fencing_token)
        or exists (select from collection_runs c where c.run_id = r.id and c.state = 'succeeded' and c.finished_at >= a.started_at)
    from runs r where r.id = a.run_id and a.run_id = any($1::uuid[]) and a.ended_at is null`, [runIds, outcome]);
}

interface Empty { readonly collection: string; readonly before: number | null; readonly streak: number }

/**
 * Counts failures and successes in a row per collection. An incremental read that finds nothing is no evidence. Evidence is a full
 * pass without a record where the full pass before had some, or nothing found after a long streak in which every run found something.
 * @returns the collections that suddenly read nothing
 */
async function noteHealth(tx: Executor, runId: string, sourceId: string): Promise<Empty[]> {
  return rows<Empty>(tx, `
    with done as (select collection, state, records, coalesce(full_pass, false) as full_pass from collection_runs where run_id = $1 and state in ('succeeded', 'failed', 'killed')),
    before as (select h.* from collection_health h where source_id = $2 for update),
    judged as (
      select d.*, b.full_records as had, coalesce(b.streak_runs, 0) as streak,
        d.state = 'succeeded' and d.records = 0 and (
          (d.full_pass and b.full_records > 0) or (b.streak_runs >= ${STREAK_RUNS} and b.streak_since <= now() - interval '${STREAK_DAYS} days'))
        -- Where complete passes are compared, that tells of what is gone.
        and not exists (select from full_passes p where p.source_id = $2 and p.collection = d.collection) as empty
      from done d left join before b using (collection)),
    noted as (
      insert into collection_health as h (source_id, collection, failed_runs, failing_since, streak_runs, streak_since, full_records)
      select $2, collection, case when state = 'succeeded' then 0 else 1 end, case when state <> 'succeeded' then now() end,
        case when state = 'succeeded' and records > 0 then 1 else 0 end, case when state = 'succeeded' and records > 0 then now() end,
        case when state = 'succeeded' and full_pass then records end
      from judged
      on conflict (source_id, collection) do update set
        failed_runs = case when excluded.failed_runs = 0 then 0 else h.failed_runs + 1 end,
        failing_since = case when excluded.failed_runs = 0 then null else coalesce(h.failing_since, now()) end,
        streak_runs = case when excluded.failed_runs > 0 then h.streak_runs when excluded.streak_runs = 0 then 0 else h.streak_runs + 1 end,
        streak_since = case when excluded.failed_runs > 0 then h.streak_since when excluded.streak_runs = 0 then null else coalesce(h.streak_since, now()) end,
        full_records = coalesce(excluded.full_records, h.full_records),
        warning = case when (excluded.streak_runs > 0 and h.warning ->> 'code' = 'reads_nothing') or (h.warning ->> 'at')::timestamptz < now() - interval '${EMPTY_DAYS} days' then null else h.warning end)
    select collection, had::float8 as before, streak from judged where empty`, [runId, sourceId]);
}

/** Tells of the collections that begin to fail with this run, not of those that failed before. */
async function tellPartial(tx: Executor, runId: string, sourceId: string): Promise<void> {
  const [first, ...others] = await rows<{ collection: string; error: ErrorReport | null }>(tx, `
    select c.collection, c.error from collection_runs c join collection_health h on h.source_id = $2 and h.collection = c.collection
    where c.run_id = $1 and c.state = 'failed' and h.failed_runs = 1 order by 1`, [runId, sourceId]);
  if (first === undefined || first.error === null) return;
  const also = others.length === 0 ? '' : ` The same run could not read ${others.map(({ collection }) => collection).join(', ')} either.`;
  await putNotification(tx, { sourceId, runId, kind: 'run_partial', title: `${first.collection} could not be read; what could be read is loaded. ${first.error.title}${also}`, remedy: first.error.remedy });
}

/** The run, its collections and their source say that they suddenly read nothing; it is no failure. */
async function warn(tx: Executor, runId: string, sourceId: string, empty: readonly Empty[]): Promise<void> {
  const at = new Date().toISOString();
  const notices = empty.map(({ collection, before, streak }): Notice => ({
    code: 'reads_nothing', collection, at,
    title: before !== null && before > 0 ? `${collection} was read completely and has no record; the time before it had ${before}.` : `${collection} brought no record, after ${streak} runs in a row that did.`,
    remedy: 'Look at the partner whether the records are still there, and whether the credentials may still see all of them. Nothing was deleted here on account of this.',
  }));
  if (notices.length === 0) return;
  for (const { title, remedy } of notices) await putNotification(tx, { sourceId, runId, kind: 'reads_nothing', title, remedy });
  await rows(tx, 'update runs set warnings = warnings || $2::jsonb where id = $1', [runId, jsonb(notices)]);
  await rows(tx, `update collection_runs c set warning = n from jsonb_array_elements($2::jsonb) n where c.run_id = $1 and c.collection = n ->> 'collection'`, [runId, jsonb(notices)]);
  await rows(tx, `update collection_health h set warning = n from jsonb_array_elements($2::jsonb) n, runs r where r.id = $1 and h.source_id = r.source_id and h.collection = n ->> 'collection'`, [runId, jsonb(notices)]);
}

/** Name, message and frames of an error, without secrets. */
export interface Trace { readonly name: string; readonly message: string; readonly stack: readonly string[] }

/**
 * The run has come to an end that support must know of first. It stays `running`, out of anyone's reach, until they do (see `SupportRepository`).
 * @param token of the lease; undefined: the caller holds the row
 * @returns false: the lease is lost; nothing was written
 */
export async function beginEnding(tx: EntityManager, runId: string, token: number | undefined, ending: Ending, trace?: Trace): Promise<boolean> {
  const held = await rows(tx, `
    update runs set ending = $3::jsonb, support = '{"state": "pending"}', fencing_token = fencing_token + 1, lease_owner = null, lease_expires_at = null, waiting_until = null
    where id = $1 and ($2::bigint is null or fencing_token = $2) and state = 'running' returning 1`, [runId, token ?? null, jsonb(ending)]);
  if (held.length === 0) return false;
  await closeAttempts(tx, [runId], ending.state);
  await rows(tx, `insert into support_notifications (run_id, reference, trace) values ($1, $2, $3::jsonb) on conflict do nothing`, [runId, ending.error.supportReference ?? runId, jsonb(trace)]);
  return true;
}
