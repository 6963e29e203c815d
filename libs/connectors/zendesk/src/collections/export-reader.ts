import { PartnerContractError } from '#contracts';
import { parsePage, type Page, type ParsedPage, type PartnerRequest, type PartnerResponse, type ReadCollection, type ReadContext } from '#connector-kit';
import { errorOf } from '../map-error.js';
import { at } from '../normalize/values.js';
import type { ExportCollection } from './collections.js';
import { exportState, toCheckpoint, type ExportState } from './state.js';

/** All exports share a limit. */
export const EXPORT_ENDPOINT = 'incremental';
/** Zendesk wants a `start_time` at least a minute old, and five by its older documents. */
const YOUNGEST_START_S = 300;
const PAGE_ROWS = 1_000;
/** Comments make rows large. */
const PAGE_ROWS_WITH_COMMENTS = 500;

export const exportPath = ({ name, by }: ExportCollection): string => `/api/v2/incremental/${name}${by === 'cursor' ? '/cursor' : ''}.json`;

/** Reads what changed since the last run, in the order of the change. The end is `end_of_stream`, never an empty or short page. */
export function exportReader(collection: ExportCollection): ReadCollection {
  return async function* read(context) {
    const feeds = [collection.name, ...collection.parts.map(({ name }) => name)].filter((name) => context.selected.has(name));
    const includes = [...new Set(collection.parts.filter(({ name }) => context.selected.has(name)).map(({ include }) => include))].join(',');
    let state = firstState(collection, context, feeds);
    for (;;) {
      const step = collection.by === 'cursor' ? await byCursor(collection, context, state, includes) : await byTime(collection, context, state, includes);
      if (step.response === undefined) {
        if (step.state === undefined) return;
        ({ state } = step);
        continue;
      }
      state = step.state;
      if (includes.includes('metric_sets') && lacksMetrics(step.parsed)) context.warn('The export of tickets holds no metrics although they were asked for: ticket_metrics stays as it is.');
      yield page(collection, context, step.response, step.parsed, state);
      if (step.ended || context.window !== undefined && state.since > context.window.to / 1_000) return;
    }
  };
}

function firstState(collection: ExportCollection, context: ReadContext, feeds: readonly string[]): ExportState {
  const known = exportState(context.checkpoint);
  const youngest = Math.floor(context.now() / 1_000) - YOUNGEST_START_S;
  // One more collection out of the same rows needs the rows of the past too.
  if (known !== undefined && feeds.every((feed) => known.feeds.includes(feed))) return { ...known, feeds, since: Math.min(known.since, youngest) };
  const start = context.window === undefined ? collection.directory === true ? 0 : Math.floor(context.startDate / 1_000) : Math.floor(context.window.from / 1_000);
  return { feeds, since: Math.max(1, Math.min(start, youngest)) };
}

type Step =
  | { readonly response: PartnerResponse; readonly parsed: ParsedPage; readonly state: ExportState; readonly ended: boolean }
  /** Nothing was read: go on with the state, or end without one. */
  | { readonly response: undefined; readonly state: ExportState | undefined };

function ask(collection: ExportCollection, { http }: ReadContext, includes: string, query: NonNullable<PartnerRequest['query']>, accept: readonly number[]): Promise<PartnerResponse> {
  return http.send({
    path: exportPath(collection), endpoint: EXPORT_ENDPOINT, collection: collection.name, accept,
    query: { ...query, per_page: includes.includes('comment_events') ? PAGE_ROWS_WITH_COMMENTS : PAGE_ROWS, include: includes === '' ? undefined : includes },
  });
}

