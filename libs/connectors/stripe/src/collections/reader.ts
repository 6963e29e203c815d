import type { Checkpoint, Page, PartnerResponse, ReadCollection, ReadContext } from '#connector-kit';
import { countRecords } from '../normalize/parts.js';
import { at, listOf, type Json } from '../normalize/values.js';
import { EVENTS_KEPT, LOOK_BACK, changesOfRun, type Changes } from './feed.js';
import { PAGE_SIZE, createdOf, fetchOne, fetchPage, idOfLast } from './list.js';
import { selectedParts, type Part, type Resource } from './resources.js';
import { resourceState, toCheckpoint, type ResourceState, type Walk } from './state.js';

/** Stripe names the day on which funds become available, not the minute. */
const SETTLED_AFTER = 6 * 3_600;

/**
 * Reads a resource: in full the first time (newest first, resumable after any page), then what was created since and,
 * by id, what the feed says has changed.
 */
export function resourceReader(resource: Resource): ReadCollection {
  return (ctx) => new ResourceRun(resource, ctx).read();
}

class ResourceRun {
  private readonly parts: readonly Part[];
  private readonly expand: readonly string[];
  private state: ResourceState;
  /** Yielded with the next page, or with the run's last checkpoint: a checkpoint only travels on a page. */
  private held: Page | undefined;

  constructor(private readonly resource: Resource, private readonly ctx: ReadContext) {
    this.parts = selectedParts(resource, ctx.selected);
    this.expand = this.parts.flatMap(({ expand }) => (expand === undefined ? [] : [expand]));
    this.state = resourceState(ctx.checkpoint);
  }

  async *read(): AsyncIterable<Page> {
    const feed = await changesOfRun(this.ctx);
    const changed = new Map(feed?.byCollection.get(this.resource.collection));
    const walk = this.state.walk ?? this.plan(feed, changed);
    if (walk.full && walk.after === undefined && this.resource.collection === 'accounts') yield* this.ownAccount();
    const before = this.state.pending ?? [];
    // What the walk reads again, it notes again.
    if (this.resource.settles === true) this.state = { ...this.state, pending: before.filter(([, from]) => from < walk.from) };
    try {
      yield* this.walk(walk, changed);
      if (!walk.full) yield* this.readSettled();
      // A full walk read what changed before it, and leaves what changed since to the next run.
      if (!walk.full) yield* this.readChanged(changed, feed);
    } catch (error) {
      // What was read isn't read again.
      if (this.held !== undefined && !this.ctx.signal.aborted) yield this.held;
      throw error;
    }
    if (this.held !== undefined) yield { ...this.held, checkpoint: this.checkpoint() };
  }

  private plan(feed: Changes | undefined, changed: ReadonlyMap<string, number>): Walk {
    const now = Math.floor(this.ctx.now() / 1_000);
    const { through, eventsThrough, size } = this.state;
    const mutable = this.resource.eventTypes.length > 0;
    const { window } = this.ctx;
    if (window !== undefined) return { full: true, from: Math.floor(window.from / 1_000), until: Math.ceil(window.to / 1_000), count: 0 };
    const lost = mutable && (eventsThrough === undefined || eventsThrough < now - EVENTS_KEPT || feed?.denied === true);
    const cheaper = size !== undefined && changed.size > Math.ceil(size / PAGE_SIZE);
    return through === undefined || lost || cheaper
      ? { full: true, from: this.resource.catalog === true ? 0 : Math.max(0, Math.floor(this.ctx.startDate / 1_000)), count: 0, ...(feed?.through !== undefined && { eventsThrough: feed.through }) }
      : { full: false, from: Math.max(0, through - LOOK_BACK), count: 0 };
  }

  private async *walk(start: Walk, changed: Map<string, number>): AsyncIterable<Page> {
    const { path, collection, query, filter } = this.resource;
    let walk = start;
    for (;;) {
      const range = filter === 'server' ? { 'created[gte]': walk.from, 'created[lte]': walk.until } : {};
      const page = await fetchPage(this.ctx.http, { path, endpoint: path, collection, query: { ...query, ...range, ...this.expansions('data.') } }, walk.after);
      if (page === undefined) {
        // The record to go on after was deleted: go on from its second instead, which reads at most that second again.
        const { after: _, afterCreated, ...rest } = walk;
        walk = { ...rest, ...(filter === 'server' && afterCreated !== undefined && { until: afterCreated }) };
        continue;
      }
      // Stripe's clock, which is only known now: with ours, an hour ahead, the next run would begin in the future.
      const to = walk.to ?? Math.floor(page.response.observedAt / 1_000);
      const { records, response } = page;
      this.notePending(records, to);
      for (const { id } of records) if (typeof id === 'string') changed.delete(id);
      const last = createdOf(records.at(-1));
      const passed = filter === 'client' && (!walk.full || this.ctx.window !== undefined) && last !== undefined && last < walk.from;
      const fresh = walk.full ? records.length : records.filter((record) => (createdOf(record) ?? 0) > (this.state.through ?? 0)).length;
      walk = withAnchor({ ...walk, to, eventsThrough: Math.min(walk.eventsThrough ?? to, to), count: walk.count + fresh }, idOfLast(records), last);
      const done = !page.more || passed;
      const pages = this.withParts(response, 'data', records);
      if (done) {
        const { pending } = this.state;
        this.state = {
          ...(pending !== undefined && pending.length > 0 && { pending }),
          through: to,
          eventsThrough: (walk.full ? walk.eventsThrough : this.state.eventsThrough) ?? to,
          size: walk.full ? walk.count : (this.state.size ?? 0) + walk.count,
        };
      } else {
        this.state = { ...this.state, walk };
      }
      yield* this.hold(pages);
      if (done) return;
    }
  }

