import type { CollectionDeclaration } from '#connector-kit';
import type { Notice, RunTrigger } from '#contracts';
import type { DataSource, EntityManager } from 'typeorm';
import type { Schedule } from '#schedule';
import { keepFound } from './account.repository.js';
import { joinAccount, stayInAccount } from './partner-account.repository.js';
import { isId, rows } from './database.js';
import { DUE, firstDue, toSchedule, type DueSource } from './due.js';
import { SourceCollectionEntity, SourceEntity } from './entities/source.entity.js';
import { remember, type Idempotency } from './idempotency.js';
import { takeGrant } from './oauth.repository.js';
import { queueRun } from './run-request.repository.js';
import { followMove, takenBy } from './selection.repository.js';
import { addEndpoint } from './webhook.repository.js';

export interface NewSource extends Pick<SourceEntity, 'id' | 'workspaceId' | 'connector' | 'name' | 'slug' | 'warehouseId' | 'configuration' | 'startDate' | 'intervalMinutes'>, Partial<Pick<SourceEntity, 'dailyCallBudget' | 'partnerReservePercent'>> {
  /** The partner's own id of the account, as far as the credentials may tell. */
  readonly account?: string;
  /** JSON of all configuration values, sealed as `sealContext.credentials(id)`. */
  readonly sealedCredentials: string;
  /** The grant that the credentials came with. */
  readonly grantId?: string;
  /** See `CredentialRepository.dueForKeepAlive`. */
  readonly keepAliveAt?: Date;
  readonly collections: readonly string[];
  /** What was found in its account. */
  readonly found?: readonly CollectionDeclaration[];
  readonly schedule?: NewSchedule;
  /** At least 128 random bits, and the same sealed; for connectors that take webhooks. */
  readonly webhook?: { readonly token: string; readonly sealed: string };
}

/** What a loader needs to know of a source. Deleted ones are there too: their records may still be on their way. */
export interface SourceTarget {
  readonly id: string; readonly workspaceId: string; readonly connector: string; readonly slug: string; readonly warehouseId: string | null; readonly deleted: boolean;
  /** What was chosen per warehouse; its own takes it whole when nothing was. */
  readonly selections: readonly { readonly warehouseId: string; readonly included: boolean; readonly collectionsLeftOut: readonly string[]; readonly columnsLeftOut: Readonly<Record<string, readonly string[]>> }[];
}

/** What is left out stays as it is. */
export interface NewSchedule {
  readonly mode?: DueSource['mode'];
  readonly intervalMinutes?: number;
  /** `HH:MM` in the workspace's zone: the interval's due times count from there. */
  readonly startAt?: string;
  /** `HH:MM` in the workspace's zone, in order. */
  readonly times?: readonly string[];
  /** Rhythms of all selected collections; null: read by every run. */
  readonly everyMinutes?: ReadonlyMap<string, number | null>;
}

/** What isn't well with a collection. */
export interface CollectionHealth {
  readonly sourceId: string;
  readonly collection: string;
  /** Runs in a row in which it failed, and the end of the first of them. */
  readonly failedRuns: number;
  readonly failingSince: Date | null;
  readonly warning: Notice | null;
}

/** A source in the plan of a day. An interval's due times hold the jitter already. */
export interface PlannedRow extends Pick<SourceEntity, 'id' | 'name' | 'warehouseId' | 'expectedMs' | 'expectedCalls'> { readonly schedule: Schedule; readonly jitterMs: number }

export interface SourceChange { readonly name?: string; readonly warehouseId?: string | null; readonly dailyCallBudget?: number | null; readonly partnerReservePercent?: number }

/** Longer than any interval. */
const LONGEST_MS = 366 * 86_400_000;

/** What failed before counts no more. */
const HEALTHY = 'failed_runs = 0, failing_since = null, warning = null, paused_reason = null';

export class SourceRepository {
  constructor(private readonly database: DataSource) {}

