import type { PrivilegeProblem } from './warehouse.js';

/** A column of a result; the type as PostgreSQL writes it, e.g. `numeric(12,2)`. */
export interface ResultColumn { readonly name: string; readonly type: string }

/** A value as PostgreSQL writes it, exact whatever its type; null for NULL. */
export type Cell = string | null;

export interface ReadLimits {
  readonly timeoutMs: number;
  /** More rows are left out, and the result says so. */
  readonly maxRows: number;
  /** Of values; rows beyond are left out. */
  readonly maxBytes: number;
  /** In the planner's units; a plan that costs more isn't run. 0: any. */
  readonly maxCost: number;
}

export interface ReadRequest {
  /** Appears in the server's list of activity; by it the query can be cancelled. */
  readonly id: string;
  /** One statement: SELECT, WITH, VALUES, TABLE or EXPLAIN. */
  readonly statement: string;
  readonly limits: ReadLimits;
  /** Cancels it in the server too. */
  readonly signal?: AbortSignal;
  /** Called for every batch, the first time also when there is no row. The next one is fetched when it resolves. */
  readonly onRows: (columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[]) => Promise<void> | void;
}

export interface ReadResult { readonly rows: number; readonly truncated: boolean }

/** The statement is at fault: PostgreSQL's own words. */
export class QueryFailedError extends Error {
  /** @param position where in the statement, 1-based, in Unicode characters */
  constructor(readonly sqlState: string, message: string, readonly position: number | undefined, readonly hint: string | undefined, readonly detail: string | undefined) {
    super(message);
    this.name = 'QueryFailedError';
  }
}

/** It isn't one that is run here. */
export class QueryRefusedError extends Error {
  constructor(message: string, readonly remedy: string) {
    super(message);
    this.name = 'QueryRefusedError';
  }
}

/** It ran, and was stopped. */
export class QueryStoppedError extends Error {
  constructor(readonly reason: 'cancelled' | 'timeout' | 'too_large') {
    super(`The query was stopped: ${reason}.`);
    this.name = 'QueryStoppedError';
  }
}

/** A table or view that people may read. */
export interface TableInfo {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'view';
  readonly columns: readonly ResultColumn[];
  /** Null for a view. */
  readonly rows: number | null;
  /** Large tables are not counted. */
  readonly estimated: boolean;
  /** When the loader wrote to it last; null when it is none of the loader's. */
  readonly loadedAt: Date | null;
}

/** What loading changed in a table. */
export interface SchemaChange { readonly at: Date; readonly schema: string; readonly table: string; readonly change: string; readonly column: string | null; readonly detail: string | null }

/** Reads a warehouse for people: nothing that it runs can write, or read what belongs to others. */
export abstract class WarehouseReader {
  /**
   * Runs one statement and hands out its rows in batches. Every session is new, and rolled back.
   * @throws QueryFailedError | QueryRefusedError | QueryStoppedError | WarehouseUnavailableError | WarehouseRefusedError
   */
  abstract read(request: ReadRequest): Promise<ReadResult>;

  /** Cancels the query of this id, whoever runs it. False: it isn't running. */
  abstract cancel(id: string): Promise<boolean>;

  /** What stands against its reading; empty: nothing. @throws WarehouseUnavailableError */
  abstract test(): Promise<PrivilegeProblem[]>;

  /** Takes its login away, which is made anew when somebody reads; of one that was given, what it could read. @throws WarehouseUnavailableError | WarehouseRefusedError */
  abstract remove(): Promise<void>;

  /** By schema and name. @throws WarehouseUnavailableError | WarehouseRefusedError */
  abstract tables(): Promise<TableInfo[]>;

  /** Newest first. @throws WarehouseUnavailableError | WarehouseRefusedError */
  abstract changes(limit: number): Promise<SchemaChange[]>;
}
