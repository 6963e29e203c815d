import type { StripeAccount } from './account.js';
import type { StripeObject } from './collection.js';
import { EVENT_RETENTION_SECONDS } from './account.js';
import { expandObject } from './expand.js';
import { listPage } from './lists.js';
import { catalogOperations } from './operations/catalog.js';
import { accountObject, connectOperations } from './operations/connect.js';
import { customerOperations } from './operations/customers.js';
import { documentOperations } from './operations/documents.js';
import { invoiceOperations } from './operations/invoices.js';
import type { Operations } from './operations/operation.js';
import { paymentOperations } from './operations/payments.js';
import { subscriptionOperations } from './operations/subscriptions.js';
import { parseForm, type ParameterTree } from './parameters.js';
import { childrenOf, resourceAt, resourceNames, resourceOfObject, resources, type ResourceName } from './resources.js';
import { noSuch, unknownParameter, unrecognizedUrl } from './stripe-error.js';
import { inShape, type Shape } from './versions.js';

export const operations: Operations = {
  ...catalogOperations, ...customerOperations, ...paymentOperations, ...invoiceOperations, ...subscriptionOperations, ...connectOperations, ...documentOperations,
};

/** A request's path, taken apart. */
export interface Route {
  /** Path with ids written as `:id`, e.g. `/v1/customers/:id/sources`. */
  readonly endpoint: string;
  /** Permission without `_read` or `_write`; undefined for paths that aren't there. */
  readonly permission?: string;
  readonly ids: readonly string[];
  /** Path below /v1 as keys of `operations` have it. */
  readonly pattern: string;
  readonly resource?: ResourceName;
  /** The word after the first id. */
  readonly below?: string;
}

/** @param path without the query */
export function routeOf(path: string): Route {
  const segments = path.replace(/^\/v1\//, '').replace(/\/$/, '').split('/').map(decodeURIComponent);
  const two = segments[0] === 'checkout';
  const head = segments.slice(0, two ? 2 : 1).join('/');
  const [id, below, belowId] = segments.slice(two ? 2 : 1);
  const pattern = [head, ...id === undefined ? [] : [':id'], ...below === undefined ? [] : [below], ...belowId === undefined ? [] : [':id']].join('/');
  const ids = [id, belowId].filter((one) => one !== undefined);
  const endpoint = `/v1/${pattern}`;
  if (head === 'account') return { endpoint, pattern, ids, permission: 'accounts_kyc_basic' };
  const resource = path.startsWith('/v1/') && segments.length <= (two ? 5 : 4) ? resourceAt(head) : undefined;
  if (resource === undefined) return { endpoint, pattern, ids };
  const child = below === undefined ? undefined : listedBelow(resource, below)[0];
  return { endpoint, pattern, ids, resource, permission: resources[child ?? resource].permission, ...below === undefined ? {} : { below } };
}

/** Resources listed at `<resource>/{id}/<below>`; cards and bank accounts also have paths of their own. */
function listedBelow(resource: ResourceName, below: string): readonly ResourceName[] {
  return childrenOf(resource).filter((child) => {
    const { parent } = resources[child];
    return parent?.filter === undefined && (parent?.as === below || (parent?.as === 'sources' && child === below));
  });
}

/** @returns the answer's body @throws StripeApiError */
export function read(account: StripeAccount, route: Route, query: string, shape: Shape): string {
  const parameters = parseForm(query);
  const { resource, ids, below } = route;
  if (route.pattern === 'account') return JSON.stringify(accountObject(account, account.id, { type: 'standard' }));
  if (resource === undefined) throw unrecognizedUrl('GET', route.endpoint);
  const [id, belowId] = ids;
  if (id === undefined) return listPage(account, { names: [resource], parameters, shape, url: `/v1/${route.pattern}` });
  if (below === undefined) return retrieve(account, resource, id, parameters, shape);
  const names = listedBelow(resource, below);
  if (names.length === 0) throw unrecognizedUrl('GET', route.endpoint);
  account.get(resource, id);
  if (belowId === undefined) return listPage(account, { names, parent: id, parameters, shape, url: `/v1/${resources[resource].path}/${id}/${below}` });
  const name = names.find((one) => account.collection(one).get(belowId)?.parent === id) ?? names[0] ?? resource;
  return retrieve(account, name, belowId, parameters, shape);
}

function retrieve(account: StripeAccount, resource: ResourceName, id: string, parameters: ParameterTree, shape: Shape): string {
  for (const name of Object.keys(parameters)) if (name !== 'expand') throw unknownParameter(name);
  const stored = account.collection(resource).get(id);
  const { object, noun } = resources[resource];
  if (stored === undefined && resource === 'customers' && account.wasDeleted(resource, id)) return JSON.stringify({ id, object, deleted: true });
  if (stored === undefined || (resource === 'events' && stored.created < Math.floor(account.clock.now() / 1000) - EVENT_RETENTION_SECONDS)) throw noSuch(noun ?? object, id);
  return parameters.expand === undefined ? account.text(resource, stored, shape) : expandObject(account, stored.value, parameters.expand, shape);
}

/** @returns the answer's body @throws StripeApiError */
export function write(account: StripeAccount, method: string, route: Route, form: string, shape: Shape): string {
  const operation = operations[`${method} ${route.pattern}`];
  if (operation === undefined) throw unrecognizedUrl(method, route.endpoint);
  const parameters = parseForm(form);
  const object = operation(account, parameters, route.ids);
  return answer(account, object, parameters, shape);
}

function answer(account: StripeAccount, object: StripeObject, parameters: ParameterTree, shape: Shape): string {
  if (object.deleted === true) return JSON.stringify(object);
  if (parameters.expand !== undefined) return expandObject(account, object, parameters.expand, shape);
  const resource = resourceOfObject(object.object) ?? resourceNames.find((name) => account.collection(name).get(object.id) !== undefined);
  const stored = resource === undefined ? undefined : account.collection(resource).get(object.id);
  return resource === undefined || stored === undefined ? JSON.stringify(inShape(object, shape)) : account.text(resource, stored, shape);
}
