import type { Duplex } from 'node:stream';
import { Client, type ClientConfig, type QueryArrayConfig } from 'pg';
import { QueryFailedError, QueryRefusedError, QueryStoppedError, WarehouseReader, type Cell, type ReadLimits, type ReadRequest, type ReadResult, type ResultColumn, type SchemaChange, type TableInfo } from '../reader.js';
import { WarehouseRefusedError } from '../errors.js';
import type { PrivilegeProblem } from '../warehouse.js';
import { readCatalog, readChanges, readModelSchemas } from './catalog.js';
import { schemaName } from './naming.js';
import { dropReaderRole, ensureGivenRole, ensureReaderRole, letGivenRoleGo, missingForReader } from './reader-role.js';
import { classify, portError, sqlState } from './sqlstate.js';

/** The login that only reads, and the one that may make it. */
export interface ReaderAccess {
  /** The loader's: postgres://user:password@host:port/database */
  readonly url: string;
  readonly role: string;
  readonly password: string;
  /** An administrator made it; otherwise the loader's login makes it when it is first needed. */
  readonly given: boolean;
  /** Slugs of the sources that may be read. */
  readonly slugs: readonly string[];
  /** Whose traits and audiences may be read too. */
  readonly warehouseId: string;
}

const CONNECT_MS = 5_000;
const LOCK_MS = 5_000;
/** Of our own statements. */
const OWN_MS = 30_000;
/** Rows of the first batch, before it is known how large they are, and of any. */
const BATCH_ROWS = { first: 50, most: 2_000 };
/** What a batch should have at most; PostgreSQL's driver holds one in memory, so one that is far larger ends the query. */
const BATCH_BYTES = { wanted: 4 * 1024 * 1024, most: 64 * 1024 * 1024 };
/** How long the server has to cancel what ran out of time, before the connection is dropped. */
const GRACE_MS = 2_000;

/** To a loader these mean that the warehouse is away. */
const STATEMENTS_FAULT = new Set(['08P01', '25006', '53200', '53400']);

const CURSOR = 'DECLARE result NO SCROLL CURSOR FOR\n';
const COSTS = 'EXPLAIN (FORMAT JSON)\n';
const BEFORE_FIRST_WORD = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()*/;

/** The first word, behind comments and brackets, in lower case. */
const firstWord = (statement: string): string => /^[a-z]*/i.exec(statement.replace(BEFORE_FIRST_WORD, ''))?.[0].toLowerCase() ?? '';

const nameOf = (id: string): string => `cloud-sources sql ${id}`;

/** The port on PostgreSQL 14 or newer. */
export class PostgresReader extends WarehouseReader {
  private prepared = false;

  constructor(private readonly access: ReaderAccess) { super(); }

  override async read(request: ReadRequest): Promise<ReadResult> {
    const word = firstWord(request.statement);
    if (word === '') throw new QueryRefusedError('There is no statement.', 'Write a SELECT.');
    if (!['select', 'with', 'values', 'table', 'explain'].includes(word)) {
      throw new QueryRefusedError(`${word.toUpperCase()} is not run here: this is for reading.`, 'Write one SELECT, WITH, VALUES, TABLE or EXPLAIN.');
    }
    await this.prepare(false);
    const client = await this.connect(request.id);
    const guard = new Guard(client, request, () => this.cancel(request.id));
    try {
      return await new Reading(client, request, guard).run(word === 'explain');
    } catch (error) {
      throw guard.stopped ?? this.failure(error);
    } finally {
      guard.end();
      // Whatever the statement did to its session goes with it.
      await client.query('ROLLBACK').catch(() => undefined);
      await client.end().catch(() => undefined);
    }
  }

