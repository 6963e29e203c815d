import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { TableTarget } from '../warehouse.js';
import { columnName, quote, schemaName, tableName } from './naming.js';
import { classify, sqlState } from './sqlstate.js';
import type { SchemaWish } from './table-encoder.js';
import { TablePlan, type PlanColumn, type TableState } from './table-plan.js';
import { SQL_TYPES, fromCatalog, widensTo, type ColumnType } from './types.js';

/** A waiting ALTER blocks the readers behind it: give up well before they have waited 2 s, and come back. */
const LOCK_TIMEOUT_MS = 1_500;
const ATTEMPTS = 8;
/** A table that is being read all the time is tried again later: other tables wait meanwhile. */
const LOCK_ATTEMPTS = 3;
/** PostgreSQL ends at 1,600, dropped ones included. */
const MAX_COLUMNS = 1_000;
/** Widening rewrites the table while readers wait; above this size the value goes to `_extra` instead. */
const MAX_REWRITE_BYTES = 64 * 1024 * 1024;

/** Errors that only say that somebody else made the same thing first. */
const LOST_RACE = new Set(['23505', '42P06', '42P07', '42701', '42710', 'XX000']);

/** Makes and knows the tables: reads the catalog and the registry, and changes both together in short transactions. */
export class SchemaStore {
  private readonly frozen = new Map<string, Set<string>>();

  constructor(private readonly pool: Pool) {}

  /** The plan of a table, which is made when it isn't there. */
  async plan(target: TableTarget): Promise<TablePlan> {
    const state = await this.read(target) ?? await this.change(target, async () => undefined);
    return new TablePlan(target, state);
  }

  /** Adds the columns and widens those that may be; the new plan. */
  async grow(target: TableTarget, wish: SchemaWish): Promise<TablePlan> {
    let state: TableState | undefined;
    if (wish.missing.length > 0) state = await this.change(target, (client, now) => this.addColumns(client, target, now, wish));
    for (const column of wish.wider) state = await this.widen(target, column);
    return new TablePlan(target, state ?? await this.change(target, async () => undefined));
  }

  private frozenOf(target: TableTarget): Set<string> {
    const key = `${target.schema}/${target.table}`;
    let frozen = this.frozen.get(key);
    if (frozen === undefined) this.frozen.set(key, frozen = new Set());
    return frozen;
  }

  /** Undefined when the table isn't there or isn't in the registry. */
  private async read(target: TableTarget, client: Pool | PoolClient = this.pool): Promise<TableState | undefined> {
    const names = [schemaName(target.schema), tableName(target.table)];
    const { rows: [table] } = await client.query<{ generation: string; relation: string | null }>(
      'SELECT generation, to_regclass(quote_ident($1) || \'.\' || quote_ident($2)) AS relation FROM _cloud_sources.tables WHERE schema_name = $1 AND table_name = $2', names);
    if (table === undefined || table.relation === null) return undefined;
    const { rows: catalog } = await client.query<{ name: string | null; type: string }>(
      'SELECT CASE WHEN attisdropped THEN NULL ELSE attname END AS name, format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = to_regclass(quote_ident($1) || \'.\' || quote_ident($2)) AND attnum > 0 ORDER BY attnum', names);
    const { rows: registry } = await client.query<{ source_path: string; column_name: string }>(
      'SELECT source_path, column_name FROM _cloud_sources.columns WHERE schema_name = $1 AND table_name = $2 ORDER BY since, column_name', names);
    const columns = new Map<string, ColumnType | undefined>();
    for (const { name, type } of catalog) if (name !== null) columns.set(name, fromCatalog(type));
    return {
      generation: table.generation, columns, frozen: this.frozenOf(target), full: catalog.length >= MAX_COLUMNS,
      registered: new Map(registry.map(({ source_path, column_name }) => [source_path, column_name])),
    };
  }

