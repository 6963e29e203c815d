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

  /** From `from` to `to` (UTC days, both included), newest day first. */
  list(sourceId: string, from: string, to: string): Promise<Usage[]> {
    return rows(this.database, `select to_char(day, 'YYYY-MM-DD') as day, collection, nullif(run_id, $4::uuid) as "runId", calls::float8 as calls
      from api_usage where source_id = $1 and day between $2::date and $3::date order by day desc, collection, run_id desc`, [sourceId, from, to, NO_RUN]);
  }
}
