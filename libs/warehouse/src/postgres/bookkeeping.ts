import type { ClientBase } from 'pg';

/** Key of the advisory lock under which the bookkeeping schema is made. */
const LOCK = 7_263_001;

/**
 * The loader's own schema in every warehouse. Only ever extended: older loaders run beside newer ones.
 * `selections` fences loaders that don't know yet what was chosen; `loads` counts what each loader wrote; `schema_changes` is the history of DDL; `columns` maps source paths to columns;
 * `models` has the tables of traits and audiences, `model_changes` what is to be published of them.
 */
const STATEMENTS = `
CREATE TABLE IF NOT EXISTS _cloud_sources.offsets (
  loader text NOT NULL, cluster_id text NOT NULL, topic text NOT NULL, topic_id uuid, partition int NOT NULL,
  epoch bigint NOT NULL, next_offset bigint NOT NULL, updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (loader, topic, partition)) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS _cloud_sources.selections (loader text PRIMARY KEY, version bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS _cloud_sources.tables (
  schema_name text NOT NULL, table_name text NOT NULL, kind text NOT NULL, generation bigint NOT NULL DEFAULT 1,
  since timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (schema_name, table_name));
CREATE TABLE IF NOT EXISTS _cloud_sources.columns (
  schema_name text NOT NULL, table_name text NOT NULL, source_path text NOT NULL, column_name text NOT NULL, type text NOT NULL,
  since timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (schema_name, table_name, source_path), UNIQUE (schema_name, table_name, column_name));
CREATE TABLE IF NOT EXISTS _cloud_sources.schema_changes (
  at timestamptz NOT NULL DEFAULT now(), schema_name text NOT NULL, table_name text NOT NULL, change text NOT NULL, column_name text, detail text);
CREATE TABLE IF NOT EXISTS _cloud_sources.discards (
  at timestamptz NOT NULL DEFAULT now(), schema_name text NOT NULL, table_name text NOT NULL, source_path text NOT NULL, column_name text,
  reason text NOT NULL, record_id text NOT NULL, version bigint NOT NULL, topic text NOT NULL, partition int NOT NULL, kafka_offset bigint NOT NULL);
CREATE INDEX IF NOT EXISTS discards_at ON _cloud_sources.discards (at);
CREATE TABLE IF NOT EXISTS _cloud_sources.loads (
  loader text NOT NULL, schema_name text NOT NULL, table_name text NOT NULL, rows_written bigint NOT NULL, values_discarded bigint NOT NULL,
  last_loaded_at timestamptz NOT NULL, PRIMARY KEY (loader, schema_name, table_name)) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS _cloud_sources.model_schemas (schema_name text PRIMARY KEY, warehouse_id uuid NOT NULL);
CREATE TABLE IF NOT EXISTS _cloud_sources.models (
  model_id uuid PRIMARY KEY, warehouse_id uuid NOT NULL, kind text NOT NULL, schema_name text, table_name text, token bigint NOT NULL, updated_at timestamptz NOT NULL DEFAULT now(), UNIQUE (schema_name, table_name));
CREATE TABLE IF NOT EXISTS _cloud_sources.model_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, warehouse_id uuid NOT NULL, workspace_id uuid NOT NULL, model_id uuid NOT NULL, kind text NOT NULL, slug text NOT NULL, name text NOT NULL,
  token bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(), user_id text NOT NULL, event text NOT NULL, value jsonb, previous jsonb);
`;

/** Makes what is missing; several loaders may do it at once. Needs CREATE on the database only the first time. */
export async function createBookkeeping(client: ClientBase): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const { rows: [found] } = await client.query<{ exists: boolean }>("SELECT to_regnamespace('_cloud_sources') IS NOT NULL AS exists");
    if (found?.exists !== true) await client.query('CREATE SCHEMA _cloud_sources');
    await client.query(STATEMENTS);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