  /**
   * One short transaction under the table's advisory lock: the table is there, `work` does its DDL, the live view follows,
   * the catalog is read again. A lost race or a lock that can't be had is tried again.
   */
  private async change(target: TableTarget, work: (client: PoolClient, now: TableState) => Promise<void>): Promise<TableState> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.pool.connect();
      let broken: Error | undefined;
      try {
        await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
        await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`cloud_sources/${schemaName(target.schema)}/${tableName(target.table)}`]);
        await this.createTable(client, target);
        const now = await this.read(target, client);
        if (now === undefined) throw new Error('the table that was just made is not in the catalog');
        await work(client, now);
        const [schema, table] = [schemaName(target.schema), tableName(target.table)];
        if (target.kind === 'object') await this.refreshView(client, schema, table);
        await client.query('UPDATE _cloud_sources.tables SET generation = generation + 1 WHERE schema_name = $1 AND table_name = $2', [schema, table]);
        const after = await this.read(target, client) as TableState;
        await client.query('COMMIT');
        return after;
      } catch (error) {
        broken = await client.query('ROLLBACK').then(() => undefined, (reason: unknown) => reason as Error);
        const again = classify(error) === 'retry' || LOST_RACE.has(sqlState(error) ?? '');
        if (!again || attempt >= (sqlState(error) === '55P03' ? LOCK_ATTEMPTS : ATTEMPTS)) throw error;
      } finally {
        client.release(broken);
      }
      await sleep(50 * attempt * (0.5 + Math.random()));
    }
  }

  private async createTable(client: PoolClient, { schema: source, table: collection, kind }: TableTarget): Promise<void> {
    const [schema, table] = [schemaName(source), tableName(collection)];
    const { rows: [found] } = await client.query<{ schema: boolean; relation: boolean; known: boolean }>(
      'SELECT to_regnamespace(quote_ident($1)) IS NOT NULL AS schema, to_regclass(quote_ident($1) || \'.\' || quote_ident($2)) IS NOT NULL AS relation, EXISTS (SELECT FROM _cloud_sources.tables WHERE schema_name = $1 AND table_name = $2) AS known', [schema, table]);
    if (found?.schema !== true) await client.query(`CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`);
    if (found?.relation !== true) {
      const more = kind === 'object' ? '"is_deleted" boolean NOT NULL DEFAULT false' : '"timestamp" timestamptz NOT NULL, "event" text NOT NULL, "event_text" text';
      await client.query(`CREATE TABLE ${quote(schema)}.${quote(table)} ("id" text PRIMARY KEY, "received_at" timestamptz NOT NULL, "uuid_ts" timestamptz NOT NULL DEFAULT now(),
        "_version" bigint NOT NULL DEFAULT 0, "_run_id" text, "_extra" jsonb, ${more})`);
      await client.query(`CREATE INDEX ON ${quote(schema)}.${quote(table)} ("received_at")`);
      await this.note(client, schema, table, 'table created');
    }
    if (found?.known !== true || found.relation !== true) {
      await client.query('INSERT INTO _cloud_sources.tables (schema_name, table_name, kind) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [schema, table, kind]);
    }
  }

  private async addColumns(client: PoolClient, target: TableTarget, now: TableState, { missing }: SchemaWish): Promise<void> {
    const [schema, table] = [schemaName(target.schema), tableName(target.table)];
    const taken = new Set([...now.columns.keys(), ...now.registered.values()]);
    // Declared fields first, then by path: which of two clashing names stays plain doesn't hang on the order of arrival.
    const sorted = [...missing].sort((a, b) => Number(b.declared !== undefined) - Number(a.declared !== undefined) || (a.path < b.path ? -1 : 1));
    const added: { path: string; name: string; type: ColumnType }[] = [];
    for (const { keys, path, wanted } of sorted) {
      const known = now.registered.get(path);
      if (wanted === undefined || (known !== undefined && now.columns.has(known))) continue;
      if (now.columns.size + added.length >= MAX_COLUMNS) break;
      const name = known ?? columnName(keys, target.kind, taken, target.fields);
      taken.add(name);
      added.push({ path, name, type: wanted });
    }
    if (added.length === 0) return;
    await client.query(`ALTER TABLE ${quote(schema)}.${quote(table)} ${added.map(({ name, type }) => `ADD COLUMN ${quote(name)} ${SQL_TYPES[type]}`).join(', ')}`);
    await client.query(`INSERT INTO _cloud_sources.columns (schema_name, table_name, source_path, column_name, type)
      SELECT $1, $2, path, name, type FROM unnest($3::text[], $4::text[], $5::text[]) AS added(path, name, type)
      ON CONFLICT (schema_name, table_name, source_path) DO UPDATE SET type = excluded.type`,
    [schema, table, added.map(({ path }) => path), added.map(({ name }) => name), added.map(({ type }) => type)]);
    for (const { name, type } of added) await this.note(client, schema, table, 'column added', name, type);
  }

  /** In place where the table is small and nothing but our own view hangs on the column; otherwise the column is frozen. */
  private async widen(target: TableTarget, column: PlanColumn): Promise<TableState> {
    const [schema, table] = [schemaName(target.schema), tableName(target.table)];
    const type = column.type && widensTo(column.type);
    try {
      return await this.change(target, async (client, now) => {
        if (type === undefined || now.columns.get(column.name) !== column.type) return;
        const { rows: [size] } = await client.query<{ small: boolean }>('SELECT pg_total_relation_size(to_regclass($1)) <= $2 AS small', [`${quote(schema)}.${quote(table)}`, MAX_REWRITE_BYTES]);
        if (size?.small !== true) { this.frozenOf(target).add(column.name); return; }
        const view = target.kind === 'object' ? await this.dropView(client, schema, table) : [];
        await client.query(`ALTER TABLE ${quote(schema)}.${quote(table)} ALTER COLUMN ${quote(column.name)} TYPE ${SQL_TYPES[type]}`);
        if (target.kind === 'object') await this.refreshView(client, schema, table);
        for (const grant of view) await client.query(grant);
        await client.query('UPDATE _cloud_sources.columns SET type = $4 WHERE schema_name = $1 AND table_name = $2 AND column_name = $3', [schema, table, column.name, type]);
        await this.note(client, schema, table, 'column widened', column.name, `${column.type} to ${type}`);
      });
    } catch (error) {
      // 2BP01, 0A000: somebody's view hangs on it and wouldn't survive. 55P03: it is being read all the time.
      if (!['2BP01', '0A000', '55P03'].includes(sqlState(error) ?? '')) throw error;
      this.frozenOf(target).add(column.name);
      return this.change(target, async () => undefined);
    }
  }

  /** Drops our own view for the rest of this transaction; the statements that bring its grants back. */
  private async dropView(client: PoolClient, schema: string, table: string): Promise<string[]> {
    const view = `${quote(schema)}.${quote(`${table}_live`)}`;
    const { rows } = await client.query<{ grant: string }>(`SELECT format('GRANT %s ON ${view.replaceAll('%', '%%').replaceAll("'", "''")} TO %s%s', privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS grant
      FROM pg_class, aclexplode(relacl) WHERE oid = to_regclass($1) AND grantee <> relowner`, [view]);
    await client.query(`DROP VIEW IF EXISTS ${view}`);
    return rows.map(({ grant }) => grant);
  }

  /** `<table>_live`: the columns so far in their order, new ones at the end, so that it is never dropped. */
  private async refreshView(client: PoolClient, schema: string, table: string): Promise<void> {
    const { rows } = await client.query<{ relation: string; name: string }>(
      `SELECT c.relname AS relation, a.attname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relnamespace = to_regnamespace(quote_ident($1)) AND c.relname = ANY ($2) ORDER BY a.attnum`, [schema, [table, `${table}_live`]]);
    const of = (relation: string): string[] => rows.filter((row) => row.relation === relation).map(({ name }) => name);
    const [inView, inTable] = [of(`${table}_live`), of(table)];
    if (inView.length > 0 && inTable.every((name) => inView.includes(name))) return;
    const columns = [...inView, ...inTable.filter((name) => !inView.includes(name))];
    await client.query(`CREATE OR REPLACE VIEW ${quote(schema)}.${quote(`${table}_live`)} AS SELECT ${columns.map(quote).join(', ')} FROM ${quote(schema)}.${quote(table)} WHERE NOT "is_deleted"`);
  }

  private async note(client: PoolClient, schema: string, table: string, change: string, column?: string, detail?: string): Promise<void> {
    await client.query('INSERT INTO _cloud_sources.schema_changes (schema_name, table_name, change, column_name, detail) VALUES ($1, $2, $3, $4, $5)', [schema, table, change, column, detail]);
  }
}
