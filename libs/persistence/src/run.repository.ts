import { needsSupport, type CollectionRunState, type ErrorReport, type ReplayProgress, type RunState, type RunTrigger } from '#contracts';
import type { ApiCall, Checkpoint, CollectionDeclaration, DescribedFields } from '#connector-kit';
import type { DataSource } from 'typeorm';
import { keepDescribed } from './account.repository.js';
import { jsonb, rows } from './database.js';
import type { RunExtent } from './entities/run.entity.js';
import { keepKnown, knownRecords, type KnownChange, type KnownRecords } from './known-records.js';
import { putCommands } from './outbox.repository.js';
import { beginEnding, closeAttempts, closeRun, type EndedRun, type Trace } from './run-ending.js';

/** What a fetcher needs to start or go on with a run. */
export interface ClaimedRun {
  readonly runId: string;
  /** The lease's fencing token: every write of this run takes it. */
  readonly token: number;
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly connector: string;
  readonly slug: string;
  readonly trigger: RunTrigger;
  /** Null: what is new in all selected collections. */
  readonly extent: RunExtent | null;
  /** JSON of all values of the configuration, sealed as `sealContext.credentials(sourceId)`. */
  readonly sealedCredentials: string;
  /** See `CredentialRepository`. */
  readonly credentialsVersion: number;
  readonly startDate: Date;
  /** The selected collections that the run reads, by name; with an extent only those of it. Those in a final state were done before the lease was lost or the run deferred. */
  readonly collections: readonly { readonly collection: string; readonly state: CollectionRunState; readonly records: number; readonly apiCalls: number }[];
  /** Of all collections of the source; with an extent the run's own. */
  readonly checkpoints: Readonly<Record<string, Checkpoint>>;
  /** Of the selected collections those that were found in the account. */
  readonly found: readonly CollectionDeclaration[];
  readonly losses: number;
}

export interface Progress {
  /** The reader whose page became durable. */
  readonly collection: string;
  /** Where that collection goes on; absent: it stays where it was. */
  readonly checkpoint?: Checkpoint;
  /** Records per collection (parts included) since the last progress. */
  readonly addRecords: Readonly<Record<string, number>>;
  /** Calls since the last progress, of any collection. */
  readonly calls?: readonly ApiCall[];
}

export interface LogLine { readonly at: Date; readonly level: 'info' | 'warn' | 'error'; readonly message: string }

/** After so many attempts in a row that died without getting any further, a run is given up. */
export const MAX_LOSSES = 3;

/** Of run `r` and collection `c`. */
const IN_EXTENT = `(r.extent is null or r.extent -> 'collections' ? c.collection)`;

/** Calls and log lines that are kept of one run while it runs, so that support has them all; all are counted. */
const KEPT_CALLS = 100_000;
const KEPT_LINES = 20_000;

/** Counts calls and keeps the first of them. `lease` is a CTE of the run's row after its counter was raised. */
const COUNT_CALLS = `
  called as (select * from jsonb_to_recordset($1::jsonb) as c(n integer, collection text, method text, request text, status integer, started_at timestamptz, duration_ms integer, bytes bigint)),
  counted as (select collection, (started_at at time zone 'UTC')::date as day, count(*) as calls from called group by 1, 2),
  used as (insert into api_usage (source_id, day, collection, run_id, calls) select source_id, day, collection, lease.id, calls from lease, counted
    on conflict (source_id, day, collection, run_id) do update set calls = api_usage.calls + excluded.calls),
  kept as (insert into api_calls (run_id, collection, method, request, status, started_at, duration_ms, bytes)
    select lease.id, collection, method, request, status, called.started_at, duration_ms, bytes from lease, called
    where lease.api_calls - (select count(*) from called) + n < ${KEPT_CALLS} order by n)`;

// Skipped at a claim because it isn't selected, and read all the same: a change feed, for others.
const RAISE = `on conflict (run_id, collection) do update set api_calls = collection_runs.api_calls + excluded.api_calls,
  state = case when collection_runs.state = 'queued' then 'running'
    when collection_runs.state = 'skipped' and (select r.state from runs r where r.id = collection_runs.run_id) = 'running' then 'running' else collection_runs.state end, started_at = coalesce(collection_runs.started_at, excluded.started_at)`;

const wireCalls = (calls: readonly ApiCall[]): string | null => jsonb(calls.map((call, n) => ({
  n, collection: call.collection, method: call.method, request: call.request.slice(0, 2_000), status: call.status,
  started_at: new Date(call.startedAt).toISOString(), duration_ms: Math.round(call.durationMs), bytes: call.bytes,
})));

