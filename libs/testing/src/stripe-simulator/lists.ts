import { EVENT_RETENTION_SECONDS, type StripeAccount } from './account.js';
import { position, type StoredObject } from './collection.js';
import { expandList } from './expand.js';
import { readInteger, type ParameterTree, type ParameterValue } from './parameters.js';
import { resources, type ResourceDefinition, type ResourceName } from './resources.js';
import { invalid, missingParameter, noSuch, unknownParameter } from './stripe-error.js';
import type { Shape } from './versions.js';

export interface ListQuery {
  readonly names: readonly ResourceName[];
  /** Id of the object whose sub-list this is. */
  readonly parent?: string;
  readonly parameters: ParameterTree;
  readonly shape: Shape;
  /** `url` of the answer. */
  readonly url: string;
}

const PAGING = new Set(['limit', 'starting_after', 'ending_before', 'expand']);

/** A page of a list, newest first. @throws StripeApiError for unknown or wrong parameters */
export function listPage(account: StripeAccount, query: ListQuery): string {
  const { names, parameters, shape } = query;
  const first = names[0];
  if (first === undefined) throw new Error('A list needs a resource.');
  const definition = resources[first];
  const nested = query.parent !== undefined;
  for (const name of Object.keys(parameters)) {
    const known = PAGING.has(name) || (name === 'created' && definition.created && !nested) || (Object.hasOwn(definition.filters, name) && (!nested || name === 'object' || name === 'type'));
    if (!known) throw unknownParameter(name);
  }
  const limit = readLimit(parameters.limit);
  const parent = first === 'subscription_items' && !nested ? requiredSubscription(account, parameters) : query.parent;
  const lists = names.map((name) => account.collection(name).all(parent));
  const all = lists.length === 1 && lists[0] !== undefined ? lists[0] : merged(lists);
  const accepts = predicate(definition, parameters, first);
  const { page, more } = cut(all, bounds(account, query, all, definition), limit, accepts, parameters.ending_before !== undefined);
  const resourceOf = (stored: StoredObject): ResourceName => names.length === 1 ? first : names.find((name) => account.collection(name).get(stored.id) === stored) ?? first;
  const data = parameters.expand === undefined
    ? page.map((stored) => account.text(resourceOf(stored), stored, shape))
    : expandList(account, page.map((stored) => ({ resource: resourceOf(stored), stored })), parameters.expand, shape);
  return `{"object":"list","data":[${data.join(',')}],"has_more":${more},"url":${JSON.stringify(query.url)}}`;
}

function readLimit(value: ParameterValue | undefined): number {
  if (value === undefined) return 10;
  const limit = readInteger('limit', value);
  if (limit < 1) throw invalid('This value must be greater than or equal to 1.', 'parameter_invalid_integer', 'limit');
  if (limit > 100) throw invalid(`This value must be less than or equal to 100 (it currently is '${limit}').`, 'parameter_invalid_integer', 'limit');
  return limit;
}

function requiredSubscription(account: StripeAccount, parameters: ParameterTree): string {
  const id = parameters.subscription;
  if (typeof id !== 'string') throw missingParameter('subscription');
  return account.get('subscriptions', id, 'subscription').id;
}

const merged = (lists: readonly (readonly StoredObject[])[]): StoredObject[] => lists.flat().sort((a, b) => a.created - b.created || a.sequence - b.sequence);

interface Bounds { readonly low: number; readonly high: number }

function bounds(account: StripeAccount, { names, parameters }: ListQuery, all: readonly StoredObject[], definition: ResourceDefinition): Bounds {
  const from = (seconds: number): number => position(all, { created: seconds, sequence: -1 });
  let low = names[0] === 'events' ? from(Math.floor(account.clock.now() / 1000) - EVENT_RETENTION_SECONDS) : 0;
  let high = all.length;
  const { created, starting_after: after, ending_before: ahead } = parameters;
  if (created !== undefined) {
    const range = readRange('created', created);
    low = Math.max(low, from(range.from));
    high = Math.min(high, from(range.to));
  }
  if (after !== undefined && ahead !== undefined) throw invalid('You can only specify one of these parameters: starting_after, ending_before.');
  if (after !== undefined) high = Math.min(high, position(all, anchor(all, names, account, definition, 'starting_after', after)));
  if (ahead !== undefined) low = Math.max(low, position(all, anchor(all, names, account, definition, 'ending_before', ahead)) + 1);
  return { low, high };
}

