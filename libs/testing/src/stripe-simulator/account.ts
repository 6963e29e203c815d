import type { SimulatedClock } from './clock.js';
import { Collection, needsShape, StoredObject, type StripeObject } from './collection.js';
import { previousAttributes } from './previous-attributes.js';
import type { SeededRandom } from './random.js';
import { childrenOf, resourceNames, resourceOfObject, resources, type ResourceName } from './resources.js';
import { noSuch } from './stripe-error.js';
import { inShape, shapeOf, type Shape } from './versions.js';

export const EVENT_RETENTION_SECONDS = 30 * 24 * 3600;
const EMBEDDED = 10;
/** Events that say what the changed fields were before. */
const SHOWS_PREVIOUS = /\.updated$|^charge\.refunded$/;

/** Who asked for a change; goes into the events it makes. */
export interface ChangeRequest { readonly id: string | null; readonly idempotency_key: string | null }

/** Told about every change, in order. */
export interface AccountObserver {
  /** An event was made. `object` has the fields of all shapes, so that it can be sent in an endpoint's own version. */
  event?(event: StripeObject, object: StripeObject, previous: Record<string, unknown> | undefined): void;
  stored?(resource: ResourceName, stored: StoredObject): void;
  removed?(resource: ResourceName, id: string): void;
}

/** The state of one Stripe account: its objects, its deleted ids and its events. */
export class StripeAccount {
  readonly observers: AccountObserver[] = [];
  /** Number of webhook endpoints that take an event of this type. */
  pendingWebhooks: (type: string) => number = () => 0;
  request: ChangeRequest = { id: null, idempotency_key: null };
  private readonly collections = new Map(resourceNames.map((name) => [name, new Collection()]));
  private readonly deleted = new Set<string>();
  private sequence = 0;
  private past: number | undefined;

  constructor(readonly id: string, readonly clock: SimulatedClock, readonly random: SeededRandom, /** The account's default version. */ public apiVersion: string) {}

  /** Seconds since the epoch on the simulator's clock, or the moment that `at` plays. */
  now(): number {
    return this.past ?? Math.floor(this.clock.now() / 1000);
  }

  /** Lets changes happen at `seconds`; events that would be over 30 days old by now aren't kept. */
  at<T>(seconds: number, act: () => T): T {
    const outer = this.past;
    this.past = seconds;
    try {
      return act();
    } finally {
      this.past = outer;
    }
  }

  collection(resource: ResourceName): Collection {
    return this.collections.get(resource) ?? new Collection();
  }

  newId(resource: ResourceName): string {
    const { prefix } = resources[resource];
    for (;;) {
      const id = prefix + this.random.text(prefix === 'cus_' || prefix === 'prod_' || prefix === 'si_' ? 14 : prefix === '' ? 8 : prefix === 'cs_test_' ? 58 : 24);
      if (this.collection(resource).get(id) === undefined && !this.wasDeleted(resource, id)) return id;
    }
  }

  find(resource: ResourceName, id: string): StripeObject | undefined {
    return this.collection(resource).get(id)?.value;
  }

  /** @throws StripeApiError resource_missing; 400 naming `param`, or 404 without one */
  get(resource: ResourceName, id: string, param?: string): StripeObject {
    const object = this.find(resource, id);
    const { noun, object: type } = resources[resource];
    if (object === undefined) throw noSuch(noun ?? type, id, param ?? 'id', param === undefined ? 404 : 400);
    return object;
  }

  wasDeleted(resource: ResourceName, id: string): boolean {
    return this.deleted.has(`${resource}/${id}`);
  }

  /** Ids that were deleted. */
  deletedIds(resource: ResourceName): string[] {
    return [...this.deleted].filter((key) => key.startsWith(`${resource}/`)).map((key) => key.slice(resource.length + 1));
  }

  /** Adds an object and makes the events. Unless it has them, it gets `id` and is created now. */
  create(resource: ResourceName, fields: Record<string, unknown>, events: string | readonly string[] = []): StripeObject {
    const id = typeof fields.id === 'string' ? fields.id : this.newId(resource);
    const object: StripeObject = { id, object: resources[resource].object, ...fields };
    this.put(resource, object);
    for (const type of typeof events === 'string' ? [events] : events) this.emit(type, object);
    return object;
  }

  /** Changes fields; makes the event when anything changed, or always when it isn't an `.updated`. */
  change(resource: ResourceName, id: string, patch: Record<string, unknown>, event?: string): StripeObject {
    const before = this.get(resource, id);
    const after: StripeObject = { ...before, ...patch };
    const previous = previousAttributes(before, after);
    const changed = Object.keys(previous).length > 0;
    if (changed) this.put(resource, after);
    if (event !== undefined && (changed || !event.endsWith('.updated'))) this.emit(event, after, changed && SHOWS_PREVIOUS.test(event) ? previous : undefined);
    return after;
  }

