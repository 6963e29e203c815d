import { PermissionDeniedError } from '#contracts';
import type { Page, ReadContext, ReadCollection } from '#connector-kit';
import { changesOf, deletionsOf } from '../normalize/changes.js';
import type { Json } from '../normalize/values.js';
import { EVENT_COLLECTIONS, OTHER_EVENTS, eventCollection } from './events.js';
import { createdOf, fetchPage, idOfLast, type ListPage } from './list.js';
import { RESOURCES, isRead, selectedParts, type Resource } from './resources.js';
import { feedState, resourceState, toCheckpoint, type FeedState } from './state.js';

/** Late commits: a record or event may show up with a time before the last one that was read. */
export const LOOK_BACK = 600;
/** Stripe keeps events for 30 days; an hour less, so that the walk can't meet the edge. */
export const EVENTS_KEPT = 30 * 86_400 - 3_600;
/** The most types that `/v1/events` filters by. */
const MAX_TYPES = 20;
/** Above this many events in a look-back their ids aren't kept, and some objects are read twice. */
const MAX_RECENT = 2_000;
const KEY = 'stripe.events';
const families = EVENT_COLLECTIONS.map(({ collection }) => collection);

/** What the feed leaves for the readers of this run. */
export interface Changes {
  /** Events until here were read, in epoch seconds; undefined when there was no need to. */
  readonly through?: number;
  /** The key may not read events: collections are read in full. */
  readonly denied?: true;
  /** Per collection: ids to read again, with the epoch second of the oldest event that says so. */
  readonly byCollection: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** What the feed found; undefined when it failed or didn't run. */
export const changesOfRun = ({ run }: Pick<ReadContext, 'run'>): Promise<Changes | undefined> => run.once<Changes | undefined>(KEY, () => Promise.resolve(undefined));

interface Consumer {
  readonly resource: Resource;
  /** Changes after this second are new to it, save those that `known` says it has. */
  readonly since: number;
  /** It has seen everything that the feed has. */
  readonly upToDate: boolean;
}

/** Resources that will ask for their changes: selected, and read in full before. */
function consumersOf(ctx: ReadContext, state: FeedState, now: number): readonly Consumer[] {
  return RESOURCES.flatMap((resource) => {
    if (resource.eventTypes.length === 0 || !isRead(resource, ctx.selected)) return [];
    const { eventsThrough: since, through } = resourceState(ctx.checkpoints[resource.collection]);
    if (since === undefined || through === undefined || since < now - EVENTS_KEPT) return [];
    return [{ resource, since, upToDate: state.eventsThrough !== undefined && since >= state.eventsThrough }];
  });
}

/** Event types that the consumers need; undefined when they are too many to filter by. */
function typesFor(consumers: readonly Consumer[], { selected }: ReadContext): readonly string[] | undefined {
  const types = new Set(consumers.flatMap(({ resource }) => [...resource.eventTypes, ...selectedParts(resource, selected).flatMap(({ eventTypes }) => eventTypes)]));
  // Items picked up by an invoice and charges in dispute have no event of their own.
  if (consumers.some(({ resource }) => resource.collection === 'invoice_items')) for (const type of ['invoice.created', 'invoice.updated', 'invoice.deleted']) types.add(type);
  if (consumers.some(({ resource }) => resource.collection === 'charges')) for (const type of ['charge.dispute.created', 'charge.dispute.closed']) types.add(type);
  return types.size > MAX_TYPES ? undefined : [...types].sort();
}

class FeedRun {
  readonly changes = new Map<string, Map<string, number>>();
  readonly recent: string[] = [];
  /** Newest event first: what an id's newest event says holds, also when the id was deleted and made again. */
  private readonly settled = new Set<string>();
  private readonly known: ReadonlySet<string>;
  private readonly allUpToDate: boolean;

  constructor(private readonly ctx: ReadContext, private readonly state: FeedState, private readonly consumers: readonly Consumer[], readonly upper: number) {
    this.known = new Set(state.recent);
    this.allUpToDate = consumers.every(({ upToDate }) => upToDate);
  }

