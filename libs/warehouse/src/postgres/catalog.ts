import type { Client } from 'pg';
import type { SchemaChange, TableInfo } from '../reader.js';
import { quote } from './naming.js';
import { sqlState } from './sqlstate.js';

/** Tables below this size are counted, others estimated by the server's statistics. */
const COUNTED_BYTES = 32 * 1024 * 1024;

type Found = Omit<TableInfo, 'rows' | 'estimated'> & { readonly estimate: number; readonly small: boolean };

/** Tables and views of these schemas with their columns, how many rows they hold and when they were loaded last. */
export async function readCatalog(client: Client, schemas: readonly string[]): Promise<TableInfo[]> {
  if (!await isThere(client, 'loads')) return [];
  const { rows } = await client.query<Found>(`SELECT n.nspname::text AS schema, c.relname::text AS name, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END AS kind,
      c.reltuples::float8 AS estimate, c.relkind IN ('v', 'm') OR pg_relation_size(c.oid) <= $2 AS small, l.at AS "loadedAt",
      (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum), '[]') FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN (SELECT schema_name, table_name, max(last_loaded_at) AS at FROM _cloud_sources.loads GROUP BY 1, 2) AS l ON l.schema_name = n.nspname AND l.table_name = c.relname
    WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1, 2`, [schemas, COUNTED_BYTES]);
  const tables: TableInfo[] = [];
  for (const { estimate, small, ...table } of rows) {
    if (table.kind === 'view') tables.push({ ...table, rows: null, estimated: false });
    else if (!small && estimate >= 0) tables.push({ ...table, rows: estimate, estimated: true });
    else tables.push({ ...table, ...await counted(client, table, estimate) });
  }
  return tables;
}

/** Who may not count it, or came too late, is told the estimate. */
async function counted(client: Client, { schema, name }: Pick<TableInfo, 'schema' | 'name'>, estimate: number): Promise<Pick<TableInfo, 'rows' | 'estimated'>> {
  try {
    const { rows: [count] } = await client.query<{ n: number }>(`SELECT count(*)::float8 AS n FROM ${quote(schema)}.${quote(name)}`);
    return { rows: count?.n ?? 0, estimated: false };
  } catch (error) {
    if (!['42501', '42P01', '3F000'].includes(sqlState(error) ?? '')) throw error;
    return { rows: Math.max(0, estimate), estimated: true };
  }
}

/** The newest changes that loading made to these schemas' tables. */
export async function readChanges(client: Client, schemas: readonly string[], limit: number): Promise<SchemaChange[]> {
  if (!await isThere(client, 'schema_changes')) return [];
  const { rows } = await client.query<SchemaChange>(`SELECT at, schema_name AS schema, table_name AS table, change, column_name AS column, detail FROM _cloud_sources.schema_changes WHERE schema_name = ANY ($1) ORDER BY at DESC, table_name LIMIT $2`, [schemas, limit]);
  return rows;
}

/** Schemas with the warehouse's traits and audiences. */
export async function readModelSchemas(client: Client, warehouseId: string): Promise<string[]> {
  if (!await isThere(client, 'model_schemas')) return [];
  const { rows } = await client.query<{ name: string }>('SELECT schema_name AS name FROM _cloud_sources.model_schemas WHERE warehouse_id = $1', [warehouseId]);
  return rows.map(({ name }) => name);
}

/** Whether the loader has made this table of its bookkeeping yet. */
async function isThere(client: Client, table: string): Promise<boolean> {
  const { rows: [found] } = await client.query<{ there: boolean }>("SELECT to_regclass('_cloud_sources.' || quote_ident($1)) IS NOT NULL AS there", [table]);
  return found?.there === true;
}
