import type { DataSource } from 'typeorm';
import { jsonb, rows } from './database.js';

/** The offset after the last one that counts, decimal, by partition or by `topic/partition`. */
export type Ends = Readonly<Record<string, string>>;

/** Until where a warehouse must have loaded; `exact`: these are the source's own last records, not just where the topics ended. */
export interface RecordEnds { readonly exact: boolean; readonly ends: Ends }

export interface ArrivalTarget { readonly id: string; readonly name: string; readonly urlSealed: string }

/** What a run that is over must be followed to: see the gateway's `arrival.service.ts`. The caller has checked that the run is the workspace's. */
export class ArrivalRepository {
  constructor(private readonly database: DataSource) {}

  async get(runId: string): Promise<{ readonly rawEnds: Ends; readonly recordEnds: Readonly<Record<string, RecordEnds>> } | undefined> {
    return (await rows<{ rawEnds: Ends; recordEnds: Record<string, RecordEnds> }>(this.database, 'select raw_ends as "rawEnds", record_ends as "recordEnds" from run_arrivals where run_id = $1', [runId]))[0];
  }

  /** The first word counts. */
  async keepRawEnds(runId: string, ends: Ends): Promise<void> {
    await rows(this.database, 'insert into run_arrivals (run_id, raw_ends) values ($1, $2::jsonb) on conflict do nothing', [runId, jsonb(ends)]);
  }

  /** What is exact takes the place of what isn't. */
  async keepRecordEnds(runId: string, warehouseId: string, ends: RecordEnds): Promise<void> {
    await rows(this.database, `update run_arrivals set record_ends = record_ends || jsonb_build_object($2::text, $3::jsonb) where run_id = $1 and (record_ends -> $2 ->> 'exact') is distinct from 'true'`, [runId, warehouseId, jsonb(ends)]);
  }

  /** The enabled warehouses that take the source, by name. */
  warehouses(sourceId: string): Promise<ArrivalTarget[]> {
    return rows(this.database, `
      select w.id, w.name, w.url_sealed as "urlSealed" from sources s join warehouses w on w.workspace_id = s.workspace_id left join warehouse_sources c on c.warehouse_id = w.id and c.source_id = s.id
      where s.id = $1 and w.enabled and coalesce(c.included, s.warehouse_id is not distinct from w.id) order by w.name, w.id`, [sourceId]);
  }
}
