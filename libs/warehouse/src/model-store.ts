import type { ModelChange, ModelKind } from '#contracts';

/** What a model's result is kept as, and for whom. */
export interface ModelTarget {
  readonly workspaceId: string;
  readonly warehouseId: string;
  readonly modelId: string;
  readonly kind: ModelKind;
  /** The table's name. */
  readonly slug: string;
  readonly name: string;
}

/** A user's id and, of a trait, the value as PostgreSQL writes it. */
export type ModelRow = readonly [userId: string | null, value: string | null];

/** Hands over all rows, then says the type of the values, as PostgreSQL writes it. */
export type ModelRows = (put: (rows: readonly ModelRow[]) => Promise<void>) => Promise<string>;

export interface ModelOutcome {
  /** Users in it now. */
  readonly size: number;
  readonly entered: number;
  readonly exited: number;
  /** Users who had a value and have another one. */
  readonly changed: number;
  /** Rows without a user's id. */
  readonly skipped: number;
}

/** One user of a model: since when, and of a trait the value. */
export interface ModelMember { readonly userId: string; readonly since: Date; readonly value: string | null }

/** A user has several values: nothing was written. */
export class ManyValuesError extends Error {
  constructor(readonly users: number) {
    super(`${users} users have more than one value.`);
    this.name = 'ManyValuesError';
  }
}

/** A newer computation of the model has written: nothing was written. */
export class OldComputationError extends Error {
  constructor() {
    super('A newer computation of the model has written its result.');
    this.name = 'OldComputationError';
  }
}

/**
 * Results of models in a warehouse. What changed is kept with the result, in one transaction, until it is published: a crash
 * neither loses nor doubles a change.
 */
export abstract class ModelStore {
  /**
   * The model has exactly these rows from now on. `token` grows from computation to computation.
   * @throws ManyValuesError | OldComputationError | WarehouseUnavailableError | WarehouseRefusedError, and what `rows` throws: everything is as it was
   */
  abstract write(target: ModelTarget, token: string, rows: ModelRows): Promise<ModelOutcome>;

  /** The table goes, and everybody leaves it: each user exits the audience, or has no value of the trait any more. Once, however often it is asked for. */
  abstract drop(target: ModelTarget, token: string): Promise<void>;

  /** Hands the oldest changes of the warehouse, in order, to `send` and forgets them once it has resolved. One process at a time; the others get 0. */
  abstract publish(warehouseId: string, limit: number, send: (changes: readonly ModelChange[]) => Promise<void>): Promise<number>;

  /** Whether changes of the model wait to be published. */
  abstract isUnpublished(modelId: string): Promise<boolean>;

  /** By the user's id, after `after`; those that begin with `prefix`. Undefined: it was never computed. */
  abstract members(modelId: string, limit: number, after: string | undefined, prefix: string): Promise<ModelMember[] | undefined>;

  abstract close(): Promise<void>;
}
