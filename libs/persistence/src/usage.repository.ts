import type { DataSource } from 'typeorm';
import { addCalls } from './partner-account.repository.js';
import { rows, type Executor } from './database.js';

const NO_RUN = '00000000-0000-0000-0000-000000000000';

/** Calls of one collection on one day (UTC, `YYYY-MM-DD`) for one run; `runId` null: outside a run. */
export interface Usage { readonly day: string; readonly collection: string; readonly runId: string | null; readonly calls: number }

const insertUsage = (executor: Executor, sourceId: string, collections: readonly string[]): Promise<unknown[]> => rows(executor, `
  insert into api_usage (source_id, day, collection, run_id, calls) select $1, (now() at time zone 'UTC')::date, collection, $3, count(*) from unnest($2::text[]) as collection group by collection
  on conflict (source_id, day, collection, run_id) do update set calls = api_usage.calls + excluded.calls`, [sourceId, collections, NO_RUN]);

/** Counts a renewal of the access, in place of a collection. No partner counts it against its limit, so no budget does. */
export const countRenewal = (executor: Executor, sourceId: string): Promise<unknown[]> => insertUsage(executor, sourceId, ['oauth']);

/** What a collection's reads have cost, of runs that succeeded; re-syncs don't count. */
export interface MeasuredCalls {
  readonly collection: string;
  /** Of the last read of everything; null when it isn't known. */
  readonly full: number | null;
  /** Average of the latest reads of what was new, of so many runs. */
  readonly average: number | null;
  readonly runs: number;
}

/** Of the latest reads that an average is made of. */
const MEASURED_RUNS = 20;

export class UsageRepository {
  constructor(private readonly database: DataSource) {}

  /** Counts calls outside a run (a test of the credentials, a verification), one entry a call. Those of a run are counted by `RunRepository`. */
  async add(sourceId: string, collections: readonly string[]): Promise<void> {
    if (collections.length === 0) return;
    await this.database.transaction(async (tx) => {
      await insertUsage(tx, sourceId, collections);
      await addCalls(tx, sourceId, collections.length);
    });
  }

  /** In alphabetical order; a collection that isn't selected is among them when its pages are read for others. */
  measured(sourceId: string): Promise<MeasuredCalls[]> {
    return rows(this.database, `
      select collection, (max(api_calls) filter (where is_full and place = 1))::float8 as full, (avg(api_calls) filter (where not is_full))::float8 as average, count(*) filter (where not is_full)::int as runs
      from (
        select c.collection, c.api_calls, is_full, row_number() over (partition by c.collection, is_full order by r.created_at desc) as place
        from runs r join collection_runs c on c.run_id = r.id cross join lateral (select coalesce(c.full_pass, r.trigger = 'first') as is_full) as what
        where r.source_id = $1 and r.extent is null and r.state in ('succeeded', 'partial') and c.state in ('succeeded', 'running')) as reads
      where place <= ${MEASURED_RUNS} group by collection order by collection`, [sourceId]);
  }

  /** From `from` to `to` (UTC days, both included), newest day first. */
  list(sourceId: string, from: string, to: string): Promise<Usage[]> {
    return rows(this.database, `select to_char(day, 'YYYY-MM-DD') as day, collection, nullif(run_id, $4::uuid) as "runId", calls::float8 as calls
      from api_usage where source_id = $1 and day between $2::date and $3::date order by day desc, collection, run_id desc`, [sourceId, from, to, NO_RUN]);
  }
}
