import { Client, type ClientConfig } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { quote } from './naming.js';
import { moveOffsets } from './offsets.js';
import { sqlState } from './sqlstate.js';
import type { EncodedRows } from './table-encoder.js';
import type { TablePlan } from './table-plan.js';
import { textArray } from './text-array.js';
import type { ApplyResult, WarehouseBatch } from '../warehouse.js';

/**
 * Asynchronous commit is safe here: a crash takes rows and offset back together, and the positions are read again after it.
 * The time-outs end the transaction of a process that was stopped in the middle of it.
 */
const SETTINGS = `SET synchronous_commit = off; SET temp_buffers = '32MB'; SET jit = off; SET timezone = 'UTC';
  SET statement_timeout = '120s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s'`;

/** How long it can be seen which values didn't fit; they themselves stay in `_extra`. */
const DISCARDS_KEPT = '90 days';

/** Fewer new rows aren't worth the question whether they are new. */
const STRAIGHT_ROWS = 200;
/** Ids of a batch, evenly spread, that are asked for: to ask for all costs nearly half of what is saved. */
const SAMPLE = 40;
const UNIQUE_VIOLATION = '23505';
/** A row that is there already (or another unique column), row-level security, not a table. */
const NOT_STRAIGHT = new Set([UNIQUE_VIOLATION, '0A000', '42809']);

/** A table's schema changed after the rows were encoded for it. */
export class StalePlanError extends Error {
  constructor(readonly plans: readonly TablePlan[]) { super('the schema of a table changed'); this.name = 'StalePlanError'; }
}

/** What went wrong while the rows of one table were written. */
export class MergeError extends Error {
  constructor(readonly plan: TablePlan, override readonly cause: unknown) { super(`the merge into ${plan.qualified} failed`); this.name = 'MergeError'; }
}

/** Rows can't be copied straight into the table; all is to be done again without. */
class NotStraightError extends Error {}

/** The one connection that loads, with a temporary table per target that is used again and again. */
export class LoadSession {
  private readonly temps = new Map<string, { readonly name: string; readonly plan: TablePlan }>();
  /** How it is found out whether all rows of a batch are new, where a sample doesn't tell any more. */
  private readonly straight = new WeakMap<TablePlan, 'by all ids' | 'never'>();
  private serial = 0;
  private lost = false;

  private constructor(private readonly client: Client) {
    client.on('error', () => { this.lost = true; });
    client.on('end', () => { this.lost = true; });
  }

  static async connect(config: ClientConfig): Promise<LoadSession> {
    const client = new Client(config);
    const session = new LoadSession(client);
    await client.connect();
    await client.query(SETTINGS);
    return session;
  }

  get alive(): boolean { return !this.lost; }

  async end(): Promise<void> {
    this.lost = true;
    await endClient(this.client);
  }

  /** All in one transaction, the offsets first. `begun`: the database has work for a while. @throws FencedError | SelectionChangedError | StalePlanError | MergeError | PostgreSQL's error, rolled back */
  async load(loader: string, batch: Pick<WarehouseBatch, 'advances' | 'selection'>, tables: readonly EncodedRows[], begun: () => void): Promise<ApplyResult> {
    for (;;) {
      try { return await this.transaction(loader, batch, tables, begun); } catch (error) { if (!(error instanceof NotStraightError)) throw error; }
    }
  }

