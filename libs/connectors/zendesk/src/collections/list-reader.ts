import { PartnerContractError } from '#contracts';
import { parsePage, type PartnerHttp, type PartnerResponse, type ParsedPage, type PassPage, type ReadCollection } from '#connector-kit';
import { at, idText } from '../normalize/values.js';
import type { ListCollection } from './collections.js';
import { listState, toCheckpoint, type ListState } from './state.js';

/** Zendesk's most. */
export const PAGE_ROWS = 100;
/** How far a window reaches back into the one before it. */
const LOOK_BACK_S = 600;

interface ListPage {
  readonly response: PartnerResponse;
  readonly parsed: ParsedPage;
  /** Cursor or number of the next page; undefined at the end. */
  readonly next: string | undefined;
}

type Walk = NonNullable<ListState['walk']>;

/** Reads a list to its end; with a filter by time only what is new since the last run. */
export function listReader(collection: ListCollection): ReadCollection {
  return async function* read({ http, checkpoint, startDate, window, now }) {
    const state = listState(checkpoint);
    const until = Math.floor(Math.min(window?.to ?? Infinity, now()) / 1_000);
    const fresh: Walk = { from: Math.max(0, state.through === undefined ? Math.floor((window?.from ?? startDate) / 1_000) : state.through - LOOK_BACK_S), until, reached: until, after: '' };
    let walk: Walk = state.walk ?? fresh;
    let resumed = state.walk !== undefined;
    for (;;) {
      const page = await fetchPage(http, collection, walk, PAGE_ROWS, resumed);
      if (page === undefined) {
        // The cursor of an earlier run isn't taken any more.
        walk = { ...walk, after: '' };
        resumed = false;
        continue;
      }
      resumed = false;
      const { response, parsed: { records }, next } = page;
      const pass = passOf(collection, page, walk.after === '');
      // Before the first answer of a run the clock is ours, which may be ahead.
      if (walk.after === '') walk = { ...walk, reached: Math.min(walk.reached, Math.floor(response.observedAt / 1_000)) };
      if (next !== undefined) walk = { ...walk, after: next };
      yield {
        body: response.body, recordsAt: collection.recordsAt, counts: { [collection.name]: records.length }, observedAt: response.observedAt, request: response.request,
        ...(pass !== undefined && { pass }),
        checkpoint: toCheckpoint(next === undefined ? { through: walk.reached } : { ...(state.through !== undefined && { through: state.through }), walk }),
      };
      if (next === undefined) return;
    }
  };
}

/** Undefined: a record may be missing, or its id isn't known here to the last digit. Pages by number move when something is deleted meanwhile. */
function passOf({ recordsAt, paging, deletedWhenAbsent }: ListCollection, { parsed: { body, records }, next }: ListPage, begins: boolean): PassPage | undefined {
  const ends = next === undefined;
  if (deletedWhenAbsent !== true || (paging === 'numbered' && !(begins && ends)) || records.length !== (body[recordsAt] as readonly unknown[]).length) return undefined;
  const ids = records.map(({ id }) => typeof id === 'number' && !Number.isSafeInteger(id) ? undefined : idText(id)).filter((id) => id !== undefined);
  return ids.length === records.length ? { ids, begins, ends } : undefined;
}

/**
 * One page. Undefined when `mayFail` and Zendesk refuses the cursor.
 * @throws PartnerContractError when the answer is no list, or says that it goes on but not where
 */
export async function fetchPage(http: PartnerHttp, collection: ListCollection, { from, until, after }: Pick<Walk, 'from' | 'until' | 'after'>, rows: number, mayFail: boolean): Promise<ListPage | undefined> {
  const filter = collection.since?.(from, until) ?? {};
  const paging = collection.paging === 'cursor' ? { 'page[size]': rows, 'page[after]': after === '' ? undefined : after } : { per_page: rows, page: after === '' ? undefined : after };
  const response = await http.send({ path: `/api/v2/${collection.path}.json`, collection: collection.name, query: { ...filter, ...paging }, accept: mayFail && after !== '' ? [400] : [] });
  if (response.status === 400) return undefined;
  const parsed = parsePage(response, collection.recordsAt);
  const next = collection.paging === 'cursor' ? nextCursor(response, parsed, after) : nextNumber(response, parsed, after);
  return { response, parsed, next };
}

/** `links.next` is there also at the end: `meta.has_more` counts. */
function nextCursor({ request }: PartnerResponse, { body }: ParsedPage, after: string): string | undefined {
  const more = at(body, 'meta', 'has_more');
  // A list that doesn't know cursors and has come whole.
  if (more === undefined && body['next_page'] === null) return undefined;
  if (typeof more !== 'boolean') throw new PartnerContractError(`Zendesk's answer to ${request} doesn't say whether there is more.`);
  if (!more) return undefined;
  const next = at(body, 'meta', 'after_cursor');
  if (typeof next !== 'string' || next === '' || next === after) throw new PartnerContractError(`Zendesk says that ${request} goes on, but names no next page.`);
  return next;
}

/** Of the link to the next page only the number is used. */
function nextNumber({ request }: PartnerResponse, { body }: ParsedPage, after: string): string | undefined {
  const link = body['next_page'];
  if (link === undefined || link === null) return undefined;
  const number = typeof link === 'string' ? /[?&]page=(\d+)/.exec(link)?.[1] : undefined;
  if (number === undefined || Number(number) <= Number(after === '' ? 1 : after)) throw new PartnerContractError(`Zendesk says that ${request} goes on, but names no next page.`);
  return number;
}