  /** Notes what settles after `now`; what is still pending although its time has come changes at no known time. */
  private notePending(records: readonly Json[], now: number): void {
    if (this.resource.settles !== true) return;
    const groups = new Map((this.state.pending ?? []).map((group) => [group[0], group]));
    for (const { status, created, available_on: due } of records) {
      if (status !== 'pending' || typeof created !== 'number' || typeof due !== 'number' || due <= now) continue;
      const [, from, to] = groups.get(due) ?? [due, created, created];
      groups.set(due, [due, Math.min(from, created), Math.max(to, created)]);
    }
    this.state = { ...this.state, pending: [...groups.values()] };
  }

  /** Lists once more what was created when those records were that have settled by now. */
  private async *readSettled(): AsyncIterable<Page> {
    const all = this.state.pending ?? [];
    const due = all.filter(([at]) => at + SETTLED_AFTER <= (this.state.through ?? 0));
    if (due.length === 0) return;
    const { path, collection } = this.resource;
    const query = { 'created[gte]': Math.min(...due.map(([, from]) => from)), 'created[lte]': Math.max(...due.map(([, , to]) => to)) };
    let after: string | undefined;
    for (let more = true; more;) {
      const page = await fetchPage(this.ctx.http, { path, endpoint: path, collection, query }, after);
      if (page === undefined) { after = undefined; continue; }
      [after, more] = [idOfLast(page.records), page.more];
      yield* this.hold(this.withParts(page.response, 'data', page.records), () => {
        if (!more) this.state = { ...this.state, pending: all.filter((group) => !due.includes(group)) };
      });
    }
  }

  /** Reads the changed objects one by one, oldest change first, so that every page's checkpoint holds. */
  private async *readChanged(changed: ReadonlyMap<string, number>, feed: Changes | undefined): AsyncIterable<Page> {
    const { path, collection } = this.resource;
    for (const [id, since] of [...changed].sort(([, a], [, b]) => a - b)) {
      const { response, record } = await fetchOne(this.ctx.http, { path: `${path}/${encodeURIComponent(id)}`, endpoint: `${path}/{id}`, collection, query: this.expansions('') }, [404]);
      // Gone, or another account's: the event says what there is to say.
      if (record === undefined) continue;
      yield* this.hold(this.withParts(response, '', [record]), () => {
        this.state = { ...this.state, eventsThrough: Math.max(this.state.eventsThrough ?? 0, Math.min(since, feed?.through ?? since)) };
      });
    }
    if (feed?.through !== undefined) this.state = { ...this.state, eventsThrough: feed.through };
  }

  /** The platform's own account isn't in the list of those connected to it. A restricted key may not see it. */
  private async *ownAccount(): AsyncIterable<Page> {
    const { response, record } = await fetchOne(this.ctx.http, { path: '/v1/account', endpoint: '/v1/account', collection: this.resource.collection, query: {} }, [403, 404]);
    if (record !== undefined) yield* this.hold(this.withParts(response, '', [record]));
  }

  /** Yields what is held and then all but the last of `pages`, which is held: it takes the next checkpoint. */
  private async *hold(pages: AsyncIterable<Page>, settle?: () => void): AsyncIterable<Page> {
    for await (const page of pages) {
      if (this.held !== undefined) yield this.held;
      this.held = page;
    }
    settle?.();
    if (this.held !== undefined && this.held.checkpoint === undefined) this.held = { ...this.held, checkpoint: this.checkpoint() };
  }

  /** The answer, and what is cut from the lists in its records. */
  private async *withParts(response: PartnerResponse, recordsAt: string, records: readonly Json[]): AsyncIterable<Page> {
    yield this.page(response, recordsAt, records);
    for (const record of records) {
      for (const part of this.parts) {
        if (part.all === undefined || typeof record.id !== 'string' || at(record[part.list], 'has_more') !== true) continue;
        const { path, endpoint, query = {} } = part.all(encodeURIComponent(record.id));
        let after = idOfLast(listOf(record[part.list]) as readonly Json[]);
        for (let more = true; more;) {
          const page = await fetchPage(this.ctx.http, { path, endpoint, collection: this.resource.collection, query }, after);
          if (page === undefined) { after = undefined; continue; }
          yield this.page(page.response, 'data', page.records, part);
          after = idOfLast(page.records);
          more = page.more;
        }
      }
    }
  }

  private page(response: PartnerResponse, recordsAt: string, records: readonly Json[], part?: Part): Page {
    const counts = countRecords(part?.collections[0] ?? this.resource.collection, records, this.ctx.selected);
    return { body: response.body, recordsAt, counts, observedAt: response.observedAt, request: response.request };
  }

  private expansions(prefix: string): { 'expand[]'?: readonly string[] } {
    return this.expand.length === 0 ? {} : { 'expand[]': this.expand.map((path) => `${prefix}${path}`) };
  }

  private checkpoint(): Checkpoint {
    return toCheckpoint(this.state);
  }
}

/** The walk after a page that ended with this record. */
function withAnchor({ after: _, afterCreated: __, ...walk }: Walk, id: string | undefined, created: number | undefined): Walk {
  return { ...walk, ...(id !== undefined && { after: id }), ...(created !== undefined && { afterCreated: created }) };
}