  private async transaction(loader: string, batch: Pick<WarehouseBatch, 'advances' | 'selection'>, tables: readonly EncodedRows[], begun: () => void): Promise<ApplyResult> {
    for (const { plan, write } of tables) await this.temp(plan, write);
    await this.client.query('BEGIN');
    try {
      await this.move(loader, batch, tables);
      const written: number[] = [];
      for (const encoded of tables) written.push(await this.write(encoded, begun).catch((error: unknown) => { throw error instanceof NotStraightError ? error : new MergeError(encoded.plan, error); }));
      await this.account(loader, tables, written);
      await this.client.query('COMMIT');
      return { written: written.reduce((sum, rows) => sum + rows, 0), discarded: tables.reduce((sum, { discards }) => sum + discards.length, 0) };
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  /** Tries the rows in a transaction that is always rolled back; the error that they cause, or undefined. */
  async tryOut(encoded: EncodedRows): Promise<unknown> {
    await this.temp(encoded.plan, encoded.write);
    await this.client.query('BEGIN');
    try {
      await this.merge(encoded);
      return undefined;
    } catch (error) {
      return error;
    } finally {
      await this.rollback();
    }
  }

  private async move(loader: string, batch: Pick<WarehouseBatch, 'advances' | 'selection'>, tables: readonly EncodedRows[]): Promise<void> {
    const generations = await moveOffsets(this.client, loader, batch, tables.map(({ plan }) => plan));
    const stale = tables.filter(({ plan }, i) => generations[i] !== plan.generation).map(({ plan }) => plan);
    if (stale.length > 0) throw new StalePlanError(stale);
  }

  /** Straight into the table where all rows are new: that is half the work of a merge. */
  private async write(encoded: EncodedRows, begun: () => void): Promise<number> {
    if (!await this.isNew(encoded)) return this.merge(encoded, begun);
    const { plan, bytes, ids } = encoded;
    try {
      await this.copy(plan.copySql(), bytes, begun);
      return ids.length;
    } catch (error) {
      const state = sqlState(error) ?? '';
      if (!NOT_STRAIGHT.has(state)) throw error;
      this.straight.set(plan, state === UNIQUE_VIOLATION && !this.straight.has(plan) ? 'by all ids' : 'never');
      throw new NotStraightError();
    }
  }

  private async isNew({ plan, ids, later, write }: EncodedRows): Promise<boolean> {
    const how = this.straight.get(plan);
    if (ids.length < STRAIGHT_ROWS || later > 0 || write === 'partial' || how === 'never') return false;
    const step = Math.ceil(ids.length / SAMPLE);
    return !await this.knows(plan, ids.filter((_, index) => index % step === 0)) && (how === undefined || !await this.knows(plan, ids));
  }

  private async knows(plan: TablePlan, ids: readonly string[]): Promise<boolean> {
    return (await this.client.query(plan.findSql, [textArray(ids)])).rowCount !== 0;
  }

  private async merge({ plan, bytes, later, write }: EncodedRows, begun?: () => void): Promise<number> {
    const temp = await this.temp(plan, write);
    await this.copy(plan.copySql(temp), bytes, begun);
    let { rowCount } = await this.client.query(plan[`${write}Sql`].replace('pg_temp.%', `pg_temp.${temp}`));
    if (later > 0) rowCount = (rowCount ?? 0) + ((await this.client.query(plan.laterSql.replace('pg_temp.%', `pg_temp.${temp}`))).rowCount ?? 0);
    return rowCount ?? 0;
  }

  private copy(sql: string, bytes: Buffer, begun?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.client.query(copyFrom(sql));
      stream.once('error', reject).once('finish', resolve);
      stream.end(bytes);
      begun?.();
    });
  }

  private async temp(plan: TablePlan, write: EncodedRows['write']): Promise<string> {
    // Whole and partial records of one table may come in one transaction.
    const key = write === 'partial' ? `${plan.qualified} partial` : plan.qualified;
    const known = this.temps.get(key);
    if (known?.plan === plan) return known.name;
    if (known !== undefined) {
      await this.client.query(`DROP TABLE IF EXISTS pg_temp.${known.name}`);
      this.temps.delete(key);
    }
    const name = quote(`cs_${++this.serial}`);
    await this.client.query(plan.createTempSql(name));
    this.temps.set(key, { name, plan });
    return name;
  }

  /** What was loaded and what was discarded, for the warehouse's page. */
  private async account(loader: string, tables: readonly EncodedRows[], written: readonly number[]): Promise<void> {
    if (tables.length === 0) return;
    await this.client.query({
      name: 'cs_loads',
      text: `INSERT INTO _cloud_sources.loads AS l (loader, schema_name, table_name, rows_written, values_discarded, last_loaded_at)
        SELECT $1, s, t, sum(w), sum(d), now() FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS x(s, t, w, d) GROUP BY s, t
        ON CONFLICT (loader, schema_name, table_name) DO UPDATE SET rows_written = l.rows_written + excluded.rows_written,
          values_discarded = l.values_discarded + excluded.values_discarded, last_loaded_at = excluded.last_loaded_at`,
      values: [loader, tables.map(({ plan }) => plan.schema), tables.map(({ plan }) => plan.table), written, tables.map(({ discards }) => discards.length)],
    });
    const discards = tables.flatMap(({ plan, discards: some }) => some.map((discard) => ({ plan, ...discard })));
    if (discards.length === 0) return;
    await this.client.query(
      `WITH old AS (DELETE FROM _cloud_sources.discards WHERE at < now() - interval '${DISCARDS_KEPT}')
       INSERT INTO _cloud_sources.discards (schema_name, table_name, source_path, column_name, reason, record_id, version, topic, partition, kafka_offset)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::int[], $10::bigint[])`,
      [
        discards.map(({ plan }) => plan.schema), discards.map(({ plan }) => plan.table), discards.map(({ path }) => path), discards.map(({ column }) => column),
        discards.map(({ reason }) => reason), discards.map(({ row }) => row.id), discards.map(({ row }) => String(row.version)),
        discards.map(({ row }) => row.origin.topic), discards.map(({ row }) => row.origin.partition), discards.map(({ row }) => row.offset),
      ]);
  }

  private async rollback(): Promise<void> {
    if (this.lost) return;
    await this.client.query('ROLLBACK').catch(() => { this.lost = true; });
  }
}

/** Ends without waiting for a server that is gone. */
async function endClient(client: Client): Promise<void> {
  await Promise.race([client.end().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
}