  override async cancel(id: string): Promise<boolean> {
    const client = await this.connect('cancel');
    try {
      const { rows } = await client.query<[string]>({ text: 'SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND usename = current_user', values: [nameOf(id)], rowMode: 'array' });
      return rows.some(([cancelled]) => cancelled === 't');
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  override remove(): Promise<void> {
    const { role, given } = this.access;
    return this.asLoader(async (client) => (given ? letGivenRoleGo(client, role, await this.schemas(client)) : dropReaderRole(client, role)));
  }

  override async test(): Promise<PrivilegeProblem[]> {
    if (!this.access.given) return this.asLoader(async (client) => [await missingForReader(client, this.access.role)].filter((found) => found !== undefined));
    try {
      await this.prepare(false);
      await (await this.connect('test')).end();
      return [];
    } catch (error) {
      if (error instanceof WarehouseRefusedError) return [{ problem: `${error.reason.replace(/^./, (letter) => letter.toUpperCase())}.`, remedy: error.remedy }];
      throw error;
    }
  }

  override tables(): Promise<TableInfo[]> { return this.asLoader(async (client) => readCatalog(client, await this.schemas(client))); }

  override changes(limit: number): Promise<SchemaChange[]> { return this.asLoader(async (client) => readChanges(client, await this.schemas(client), limit)); }

  /** The login exists and may read what it should. */
  private async prepare(renew: boolean): Promise<void> {
    if (this.prepared && !renew) return;
    const { role, password, given } = this.access;
    await this.asLoader(async (client) => (given ? ensureGivenRole(client, role, await this.schemas(client)) : ensureReaderRole(client, role, password, await this.schemas(client), renew)));
    this.prepared = true;
  }

  private async schemas(client: Client): Promise<string[]> {
    const { slugs, warehouseId } = this.access;
    return [...slugs.map(schemaName), ...await readModelSchemas(client, warehouseId)];
  }

  private async asLoader<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: this.access.url, application_name: 'cloud-sources reader', connectionTimeoutMillis: CONNECT_MS, statement_timeout: OWN_MS });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await work(client);
    } catch (error) {
      throw portError(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async connect(id: string, again = true): Promise<Client> {
    const url = new URL(this.access.url);
    [url.username, url.password] = [this.access.role, this.access.password];
    // Every value as text: nothing is rounded.
    const config: ClientConfig = { connectionString: url.href, application_name: nameOf(id), connectionTimeoutMillis: CONNECT_MS, types: { getTypeParser: () => (text: string) => text } as never };
    const client = new Client(config);
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      const isRefused = (sqlState(error) ?? '').startsWith('28');
      if (isRefused && this.access.given) throw new WarehouseRefusedError(`the login ${this.access.role} for SQL was not let in`, 'Enter its password again in the warehouse\'s settings, or let an administrator look whether it may log in from here.', { cause: error });
      // The login has another password: the control database is another one, or was restored.
      if (!again || !isRefused) throw portError(error);
      await this.prepare(true);
      return this.connect(id, false);
    }
  }

  private failure(error: unknown): unknown {
    if (error instanceof QueryRefusedError || error instanceof QueryStoppedError) return error;
    const state = sqlState(error);
    // Not by the guard, which is faster than the server's time-out: somebody cancelled it by its id.
    if (state === '57014') return new QueryStoppedError('cancelled');
    if (state === undefined || (classify(error) === 'away' && !STATEMENTS_FAULT.has(state))) return portError(error);
    const { message, position, hint, detail } = error as { message: string; position?: string; hint?: string; detail?: string };
    return new QueryFailedError(state, message, position === undefined ? undefined : Number(position), hint, detail);
  }
}

/** Ends a query that is cancelled, takes too long or floods us. The session's own time-out can be changed by the statement; this one can't. */
class Guard {
  stopped: QueryStoppedError | undefined;
  /** Bytes that came since the last batch was taken. */
  bytes = 0;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly onAbort = (): void => { this.stop('cancelled'); };

  constructor(private readonly client: Client, private readonly request: ReadRequest, private readonly cancel: () => Promise<boolean>) {
    const { limits, signal } = request;
    this.timers.push(setTimeout(() => { this.stop('timeout'); }, limits.timeoutMs));
    signal?.addEventListener('abort', this.onAbort);
    if (signal?.aborted === true) this.onAbort();
    this.stream.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (this.bytes > BATCH_BYTES.most) this.stop('too_large');
    });
  }

  end(): void {
    this.request.signal?.removeEventListener('abort', this.onAbort);
    for (const timer of this.timers) clearTimeout(timer);
  }

  private get stream(): Duplex { return (this.client as unknown as { connection: { stream: Duplex } }).connection.stream; }

  private stop(reason: QueryStoppedError['reason']): void {
    if (this.stopped !== undefined) return;
    this.stopped = new QueryStoppedError(reason);
    if (reason === 'too_large') return void this.stream.destroy();
    this.timers.push(setTimeout(() => this.stream.destroy(), GRACE_MS));
    this.cancel().catch(() => this.stream.destroy());
  }
}

