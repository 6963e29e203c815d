import type { PartitionRef, Row, TableTarget } from './warehouse.js';

const names = (partitions: readonly PartitionRef[]): string => partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(', ');

/** Another loader owns these partitions, or they stand elsewhere than this one thinks. Nothing was written. */
export class FencedError extends Error {
  constructor(readonly partitions: readonly PartitionRef[]) {
    super(`The warehouse refused the batch: ${names(partitions)} moved on or has another owner. The partitions are given up until they are assigned again.`);
    this.name = 'FencedError';
  }
}

/** The warehouse can't be reached, is full or is shutting down. The batch may or may not be committed: read the positions again. */
export class WarehouseUnavailableError extends Error {
  constructor(readonly reason: string, options?: ErrorOptions) {
    super(`The warehouse is not available (${reason}). Loading is paused and goes on by itself.`, options);
    this.name = 'WarehouseUnavailableError';
  }
}

/** The batch was chosen by an older selection than the one that holds now. Nothing was written: read the selection, then the positions. */
export class SelectionChangedError extends Error {
  constructor(readonly version: number) {
    super(`What is loaded was chosen anew (version ${version}); the batch is made again by the new choice.`);
    this.name = 'SelectionChangedError';
  }
}

/** One table can't be written for now (somebody holds it, its schema can't be changed); the others can. Nothing was written. */
export class TableBlockedError extends Error {
  /** @param timedOut the statement took too long: fewer rows may go through */
  constructor(readonly target: TableTarget, readonly reason: string, readonly timedOut: boolean, options?: ErrorOptions) {
    super(`The table ${target.schema}.${target.table} can't be written for now (${reason}). It is tried again by itself; other tables go on.`, options);
    this.name = 'TableBlockedError';
  }
}

/** A person must act; trying again changes nothing. */
export class WarehouseRefusedError extends Error {
  constructor(readonly reason: string, readonly remedy: string, options?: ErrorOptions) {
    super(`The warehouse refused: ${reason}. ${remedy}`, options);
    this.name = 'WarehouseRefusedError';
  }
}

/** Kafka isn't the one these offsets were stored for. */
export class OffsetsMismatchError extends Error {
  constructor(partition: PartitionRef, what: string) {
    super(`The stored offset of ${names([partition])} belongs to ${what}. Loading stops; point the loader at the right cluster, or delete the loader's rows in _cloud_sources.offsets to load everything again on purpose.`);
    this.name = 'OffsetsMismatchError';
  }
}

/** A row's data can't be read; thrown by `Row.data`. The row is rejected with its words. */
export class UnreadableRowError extends Error {
  /** @param reason a stable word for the dead letter */
  constructor(readonly reason: string, message: string) {
    super(message);
    this.name = 'UnreadableRowError';
  }
}

export interface RejectedRow {
  readonly row: Row;
  /** A stable word for the dead letter: `id_too_long`, `sqlstate_54000`, … */
  readonly reason: string;
  /** What happened, without a value of the record. */
  readonly message: string;
}

/** The warehouse can't take these rows. Nothing was written: dead-letter them and apply the others. */
export class RowsRejectedError extends Error {
  constructor(readonly rejected: readonly RejectedRow[]) {
    super(`The warehouse can't store ${rejected.length} of the batch's rows (${[...new Set(rejected.map(({ reason }) => reason))].join(', ')}).`);
    this.name = 'RowsRejectedError';
  }
}
