import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { Pool, type PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { ModelChange } from '#contracts';
import { ManyValuesError, ModelStore, OldComputationError, type ModelMember, type ModelOutcome, type ModelRow, type ModelRows, type ModelTarget } from '../model-store.js';
import { WarehouseRefusedError } from '../errors.js';
import { createBookkeeping } from './bookkeeping.js';
import { quote } from './naming.js';
import { classify, portError, sqlState } from './sqlstate.js';
import { SQL_TYPES, fromCatalog } from './types.js';

/** Key of the advisory lock that the one who publishes holds. */
const PUBLISHING = 7_263_003;

interface Place { readonly schema: string; readonly table: string }

/** PostgreSQL's text format of COPY. */
const copyText = (value: string | null): string => (value === null ? '\\N' : value.replace(/[\\\n\r\t]/g, (letter) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[letter] ?? letter));

/** Values that are kept with their type; others are text. */
const valueType = (formatted: string): string => {
  const plain = /^(smallint|integer)$/.test(formatted) ? 'bigint' : formatted.replace(/\(.*\)$/, '');
  const type = fromCatalog(plain === 'json' ? 'jsonb' : plain);
  return type === undefined ? 'text' : SQL_TYPES[type];
};

/** The port on PostgreSQL 14 or newer. Schemas `audiences` and `traits`, a table for each model. */
export class PostgresModelStore extends ModelStore {
  private readonly pool: Pool;

  /** @param url of the loader's login */
  constructor(url: string) {
    super();
    this.pool = new Pool({ connectionString: url, application_name: 'cloud-sources models', connectionTimeoutMillis: 5_000, keepAlive: true, max: 3, idleTimeoutMillis: 10_000, options: '-c TimeZone=UTC -c DateStyle=ISO' });
    this.pool.on('error', () => undefined).on('connect', (client) => { client.on('error', () => undefined); });
  }

  override close(): Promise<void> { return this.pool.end(); }

  override write(target: ModelTarget, token: string, rows: ModelRows): Promise<ModelOutcome> {
    return this.transaction(async (client) => {
      await client.query('CREATE TEMPORARY TABLE incoming (user_id text, value text) ON COMMIT DROP');
      const type = target.kind === 'trait' ? valueType(await this.receive(client, rows)) : (await this.receive(client, rows), undefined);
      await claim(client, target, token);
      const place = await this.makePlace(client, target);
      const skipped = await this.sift(client, target);
      await findChanges(client, target, place, type);
      const counts = await keepChanges(client, target, token);
      await apply(client, place, type);
      const { rows: [size] } = await client.query<{ n: number }>(`SELECT count(*)::float8 AS n FROM ${nameOf(place)}`);
      return { size: size?.n ?? 0, ...counts, skipped };
    });
  }

  override drop(target: ModelTarget, token: string): Promise<void> {
    return this.transaction(async (client) => {
      await claim(client, target, token);
      const { rows: [place] } = await client.query<Place & { readonly there: boolean }>(`SELECT schema_name AS schema, table_name AS table, to_regclass(quote_ident(schema_name) || '.' || quote_ident(table_name)) IS NOT NULL AS there
        FROM _cloud_sources.models WHERE model_id = $1`, [target.modelId]);
      // The row stays, with the token: a computation that outlived its lease can't bring the table back.
      await client.query('UPDATE _cloud_sources.models SET schema_name = NULL, table_name = NULL WHERE model_id = $1', [target.modelId]);
      if (place?.there !== true) return;
      // Nobody is found any more.
      await client.query('CREATE TEMPORARY TABLE wanted (user_id text, value text) ON COMMIT DROP');
      await findChanges(client, target, place, target.kind === 'trait' ? 'text' : undefined);
      await keepChanges(client, target, token);
      await client.query(`DROP TABLE ${nameOf(place)}`).catch((error: unknown) => {
        if (sqlState(error) !== '2BP01') throw error;
        throw new WarehouseRefusedError(`views or other things depend on its table ${place.schema}.${place.table}`, 'Drop them.', { cause: error });
      });
    });
  }

  override publish(warehouseId: string, limit: number, send: (changes: readonly ModelChange[]) => Promise<void>): Promise<number> {
    return this.transaction(async (client) => {
      const { rows: [lock] } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock($1, hashtext($2)) AS mine', [PUBLISHING, warehouseId]);
      if (lock?.mine !== true) return 0;
      const { rows } = await client.query<ModelChange & { readonly id: string }>(`SELECT id::text AS id, workspace_id AS "workspaceId", model_id AS "modelId", kind, slug, name, token::text AS token,
          to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, user_id AS "userId", event, value::text AS value, previous::text AS previous
        FROM _cloud_sources.model_changes WHERE warehouse_id = $1 ORDER BY _cloud_sources.model_changes.id LIMIT $2`, [warehouseId, limit]);
      if (rows.length === 0) return 0;
      await send(rows);
      await client.query('DELETE FROM _cloud_sources.model_changes WHERE warehouse_id = $1 AND id <= $2', [warehouseId, rows.at(-1)?.id]);
      return rows.length;
    });
  }

  override isUnpublished(modelId: string): Promise<boolean> {
    return this.transaction(async (client) => (await client.query('SELECT FROM _cloud_sources.model_changes WHERE model_id = $1 LIMIT 1', [modelId])).rowCount === 1);
  }

  override members(modelId: string, limit: number, after: string | undefined, prefix: string): Promise<ModelMember[] | undefined> {
    return this.transaction(async (client) => {
      const { rows: [place] } = await client.query<Place & { readonly kind: string }>(`SELECT schema_name AS schema, table_name AS table, kind FROM _cloud_sources.models WHERE model_id = $1 AND to_regclass(quote_ident(schema_name) || '.' || quote_ident(table_name)) IS NOT NULL`, [modelId]);
      if (place === undefined) return undefined;
      const more = place.kind === 'trait' ? 'changed_at AS since, value::text AS value' : 'entered_at AS since, NULL AS value';
      return (await client.query<ModelMember>(`SELECT user_id AS "userId", ${more} FROM ${nameOf(place)} WHERE ($1::text IS NULL OR user_id > $1) AND starts_with(user_id, $2) ORDER BY user_id LIMIT $3`, [after ?? null, prefix, limit])).rows;
    }, false);
  }

  /** All or nothing. A warehouse that nothing was loaded into yet gets its bookkeeping first. */
  private async transaction<T>(work: (client: PoolClient) => Promise<T>, made = true): Promise<T> {
    let client: PoolClient | undefined;
    let failure: unknown;
    try {
      client = await this.pool.connect();
      if (made) await createBookkeepingOnce(client);
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      failure = error;
      await client?.query('ROLLBACK').catch(() => undefined);
      if (!made && ['42P01', '3F000'].includes(sqlState(error) ?? '')) return undefined as T;
      throw portError(error);
    } finally {
      client?.release(failure !== undefined && classify(failure) === 'away');
    }
  }

  /** Rows into the temporary table; the type of their values. */
  private async receive(client: PoolClient, rows: ModelRows): Promise<string> {
    const stream = client.query(copyFrom('COPY incoming (user_id, value) FROM STDIN'));
    const done = finished(stream);
    done.catch(() => undefined);
    try {
      const type = await rows(async (batch: readonly ModelRow[]) => {
        if (batch.length > 0 && !stream.write(batch.map(([id, value]) => `${copyText(id)}\t${copyText(value)}\n`).join(''))) await Promise.race([once(stream, 'drain'), done]);
      });
      stream.end();
      await done;
      return type;
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error('the rows broke off'));
      await done.catch(() => undefined);
      throw error;
    }
  }

  /** The model's table, empty when it is new. */
  private async makePlace(client: PoolClient, target: ModelTarget): Promise<Place> {
    const { modelId, kind, slug, warehouseId } = target;
    const { rows: [known] } = await client.query<Place & { readonly there: boolean }>(`SELECT schema_name AS schema, table_name AS table, to_regclass(quote_ident(schema_name) || '.' || quote_ident(table_name)) IS NOT NULL AS there
      FROM _cloud_sources.models WHERE model_id = $1 AND table_name IS NOT NULL`, [modelId]);
    const place = known ?? { schema: await schemaOf(client, `${kind}s`, warehouseId), table: slug };
    if (known?.there === true) return place;
    // One whose delete was given up left its table behind.
    const left = known === undefined && (await client.query('DELETE FROM _cloud_sources.models WHERE schema_name = $1 AND table_name = $2 AND model_id <> $3', [place.schema, place.table, modelId])).rowCount === 1;
    if (left) await client.query(`DROP TABLE IF EXISTS ${nameOf(place)}`);
    if (known === undefined) await client.query('UPDATE _cloud_sources.models SET schema_name = $2, table_name = $3 WHERE model_id = $1', [modelId, place.schema, place.table]);
    await client.query(`CREATE TABLE ${nameOf(place)} (user_id text PRIMARY KEY, ${kind === 'trait' ? 'value text, changed_at' : 'entered_at'} timestamptz NOT NULL)`);
    return place;
  }

  /** `wanted`: each user once. */
  private async sift(client: PoolClient, { kind }: ModelTarget): Promise<number> {
    if (kind === 'trait') {
      const { rows: [many] } = await client.query<{ n: number }>('SELECT count(*)::float8 AS n FROM (SELECT user_id FROM incoming WHERE user_id IS NOT NULL AND value IS NOT NULL GROUP BY user_id HAVING count(DISTINCT value) > 1) AS several');
      if ((many?.n ?? 0) > 0) throw new ManyValuesError(many?.n ?? 0);
    }
    await client.query(`CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS SELECT DISTINCT user_id, value FROM incoming WHERE user_id IS NOT NULL ${kind === 'trait' ? 'AND value IS NOT NULL' : ''}`);
    await client.query('ANALYZE wanted');
    const { rows: [skipped] } = await client.query<{ n: number }>('SELECT count(*)::float8 AS n FROM incoming WHERE user_id IS NULL');
    return skipped?.n ?? 0;
  }
}

