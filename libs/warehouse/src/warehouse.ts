import type { FieldType } from '#connector-kit';

/** A partition of a topic, as the loader of one warehouse sees it. */
export interface PartitionRef {
  readonly topic: string;
  readonly partition: number;
}

/** What is asked for on assignment. */
export interface ClaimRequest extends PartitionRef {
  /** Where a partition that was never loaded begins; the topic's first offset. */
  readonly startOffset?: bigint;
  /** Where the brokers tell it: a topic that was made again under the same name has another one. */
  readonly topicId?: string;
}

/** A partition that this loader owns until somebody else claims it. */
export interface Claim extends PartitionRef {
  /** Grows with every claim; only the newest one can commit. */
  readonly epoch: bigint;
  /** The first offset that isn't in the warehouse yet. */
  readonly nextOffset: bigint;
}

/** One partition's part of a batch: everything in `[from, to)` is in it, or was left out on purpose. */
export interface Advance extends PartitionRef {
  readonly epoch: bigint;
  readonly from: bigint;
  readonly to: bigint;
}

/** Where rows go. `schema` and `table` are names that the warehouse makes its own identifiers of. */
export interface TableTarget {
  readonly schema: string;
  readonly table: string;
  readonly kind: 'object' | 'event';
  /** Declared columns: the truth about types; other fields are inferred. */
  readonly fields: Readonly<Record<string, FieldType>>;
}

/** One record on its way into a table. */
export interface Row {
  readonly id: string;
  /** Objects: the higher one is newer. Events: 0. */
  readonly version: bigint;
  readonly deleted: boolean;
  /** Objects: writes only the columns that `data` holds. */
  readonly partial?: boolean;
  /** ISO 8601 with offset. */
  readonly receivedAt: string;
  readonly runId: string | undefined;
  /** As parsed; numbers that a double can't hold are `LosslessNumber`s. May be parsed anew each time. @throws UnreadableRowError */
  readonly data: Readonly<Record<string, unknown>>;
  /** UTF-8 JSON that ends with `data` and one more brace, for who reads it without parsing; `dataAt`: after the opening brace of `data`. May turn out to be neither. */
  readonly raw?: Buffer;
  readonly dataAt?: number;
  /** Events only: snake_case name, the partner's spelling, ISO 8601 instant. */
  readonly event?: string;
  readonly eventText?: string;
  readonly timestamp?: string;
  /** Where it came from, for the dead letter. */
  readonly origin: PartitionRef;
  readonly offset: string;
}

export interface TableRows {
  readonly target: TableTarget;
  /** In the order of their offsets, per partition. */
  readonly rows: readonly Row[];
  /** Events that are there are written anew, for columns that were left out when they came. */
  readonly rewrite?: boolean;
}

/** All or nothing: the rows and the offsets commit together. */
export interface WarehouseBatch {
  /** May be empty: what is loaded twice ends the same. */
  readonly advances: readonly Advance[];
  readonly tables: readonly TableRows[];
  /** Version of the selection by which the rows were chosen; see `select`. */
  readonly selection?: number;
}

export interface ApplyResult {
  /** Rows inserted or replaced; older versions and repeats don't count. */
  readonly written: number;
  /** Values that didn't fit their column and are kept in `_extra`. */
  readonly discarded: number;
}

/** One thing that this login can't do and must. */
export interface PrivilegeProblem {
  readonly problem: string;
  readonly remedy: string;
}

export interface WarehouseTable {
  readonly schema: string;
  readonly table: string;
  readonly kind: 'object' | 'event';
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** What `verify` compares; events have version 0 and are never deleted. */
export interface StoredId {
  readonly id: string;
  readonly version: bigint;
  readonly deleted: boolean;
}

/**
 * A SQL warehouse. The order of a loader's life: `open`, `claim` on assignment, `apply` batch after batch.
 * `apply` may be called again before the one before it is done: they commit in the order of the calls.
 * Once one is rejected, the offsets of those after it can't match any more and they are rejected as fenced.
 */
export abstract class Warehouse {
  /** Connects and brings the bookkeeping schema up to date. @throws WarehouseUnavailableError | WarehouseRefusedError */
  abstract open(): Promise<void>;

  abstract close(): Promise<void>;

  /** What the login lacks; empty when it can load. @throws WarehouseUnavailableError | WarehouseRefusedError */
  abstract testPrivileges(): Promise<PrivilegeProblem[]>;

  /**
   * Makes this loader the owner: waits for an open transaction of the owner before, whose later commits are refused.
   * Partitions whose stored offsets belong to another topic of that name are not claimed and left out.
   * @throws OffsetsMismatchError when the offsets belong to another cluster
   */
  abstract claim(loader: string, clusterId: string, partitions: readonly ClaimRequest[]): Promise<Claim[]>;

  /**
   * From the return on, no batch of this loader that was chosen by an older version is written, whoever brings it.
   * @returns the newest version that any loader process has told of
   */
  abstract select(loader: string, version: number): Promise<number>;

  /** The stored positions and their epochs, read again after a lost connection; what was never claimed is left out. */
  abstract positions(loader: string, partitions: readonly PartitionRef[]): Promise<Claim[]>;

  /**
   * Loads the rows and moves the offsets in one transaction; makes what is missing (schema, tables, columns) before it.
   * @throws FencedError when a partition has another owner or position: nothing was written
   * @throws SelectionChangedError when what is to be loaded was chosen anew: nothing was written
   * @throws TableBlockedError when one table can't be written for now: nothing was written
   * @throws RowsRejectedError when the warehouse can't take some rows whatever one does: nothing was written; apply the others
   * @throws WarehouseUnavailableError when it is away, also when it isn't known whether the batch was committed: read `positions`
   * @throws WarehouseRefusedError when a person must act (login, permission, missing database)
   */
  abstract apply(loader: string, batch: WarehouseBatch): Promise<ApplyResult>;

  /** The loader's tables, of one schema or all. */
  abstract tables(schema?: string): Promise<WarehouseTable[]>;

  /** Every row's id with its version, ordered by id. Empty when there is no such table. */
  abstract ids(schema: string, table: string): AsyncIterable<StoredId>;

  /** Rows, and how many of them aren't deleted; undefined when there is no such table. */
  abstract counts(schema: string, table: string): Promise<{ readonly rows: number; readonly live: number } | undefined>;
}