/** Whether run `r` of source `s` reads collection `c`: a scheduled one leaves out what is due nearer to the run after it. That rounds a rhythm to runs, and no clock change makes it slip. */
const IS_DUE = `(r.trigger <> 'schedule' or c.every_minutes is null or c.tried_at is null
  or c.tried_at + c.every_minutes * interval '1 minute' < r.created_at + greatest(s.next_run_at - r.created_at, interval '0') / 2)`;

/** A run as the fetcher sees it. Every method but `recordCalls` and `appendLog` answers undefined or false when the lease isn't (or no longer) the caller's: stop then. */
export class RunRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Takes the run: queued, deferred and due, or running with an expired lease. Undefined when it isn't to be had
   * (someone else has it, it is over, its source was deleted).
   * @param leaseMs how long the lease holds without a heartbeat
   */
  claim(runId: string, owner: string, leaseMs: number): Promise<ClaimedRun | undefined> {
    return this.database.transaction(async (tx) => {
      const [run] = await rows<Omit<ClaimedRun, 'collections' | 'checkpoints' | 'found'>>(tx, `
        update runs r set state = 'running', lease_owner = $2, fencing_token = r.fencing_token + 1, heartbeat_at = now(), lease_expires_at = now() + $3 * interval '1 ms',
          started_at = coalesce(r.started_at, now()), resume_at = null, waiting_until = null, error = null, losses = r.losses + case when r.state = 'running' then 1 else 0 end
        from sources s join source_credentials c on c.source_id = s.id
        where r.id = $1 and s.id = r.source_id and s.deleted_at is null
          and (r.state = 'queued' or (r.state = 'deferred' and coalesce(r.resume_at, now()) <= now()) or (r.state = 'running' and r.lease_expires_at < now() and r.losses < ${MAX_LOSSES - 1}))
        returning r.id as "runId", r.fencing_token::float8 as token, r.workspace_id as "workspaceId", r.source_id as "sourceId", r.connector, s.slug, r.trigger,
          c.sealed as "sealedCredentials", c.version::float8 as "credentialsVersion", s.start_date as "startDate", r.losses, r.extent`, [runId, owner, leaseMs]);
      if (run === undefined) return undefined;
      await closeAttempts(tx, [runId], 'lost');
      await rows(tx, `insert into run_attempts (run_id, fencing_token, owner, records_before, calls_before) select id, fencing_token, $2, records, api_calls from runs where id = $1`, [runId, owner]);
      await rows(tx, `insert into collection_runs (run_id, collection) select r.id, c.collection from runs r join sources s on s.id = r.source_id join source_collections c on c.source_id = s.id
        where r.id = $1 and ${IN_EXTENT} and ${IS_DUE} on conflict do nothing`, [runId]);
      await rows(tx, `update collection_runs c set
          state = case when selected then 'queued' else 'skipped' end, error = null, finished_at = case when selected then null else now() end
        from (select collection, exists (select from source_collections s where s.source_id = $2 and s.collection = r.collection) as selected from collection_runs r where run_id = $1) is_now
        where c.run_id = $1 and c.collection = is_now.collection and c.state in ('queued', 'running', 'deferred')`, [runId, run.sourceId]);
      const collections = await rows<ClaimedRun['collections'][number]>(tx, `
        select c.collection, c.state, c.records::float8 as records, c.api_calls::float8 as "apiCalls" from runs r join collection_runs c on c.run_id = r.id join source_collections s using (collection)
        where r.id = $1 and s.source_id = r.source_id and ${IN_EXTENT} order by c.collection`, [runId]);
      const checkpoints = await rows<{ collection: string; checkpoint: Checkpoint }>(tx, run.extent === null
        ? 'select collection, checkpoint from checkpoints where source_id = $1' : 'select collection, checkpoint from run_checkpoints where run_id = $1', [run.extent === null ? run.sourceId : runId]);
      const found = await rows<{ declaration: CollectionDeclaration }>(tx, 'select declaration from found_collections join source_collections using (source_id, collection) where source_id = $1 order by collection', [run.sourceId]);
      return { ...run, collections, found: found.map(({ declaration }) => declaration), checkpoints: Object.fromEntries(checkpoints.map(({ collection, checkpoint }) => [collection, checkpoint])) };
    });
  }

  /** Extends the lease by `leaseMs` from now. False: it is lost, or the run was cancelled. */
  async heartbeat(runId: string, token: number, leaseMs: number): Promise<boolean> {
    const held = await rows(this.database, `
      update runs set heartbeat_at = now(), lease_expires_at = now() + $3 * interval '1 ms' where id = $1 and fencing_token = $2 and state = 'running' returning 1`, [runId, token, leaseMs]);
    return held.length > 0;
  }

  /** The version of the collection's types that holds these; see `described_fields`. */
  describe(sourceId: string, collection: string, fields: DescribedFields): Promise<number> { return keepDescribed(this.database, sourceId, collection, fields); }

  /** See `known-records.ts`. */
  knownRecords(runId: string, token: number, collection: string): Promise<KnownRecords | undefined> { return knownRecords(this.database, runId, token, collection); }
  keepKnown(runId: string, token: number, collection: string, change: KnownChange): Promise<boolean> { return keepKnown(this.database, runId, token, collection, change); }

  /** After the broker's acknowledgement: checkpoint, counts, usage and calls in one statement. False: nothing was written. */
  async saveProgress(runId: string, token: number, { collection, checkpoint, addRecords, calls = [] }: Progress): Promise<boolean> {
    const written = await rows(this.database, `
      with lease as (
        update runs set records = records + (select coalesce(sum(value::bigint), 0) from jsonb_each_text($4::jsonb)), api_calls = api_calls + jsonb_array_length($1::jsonb),
          losses = case when $5::jsonb is null or $5::jsonb = case when extent is null then (select c.checkpoint from checkpoints c where c.source_id = runs.source_id and c.collection = $6)
            else (select c.checkpoint from run_checkpoints c where c.run_id = runs.id and c.collection = $6) end then losses else 0 end, waiting_until = null
        where id = $2 and fencing_token = $3 and state = 'running' returning id, source_id, fencing_token, api_calls, extent),
      ${COUNT_CALLS},
      saved as (insert into checkpoints (source_id, collection, checkpoint, run_id, fencing_token) select source_id, $6, $5::jsonb, id, fencing_token from lease where $5::jsonb is not null and extent is null
        on conflict (source_id, collection) do update set checkpoint = excluded.checkpoint, run_id = excluded.run_id, fencing_token = excluded.fencing_token, updated_at = now()
        where checkpoints.checkpoint is distinct from excluded.checkpoint),
      saved_apart as (insert into run_checkpoints (run_id, collection, checkpoint, fencing_token) select id, $6, $5::jsonb, fencing_token from lease where $5::jsonb is not null and extent is not null
        on conflict (run_id, collection) do update set checkpoint = excluded.checkpoint, fencing_token = excluded.fencing_token, updated_at = now()
        where run_checkpoints.checkpoint is distinct from excluded.checkpoint),
      raised as (insert into collection_runs (run_id, collection, state, started_at, records, api_calls)
        select lease.id, names.collection, 'running', now(), coalesce(($4::jsonb ->> names.collection)::bigint, 0), coalesce((select sum(calls) from counted where counted.collection = names.collection), 0)
        from lease, (select jsonb_object_keys($4::jsonb) as collection union select collection from counted) names
        ${RAISE}, records = collection_runs.records + excluded.records, waiting_until = null)
      select 1 from lease`, [wireCalls(calls), runId, token, jsonb(addRecords), jsonb(checkpoint), collection]);
    return written.length > 0;
  }

  /**
   * A collection of the run begins, ends, or waits. One that is read is progress, also where there is no checkpoint.
   * @param fullPass everything is read, not only what is new; the first word on it counts
   */
  async collectionState(runId: string, token: number, collection: string, state: CollectionRunState, error?: ErrorReport, fullPass?: boolean): Promise<boolean> {
    const written = await rows(this.database, `
      with lease as (update runs set losses = case when $4 = 'succeeded' then 0 else losses end where id = $1 and fencing_token = $2 and state = 'running' returning id)
      insert into collection_runs (run_id, collection, state, error, full_pass, started_at, finished_at)
      select id, $3, $4, $5::jsonb, $6::boolean, case when $4 = 'skipped' then null else now() end, case when $4 in ('queued', 'running', 'deferred') then null else now() end from lease
      on conflict (run_id, collection) do update set state = excluded.state, error = excluded.error, full_pass = coalesce(collection_runs.full_pass, excluded.full_pass), waiting_until = null,
        started_at = coalesce(collection_runs.started_at, excluded.started_at), finished_at = excluded.finished_at
      returning 1`, [runId, token, collection, state, jsonb(error), fullPass ?? null]);
    return written.length > 0;
  }

  /** How far a replay has come, for those who watch. */
  async showProgress(runId: string, token: number, progress: ReplayProgress): Promise<boolean> {
    return (await rows(this.database, `update runs set progress = $3::jsonb where id = $1 and fencing_token = $2 and state = 'running' returning 1`, [runId, token, jsonb(progress)])).length > 0;
  }

  /** The run waits for a rate limit within its attempt, for these collections. */
  async waiting(runId: string, token: number, collections: readonly string[], until: Date): Promise<boolean> {
    const written = await rows(this.database, `
      with lease as (update runs set waiting_until = $4 where id = $1 and fencing_token = $2 and state = 'running' returning id)
      , told as (update collection_runs c set waiting_until = $4 from lease where c.run_id = lease.id and c.collection = any($3) and c.state = 'running')
      select 1 from lease`, [runId, token, collections, until]);
    return written.length > 0;
  }

  /** Given back by a fetcher that stops: waiting again at once, and no loss. */
  release(runId: string, token: number): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const [run] = await rows<{ runId: string; sourceId: string; workspaceId: string; connector: string }>(tx, `
        update runs set state = 'queued', fencing_token = fencing_token + 1, lease_owner = null, lease_expires_at = null, waiting_until = null, command_sent_at = now(), commands_sent = 1
        where id = $1 and fencing_token = $2 and state = 'running' returning id as "runId", source_id as "sourceId", workspace_id as "workspaceId", connector`, [runId, token]);
      if (run === undefined) return false;
      await closeAttempts(tx, [runId], 'released');
      await putCommands(tx, [run]);
      return true;
    });
  }

  /**
   * Ends the run, or defers it until `resumeAt`, and tells the source: `authentication_failed` puts it in error, a success clears that.
   * Collections that are still open get the run's state; those never begun are skipped. Where support must know of it first, the
   * run is only seen to end once they do: see `SupportRepository`.
   */
  finish(runId: string, token: number, state: Exclude<RunState, 'queued' | 'running'>, error?: ErrorReport, resumeAt?: Date, trace?: Trace): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      if (error !== undefined && needsSupport(error) && (state === 'failed' || state === 'killed')) return beginEnding(tx, runId, token, { state, error }, trace);
      const [run] = await rows<EndedRun>(tx, `
        update runs set state = $3, error = $4::jsonb, waiting_until = null, resume_at = case when $3 = 'deferred' then coalesce($5::timestamptz, now()) end, losses = case when $3 = 'deferred' then 0 else losses end,
          finished_at = case when $3 = 'deferred' then null else now() end, lease_owner = null, lease_expires_at = null
        where id = $1 and fencing_token = $2 and state = 'running'
        returning id, source_id as "sourceId", started_at as "startedAt", state, error`, [runId, token, state, jsonb(error), resumeAt ?? null]);
      if (run === undefined) return false;
      if (state === 'deferred') {
        await closeAttempts(tx, [runId], state);
        await rows(tx, `update collection_runs set state = 'deferred', waiting_until = null where run_id = $1 and state = 'running'`, [runId]);
      } else await closeRun(tx, run);
      return true;
    });
  }

  /** Counts calls that no page followed (errors, an empty check). Needs no lease: a call that was made was made. */
  async recordCalls(runId: string, calls: readonly ApiCall[]): Promise<void> {
    if (calls.length === 0) return;
    await rows(this.database, `
      with lease as (update runs set api_calls = api_calls + jsonb_array_length($1::jsonb) where id = $2 returning id, source_id, api_calls),
      ${COUNT_CALLS},
      raised as (insert into collection_runs (run_id, collection, state, started_at, api_calls) select lease.id, collection, 'running', now(), sum(calls) from lease, counted group by 1, 2
        ${RAISE})
      select 1 from lease`, [wireCalls(calls), runId]);
  }

  /** Adds to the run's log; what is beyond its size is left out. Lines hold no secret. */
  async appendLog(runId: string, lines: readonly LogLine[]): Promise<void> {
    if (lines.length === 0) return;
    await rows(this.database, `
      insert into run_log (run_id, at, level, message) select $1, at, level, message
      from jsonb_to_recordset($2::jsonb) as l(at timestamptz, level text, message text)
      where (select count(*) from run_log where run_id = $1) < ${KEPT_LINES} and exists (select from runs where id = $1)`,
    [runId, jsonb(lines.map(({ at, level, message }) => ({ at: at.toISOString(), level, message: message.slice(0, 4_000) })))]);
  }
}