  /** Of all workspaces, for the loader. */
  all(): Promise<SourceTarget[]> {
    return rows(this.database, `select id, workspace_id as "workspaceId", connector, slug, warehouse_id as "warehouseId", deleted_at is not null as deleted,
      (select coalesce(jsonb_agg(jsonb_build_object('warehouseId', w.warehouse_id, 'included', w.included, 'collectionsLeftOut', w.collections_left_out, 'columnsLeftOut', w.columns_left_out)), '[]')
       from warehouse_sources as w where w.source_id = sources.id) as selections from sources`);
  }

  /** In order of creation, after `after` (an id). */
  list(workspaceId: string, limit: number, after?: string): Promise<SourceEntity[]> {
    if (after !== undefined && !isId(after)) return Promise.resolve([]);
    const query = this.database.getRepository(SourceEntity).createQueryBuilder('s').where('s.workspace_id = :workspaceId and s.deleted_at is null', { workspaceId });
    if (after !== undefined) query.andWhere('s.id > :after', { after });
    return query.orderBy('s.id').limit(limit).getMany();
  }

  async get(workspaceId: string, id: string): Promise<SourceEntity | undefined> {
    const source = isId(id) ? await this.database.getRepository(SourceEntity).findOneBy({ id, workspaceId }) : null;
    return source === null || source.deletedAt !== null ? undefined : source;
  }

  /** Selected collections of these sources, in alphabetical order. */
  async collections(sourceIds: readonly string[]): Promise<Map<string, SourceCollectionEntity[]>> {
    const selected = new Map<string, SourceCollectionEntity[]>(sourceIds.map((id) => [id, []]));
    const found = await rows<SourceCollectionEntity>(this.database, `
      select source_id as "sourceId", collection, every_minutes as "everyMinutes", tried_at as "triedAt", read_at as "readAt" from source_collections where source_id = any($1::uuid[]) order by collection`, [sourceIds]);
    for (const one of found) selected.get(one.sourceId)?.push(one);
    return selected;
  }

  /** What the workspace's active sources do to a day, in order of creation. */
  async planned(workspaceId: string): Promise<PlannedRow[]> {
    const found = await rows<Omit<PlannedRow, 'schedule'> & DueSource>(this.database, `
      select s.id, s.name, s.warehouse_id as "warehouseId", s.expected_ms::float8 as "expectedMs", s.expected_calls::float8 as "expectedCalls", ${DUE}
      from sources s join workspaces w on w.id = s.workspace_id where s.workspace_id = $1 and s.state = 'active' and s.deleted_at is null order by s.id`, [workspaceId]);
    return found.map((source) => ({ id: source.id, name: source.name, warehouseId: source.warehouseId, expectedMs: source.expectedMs, expectedCalls: source.expectedCalls, jitterMs: source.mode === 'interval' ? 0 : source.jitterMs, schedule: toSchedule(source) }));
  }

  /** Another text when `planned` would answer with other times, names or durations (to the minute). Cheap: the rows stay in the database. */
  async plannedVersion(workspaceId: string): Promise<string> {
    const [found] = await rows<{ version: string }>(this.database, `
      select w.time_zone || ' ' || count(s.id) || ' ' || coalesce(sum(hashtextextended(concat_ws(' ', s.id, s.name, coalesce(s.warehouse_id::text, '-'), s.schedule_mode, s.interval_minutes, s.schedule_times, ceil(s.expected_ms / 60000),
        case s.schedule_mode when 'interval' then floor(extract(epoch from s.next_run_at) * 1000) % (s.interval_minutes * 60000) end), 0)), 0) as version
      from workspaces w left join sources s on s.workspace_id = w.id and s.state = 'active' and s.deleted_at is null where w.id = $1 group by w.id`, [workspaceId]);
    return found?.version ?? '';
  }

  /** Whether another source of the workspace, deleted ones included, has it. */
  /** By a source of the workspace, deleted ones too, or by one of any workspace that fills the same database as this warehouse. */
  async slugTaken(workspaceId: string, slug: string, warehouseId: string | null): Promise<boolean> {
    return (await rows(this.database, `
      select 1 from sources s where s.slug = $2 and (s.workspace_id = $1 or exists (
        select from warehouses own join warehouses other on other.location = own.location where own.id = $3 and other.id = s.warehouse_id)) limit 1`, [workspaceId, slug, warehouseId])).length > 0;
  }

