import { Injectable } from '@nestjs/common';
import { QueryRepository, newId, type Principal, type SavedQuery, type SqlQuery } from '#persistence';
import type { Cell, ReadResult, ResultColumn } from '#warehouse';
import { GatewayConfig } from '../gateway.config.js';
import { Problem, notFound } from '../http/problem.js';
import { WarehousesService } from '../warehouses/warehouses.service.js';
import { Readers } from './readers.js';
import { sqlProblem } from './sql-problem.js';

/** A statement to run. */
export interface Ask {
  readonly warehouseId: string;
  readonly statement: string;
  readonly kind: 'query' | 'export';
  readonly maxRows: number;
  readonly maxBytes: number;
  /** The person went away, or cancelled. */
  readonly signal: AbortSignal;
  readonly onRows: (columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[], id: string) => Promise<void> | void;
}

export interface Ran extends ReadResult { readonly id: string; readonly durationMs: number }

/** A query that nobody ended within its time and this much more is lost. */
const MARGIN_MS = 30_000;

@Injectable()
export class SqlService {
  /** By warehouse. */
  private readonly running = new Map<string, number>();

  constructor(private readonly warehouses: WarehousesService, private readonly readers: Readers, private readonly queries: QueryRepository, private readonly config: GatewayConfig) {}

  /** Runs it under the workspace's reader and keeps it in the history, whatever comes of it. @throws Problem */
  async run(principal: Principal, { warehouseId, statement, kind, maxRows, maxBytes, signal, onRows }: Ask): Promise<Ran> {
    const reader = await this.readers.of(principal.workspaceId, warehouseId);
    const busy = this.running.get(warehouseId) ?? 0;
    if (busy >= this.config.sqlConcurrency) {
      throw new Problem({ status: 429, code: 'too_many_requests', title: `${busy} queries are running in this warehouse.`, remedy: 'Wait for one of them, or cancel it in the history.', retryAfterSeconds: 5 });
    }
    this.running.set(warehouseId, busy + 1);
    const id = newId();
    const started = performance.now();
    const timeoutMs = this.config.sqlTimeoutSeconds * 1000;
    let begun = false;
    try {
      await this.queries.begin({ id, warehouseId, kind, statement, timeoutMs: timeoutMs + MARGIN_MS }, principal);
      begun = true;
      const result = await reader.read({ id, statement, signal, limits: { timeoutMs, maxRows, maxBytes, maxCost: this.config.sqlMaxCost }, onRows: (columns, rows) => onRows(columns, rows, id) });
      const durationMs = Math.round(performance.now() - started);
      await this.queries.end(id, { state: 'succeeded', rowCount: result.rows, truncated: result.truncated, durationMs });
      return { ...result, id, durationMs };
    } catch (thrown) {
      const problem = sqlProblem(thrown);
      const { code, title, remedy, position } = problem?.body ?? { code: 'internal', title: 'The query could not be run.', remedy: 'Try again; the gateway\'s log has what happened.' };
      if (begun) {
        await this.queries.end(id, {
          state: code === 'query_cancelled' ? 'cancelled' : 'failed', durationMs: performance.now() - started, error: { code, title, remedy, ...(position !== undefined && { position }) },
        });
      }
      throw problem ?? thrown;
    } finally {
      this.running.set(warehouseId, (this.running.get(warehouseId) ?? 1) - 1);
    }
  }

  /** Wherever it runs: another gateway's, too. */
  async cancel({ workspaceId }: Principal, warehouseId: string, id: string): Promise<SqlQuery> {
    const reader = await this.readers.of(workspaceId, warehouseId);
    const query = await this.queries.get(warehouseId, id);
    if (query === undefined) throw notFound('query');
    if (query.state === 'running') await reader.cancel(id).catch((error: unknown) => { throw sqlProblem(error) ?? error; });
    return query;
  }

  async history(workspaceId: string, warehouseId: string, limit: number, before: string | undefined): Promise<SqlQuery[]> {
    await this.warehouses.get(workspaceId, warehouseId);
    return this.queries.list(warehouseId, limit, before);
  }

  async saved(workspaceId: string, warehouseId: string): Promise<SavedQuery[]> {
    await this.warehouses.get(workspaceId, warehouseId);
    return this.queries.saved(warehouseId);
  }

  async save(principal: Principal, warehouseId: string, name: string, statement: string): Promise<SavedQuery> {
    await this.warehouses.get(principal.workspaceId, warehouseId);
    return this.queries.save(newId(), warehouseId, name, statement, principal);
  }

  async forget(workspaceId: string, warehouseId: string, id: string): Promise<void> {
    await this.warehouses.get(workspaceId, warehouseId);
    if (!await this.queries.forget(warehouseId, id)) throw notFound('saved query');
  }
}
