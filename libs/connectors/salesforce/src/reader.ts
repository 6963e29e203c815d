import { PartnerContractError, PartnerUnavailableError } from '#contracts';
import { parsePage, type Checkpoint, type Page, type PartnerResponse, type ReadCollection, type ReadContext } from '#connector-kit';
import { readJob, startJob, type BulkJob } from './bulk.js';
import { columnList, describe, describedFields, hasFormulas, isFresh, type Columns } from './columns.js';
import { joinParts } from './join-parts.js';
import { mapError } from './map-error.js';
import type { SalesforceObject } from './objects.js';
import { API, Session, errorCode } from './session.js';
import { parts, soql, type Range } from './soql.js';
import { isObject, textOf, toMs, type Json } from './values.js';

/** Salesforce commits in another order than it stamps: the newest two minutes are left for the next run … */
const LAG_MS = 120_000;
/** … and the ten before are read again. A transaction may last ten minutes, and its records are stamped at its start. */
const LOOK_BACK_MS = 600_000;
const DAY_MS = 86_400_000;

/** A window that is being read. Times in milliseconds on Salesforce's clock. */
export interface Slice {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** What the collection is read up to once the window is. */
  readonly through: number;
  /** It begins at the sync start date. */
  readonly full?: boolean | undefined;
  /** The next batch: opaque, and void after two days. */
  readonly next?: string | undefined;
  /** Cursor and id of the last record that was read. */
  readonly seen?: { readonly at?: number | undefined; readonly id: string } | undefined;
  /** A bulk job that reads the window, and where its next page is. */
  readonly job?: BulkJob | undefined;
}

interface State {
  readonly columns?: Columns | undefined;
  readonly through?: number | undefined;
  /** When it was last read in full, for the formulas in it. */
  readonly fullAt?: number | undefined;
  readonly slice?: Slice | undefined;
}

interface ReaderOptions {
  /** Windows with more records are read by a bulk job: below, batches of 2000 cost fewer calls. */
  readonly bulkAbove: number;
  /** Longest time between two looks at a job, milliseconds. */
  readonly longestPollMs: number;
}

const DEFAULTS: ReaderOptions = { bulkAbove: 20_000, longestPollMs: 20_000 };

/**
 * Reads an object: what changed since the last run, recycle bin included, in one query of as many batches as it has. Custom
 * objects are read the same way.
 */
export function objectReader(object: Pick<SalesforceObject, 'collection' | 'object'>, options: ReaderOptions = DEFAULTS): ReadCollection {
  return (context) => read(object, options, context);
}

