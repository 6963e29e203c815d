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
  readonly ticketEvents: TicketEvent[] = [];
  /** E-mail addresses and phone numbers of users, for the `identities` side-load. */
  readonly identities = new Map<number, ZendeskObject[]>();
  /** The metrics of each ticket. */
  readonly metricIds = new Map<number, number>();
  readonly observers: ((change: ZendeskChange) => void)[] = [];
  /** Counts changes, so that whoever keeps something sorted knows when to sort again. */
  revision = 0;
  private readonly stores = Object.fromEntries(resourceNames.map((name) => [name, new Map<number, ZendeskObject>()])) as Record<ResourceName, Map<number, ZendeskObject>>;
  private lastId = 360_000_000_000;
  private lastTicket = 0;
  private past: number | undefined;

  constructor(readonly clock: SimulatedClock, readonly subdomain: string, /** Base of the `url` of objects; known once the server listens. */ public url = '') {}

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
    return resource === 'tickets' ? ++this.lastTicket : ++this.lastId;
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
    this.ticketEvents.push(event);
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
