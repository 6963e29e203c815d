import type { DataSource } from 'typeorm';
import { isId, jsonb, newId, rows } from './database.js';

export const DELIVERY_STATES = ['waiting', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** An event for one destination. */
export interface NewDelivery {
  readonly destinationId: string;
  readonly messageId: string;
  readonly event: string;
  readonly sourceId: string;
  readonly connector: string;
  readonly collection: string;
  /** Those with the same key go one after the other, */
  readonly orderKey: string;
  /** in the order in which they arrived. */
  readonly arrivedAt: Date;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Of the message: name to value in base64. */
  readonly headers: Readonly<Record<string, string>>;
  readonly key: Buffer | null;
  readonly payload: Buffer;
  /** Asked for again by hand: one that failed is sent once more. */
  readonly again: boolean;
}

/** One that was taken, to be sent. */
export interface TakenDelivery extends Omit<NewDelivery, 'again' | 'arrivedAt'> {
  readonly id: string;
  readonly attempts: number;
  /** Since when it is tried. */
  readonly since: Date;
}

/** A try, as it is kept. */
export interface LoggedAttempt { readonly at: string; readonly status: number | null; readonly durationMs: number; readonly error: string | null; readonly answer: string | null }

/** What a try came to. */
export interface DeliveryResult {
  readonly id: string;
  readonly state: DeliveryState;
  /** Until the next try, in ms. */
  readonly waitMs: number;
  /** Undefined: it wasn't tried after all. */
  readonly attempt?: LoggedAttempt;
  /** The stable word for why it failed. */
  readonly reason?: string;
}

export interface DeliveryRow {
  readonly id: string;
  readonly messageId: string;
  readonly event: string;
  readonly sourceId: string | null;
  readonly connector: string | null;
  readonly collection: string | null;
  readonly orderKey: string;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly attempts: number;
  readonly dueAt: Date;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly bytes: number;
  readonly log: readonly LoggedAttempt[];
}

/** What stands in the queue, over all workspaces. */
export interface Backlog { readonly waiting: number; readonly oldestSeconds: number }

/** Tries that are kept of a delivery: the first and the newest ones. */
const KEPT_ATTEMPTS = 20;
const LISTED = `d.id, d.message_id as "messageId", d.event, d.source_id as "sourceId", d.connector, d.collection, d.order_key as "orderKey", d.state, d.reason, d.attempts, d.due_at as "dueAt", d.created_at as "createdAt",
  d.finished_at as "finishedAt", d.bytes, d.log`;
/** Makes a failed one wait again, as if it were new. */
const AGAIN = `state = 'waiting', reason = null, due_at = now(), since = now(), finished_at = null, lease = null`;

/** The queue of deliveries and its log. */
export class DeliveryRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Keeps them, each once per destination, however often it comes.
   * @param settleMs each is due so long after it arrived: by then those before it have come, too
   * @returns how many are new or go again
   */
  async park(deliveries: readonly NewDelivery[], settleMs: number): Promise<number> {
    if (deliveries.length === 0) return 0;
    // Listed in the order in which they arrived.
    const ids = deliveries.map(() => newId()).sort();
    const column = <T>(of: (delivery: NewDelivery) => T): T[] => deliveries.map(of);
    const parked = await rows(this.database, `
      insert into deliveries as d (id, destination_id, message_id, event, source_id, connector, collection, order_key, topic, partition, kafka_offset, headers, key, payload, bytes, arrived_at, due_at)
      select n.id, n.destination_id, n.message_id, n.event, n.source_id, n.connector, n.collection, n.order_key, n.topic, n.partition, n.kafka_offset, n.headers, n.key, n.payload, n.bytes, least(n.arrived_at, now()), greatest(least(n.arrived_at, now()) + $17::float8 * interval '1 ms', now()) from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::integer[], $11::bigint[], $12::jsonb[], $13::bytea[], $14::bytea[], $15::integer[], $16::timestamptz[])
        with ordinality as n (id, destination_id, message_id, event, source_id, connector, collection, order_key, topic, partition, kafka_offset, headers, key, payload, bytes, arrived_at, at)
      cross join lateral (select 1 from destinations where destinations.id = n.destination_id for key share) as there
      order by at
      on conflict (destination_id, message_id) do nothing returning 1`, [
      ids, column(({ destinationId }) => destinationId), column(({ messageId }) => messageId), column(({ event }) => event), column(({ sourceId }) => (isId(sourceId) ? sourceId : null)), column(({ connector }) => connector),
      column(({ collection }) => collection), column(({ orderKey }) => orderKey), column(({ topic }) => topic), column(({ partition }) => partition), column(({ offset }) => offset), column(({ headers }) => JSON.stringify(headers)),
      column(({ key }) => key), column(({ payload }) => payload), column(({ payload }) => payload.length), column(({ arrivedAt }) => arrivedAt.toISOString()), settleMs,
    ]);
    const again = deliveries.filter((delivery) => delivery.again);
    if (again.length === 0) return parked.length;
    const revived = await rows(this.database, `update deliveries d set ${AGAIN} from unnest($1::uuid[], $2::text[]) as n (destination_id, message_id) where d.destination_id = n.destination_id and d.message_id = n.message_id and state = 'failed' returning 1`,
      [again.map(({ destinationId }) => destinationId), again.map(({ messageId }) => messageId)]);
    return parked.length + revived.length;
  }

  /** Destinations that something is due for and that may be sent to. */
  async due(): Promise<string[]> {
    const found = await rows<{ id: string }>(this.database, `select d.id from destinations d where enabled and (held_until is null or held_until <= now())
      and exists (select 1 from deliveries where destination_id = d.id and state = 'waiting' and due_at <= now())`);
    return found.map(({ id }) => id);
  }

  /**
   * Takes what is due, of every key only the first one, for `leaseMs`: then somebody else may.
   * @param maxBytes of all payloads; one is always taken
   */
  async take(destinationId: string, lease: string, limit: number, maxBytes: number, leaseMs: number): Promise<TakenDelivery[]> {
    const taken = await this.database.transaction(async (tx) => {
      // In the order of deliveries_due, so that it stops after `limit`: a queue that has just grown has no statistics that would say so.
      await rows(tx, 'set local enable_sort = off');
      return rows<TakenDelivery & { seq: string }>(tx, `
      with heads as (
        select id, seq, due_at, bytes from deliveries d where destination_id = $1 and state = 'waiting' and due_at <= now()
          and id = (select e.id from deliveries e where e.destination_id = d.destination_id and e.order_key = d.order_key and e.state = 'waiting' order by e.arrived_at, e.seq limit 1)
        order by due_at, seq limit $3 for update of d skip locked),
      few as (select id from (select id, sum(bytes) over (order by due_at, seq) - bytes as before from heads) h where before < $4)
      update deliveries d set lease = $2, due_at = now() + $5::float8 * interval '1 ms' from few where d.id = few.id
      returning d.id, d.seq, d.destination_id as "destinationId", message_id as "messageId", event, source_id as "sourceId", connector, collection, order_key as "orderKey", topic, partition, kafka_offset as "offset", headers, key, payload, attempts, since`,
      [destinationId, lease, limit, maxBytes, leaseMs]);
    });
    return taken.sort((a, b) => (BigInt(a.seq) < BigInt(b.seq) ? -1 : 1));
  }

  /** Notes what tries came to; those whose lease is somebody else's by now are left to them. */
  async record(lease: string, results: readonly DeliveryResult[]): Promise<void> {
    if (results.length === 0) return;
    await rows(this.database, `
      update deliveries d set state = r.state, lease = null, due_at = now() + r.wait * interval '1 ms', reason = r.reason, finished_at = case when r.state <> 'waiting' then now() end,
        attempts = attempts + case when r.attempt is null then 0 else 1 end, payload = case when r.state <> 'delivered' then payload end,
        log = case when r.attempt is null then log when jsonb_array_length(log) >= ${KEPT_ATTEMPTS} then (log - 1) || r.attempt else log || r.attempt end
      from unnest($2::uuid[], $3::text[], $4::float8[], $5::jsonb[], $6::text[]) as r (id, state, wait, attempt, reason) where d.id = r.id and d.lease = $1`,
    [lease, results.map(({ id }) => id), results.map(({ state }) => state), results.map(({ waitMs }) => waitMs), results.map(({ attempt }) => jsonb(attempt)), results.map(({ reason }) => reason ?? null)]);
  }

  /** The destination answers again: what waited for that is tried at once. */
  async bringForward(destinationId: string): Promise<void> {
    await rows(this.database, `update deliveries set due_at = now() where destination_id = $1 and state = 'waiting' and lease is null and attempts > 0 and due_at > now()`, [destinationId]);
  }

  /** Newest first, older than `before` (an id). */
  list(destinationId: string, state: DeliveryState | undefined, limit: number, before?: string): Promise<DeliveryRow[]> {
    return rows(this.database, `select ${LISTED} from deliveries d where destination_id = $1 and ($2::text is null or state = $2) and ($4::uuid is null or id < $4) order by id desc limit $3`, [destinationId, state ?? null, limit, before ?? null]);
  }

  /** @param bytes of the event, at most; a delivered one is kept no longer */
  async get(destinationId: string, id: string, bytes: number): Promise<DeliveryRow & { readonly payload: Buffer | null } | undefined> {
    return isId(id) ? (await rows<DeliveryRow & { payload: Buffer | null }>(this.database, `select ${LISTED}, substring(payload from 1 for $3::integer) as payload from deliveries d where destination_id = $1 and id = $2`, [destinationId, id, bytes]))[0] : undefined;
  }

  /** Sends failed ones again, all or one; one that waits is tried at once. Their dead letters are settled by that. @returns how many */
  async retry(destinationId: string, id?: string): Promise<number> {
    if (id !== undefined && !isId(id)) return 0;
    const [found] = await rows<{ count: number }>(this.database, `
      with again as (update deliveries set ${AGAIN} where destination_id = $1 and ($2::uuid is null and state = 'failed' or id = $2 and state <> 'delivered' and lease is null) returning topic, partition, kafka_offset),
      settled as (update dead_letters l set state = 'replayed', settled_at = now(), sent_at = now() from again where l.destination_id = $1 and l.state = 'open' and l.topic = again.topic and l.partition = again.partition and l.kafka_offset = again.kafka_offset)
      select count(*)::integer as count from again`, [destinationId, id ?? null]);
    return found?.count ?? 0;
  }

  /** By state; more than `most` aren't counted. */
  async counts(destinationId: string, most: number): Promise<Readonly<Record<DeliveryState, number>>> {
    const [found] = await rows<Record<DeliveryState, number>>(this.database, `select ${DELIVERY_STATES.map((state) => `(select count(*)::integer from (select 1 from deliveries where destination_id = $1 and state = '${state}' limit $2) c) as ${state}`).join(', ')}`, [destinationId, most]);
    return found ?? { waiting: 0, delivered: 0, failed: 0 };
  }

  async backlog(): Promise<Backlog> {
    const [found] = await rows<Backlog>(this.database, `select count(*)::float8 as waiting, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "oldestSeconds" from deliveries d where state = 'waiting'
      and exists (select 1 from destinations where id = destination_id and enabled)`);
    return found ?? { waiting: 0, oldestSeconds: 0 };
  }

  /** Forgets finished ones after `days`, and those that have waited so long for a destination that is disabled. @returns how many; `limit` means that there may be more */
  async forget(days: number, limit: number): Promise<number> {
    const gone = await rows(this.database, `delete from deliveries where id = any(array(
      (select id from deliveries where state <> 'waiting' and finished_at < now() - $1 * interval '1 day' limit $2)
      union all (select d.id from deliveries d join destinations t on t.id = d.destination_id where not t.enabled and d.state = 'waiting' and d.since < now() - $1 * interval '1 day' limit $2))) returning 1`, [days, limit]);
    return gone.length;
  }
}