  /** Takes one event in; says for which selected collections it is news. */
  take(event: Json): readonly string[] {
    const created = createdOf(event);
    const { id, type } = event;
    if (created === undefined || typeof id !== 'string' || typeof type !== 'string') return [OTHER_EVENTS];
    if (created > this.upper - LOOK_BACK && this.recent.length <= MAX_RECENT) this.recent.push(id);
    const news: string[] = [];
    const family = eventCollection(type);
    const { eventsThrough = -Infinity, families: had } = this.state;
    const old = had.includes(family) && (this.known.has(id) || created <= eventsThrough - LOOK_BACK);
    if (this.ctx.selected.has(family) && !old) news.push(family);
    for (const { collection, record } of deletionsOf(event)) {
      this.settled.add(`${collection}/${String(record.id)}`);
      if (this.ctx.selected.has(collection) && !(this.known.has(id) && this.allUpToDate)) news.push(collection);
    }
    for (const { collection, id: target, parts } of changesOf(event)) {
      const consumer = this.consumers.find(({ resource }) => resource.collection === collection);
      if (consumer === undefined || created <= consumer.since - LOOK_BACK || (consumer.upToDate && this.known.has(id))) continue;
      if (this.settled.has(`${collection}/${target}`)) continue;
      if (parts !== undefined && !parts.some((part) => this.ctx.selected.has(part))) continue;
      const ids = this.changes.get(collection) ?? new Map<string, number>();
      this.changes.set(collection, ids.set(target, Math.min(created, ids.get(target) ?? created)));
    }
    return news;
  }
}

/**
 * Reads `/v1/events` once for all collections of the run: yields the pages in which something is new (for the event
 * collections and the deletions) and leaves the changed ids in the run scope. No call when nobody needs it.
 */
export const readEvents: ReadCollection = async function* (ctx): AsyncIterable<Page> {
  const now = Math.floor(ctx.now() / 1_000);
  const state = feedState(ctx.checkpoint);
  const selectedFamilies = families.filter((family) => ctx.selected.has(family));
  const consumers = consumersOf(ctx, state, now);
  const leave = (changes: Changes): Promise<unknown> => ctx.run.once(KEY, () => Promise.resolve(changes));
  if (consumers.length === 0 && selectedFamilies.length === 0) { await leave({ byCollection: new Map() }); return; }

  const since = sinceOf(ctx, state, consumers, selectedFamilies, now);
  const types = selectedFamilies.length > 0 ? undefined : typesFor(consumers, ctx);
  let feed: FeedRun | undefined;
  let [after, last, restart]: (string | number | undefined)[] = [undefined, undefined, ctx.window === undefined ? undefined : Math.ceil(ctx.window.to / 1_000)];
  for (let more = true; more;) {
    let page: ListPage | undefined;
    try {
      page = await fetchPage(ctx.http, {
        path: '/v1/events', endpoint: '/v1/events', collection: OTHER_EVENTS, query: { 'created[gte]': since, 'created[lte]': restart, 'types[]': types },
      }, after as string | undefined);
    } catch (error) {
      if (!(error instanceof PermissionDeniedError)) throw error;
      await leave({ denied: true, byCollection: new Map() });
      if (selectedFamilies.length > 0) throw error;
      ctx.warn('The API key may not read events (rak_event_read): every collection is read in full, and deletions go unseen.');
      return;
    }
    // The event to go on after is past Stripe's 30 days: go on from its second.
    if (page === undefined) { [restart, after] = [last, undefined]; continue; }
    const { body, observedAt, request } = page.response;
    // Stripe's clock, which is only known now: with ours, an hour ahead, the next run would begin in the future.
    feed ??= new FeedRun(ctx, state, consumers, Math.floor(observedAt / 1_000));
    const counts: Record<string, number> = {};
    for (const event of page.records) for (const collection of feed.take(event)) if (ctx.selected.has(collection)) counts[collection] = (counts[collection] ?? 0) + 1;
    [after, last, more] = [idOfLast(page.records), createdOf(page.records.at(-1)), page.more];
    const found: Page = { body, recordsAt: 'data', rawCollection: 'events', counts, observedAt, request };
    if (more) {
      // Only the end of the walk is a checkpoint: the changed ids of a walk that stopped are lost with the run.
      if (Object.keys(counts).length > 0) yield found;
    } else {
      await leave({ through: feed.upper, byCollection: feed.changes });
      const recent = feed.recent.length > MAX_RECENT ? [] : feed.recent;
      yield { ...found, checkpoint: toCheckpoint({ eventsThrough: feed.upper, recent, families: selectedFamilies } satisfies FeedState) };
    }
  }
};

/** From where to read events: the oldest of what the consumers and the event collections have. */
function sinceOf(ctx: ReadContext, state: FeedState, consumers: readonly Consumer[], selectedFamilies: readonly string[], now: number): number {
  const starts = consumers.map(({ since }) => since);
  if (selectedFamilies.length > 0) {
    const known = state.eventsThrough !== undefined && selectedFamilies.every((family) => state.families.includes(family));
    starts.push(known ? state.eventsThrough ?? 0 : Math.floor((ctx.window?.from ?? ctx.startDate) / 1_000));
  }
  return Math.max(Math.min(...starts) - LOOK_BACK, now - EVENTS_KEPT, 0);
}