async function* read({ collection, object }: Pick<SalesforceObject, 'collection' | 'object'>, options: ReaderOptions, context: ReadContext): AsyncGenerator<Page> {
  const session = new Session(context.http, collection);
  const state = stateOf(context.checkpoint);
  let columns = isFresh(state.columns, context.now()) ? state.columns : await describe(session, object);
  let described = columns !== state.columns;
  let told: Columns | undefined;
  let slice = state.slice ?? newSlice(state, columns, context);
  const checkpoint = (rest: Slice | undefined): Checkpoint => ({ columns, fullAt: rest === undefined && slice.full === true ? slice.through : state.fullAt, ...rest === undefined ? { through: slice.through } : { through: state.through, slice: rest } }) as unknown as Checkpoint;
  const page = (response: PartnerResponse, body: Buffer, count: number, rest: Slice | undefined): Page => {
    const news = told === columns ? {} : { fields: describedFields(columns) };
    told = columns;
    return { body, recordsAt: 'records', counts: { [collection]: count }, observedAt: response.observedAt, request: response.request, ...news, checkpoint: JSON.parse(JSON.stringify(checkpoint(rest))) as Checkpoint };
  };
  const locators = new Set<string>();
  let restartedAt: string | undefined;
  let started = false;

  for (;;) {
    const range: Range = { object, cursor: columns.cursor, from: slice.seen?.at ?? slice.from, to: slice.to, ...columns.cursor === '' && { fromId: slice.seen?.id } };
    if (slice.job !== undefined) {
      let isRead = false;
      for await (const { response, body, count, job } of readJob(session, columns, { ...slice.job, ours: started }, options.longestPollMs, context.signal)) {
        if (job !== undefined) slice = { ...slice, job };
        yield page(response, body, count, job === undefined ? undefined : slice);
        isRead ||= job === undefined;
      }
      if (isRead) return;
      // The job of an earlier run is gone, or came to nothing: another one, once.
      if (started) throw new PartnerUnavailableError(`The bulk query of ${object} was aborted or deleted in Salesforce before it could be read.`);
      slice = { ...slice, job: undefined };
      continue;
    }
    const names = columnList(columns).map(({ name }) => name);
    const [first = names, ...others] = parts(names, range);
    const response = slice.next === undefined
      ? await session.send({ path: `${API}/queryAll`, query: { q: soql(first, range) } }, ['INVALID_FIELD'])
      : await session.send({ path: slice.next, endpoint: 'next batch' }, ['INVALID_QUERY_LOCATOR']);
    switch (errorCode(response)) {
      case 'INVALID_FIELD':
        // A field went away since the last describe; that it is still described and can't be read is for the person to mend.
        if (described) throw mapError({ ...response, path: `${API}/queryAll` }) ?? new PartnerContractError(`Salesforce doesn't know the fields of ${object}.`);
        columns = await again(session, object, columns, context);
        described = true;
        continue;
      case 'INVALID_QUERY_LOCATOR': {
        const at = JSON.stringify(slice.seen ?? null);
        if (restartedAt === at) throw new PartnerUnavailableError(`Salesforce gives up each query of ${object} before its next batch can be read.`, { details: 'INVALID_QUERY_LOCATOR' });
        restartedAt = at;
        slice = { ...slice, next: undefined };
        continue;
      }
      default:
    }
    const { body, records } = parsePage(response, 'records');
    // Our clock may have been off until this answer: what is newer than its own two minutes isn't taken for read.
    if (slice.next === undefined) slice = { ...slice, through: Math.min(slice.through, response.observedAt - LAG_MS) };
    const next = nextOf(body, response.request);
    if (next !== undefined) {
      if (next === slice.next || locators.has(next)) throw new PartnerContractError(`Salesforce goes in circles: ${response.request} leads to a batch of ${object} that was read before.`);
      locators.add(next);
      if (slice.next === undefined && typeof body.totalSize === 'number' && body.totalSize > options.bulkAbove) {
        const job = await startJob(session, columns, range);
        if (job !== undefined) {
          started = true;
          slice = { ...slice, job };
          // An empty page, so that a job that takes longer than this run is waited for by the next.
          yield page(response, Buffer.from('{"records":[]}'), 0, slice);
          continue;
        }
      }
    }
    const seen = seenOf(records.at(-1), columns.cursor) ?? slice.seen;
    const whole = others.length === 0 ? response.body : await joinParts(session, records, others, range);
    slice = { ...slice, next, seen };
    yield page(response, whole, records.length, next === undefined ? undefined : slice);
    if (next === undefined) return;
  }
}

/** The fields without those that went away. */
async function again(session: Session, object: string, before: Columns, context: ReadContext): Promise<Columns> {
  const now = await describe(session, object);
  const left = new Set(columnList(now).map(({ name }) => name));
  const gone = columnList(before).map(({ name }) => name).filter((name) => !left.has(name));
  context.warn(`${object} has no ${gone.join(', ')} any more, or the user may not read it: its column gets no new values.`);
  return now;
}

/** Formulas change without moving any time: a person may have objects with some read in full every so many days. */
function isDue({ fullAt }: State, columns: Columns, { credentials, now }: ReadContext): boolean {
  const days = Number(credentials.fullReadDays ?? 0);
  return days > 0 && hasFormulas(columns) && now() - (fullAt ?? 0) >= days * DAY_MS;
}

function newSlice(state: State, columns: Columns, context: ReadContext): Slice {
  const to = context.now() - LAG_MS;
  const { window } = context;
  if (columns.cursor === '') {
    if (window !== undefined) context.warn('Its records have no time of their last change: all of them are read.');
    return { through: to, full: true };
  }
  if (window !== undefined) return { from: window.from, to: Math.min(window.to, to), through: to };
  const through = isDue(state, columns, context) ? undefined : state.through;
  const from = through === undefined ? (context.startDate > 0 ? context.startDate : undefined) : through - LOOK_BACK_MS;
  return { from: from === undefined ? undefined : Math.min(from, to - LOOK_BACK_MS), to, through: to, ...through === undefined && { full: true } };
}

/** The path of the next batch; a whole address is used by its path only. */
function nextOf(body: Json, request: string): string | undefined {
  if (body.done === true) return undefined;
  const text = textOf(body.nextRecordsUrl);
  const url = text !== undefined && URL.canParse(text, 'https://salesforce') ? new URL(text, 'https://salesforce') : undefined;
  if (url === undefined || !url.pathname.startsWith('/services/data/')) throw new PartnerContractError(`Salesforce's answer to ${request} isn't the last batch, but names no next one.`);
  return url.pathname + url.search;
}

function seenOf(record: Json | undefined, cursor: string): Slice['seen'] {
  const id = textOf(record?.Id);
  return id === undefined ? undefined : { at: toMs(record?.[cursor]), id };
}

/** A checkpoint is ours; one that isn't is none. */
function stateOf(checkpoint: Checkpoint | undefined): State {
  return isObject(checkpoint) ? checkpoint as State : {};
}