  /** Removes an object and what is listed below it. @returns what it was */
  remove(resource: ResourceName, id: string, event?: string): StripeObject {
    const object = this.get(resource, id);
    for (const child of childrenOf(resource)) if (resources[child].parent?.embed === 'always') for (const { id: childId } of [...this.collection(child).all(id)]) this.drop(child, childId);
    this.drop(resource, id);
    if (event !== undefined) this.emit(event, object);
    return object;
  }

  /** Stores without an event. `text` may be any JSON, also what no write would make. */
  put(resource: ResourceName, value: StripeObject, text?: string): StoredObject {
    const old = this.collection(resource).get(value.id);
    const created = old?.created ?? (typeof value.created === 'number' ? value.created : typeof value.date === 'number' ? value.date : this.now());
    const field = resources[resource].parent?.field;
    const parent = field === undefined ? undefined : value[field];
    return this.restore(resource, new StoredObject(value.id, created, old?.sequence ?? this.nextSequence(), typeof parent === 'string' ? parent : undefined, text ?? value));
  }

  nextSequence(): number {
    return this.sequence++;
  }

  /** Stores as is, e.g. from a journal. */
  restore(resource: ResourceName, stored: StoredObject): StoredObject {
    if (stored.sequence >= this.sequence) this.sequence = stored.sequence + 1;
    this.collection(resource).put(stored);
    this.deleted.delete(`${resource}/${stored.id}`);
    this.touchParent(resource, stored.parent);
    for (const observer of this.observers) observer.stored?.(resource, stored);
    return stored;
  }

  /** Removes without an event. */
  drop(resource: ResourceName, id: string): void {
    const stored = this.collection(resource).remove(id);
    if (resource !== 'events') this.deleted.add(`${resource}/${id}`);
    this.touchParent(resource, stored?.parent);
    for (const observer of this.observers) observer.removed?.(resource, id);
  }

  /** Makes an event, rendered in the account's default version of this moment. */
  emit(type: string, object: StripeObject, previous?: Record<string, unknown>): void {
    const oldest = Math.floor(this.clock.now() / 1000) - EVENT_RETENTION_SECONDS;
    this.forgetEvents(oldest);
    if (this.now() < oldest) return;
    const withLists = this.withLists(object);
    const event = this.eventIn(this.apiVersion, {
      id: this.newId('events'), object: 'event', api_version: this.apiVersion, created: this.now(), data: {}, livemode: false,
      pending_webhooks: this.pendingWebhooks(type), request: { ...this.request }, type,
    }, withLists, previous);
    this.put('events', event);
    for (const observer of this.observers) observer.event?.(event, withLists, previous);
  }

  /** The same event in another version's shape. */
  eventIn(version: string, event: StripeObject, object: StripeObject, previous: Record<string, unknown> | undefined): StripeObject {
    const shape = shapeOf(version);
    const data: Record<string, unknown> = { object: inShape(object, shape) };
    if (previous !== undefined) data.previous_attributes = inShape(previous, shape, object.object);
    return { ...event, api_version: version, data };
  }

  /** The object as the API answers it in this shape. */
  text(resource: ResourceName, stored: StoredObject, shape: Shape): string {
    const object = resources[resource].object;
    return stored.text(shape, needsShape(object, stored.source), hasLists(resource) ? (value) => this.withLists(value) : undefined);
  }

  /** With the sub-lists that are always there: the first 10 and whether there are more. */
  withLists(object: StripeObject): StripeObject {
    const resource = resourceOfObject(object.object);
    if (resource === undefined || !hasLists(resource)) return object;
    const withLists = { ...object };
    for (const child of childrenOf(resource)) {
      const { parent } = resources[child];
      if (parent?.embed === 'always') withLists[parent.as] = this.subList([child], object.id);
    }
    return withLists;
  }

  /** An embedded list with the newest 10. */
  subList(names: readonly ResourceName[], parentId: string): Record<string, unknown> {
    const all = names.flatMap((name) => this.collection(name).all(parentId)).sort((a, b) => b.created - a.created || b.sequence - a.sequence);
    return { object: 'list', data: all.slice(0, EMBEDDED).map((stored) => stored.value), has_more: all.length > EMBEDDED, url: names[0] === undefined ? '' : listUrl(names[0], parentId) };
  }

  private touchParent(resource: ResourceName, parent: string | undefined): void {
    const name = resources[resource].parent?.resource as ResourceName | undefined;
    if (name !== undefined && parent !== undefined) this.collection(name).get(parent)?.stale();
  }

  private forgetEvents(oldest: number): void {
    const events = this.collection('events');
    for (let first = events.all()[0]; first !== undefined && first.created < oldest; first = events.all()[0]) this.drop('events', first.id);
  }
}

const hasLists = (resource: ResourceName): boolean => childrenOf(resource).some((child) => resources[child].parent?.embed === 'always');

function listUrl(child: ResourceName, parentId: string): string {
  const { parent, path } = resources[child];
  if (parent?.filter !== undefined) return `/v1/${path}?${parent.filter}=${parentId}`;
  return `/v1/${parent === undefined ? '' : resources[parent.resource as ResourceName].path}/${parentId}/${parent?.as}`;
}
