import type { ClientBase } from 'pg';
import type { PrivilegeProblem, StoredId, WarehouseTable } from '../warehouse.js';
import { quote, schemaName, tableName } from './naming.js';

const PAGE = 20_000;
const OLDEST_VERSION = 140_000;

/** What the login needs and lacks. */
export async function missingPrivileges(client: ClientBase): Promise<PrivilegeProblem[]> {
  const { rows: [can] } = await client.query<{ database: string; login: string; create: boolean; temp: boolean; version: number; ours: boolean; readonly: boolean }>(
    `SELECT current_database() AS database, current_user AS login, has_database_privilege(current_database(), 'CREATE') AS create,
       has_database_privilege(current_database(), 'TEMP') AS temp, current_setting('server_version_num')::int AS version,
       to_regnamespace('_cloud_sources') IS NULL OR has_schema_privilege('_cloud_sources', 'USAGE, CREATE') AS ours,
       pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS readonly`);
  if (can === undefined) return [];
  const problems: PrivilegeProblem[] = [];
  if (can.version < OLDEST_VERSION) problems.push({ problem: 'The server is older than PostgreSQL 14.', remedy: 'Use PostgreSQL 14 or newer.' });
  if (can.readonly) problems.push({ problem: 'The server is read-only.', remedy: 'Give the address of the primary.' });
  if (!can.create) problems.push({ problem: `${can.login} may not create schemas.`, remedy: `GRANT CREATE ON DATABASE ${quote(can.database)} TO ${quote(can.login)};` });
  if (!can.temp) problems.push({ problem: `${can.login} may not create temporary tables.`, remedy: `GRANT TEMPORARY ON DATABASE ${quote(can.database)} TO ${quote(can.login)};` });
  if (!can.ours) problems.push({ problem: `${can.login} may not use the schema _cloud_sources.`, remedy: `GRANT ALL ON SCHEMA _cloud_sources TO ${quote(can.login)}; or load with the login that made it.` });
  return problems;
}

export async function listTables(client: ClientBase, schema?: string): Promise<WarehouseTable[]> {
  const { rows } = await client.query<WarehouseTable>(
    `SELECT t.schema_name AS schema, t.table_name AS table, t.kind,
       (SELECT coalesce(json_agg(json_build_object('name', attname, 'type', format_type(atttypid, NULL)) ORDER BY attnum), '[]')
        FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
     FROM _cloud_sources.tables AS t JOIN pg_class AS c ON c.oid = to_regclass(quote_ident(t.schema_name) || '.' || quote_ident(t.table_name))
     WHERE $1::text IS NULL OR t.schema_name = $1 ORDER BY 1, 2`, [schema === undefined ? null : schemaName(schema)]);
  return rows;
}

async function kindOf(client: ClientBase, schema: string, table: string): Promise<string | undefined> {
  const { rows: [found] } = await client.query<{ kind: string }>(
    `SELECT kind FROM _cloud_sources.tables WHERE schema_name = $1 AND table_name = $2 AND to_regclass(quote_ident($1) || '.' || quote_ident($2)) IS NOT NULL`, [schema, table]);
  return found?.kind;
}

/** One page of ids after the given one; undefined when there is no such table. */
export async function readIds(client: ClientBase, source: string, collection: string, after: string | undefined): Promise<StoredId[] | undefined> {
  const [schema, table] = [schemaName(source), tableName(collection)];
  const kind = await kindOf(client, schema, table);
  if (kind === undefined) return undefined;
  const { rows } = await client.query<{ id: string; version: string; deleted: boolean }>(
    `SELECT id, _version AS version, ${kind === 'object' ? 'is_deleted' : 'false'} AS deleted FROM ${quote(schema)}.${quote(table)} WHERE $1::text IS NULL OR id > $1 ORDER BY id LIMIT ${PAGE}`, [after ?? null]);
  return rows.map(({ id, version, deleted }) => ({ id, version: BigInt(version), deleted }));
}

export async function countRows(client: ClientBase, source: string, collection: string): Promise<{ rows: number; live: number } | undefined> {
  const [schema, table] = [schemaName(source), tableName(collection)];
  const kind = await kindOf(client, schema, table);
  if (kind === undefined) return undefined;
  const { rows: [count] } = await client.query<{ rows: number; live: number }>(
    `SELECT count(*)::float8 AS rows, count(*)${kind === 'object' ? ' FILTER (WHERE NOT is_deleted)' : ''}::float8 AS live FROM ${quote(schema)}.${quote(table)}`);
  return count;
}