  /**
   * The source with its credentials, collections, endpoint and first run, in one transaction. The next run is due by its schedule, an interval later unless that says otherwise.
   * @throws IdempotencyConflict when the key is taken; GrantGone; a unique violation when the slug is (see `isUniqueViolation`)
   */
  create({ sealedCredentials, grantId, keepAliveAt, collections, found = [], schedule, webhook, account, ...source }: NewSource, first: RunTrigger = 'first', idempotency?: Idempotency): Promise<void> {
    return this.database.transaction(async (tx) => {
      await remember(tx, source.workspaceId, source.id, idempotency);
      await takeGrant(tx, grantId);
      await tx.getRepository(SourceEntity).insert({ ...source, nextRunAt: new Date(Date.now() + LONGEST_MS) });
      await joinAccount(tx, source, account);
      await rows(tx, 'insert into source_credentials (source_id, sealed, keep_alive_at) values ($1, $2, $3)', [source.id, sealedCredentials, keepAliveAt ?? null]);
      await tx.getRepository(SourceCollectionEntity).insert(collections.map((collection) => ({ sourceId: source.id, collection })));
      if (found.length > 0) await keepFound(tx, source.id, found);
      await setTiming(tx, source.id, schedule ?? {});
      if (schedule?.everyMinutes !== undefined) await setRhythms(tx, source.id, schedule.everyMinutes);
      if (webhook !== undefined) await addEndpoint(tx, source.id, webhook.token, webhook.sealed);
      await queueRun(tx, { workspaceId: source.workspaceId, sourceId: source.id, connector: source.connector, trigger: first });
    });
  }

  /** A warehouse that takes the source from now on catches up with it. A run that waits for calls tries again at once when it may have more of them. */
  async change(id: string, change: SourceChange): Promise<void> {
    if (Object.keys(change).length === 0) return;
    await this.database.transaction(async (tx) => {
      const before = change.warehouseId === undefined ? [] : await takenBy(tx, id);
      await tx.getRepository(SourceEntity).update({ id }, change);
      if (change.warehouseId !== undefined) await followMove(tx, id, before);
      if (change.dailyCallBudget === undefined && change.partnerReservePercent === undefined) return;
      await rows(tx, `update runs set resume_at = now() where source_id = $1 and state = 'deferred' and error ->> 'code' = 'budget_exhausted'`, [id]);
    });
  }

  /** A new schedule takes effect on the next due time: an interval's is at most one interval after the last run. */
  schedule(id: string, schedule: NewSchedule): Promise<void> {
    return this.database.transaction(async (tx) => {
      const { everyMinutes, ...timing } = schedule;
      if (Object.keys(timing).length > 0) await setTiming(tx, id, timing);
      if (everyMinutes !== undefined) await setRhythms(tx, id, everyMinutes);
    });
  }

  /** Exactly these are selected from the next run on. */
  select(id: string, collections: readonly string[]): Promise<void> {
    return this.database.transaction(async (tx) => {
      await rows(tx, 'select 1 from sources where id = $1 for update', [id]);
      await rows(tx, 'delete from source_collections where source_id = $1 and not collection = any($2)', [id, collections]);
      await rows(tx, 'insert into source_collections (source_id, collection) select $1, unnest($2::text[]) on conflict do nothing', [id, collections]);
    });
  }

  /** Paused by a person: nothing scheduled. A source in error stays in error. */
  async pause(id: string): Promise<void> {
    await rows(this.database, `update sources set state = 'paused', paused_reason = null where id = $1 and state = 'active'`, [id]);
  }

  /** Collections of these sources that fail or suddenly read nothing. */
  health(sourceIds: readonly string[]): Promise<CollectionHealth[]> {
    return rows(this.database, `select source_id as "sourceId", collection, failed_runs as "failedRuns", failing_since as "failingSince", warning
      from collection_health join source_collections using (source_id, collection) where source_id = any($1::uuid[]) and (failed_runs > 0 or warning is not null) order by collection`, [sourceIds]);
  }

