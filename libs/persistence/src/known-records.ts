import type { Notice } from '#contracts';
import type { DataSource } from 'typeorm';
import { jsonb, rows } from './database.js';

/** What is known of a collection from its complete passes. */
export interface KnownRecords {
  /** Id to whether a pass of an earlier run missed it already, and was doubted. */
  readonly ids: ReadonlyMap<string, boolean>;
  /** The newest version of a record in any pass, milliseconds since the epoch; 0 before the first. */
  readonly newest: number;
}

/** What one more complete pass changes. */
export interface KnownChange {
  /** Found for the first time. */
  readonly added: readonly string[];
  /** Deleted. */
  readonly gone: readonly string[];
  /** Not found, which the next run's pass must confirm. */
  readonly doubted: readonly string[];
  /** Found again after a pass that missed them. */
  readonly back: readonly string[];
  /** See `KnownRecords.newest`. */
  readonly newest: number;
  /** Says that there is doubt, when there is. */
  readonly notice?: Notice;
}

const LEASE = `select source_id as "sourceId" from runs where id = $1 and fencing_token = $2 and state = 'running'`;

/** Undefined: the lease is lost. */
export async function knownRecords(database: DataSource, runId: string, token: number, collection: string): Promise<KnownRecords | undefined> {
  const [run] = await rows<{ sourceId: string }>(database, LEASE, [runId, token]);
  if (run === undefined) return undefined;
  const of = [run.sourceId, collection];
  const [pass] = await rows<{ newest: number }>(database, 'select newest::float8 as newest from full_passes where source_id = $1 and collection = $2', of);
  const known = await rows<{ id: string; missed: boolean }>(database, `
    select record_id as id, coalesce(missing_in <> $3, false) as missed from known_records where source_id = $1 and collection = $2`, [...of, runId]);
  return { ids: new Map(known.map(({ id, missed }) => [id, missed])), newest: pass?.newest ?? 0 };
}

/** After the deletions are durable. False: the lease is lost, and nothing was written: the next complete pass finds the same. */
export function keepKnown(database: DataSource, runId: string, token: number, collection: string, { added, gone, doubted, back, newest, notice }: KnownChange): Promise<boolean> {
  return database.transaction(async (tx) => {
    const [run] = await rows<{ sourceId: string }>(tx, `${LEASE} for update`, [runId, token]);
    if (run === undefined) return false;
    const of = [run.sourceId, collection];
    if (gone.length > 0) await rows(tx, 'delete from known_records where source_id = $1 and collection = $2 and record_id = any($3::text[])', [...of, gone]);
    if (back.length > 0) await rows(tx, 'update known_records set missing_in = null where source_id = $1 and collection = $2 and record_id = any($3::text[])', [...of, back]);
    if (doubted.length > 0) await rows(tx, 'update known_records set missing_in = $4 where source_id = $1 and collection = $2 and record_id = any($3::text[])', [...of, doubted, runId]);
    if (added.length > 0) await rows(tx, 'insert into known_records (source_id, collection, record_id) select $1, $2, unnest($3::text[]) on conflict do nothing', [...of, added]);
    await rows(tx, `insert into full_passes (source_id, collection, run_id, newest) values ($1, $2, $3, $4)
      on conflict (source_id, collection) do update set run_id = excluded.run_id, at = now(), newest = excluded.newest`, [...of, runId, newest]);
    await rows(tx, `update collection_health set warning = null where source_id = $1 and collection = $2 and warning ->> 'code' = 'records_gone'`, of);
    if (notice === undefined) return true;
    await rows(tx, `update runs set warnings = $2::jsonb || (select coalesce(jsonb_agg(w), '[]') from jsonb_array_elements(warnings) w where w -> 'collection' <> $2::jsonb -> 'collection' or w -> 'code' <> $2::jsonb -> 'code')
      where id = $1`, [runId, jsonb(notice)]);
    await rows(tx, 'update collection_runs set warning = $3::jsonb where run_id = $1 and collection = $2', [runId, collection, jsonb(notice)]);
    await rows(tx, `insert into collection_health (source_id, collection, warning) values ($1, $2, $3::jsonb) on conflict (source_id, collection) do update set warning = excluded.warning`, [...of, jsonb(notice)]);
    return true;
  });
}
