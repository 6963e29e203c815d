import { setTimeout as sleep } from 'node:timers/promises';
import { Pool, type ClientConfig, type PoolClient } from 'pg';
import { RowsRejectedError, TableBlockedError, type RejectedRow } from '../errors.js';
import { Warehouse, type ApplyResult, type Claim, type ClaimRequest, type PartitionRef, type PrivilegeProblem, type StoredId, type TableRows, type TableTarget, type WarehouseBatch, type WarehouseTable } from '../warehouse.js';
import { createBookkeeping } from './bookkeeping.js';
import { countRows, listTables, missingPrivileges, readIds } from './introspection.js';
import { LoadSession, MergeError, StalePlanError } from './load-session.js';
import { claimOffsets, raiseSelection, readOffsets } from './offsets.js';
import { SchemaStore } from './schema-store.js';
import { classify, portError, sqlState } from './sqlstate.js';
import { TableEncoder, splitPartial, type EncodedRows, type SourceRows } from './table-encoder.js';
import type { TablePlan } from './table-plan.js';

const ATTEMPTS = 6;
/** Rounds of encode and ALTER before a table counts as one that can't be brought into shape. */
const GROWTHS = 4;
/** Encoders keep their buffers, so only some are kept. */
const IDLE_ENCODERS = 8;

/** Somebody holds a table, or its statement took too long: to try again at once would only keep the other tables waiting. */
const HELD = new Set(['55P03', '57014']);

function blocked(target: TableTarget, cause: unknown): TableBlockedError {
  const code = sqlState(cause);
  const reason = code === '42501' ? 'the loader\'s login may not write it: give it ownership of the table' : code === undefined ? (cause as Error).message : `PostgreSQL: ${code}`;
  return new TableBlockedError(target, reason, code === '57014', { cause });
}

interface Prepared { readonly encoded: EncodedRows; readonly encoder: TableEncoder; readonly source: TableRows & SourceRows }

/** The port on PostgreSQL 14 or newer. One connection loads; a small pool does the rest. */
export class PostgresWarehouse extends Warehouse {
  private readonly config: ClientConfig;
  private readonly pool: Pool;
  private readonly schemas: SchemaStore;
  private readonly plans = new Map<string, TablePlan>();
  private readonly idleEncoders: TableEncoder[] = [];
  private session: LoadSession | undefined;
  private turn: Promise<void> = Promise.resolve();
  /** The batch before has handed its rows to the database, or is done. */
  private handedOver: Promise<void> = Promise.resolve();
  private encoding: Promise<unknown> = Promise.resolve();

  /** @param url postgres://user:password@host:port/database */
  constructor(url: string) {
    super();
    this.config = { connectionString: url, application_name: 'cloud-sources warehouse-loader', connectionTimeoutMillis: 5_000, keepAlive: true };
    this.pool = new Pool({ ...this.config, max: 4, idleTimeoutMillis: 30_000 });
    // The pool listens only while a client is idle; one that is lost between two queries must not end the process.
    this.pool.on('error', () => undefined).on('connect', (client) => { client.on('error', () => undefined); });
    this.schemas = new SchemaStore(this.pool);
  }

  override async open(): Promise<void> { await this.withClient(createBookkeeping); }

  override async close(): Promise<void> {
    await this.turn;
    await this.session?.end();
    await this.pool.end();
  }

  override testPrivileges(): Promise<PrivilegeProblem[]> { return this.withClient(missingPrivileges); }

  override async claim(loader: string, clusterId: string, partitions: readonly ClaimRequest[]): Promise<Claim[]> {
    return partitions.length === 0 ? [] : this.withClient((client) => claimOffsets(client, loader, clusterId, partitions));
  }

  override select(loader: string, version: number): Promise<number> { return this.withClient((client) => raiseSelection(client, loader, version)); }

  override positions(loader: string, partitions: readonly PartitionRef[]): Promise<Claim[]> {
    return this.withClient((client) => readOffsets(client, loader, partitions));
  }

  override async apply(loader: string, batch: WarehouseBatch): Promise<ApplyResult> {
    const { turn: before, handedOver } = this;
    let [done, begun]: [() => void, () => void] = [() => undefined, () => undefined];
    this.turn = new Promise((resolve) => { done = resolve; });
    this.handedOver = new Promise((resolve) => { begun = resolve; });
    let prepared: Prepared[] = [];
    try {
      // Encoding runs while the database has work: its short statements would wait for this thread.
      await handedOver;
      prepared = await this.prepare(batch.tables);
      await before;
      return await this.commit(loader, batch, prepared, () => begun());
    } catch (error) {
      await before;
      throw error instanceof TableBlockedError ? error : portError(error);
    } finally {
      for (const { encoder } of prepared) if (this.idleEncoders.length < IDLE_ENCODERS) this.idleEncoders.push(encoder);
      begun();
      done();
    }
  }

  override tables(schema?: string): Promise<WarehouseTable[]> { return this.withClient((client) => listTables(client, schema)); }

  override async *ids(schema: string, table: string): AsyncIterable<StoredId> {
    let after: string | undefined;
    for (;;) {
      const page: StoredId[] | undefined = await this.withClient((client) => readIds(client, schema, table, after));
      if (page === undefined || page.length === 0) return;
      yield* page;
      after = page.at(-1)?.id;
    }
  }

  override counts(schema: string, table: string): Promise<{ rows: number; live: number } | undefined> { return this.withClient((client) => countRows(client, schema, table)); }