  /** Back on schedule, in phase; what failed before is forgotten. False: it is in error and needs new credentials. */
  async resume(id: string): Promise<boolean> {
    const resumed = await rows(this.database, `update sources set state = 'active', next_run_at = greatest(next_run_at, now()), ${HEALTHY} where id = $1 and state in ('paused', 'active') returning 1`, [id]);
    return resumed.length > 0;
  }

  /**
   * New credentials, tested by the caller, end the error state, and what is known of renewals of the old ones.
   * @param version of the credentials that parts of the new ones were taken from. False: there are newer ones; nothing was written
   * @param account of the new ones at the partner's; undefined: they may not tell
   * @throws GrantGone; OtherAccount
   */
  replaceCredentials(id: string, sealedCredentials: string, configuration: Record<string, string>, { grantId, keepAliveAt, version, account }: Pick<NewSource, 'grantId' | 'keepAliveAt' | 'account'> & { readonly version?: number } = {}): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      await takeGrant(tx, grantId);
      const written = await rows(tx, `update source_credentials set sealed = $2, version = version + 1, keep_alive_at = $3, renewal_began_at = null, renew_after = null, renewal_error = null, refused = false, updated_at = now()
        where source_id = $1 and ($4::bigint is null or version = $4) returning 1`, [id, sealedCredentials, keepAliveAt ?? null, version ?? null]);
      if (written.length === 0) return false;
      await rows(tx, `update sources set configuration = $2::jsonb, state = case state when 'error' then 'active' else state end, error = null, failed_runs = 0, failing_since = null, warning = null,
        next_run_at = case state when 'error' then now() else next_run_at end where id = $1`, [id, JSON.stringify(configuration)]);
      await stayInAccount(tx, id, account);
      return true;
    });
  }

  /** The source and its secrets go; its slug stays taken, its active run is over, its history stays. */
  delete(id: string): Promise<void> {
    return this.database.transaction(async (tx) => {
      await rows(tx, `update sources set deleted_at = now(), state = 'paused', error = null where id = $1`, [id]);
      for (const table of ['source_credentials', 'webhook_endpoints', 'webhook_secrets']) await rows(tx, `delete from ${table} where source_id = $1`, [id]);
      await rows(tx, `update runs set state = 'cancelled', fencing_token = fencing_token + 1, finished_at = now() where source_id = $1 and state in ('queued', 'running', 'deferred')`, [id]);
    });
  }
}

async function setTiming(tx: EntityManager, id: string, { mode, intervalMinutes, startAt, times }: Omit<NewSchedule, 'everyMinutes'>): Promise<void> {
  await rows(tx, `update sources set schedule_mode = coalesce($2, schedule_mode), interval_minutes = coalesce($3, interval_minutes), schedule_times = coalesce($4, schedule_times) where id = $1`,
    [id, mode ?? null, intervalMinutes ?? null, times ?? null]);
  const [source] = await rows<DueSource & { now: Date; since: Date }>(tx, `
    select ${DUE}, now() as now, coalesce(s.last_run_at, s.created_at) as since from sources s join workspaces w on w.id = s.workspace_id where s.id = $1`, [id]);
  if (source === undefined) return;
  const next = firstDue(source, { now: source.now.getTime(), since: source.since.getTime(), ...(startAt !== undefined && { startAt }) });
  await rows(tx, 'update sources set next_run_at = $2 where id = $1', [id, next]);
}

async function setRhythms(tx: EntityManager, id: string, everyMinutes: ReadonlyMap<string, number | null>): Promise<void> {
  await rows(tx, `update source_collections c set every_minutes = given.every_minutes from unnest($2::text[], $3::integer[]) as given(collection, every_minutes)
    where c.source_id = $1 and c.collection = given.collection`, [id, [...everyMinutes.keys()], [...everyMinutes.values()]]);
}
