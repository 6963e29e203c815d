import type { DataSource } from 'typeorm';
import { rows } from './database.js';

const NO_RUN = '00000000-0000-0000-0000-000000000000';

/** Calls of one collection on one day (UTC, `YYYY-MM-DD`) for one run; `runId` null: outside a run. */
export interface Usage { readonly day: string; readonly collection: string; readonly runId: string | null; readonly calls: number }

export class UsageRepository {
  constructor(private readonly database: DataSource) {}

  /** Counts calls outside a run (a test of the credentials). Those of a run are counted by `RunRepository`. */
  async add(sourceId: string, collection: string, calls: number): Promise<void> {
    if (calls === 0) return;
    await rows(this.database, `insert into api_usage (source_id, day, collection, run_id, calls) values ($1, (now() at time zone 'UTC')::date, $2, $3, $4)
      on conflict (source_id, day, collection, run_id) do update set calls = api_usage.calls + excluded.calls`, [sourceId, collection, NO_RUN, calls]);
  }

  /** From `from` to `to` (UTC days, both included), newest day first. */
  list(sourceId: string, from: string, to: string): Promise<Usage[]> {
    return rows(this.database, `select to_char(day, 'YYYY-MM-DD') as day, collection, nullif(run_id, $4::uuid) as "runId", calls::float8 as calls
      from api_usage where source_id = $1 and day between $2::date and $3::date order by day desc, collection, run_id desc`, [sourceId, from, to, NO_RUN]);
  }
}