/** Rows have a total order, which the cursor is a place in; it is good for ever, also at the end. */
async function byCursor(collection: ExportCollection, context: ReadContext, state: ExportState, includes: string): Promise<Step> {
  const { cursor, since, feeds } = state;
  const response = await ask(collection, context, includes, cursor === undefined ? { start_time: since } : { cursor }, [cursor === undefined ? 422 : 400]);
  if (response.status === 422) return tooRecent(response);
  // A cursor that isn't taken any more: on from the last row's time.
  if (response.status === 400) return { response: undefined, state: { feeds, since } };
  const parsed = parsePage(response, collection.name);
  const ended = endOf(response, parsed);
  const { after_cursor: next } = parsed.body;
  if (!ended && (typeof next !== 'string' || next === '' || next === cursor)) throw new PartnerContractError(`Zendesk says that ${response.request} goes on, but names no next cursor.`);
  const last = parsed.records.at(-1);
  const time = last === undefined ? undefined : collection.name === 'tickets' ? last['generated_timestamp'] : Date.parse(String(last['updated_at'])) / 1_000;
  const through = typeof time === 'number' && Number.isSafeInteger(time) ? Math.max(time, since) : since;
  const kept = typeof next === 'string' && next !== '' ? next : cursor;
  return { response, parsed, ended, state: { feeds, since: through, ...(kept !== undefined && { cursor: kept }) } };
}

/** A page may be cut inside a second: then the next one begins with that second again, and its rows come twice. */
async function byTime(collection: ExportCollection, context: ReadContext, state: ExportState, includes: string): Promise<Step> {
  const { since, feeds } = state;
  const response = await ask(collection, context, includes, { start_time: since }, [422]);
  if (response.status === 422) return tooRecent(response);
  const parsed = parsePage(response, collection.name);
  const ended = endOf(response, parsed);
  const { end_time: end } = parsed.body;
  const next = typeof end === 'number' && Number.isSafeInteger(end) ? end : undefined;
  if (!ended && (next === undefined || next <= since)) throw new PartnerContractError(`Zendesk says that ${response.request} goes on, but its end_time is not later.`);
  return { response, parsed, ended, state: { feeds, since: Math.max(since, next ?? since) } };
}

/** The start time lies less than a minute ago: there is nothing to read yet. @throws PartnerContractError when 422 means something else */
function tooRecent({ body, request }: PartnerResponse): Step {
  const { words } = errorOf(body);
  if (!/too recent start_time/i.test(words)) throw new PartnerContractError(`Zendesk does not take ${request}.`, { details: words });
  return { response: undefined, state: undefined };
}

function endOf(response: PartnerResponse, { body: { end_of_stream: end } }: ParsedPage): boolean {
  if (typeof end !== 'boolean') throw new PartnerContractError(`Zendesk's answer to ${response.request} doesn't say whether it is the end of the stream.`);
  return end;
}

/** A ticket that lives has metrics; without any on a whole page the side-load was not done. */
const lacksMetrics = ({ records }: ParsedPage): boolean => records.some(({ status }) => status !== 'deleted') && records.every((record) => !('metric_set' in record));

function page(collection: ExportCollection, { selected }: ReadContext, response: PartnerResponse, { records }: ParsedPage, state: ExportState): Page {
  const children = collection.name === 'ticket_events' ? records.flatMap((record) => (Array.isArray(record['child_events']) ? record['child_events'] as unknown[] : [])) : [];
  const found: Readonly<Record<string, number>> = {
    [collection.name]: collection.name === 'ticket_events' ? records.reduce((sum, record) => sum + Math.max(1, Array.isArray(record['child_events']) ? record['child_events'].length : 0), 0) : records.length,
    ticket_metrics: records.filter((record) => record['status'] === 'deleted' || at(record, 'metric_set', 'id') !== undefined).length,
    ticket_comments: children.filter((child) => at(child, 'body') !== undefined).length,
    attachments: children.reduce<number>((sum, child) => sum + (Array.isArray(at(child, 'attachments')) ? (at(child, 'attachments') as unknown[]).length : 0), 0),
  };
  const feeds = [collection.name, ...collection.parts.map(({ name }) => name)].filter((name) => selected.has(name));
  return {
    body: response.body, recordsAt: collection.name, observedAt: response.observedAt, request: response.request, checkpoint: toCheckpoint(state),
    counts: Object.fromEntries(feeds.map((name) => [name, found[name] ?? 0])),
  };
}