  private async withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined;
    let failure: unknown;
    try {
      client = await this.pool.connect();
      return await work(client);
    } catch (error) {
      failure = error;
      throw portError(error);
    } finally {
      client?.release(failure !== undefined && classify(failure) === 'away');
    }
  }

  private async planOf(target: TableTarget): Promise<TablePlan> {
    const key = `${target.schema}/${target.table}`;
    let plan = this.plans.get(key);
    if (plan === undefined || plan.target.fields !== target.fields) this.plans.set(key, plan = await this.schemas.plan(target));
    return plan;
  }

  private forget({ target }: TablePlan): void { this.plans.delete(`${target.schema}/${target.table}`); }

  /** Rows as COPY streams, in the order of the tables' names, so that two loaders never wait for each other in a circle. */
  private async prepare(tables: readonly TableRows[]): Promise<Prepared[]> {
    const prepared: Prepared[] = [];
    const rejected: RejectedRow[] = [];
    const sorted = [...tables].sort((a, b) => (`${a.target.schema}/${a.target.table}` < `${b.target.schema}/${b.target.table}` ? -1 : 1));
    for (const source of sorted.flatMap(splitPartial)) {
      if (source.rows.length === 0) continue;
      const encoder = this.idleEncoders.pop() ?? new TableEncoder();
      prepared.push({ encoder, source, encoded: await this.encode(encoder, source, rejected) });
    }
    if (rejected.length > 0) throw new RowsRejectedError(rejected);
    return prepared;
  }

  private async encode(encoder: TableEncoder, source: TableRows & SourceRows, rejected: RejectedRow[]): Promise<EncodedRows> {
    try {
      return await this.encodeInto(encoder, source, rejected);
    } catch (error) {
      throw classify(error) === 'away' ? error : blocked(source.target, error);
    }
  }

  private async encodeInto(encoder: TableEncoder, source: TableRows & SourceRows, rejected: RejectedRow[]): Promise<EncodedRows> {
    const { target } = source;
    for (let round = 0; round <= GROWTHS; round++) {
      const refused: RejectedRow[] = [];
      const plan = await this.planOf(target);
      const result = await this.inTurn(() => encoder.encode(plan, source, refused));
      if ('plan' in result) {
        rejected.push(...refused);
        return result;
      }
      this.plans.set(`${target.schema}/${target.table}`, await this.schemas.grow(target, result));
    }
    throw new Error(`The table ${target.schema}.${target.table} still lacks columns after ${GROWTHS} changes; look at _cloud_sources.schema_changes.`);
  }

  /** Encodes one after the other: they note in the plan what it lacks. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.encoding.then(work);
    this.encoding = done.catch(() => undefined);
    return done;
  }

  private async commit(loader: string, batch: WarehouseBatch, first: readonly Prepared[], begun: () => void): Promise<ApplyResult> {
    let prepared = first;
    for (let attempt = 1; ; attempt++) {
      try {
        if (this.session?.alive !== true) {
          this.session = await LoadSession.connect(this.config);
        }
        return await this.session.load(loader, batch, prepared.map(({ encoded }) => encoded), begun);
      } catch (thrown) {
        const error = thrown instanceof MergeError ? thrown.cause : thrown;
        const kind = error instanceof StalePlanError ? 'replan' : classify(error);
        if (this.session?.alive === false || kind === 'away') {
          await this.session?.end();
          this.session = undefined;
          throw error;
        }
        if (kind === 'rows') throw await this.findRejected(prepared, error);
        const held = thrown instanceof MergeError && HELD.has(sqlState(error) ?? '');
        if (held || attempt >= ATTEMPTS || (kind !== 'retry' && kind !== 'replan')) throw thrown instanceof MergeError ? blocked(thrown.plan.target, error) : error;
        if (kind === 'replan') prepared = await this.replan(prepared);
        else await sleep(20 * attempt * (0.5 + Math.random()));
      }
    }
  }

  private async replan(prepared: readonly Prepared[]): Promise<Prepared[]> {
    for (const { encoded } of prepared) this.forget(encoded.plan);
    const rejected: RejectedRow[] = [];
    const again: Prepared[] = [];
    for (const { encoder, source } of prepared) again.push({ encoder, source, encoded: await this.encode(encoder, source, rejected) });
    if (rejected.length > 0) throw new RowsRejectedError(rejected);
    return again;
  }

  /** Halves the rows down to those that PostgreSQL refuses; nothing of this is kept. */
  private async findRejected(prepared: readonly Prepared[], cause: unknown): Promise<unknown> {
    const rejected: RejectedRow[] = [];
    for (const { encoder, source } of prepared) await this.bisect(encoder, source, rejected);
    return rejected.length === 0 ? cause : new RowsRejectedError(rejected);
  }

  private async bisect(encoder: TableEncoder, source: TableRows & SourceRows, rejected: RejectedRow[]): Promise<void> {
    const { rows } = source;
    const encoded = await this.encode(encoder, source, rejected);
    const error = await this.session?.tryOut(encoded);
    if (error === undefined) return;
    if (classify(error) !== 'rows') throw error;
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) {
      rejected.push({ row: only, reason: `sqlstate_${sqlState(error)?.toLowerCase()}`, message: `PostgreSQL can't store the record (SQLSTATE ${sqlState(error)})` });
      return;
    }
    const middle = Math.ceil(rows.length / 2);
    await this.bisect(encoder, { ...source, rows: rows.slice(0, middle) }, rejected);
    await this.bisect(encoder, { ...source, rows: rows.slice(middle) }, rejected);
  }
}