function anchor(all: readonly StoredObject[], names: readonly ResourceName[], account: StripeAccount, { noun, object }: ResourceDefinition, param: string, id: ParameterValue): StoredObject {
  for (const name of names) {
    const stored = typeof id === 'string' ? account.collection(name).get(id) : undefined;
    if (stored !== undefined && all[position(all, stored)] === stored) return stored;
  }
  throw noSuch(noun ?? object, String(id), param, 400);
}

/** As `[from, to)`. */
function readRange(name: string, value: ParameterValue): { from: number; to: number } {
  if (typeof value === 'string') return { from: readInteger(name, value), to: readInteger(name, value) + 1 };
  let from = 0;
  let to = Number.MAX_SAFE_INTEGER;
  for (const [operator, bound] of Object.entries(value)) {
    const seconds = readInteger(`${name}[${operator}]`, bound as ParameterValue);
    if (operator === 'gte') from = Math.max(from, seconds);
    else if (operator === 'gt') from = Math.max(from, seconds + 1);
    else if (operator === 'lt') to = Math.min(to, seconds);
    else if (operator === 'lte') to = Math.min(to, seconds + 1);
    else throw unknownParameter(`${name}[${operator}]`);
  }
  return { from, to };
}

function cut(all: readonly StoredObject[], { low, high }: Bounds, limit: number, accepts: Predicate | undefined, forward: boolean): { page: StoredObject[]; more: boolean } {
  const page: StoredObject[] = [];
  let more = false;
  for (let i = forward ? low : high - 1; forward ? i < high : i >= low; i += forward ? 1 : -1) {
    const stored = all[i];
    if (stored === undefined || (accepts !== undefined && !accepts(stored))) continue;
    if (page.length === limit) {
      more = true;
      break;
    }
    page.push(stored);
  }
  return { page: forward ? page.reverse() : page, more };
}

type Predicate = (stored: StoredObject) => boolean;

function predicate(definition: ResourceDefinition, parameters: ParameterTree, resource: ResourceName): Predicate | undefined {
  const tests: Predicate[] = [];
  for (const [name, value] of Object.entries(parameters)) {
    const kind = Object.hasOwn(definition.filters, name) ? definition.filters[name] : undefined;
    if (kind === 'equal') {
      if (typeof value !== 'string') throw invalid(`Invalid string: ${name}`, undefined, name);
      tests.push((stored) => stored.source.includes(value) && String(stored.value[name]) === value);
    } else if (kind === 'range') {
      const range = readRange(name, value);
      tests.push((stored) => typeof stored.value[name] === 'number' && stored.value[name] >= range.from && stored.value[name] < range.to);
    } else if (kind === 'among') {
      const ids = strings(name, value);
      tests.push((stored) => ids.includes(stored.id));
    } else if (kind === 'special') tests.push(...special(resource, name, value));
  }
  if (resource === 'subscriptions' && parameters.status === undefined) tests.push(({ value }) => value.status !== 'canceled' && value.status !== 'incomplete_expired');
  if (resource === 'events' && parameters.type !== undefined && parameters.types !== undefined) throw invalid('You may only specify one of these parameters: type, types.');
  return tests.length === 0 ? undefined : (stored) => tests.every((test) => test(stored));
}

function special(resource: ResourceName, name: string, value: ParameterValue): Predicate[] {
  switch (`${resource}.${name}`) {
    case 'subscriptions.status': {
      if (value === 'all') return [];
      if (value === 'ended') return [({ value: { status } }) => status === 'canceled' || status === 'incomplete_expired'];
      return [(stored) => stored.value.status === value];
    }
    case 'subscriptions.price':
    case 'subscriptions.plan':
      return [(stored) => typeof value === 'string' && stored.source.includes(`"${value}"`)];
    case 'prices.lookup_keys': {
      const keys = strings(name, value);
      return [(stored) => keys.includes(String(stored.value.lookup_key))];
    }
    case 'invoice_items.pending':
      return [(stored) => (stored.value.invoice === null) === (value === 'true')];
    case 'subscription_schedules.scheduled':
      return [(stored) => (stored.value.status === 'not_started') === (value === 'true')];
    case 'events.type': {
      const pattern = new RegExp(`^${String(value).split('*').map((part) => part.replace(/[^a-z_]/g, '\\$&')).join('.*')}$`);
      return [(stored) => pattern.test(String(stored.value.type))];
    }
    case 'events.types': {
      const types = strings(name, value);
      if (types.length > 20) throw invalid('The array types may have at most 20 entries.', undefined, 'types');
      return [(stored) => types.some((type) => stored.source.includes(`"type":"${type}"`)) && types.includes(String(stored.value.type))];
    }
    default:
      return [];
  }
}

function strings(name: string, value: ParameterValue): string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw invalid(`Invalid array: ${name}`, undefined, name);
  return value;
}