/** One statement in its session. */
class Reading {
  constructor(private readonly client: Client, private readonly request: ReadRequest, private readonly guard: Guard) {}

  async run(isExplain: boolean): Promise<ReadResult> {
    const { statement, limits } = this.request;
    await this.client.query(`BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = ${limits.timeoutMs + GRACE_MS}; SET LOCAL lock_timeout = ${LOCK_MS}; SET LOCAL idle_in_transaction_session_timeout = ${limits.timeoutMs};
      SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'`);
    if (isExplain) return this.explain();
    await this.one(CURSOR, statement);
    await this.weigh(statement, limits);
    let rows = 0;
    let bytes = 0;
    for (let columns: ResultColumn[] | undefined; ;) {
      this.guard.bytes = 0;
      // One row more than the limit tells whether there are more.
      const wanted = Math.min(limits.maxRows + 1 - rows, rows === 0 ? BATCH_ROWS.first : Math.max(1, Math.min(BATCH_ROWS.most, Math.ceil(Math.min(BATCH_BYTES.wanted, limits.maxBytes - bytes) / Math.max(1, bytes / rows)))));
      const batch = await this.client.query<Cell[]>({ text: `FETCH FORWARD ${wanted} FROM result`, rowMode: 'array' } satisfies QueryArrayConfig);
      columns ??= await this.columns(batch.fields);
      const kept: Cell[][] = [];
      for (const row of batch.rows) {
        if (rows >= limits.maxRows || (bytes >= limits.maxBytes && rows > 0)) break;
        kept.push(row);
        rows += 1;
        bytes += row.reduce((sum, cell) => sum + (cell?.length ?? 0) + 1, 0);
      }
      await this.request.onRows(columns, kept);
      if (kept.length < batch.rows.length) return { rows, truncated: true };
      if (batch.rows.length < wanted) return { rows, truncated: false };
    }
  }

  private async explain(): Promise<ReadResult> {
    const { rows, fields } = await this.one('', this.request.statement);
    await this.request.onRows(fields.map(({ name }) => ({ name, type: 'text' })), rows);
    return { rows: rows.length, truncated: false };
  }

  /** Refuses what would cost too much, before it runs. */
  private async weigh(statement: string, { maxCost }: ReadLimits): Promise<void> {
    if (maxCost === 0) return;
    const { rows: [[plan] = []] } = await this.one(COSTS, statement);
    const cost = (JSON.parse(plan ?? '[]') as { Plan?: { 'Total Cost'?: number } }[])[0]?.Plan?.['Total Cost'] ?? 0;
    if (cost > maxCost) throw new QueryRefusedError(`The query would cost ${Math.round(cost).toExponential(1)} in PostgreSQL's units; at most ${maxCost.toExponential(1)} is run.`, 'Join on keys, filter, or read fewer rows; EXPLAIN shows where the cost is.');
  }

  /** By the extended protocol: one statement and no other. Positions in errors are those of the statement. */
  private async one(before: string, statement: string): Promise<{ rows: Cell[][]; fields: { name: string }[] }> {
    try {
      return await this.client.query<Cell[]>({ text: before + statement, rowMode: 'array', queryMode: 'extended' } as QueryArrayConfig);
    } catch (error) {
      const found = error as { position?: string };
      if (found.position !== undefined) found.position = String(Math.max(1, Number(found.position) - before.length));
      throw error;
    }
  }

  private async columns(fields: readonly { name: string; dataTypeID: number; dataTypeModifier: number }[]): Promise<ResultColumn[]> {
    const { rows } = await this.client.query<[string]>({
      text: 'SELECT format_type(o, m) FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS t(o, m, i) ORDER BY i', rowMode: 'array',
      values: [fields.map(({ dataTypeID }) => dataTypeID), fields.map(({ dataTypeModifier }) => dataTypeModifier)],
    });
    return fields.map(({ name }, index) => ({ name, type: rows[index]?.[0] ?? 'text' }));
  }
}
