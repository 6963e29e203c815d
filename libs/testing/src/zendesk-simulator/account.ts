import { KeptState } from '../harness/kept-state.js';
import type { SimulatedClock } from '../stripe-simulator/clock.js';
import type { ResourceName } from './resources.js';
import { resourceNames, rulesOf } from './resources.js';

export type ZendeskObject = { readonly id: number } & Record<string, unknown>;

/** A change that webhooks may tell of. */
export interface ZendeskChange {
  readonly resource: ResourceName;
  /** What follows `zen:event-type:`, e.g. `user.name_changed`. */
  readonly type: string;
  readonly object: ZendeskObject;
  readonly event: Readonly<Record<string, unknown>>;
}

/** A row of the ticket event export; the comment's text is in `child_events` only when it is asked for. */
export interface TicketEvent {
  readonly id: number;
  readonly ticket_id: number;
  /** Epoch seconds. */
  readonly timestamp: number;
  readonly child_events: readonly Readonly<Record<string, unknown>>[];
  readonly [field: string]: unknown;
}

export const isoSeconds = (seconds: number): string => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

/** The state of one help desk. */
export class ZendeskAccount {
  /** E-mail addresses and phone numbers of users, for the `identities` side-load. */
  readonly identities: Map<number, ZendeskObject[]>;
  /** The metrics of each ticket. */
  readonly metricIds: Map<number, number>;
  readonly observers: ((change: ZendeskChange) => void)[] = [];
  /** Counts changes, so that whoever keeps something sorted knows when to sort again. */
  revision = 0;
  private readonly stores: Record<ResourceName, Map<number, ZendeskObject>>;
  private readonly events: Map<number, TicketEvent>;
  /** The last id, of tickets and of everything else. */
  private readonly lastIds: Map<string, number>;
  private past: number | undefined;
  /** Base of the `url` of objects; known once the server listens. */
  url = '';

  constructor(readonly clock: SimulatedClock, readonly subdomain: string, state = new KeptState()) {
    this.stores = Object.fromEntries(resourceNames.map((name) => [name, state.map(name)])) as typeof this.stores;
    this.events = state.map('ticket_events');
    this.identities = state.map('identities');
    this.metricIds = state.map('metric_ids');
    this.lastIds = state.map('last_ids');
  }

  /** Oldest first. */
  get ticketEvents(): TicketEvent[] {
    return [...this.events.values()];
  }

  /** Epoch seconds. */
  now(): number {
    return this.past ?? Math.floor(this.clock.now() / 1_000);
  }

  /** Lets changes of `act` happen at another second. */
  at<T>(seconds: number, act: () => T): T {
    const before = this.past;
    this.past = seconds;
    try {
      return act();
    } finally {
      this.past = before;
    }
  }

  nextId(resource?: ResourceName): number {
    const [kind, first] = resource === 'tickets' ? ['tickets', 1] as const : ['other', 360_000_000_001] as const;
    const last = this.lastIds.get(kind);
    const id = last === undefined ? first : last + 1;
    this.lastIds.set(kind, id);
    return id;
  }

  all(resource: ResourceName): ZendeskObject[] {
    return [...this.stores[resource].values()];
  }

  get(resource: ResourceName, id: number): ZendeskObject | undefined {
    return this.stores[resource].get(id);
  }

  /** Stores an object as it is. */
  put(resource: ResourceName, object: ZendeskObject): ZendeskObject {
    this.stores[resource].set(object.id, object);
    this.revision++;
    return object;
  }

  drop(resource: ResourceName, id: number): void {
    this.stores[resource].delete(id);
    this.revision++;
  }

  addTicketEvent(event: TicketEvent): void {
    this.events.set(event.id, event);
    this.revision++;
  }

  /** A new object with the fields that all have. */
  newObject(resource: ResourceName, fields: Readonly<Record<string, unknown>>): ZendeskObject {
    const id = typeof fields['id'] === 'number' ? fields['id'] : this.nextId(resource);
    const now = isoSeconds(this.now());
    return { url: `${this.url}/api/v2/${rulesOf(resource).path}/${id}.json`, created_at: now, updated_at: now, ...fields, id };
  }

  tell(change: ZendeskChange): void {
    for (const observer of this.observers) observer(change);
  }
}
