import type { StripeAccount } from './account.js';
import type { StripeObject } from './collection.js';
import { emptyTree, type ParameterTree, type ParameterValue } from './parameters.js';
import { operations, routeOf } from './router.js';
import { unrecognizedUrl } from './stripe-error.js';

/** Parameters of a write as plain values; numbers and booleans are sent as a client would send them. */
export interface WriteParameters { readonly [name: string]: WriteValue }
export type WriteValue = string | number | boolean | null | undefined | readonly WriteValue[] | WriteParameters;

/**
 * A write as an HTTP client would do it, without HTTP.
 * @param path below /v1, e.g. `customers/cus_123`
 * @throws StripeApiError as the API would answer
 */
export function perform(account: StripeAccount, method: 'POST' | 'DELETE', path: string, parameters: WriteParameters = {}): StripeObject {
  const route = routeOf(`/v1/${path}`);
  const operation = operations[`${method} ${route.pattern}`];
  if (operation === undefined) throw unrecognizedUrl(method, route.endpoint);
  return operation(account, toTree(parameters), route.ids);
}

function toTree(parameters: WriteParameters): ParameterTree {
  const tree = emptyTree();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) tree[name] = toValue(value);
  return tree;
}

function toValue(value: Exclude<WriteValue, undefined>): ParameterValue {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map((item) => toValue(item as string));
  return typeof value === 'object' ? toTree(value as WriteParameters) : String(value);
}