const nameOf = ({ schema, table }: Place): string => `${quote(schema)}.${quote(table)}`;

/** Pools whose warehouse is known to have the bookkeeping: made once for each connection. */
const known = new WeakSet<PoolClient>();
async function createBookkeepingOnce(client: PoolClient): Promise<void> {
  if (known.has(client)) return;
  await createBookkeeping(client);
  known.add(client);
}

/** From here on only this computation, or a newer one, writes the model. */
async function claim(client: PoolClient, { modelId, warehouseId, kind }: ModelTarget, token: string): Promise<void> {
  const { rowCount } = await client.query(`INSERT INTO _cloud_sources.models (model_id, warehouse_id, kind, token) VALUES ($1, $2, $3, $4)
    ON CONFLICT (model_id) DO UPDATE SET token = excluded.token, updated_at = now() WHERE _cloud_sources.models.token <= excluded.token`, [modelId, warehouseId, kind, token]);
  if (rowCount !== 1) throw new OldComputationError();
}

/** `audiences` or `traits`; where another workspace shares the database, with a part of the warehouse's id. */
async function schemaOf(client: PoolClient, base: string, warehouseId: string): Promise<string> {
  for (const name of [base, `${base}_${warehouseId.replaceAll('-', '').slice(-12)}`]) {
    await client.query('INSERT INTO _cloud_sources.model_schemas (schema_name, warehouse_id) SELECT $1, $2 WHERE to_regnamespace(quote_ident($1)) IS NULL ON CONFLICT DO NOTHING', [name, warehouseId]);
    const { rows: [owner] } = await client.query<{ mine: boolean }>('SELECT warehouse_id = $2 AS mine FROM _cloud_sources.model_schemas WHERE schema_name = $1', [name, warehouseId]);
    if (owner?.mine !== true) continue;
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${quote(name)}`);
    return name;
  }
  throw new Error(`The schemas ${base} and ${base}_… are somebody else's.`);
}

/** `changes`: who is new, who is gone, who has another value. */
async function findChanges(client: PoolClient, { kind }: ModelTarget, place: Place, type: string | undefined): Promise<void> {
  const [event, was, is] = kind === 'trait' ? [`'trait_changed'`, 'to_jsonb(m.value)', `to_jsonb(w.value::${type})`] : [`CASE WHEN m.user_id IS NULL THEN 'audience_entered' ELSE 'audience_exited' END`, 'NULL::jsonb', 'NULL::jsonb'];
  await client.query(`CREATE TEMPORARY TABLE changes ON COMMIT DROP AS SELECT user_id, ${event} AS event, ${is} AS value, ${was} AS previous, m.user_id IS NULL AS entered, w.user_id IS NULL AS exited
    FROM ${nameOf(place)} AS m FULL JOIN wanted AS w USING (user_id) WHERE m.user_id IS NULL OR w.user_id IS NULL ${kind === 'trait' ? `OR ${was} IS DISTINCT FROM ${is}` : ''}`);
}

/** What is to be published, in the transaction that writes the members. */
async function keepChanges(client: PoolClient, { workspaceId, warehouseId, modelId, kind, slug, name }: ModelTarget, token: string): Promise<Pick<ModelOutcome, 'entered' | 'exited' | 'changed'>> {
  await client.query(`INSERT INTO _cloud_sources.model_changes (warehouse_id, workspace_id, model_id, kind, slug, name, token, user_id, event, value, previous)
    SELECT $1, $2, $3, $4, $5, $6, $7, user_id, event, value, previous FROM changes ORDER BY user_id`, [warehouseId, workspaceId, modelId, kind, slug, name, token]);
  const { rows: [counts] } = await client.query<Pick<ModelOutcome, 'entered' | 'exited' | 'changed'>>('SELECT count(*) FILTER (WHERE entered)::float8 AS entered, count(*) FILTER (WHERE exited)::float8 AS exited, count(*) FILTER (WHERE NOT entered AND NOT exited)::float8 AS changed FROM changes');
  return counts ?? { entered: 0, exited: 0, changed: 0 };
}

async function apply(client: PoolClient, place: Place, type: string | undefined): Promise<void> {
  const table = nameOf(place);
  await client.query(`DELETE FROM ${table} AS m USING changes AS c WHERE m.user_id = c.user_id AND c.exited`);
  if (type === undefined) {
    await client.query(`INSERT INTO ${table} (user_id, entered_at) SELECT user_id, now() FROM changes WHERE entered`);
    return;
  }
  const { rows: [column] } = await client.query<{ type: string }>(`SELECT format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'value'`, [table]);
  const same = column !== undefined && valueType(column.type) === type;
  // Another type: the column is made anew and filled whole.
  if (!same) await client.query(`ALTER TABLE ${table} ALTER COLUMN value TYPE ${type} USING NULL`);
  await client.query(`INSERT INTO ${table} AS m (user_id, value, changed_at) SELECT user_id, w.value::${type}, now() FROM wanted AS w ${same ? 'JOIN changes USING (user_id)' : ''}
    ON CONFLICT (user_id) DO UPDATE SET value = excluded.value, changed_at = CASE WHEN EXISTS (SELECT FROM changes AS c WHERE c.user_id = m.user_id) THEN excluded.changed_at ELSE m.changed_at END`);
}
