import type { ModelTask, SqlError } from '#persistence';
import {
  ManyValuesError, QueryFailedError, QueryRefusedError, QueryStoppedError, WarehouseRefusedError, WarehouseUnavailableError,
  type ModelOutcome, type ModelRow, type ModelStore, type ReadLimits, type ResultColumn, type WarehouseReader,
} from '#warehouse';

export interface ComputePorts {
  /** Reads as the workspace's reader: a model sees what its people see. */
  readonly reader: Pick<WarehouseReader, 'read'>;
  readonly store: Pick<ModelStore, 'write' | 'drop'>;
  readonly limits: Pick<ReadLimits, 'timeoutMs' | 'maxRows'>;
  readonly signal: AbortSignal;
}

/** The model is at fault, in words for its people. */
class ModelInvalidError extends Error {
  constructor(title: string, readonly remedy: string) { super(title); }
}

/** Changes of a model that is to be deleted wait to be published. */
export class UnpublishedError extends Error {
  constructor(options?: ErrorOptions) {
    super('Not all of what changed is published.', options);
    this.name = 'UnpublishedError';
  }
}

/** Which columns hold the user's id and the value. @throws ModelInvalidError */
function places(kind: ModelTask['kind'], columns: readonly ResultColumn[]): { readonly user: number; readonly value: number } {
  const find = (name: string): number => {
    const index = columns.findIndex((column) => column.name === name);
    if (index < 0) throw new ModelInvalidError(`The query has no column ${name}.`, `Name it: select … as ${name}.`);
    return index;
  };
  return { user: find('user_id'), value: kind === 'trait' ? find('value') : -1 };
}

/**
 * Reads the model's query and writes what it found, all or nothing.
 * @throws what the warehouse says; `failureOf` puts it into words
 */
export async function compute(task: ModelTask, { reader, store, limits, signal }: ComputePorts): Promise<ModelOutcome | undefined> {
  const target = { workspaceId: task.workspaceId, warehouseId: task.warehouseId, modelId: task.modelId, kind: task.kind, slug: task.slug, name: task.name };
  if (task.trigger === 'delete') {
    await store.drop(target, task.token);
    return undefined;
  }
  return store.write(target, task.token, async (put) => {
    let type = 'text';
    const { truncated } = await reader.read({
      id: task.runId, statement: task.statement, signal, limits: { ...limits, maxBytes: Number.MAX_SAFE_INTEGER, maxCost: 0 },
      onRows: async (columns, rows) => {
        const { user, value } = places(task.kind, columns);
        type = columns[value]?.type ?? type;
        await put(rows.map((row): ModelRow => [row[user] ?? null, value < 0 ? null : row[value] ?? null]));
      },
    });
    if (truncated) throw new ModelInvalidError(`The query finds more than ${limits.maxRows} rows.`, 'Filter, or let the operator raise MODEL_MAX_ROWS.');
    return type;
  });
}

/** Why all of a warehouse wait, for their pages; undefined: it is in the log only. */
export function waitsFor(error: unknown): SqlError | undefined {
  if (error instanceof WarehouseUnavailableError) return { code: 'warehouse_unavailable', title: `The warehouse can't be reached (${error.reason}).`, remedy: 'Check that it is up; it is tried again by itself.' };
  if (error instanceof UnpublishedError) return { code: 'kafka_unavailable', title: 'Not all of what changed is published.', remedy: 'Check that Kafka is up; it goes on by itself.' };
  return error instanceof WarehouseRefusedError ? failureOf(error) : undefined;
}

/** What went wrong, for the model's page; undefined: it isn't the model's fault, try again later. */
export function failureOf(error: unknown): SqlError | undefined {
  if (error instanceof ModelInvalidError) return { code: 'query_refused', title: error.message, remedy: error.remedy };
  if (error instanceof ManyValuesError) return { code: 'query_refused', title: `${error.users === 1 ? 'A user has' : `${error.users} users have`} more than one value.`, remedy: 'Group by user_id, so that each user comes once.' };
  if (error instanceof QueryRefusedError) return { code: 'query_refused', title: error.message, remedy: error.remedy };
  if (error instanceof QueryFailedError) return { code: 'query_failed', title: `PostgreSQL: ${error.message}`, remedy: error.hint ?? 'Correct the query.', ...(error.position !== undefined && { position: error.position }) };
  if (error instanceof QueryStoppedError) {
    if (error.reason === 'timeout') return { code: 'query_timeout', title: 'The query took too long and was stopped.', remedy: 'Filter or aggregate, or let the operator raise MODEL_TIMEOUT_SECONDS.' };
    if (error.reason === 'too_large') return { code: 'query_too_large', title: 'The query\'s rows are too large.', remedy: 'Select user_id and value only.' };
    return { code: 'query_cancelled', title: 'Somebody cancelled the query in the warehouse.', remedy: 'Compute it again.' };
  }
  if (error instanceof WarehouseRefusedError) return { code: 'warehouse_refused', title: `The warehouse refused: ${error.reason}.`, remedy: error.remedy };
  if (error instanceof WarehouseUnavailableError || error instanceof UnpublishedError) return undefined;
  const state = (error as { code?: unknown } | null)?.code;
  return { code: 'internal', title: `The result could not be written (${typeof state === 'string' ? `PostgreSQL: ${state}` : error instanceof Error ? error.name : 'unknown'}).`, remedy: 'Look at the log of the warehouse-loader.' };
}
