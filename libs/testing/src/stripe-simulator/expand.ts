import type { StripeAccount } from './account.js';
import type { StoredObject, StripeObject } from './collection.js';
import type { ParameterValue } from './parameters.js';
import { childrenOf, resourceNames, resourceOfObject, resources, type ResourceName } from './resources.js';
import { invalid } from './stripe-error.js';
import { inShape, type Shape } from './versions.js';

const MAX_DEPTH = 4;

/** The objects of a page with `expand[]=data.…` followed. @throws StripeApiError when a path can't be expanded */
export function expandList(account: StripeAccount, page: readonly { resource: ResourceName; stored: StoredObject }[], expand: ParameterValue, shape: Shape): string[] {
  const paths = readPaths(expand).map((path) => {
    if (path[0] !== 'data') throw cannotExpand(path);
    return path.slice(1);
  });
  return page.map(({ stored }) => expandValue(account, stored.value, paths, shape));
}

/** One object with `expand[]` followed. */
export function expandObject(account: StripeAccount, value: StripeObject, expand: ParameterValue, shape: Shape): string {
  return expandValue(account, value, readPaths(expand), shape);
}

function expandValue(account: StripeAccount, value: StripeObject, paths: readonly string[][], shape: Shape): string {
  const expanded = account.withLists(value);
  for (const path of paths) if (path.length > 0) follow(account, expanded, path);
  return JSON.stringify(inShape(expanded, shape));
}

function readPaths(expand: ParameterValue): string[][] {
  if (!Array.isArray(expand)) throw invalid('Invalid array: expand', undefined, 'expand');
  return expand.map((item) => {
    const path = String(item).split('.');
    if (path.length > MAX_DEPTH) throw invalid(`You cannot expand more than ${MAX_DEPTH} levels of a property: ${String(item)}.`);
    return path;
  });
}

const cannotExpand = (path: readonly string[]): Error => invalid(`This property cannot be expanded (${path.join('.')}).`, undefined, 'expand');

function follow(account: StripeAccount, node: Record<string, unknown>, path: readonly string[]): void {
  const [field, ...rest] = path;
  if (field === undefined) return;
  const resource = typeof node.object === 'string' ? resourceOfObject(node.object) : undefined;
  const target = resource === undefined ? undefined : resources[resource].expandable?.[field];
  const lists = resource === undefined ? [] : childrenOf(resource).filter((child) => resources[child].parent?.as === field);
  if (lists.length > 0 && node[field] === undefined) node[field] = account.subList(lists, String(node.id));
  else if (typeof node[field] === 'string' && target !== undefined) node[field] = resolve(account, target, node[field]) ?? node[field];
  else if (node[field] === undefined && target === undefined && lists.length === 0 && !['discounts', 'sources', 'tax_ids', 'tiers', 'application'].includes(field)) throw cannotExpand(path);
  const next = node[field];
  for (const child of Array.isArray(next) ? next as unknown[] : [next]) {
    if (typeof child === 'object' && child !== null && rest.length > 0) follow(account, child as Record<string, unknown>, rest);
  }
}

function resolve(account: StripeAccount, target: string, id: string): StripeObject | undefined {
  const names = target in resources ? [target as ResourceName] : resourceNames;
  for (const name of names) {
    const found = account.find(name, id);
    if (found !== undefined) return account.withLists(found);
    if (account.wasDeleted(name, id)) return { id, object: resources[name].object, deleted: true };
  }
  return undefined;
}
