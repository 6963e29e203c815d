import type { StripeAccount } from '../account.js';
import type { StripeObject } from '../collection.js';
import type { ParameterTree } from '../parameters.js';
import { invalid } from '../stripe-error.js';

/** A write. `ids` are the ids in the path, outermost first. Answers the object, or `{id, object, deleted: true}`. */
export type Operation = (account: StripeAccount, parameters: ParameterTree, ids: readonly string[]) => StripeObject;

/** By method and path below /v1, ids written as `:id`. */
export type Operations = Readonly<Record<string, Operation>>;

export const deletedObject = ({ id, object }: StripeObject): StripeObject => ({ id, object, deleted: true });

/** The first id of the path. */
export const firstId = (ids: readonly string[]): string => ids[0] ?? '';

/** Stripe's rule for metadata: keys are merged, an empty value removes one, an empty `metadata` removes all. */
function mergedMetadata(old: unknown, change: unknown): Record<string, unknown> {
  if (change === null) return {};
  const merged: Record<string, unknown> = { ...old as Record<string, unknown> };
  for (const [key, value] of Object.entries(change as Record<string, unknown>)) {
    if (value === '') delete merged[key];
    else merged[key] = value;
  }
  if (Object.keys(merged).length > 50) throw invalid('Metadata may have at most 50 keys.', undefined, 'metadata');
  return merged;
}

/** `values` with `metadata` merged into what the object has. */
export const withMetadata = (object: Readonly<Record<string, unknown>>, values: Record<string, unknown>): Record<string, unknown> =>
  values.metadata === undefined ? values : { ...values, metadata: mergedMetadata(object.metadata, values.metadata) };

export const number = (value: unknown): number => typeof value === 'number' ? value : Number(value ?? 0);
export const text = (value: unknown): string | null => typeof value === 'string' ? value : null;
