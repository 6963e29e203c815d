import type { DataSource } from 'typeorm';
import { isId, newId, rows } from './database.js';

export const MEASURE_KINDS = ['metric', 'segment'] as const;
export type MeasureKind = (typeof MEASURE_KINDS)[number];

/** A metric or a segment: SQL over a warehouse. */
export interface Measure {
  readonly id: string;
  readonly workspaceId: string;
  readonly kind: MeasureKind;
  readonly warehouseId: string;
  /** Whose template it was made of; null: by hand, or the source is gone. */
  readonly sourceId: string | null;
  readonly template: string | null;
  readonly name: string;
  readonly description: string;
  readonly sql: string;
  readonly unit: string;
  readonly measuredAt: Date | null;
  /** Why it could not be measured the last time. */
  readonly error: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Its value, or the number of its members, at a time. */
export interface MeasurePoint { readonly at: Date; readonly value: number }

export type NewMeasure = Pick<Measure, 'workspaceId' | 'kind' | 'warehouseId' | 'sourceId' | 'template' | 'name' | 'description' | 'sql' | 'unit'>;
export type MeasureChange = Partial<Pick<Measure, 'name' | 'description' | 'sql' | 'unit'>>;

const COLUMNS = `m.id, m.workspace_id as "workspaceId", m.kind, m.warehouse_id as "warehouseId", m.source_id as "sourceId", m.template, m.name, m.description, m.sql, m.unit,
  m.measured_at as "measuredAt", m.error, m.created_at as "createdAt", m.updated_at as "updatedAt"`;
/** Between two measurements of a measure; and after one that failed, such as before its tables are there. */
const AGAIN = { afterSuccess: '1 hour', afterFailure: '2 minutes' };
const KEPT_DAYS = 400;

export class MeasureRepository {
  constructor(private readonly database: DataSource) {}

  /** In order of creation, after `after` (an id). */
  list(workspaceId: string, kind: MeasureKind, limit: number, after?: string): Promise<Measure[]> {
    return rows(this.database, `select ${COLUMNS} from measures m where m.workspace_id = $1 and m.kind = $2 and ($3::uuid is null or m.id > $3) order by m.id limit $4`, [workspaceId, kind, after ?? null, limit]);
  }

  async get(workspaceId: string, kind: MeasureKind, id: string): Promise<Measure | undefined> {
    return isId(id) ? (await rows<Measure>(this.database, `select ${COLUMNS} from measures m where m.id = $1 and m.workspace_id = $2 and m.kind = $3`, [id, workspaceId, kind]))[0] : undefined;
  }

  /** All or none. @returns their ids, in order */
  create(measures: readonly NewMeasure[]): Promise<string[]> {
    return this.database.transaction(async (tx) => {
      const ids: string[] = [];
      for (const { workspaceId, kind, warehouseId, sourceId, template, name, description, sql, unit } of measures) {
        const id = newId();
        await rows(tx, 'insert into measures (id, workspace_id, kind, warehouse_id, source_id, template, name, description, sql, unit) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
          [id, workspaceId, kind, warehouseId, sourceId, template, name, description, sql, unit]);
        ids.push(id);
      }
      return ids;
    });
  }

  /** Other SQL is measured at once; what was measured with the SQL before is another history, and goes. */
  change(id: string, { name, description, sql, unit }: MeasureChange): Promise<void> {
    return this.database.transaction(async (tx) => {
      const [before] = await rows<{ sql: string }>(tx, 'select sql from measures where id = $1 for update', [id]);
      await rows(tx, `update measures set name = coalesce($2, name), description = coalesce($3, description), sql = coalesce($4, sql), unit = coalesce($5, unit), updated_at = now(),
        measured_at = case when $4 is distinct from sql and $4 is not null then null else measured_at end where id = $1`, [id, name ?? null, description ?? null, sql ?? null, unit ?? null]);
      if (sql !== undefined && before?.sql !== sql) await rows(tx, 'delete from measure_points where measure_id = $1', [id]);
    });
  }

  async remove(id: string): Promise<void> { await rows(this.database, 'delete from measures where id = $1', [id]); }

  /** The newest `limit` of each, oldest first. */
  async points(ids: readonly string[], limit: number): Promise<Map<string, MeasurePoint[]>> {
    const found = await rows<MeasurePoint & { id: string }>(this.database, `
      select id, at, value from unnest($1::uuid[]) as id cross join lateral (select at, value from measure_points p where p.measure_id = id order by at desc limit $2) p order by id, at`, [ids, limit]);
    const byId = new Map<string, MeasurePoint[]>(ids.map((id) => [id, []]));
    for (const { id, at, value } of found) byId.get(id)?.push({ at, value });
    return byId;
  }

  /** Takes what is to be measured now; nobody else takes it before it is due again. */
  take(limit: number): Promise<Measure[]> {
    return rows(this.database, `
      update measures m set measured_at = now() where m.id in (
        select id from measures where measured_at is null or measured_at < now() - case when error is null then interval '${AGAIN.afterSuccess}' else interval '${AGAIN.afterFailure}' end
        order by measured_at nulls first limit $1 for update skip locked) returning ${COLUMNS}`, [limit]);
  }

  /**
   * What came of measuring it with this SQL; other SQL was written meanwhile: nothing is kept.
   * @param points new ones; with `whole` all that there are
   */
  async measured(id: string, sql: string, points: readonly MeasurePoint[], whole: boolean): Promise<void> {
    await this.database.transaction(async (tx) => {
      const same = await rows(tx, 'update measures set measured_at = now(), error = null where id = $1 and sql = $2 returning 1', [id, sql]);
      if (same.length === 0) return;
      if (whole) await rows(tx, 'delete from measure_points where measure_id = $1', [id]);
      await rows(tx, `insert into measure_points (measure_id, at, value) select $1, at, value from unnest($2::timestamptz[], $3::float8[]) as p(at, value)
        on conflict (measure_id, at) do update set value = excluded.value`, [id, points.map(({ at }) => at), points.map(({ value }) => value)]);
      if (!whole) await rows(tx, `delete from measure_points where measure_id = $1 and at < now() - interval '${KEPT_DAYS} days'`, [id]);
    });
  }

  async failed(id: string, error: string): Promise<void> { await rows(this.database, 'update measures set measured_at = now(), error = $2 where id = $1', [id, error.slice(0, 1_000)]); }
}
