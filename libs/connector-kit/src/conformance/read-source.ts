import { LosslessNumber, isSafeNumber, parse } from 'lossless-json';
import type { RawRecordMeta } from '#contracts';
import type { Checkpoint, Connector, Credentials, NormalizedRecord, Page, ReadWindow } from '../connector.js';
import { createPartnerHttp } from '../http/partner-http.js';
import type { ApiCall } from '../http/types.js';
import { planReads } from '../plan-reads.js';
import { recordSlices } from '../record-slices.js';
import { createRunScope } from '../run-scope.js';

/** More pages than any simulated account has: a reader that gets there goes in circles. */
export const ENDLESS_PAGES = 500;

export interface ReadPage {
  readonly reader: string;
  readonly page: Page;
}

/** What a run saw and left behind. */
export interface ReadResult {
  readonly pages: readonly ReadPage[];
  readonly calls: readonly ApiCall[];
  readonly warnings: readonly string[];
  /** What was thrown, by reader. */
  readonly errors: ReadonlyMap<string, unknown>;
  readonly checkpoints: Readonly<Record<string, Checkpoint | undefined>>;
}

export interface ReadOptions {
  readonly connector: Connector;
  readonly credentials: Credentials;
  readonly startDate: number;
  readonly window?: ReadWindow;
  readonly selected: readonly string[];
  readonly checkpoints?: Readonly<Record<string, Checkpoint | undefined>>;
  /** Ends the run (as a crash would) once this reader has given so many pages. */
  readonly stopAfter?: { readonly reader: string; readonly pages: number };
  /** Called after each page. */
  readonly onPage?: (page: ReadPage) => void;
  readonly signal?: AbortSignal;
}

/** A client for the partner whose waits take no time. */
export function conformanceHttp(connector: Connector, credentials: Credentials, onCall: (call: ApiCall) => void, signal?: AbortSignal) {
  return createPartnerHttp({
    connector, credentials, onCall, limits: {}, maxAttempts: 3, random: () => 0, wait: async (_ms, aborted) => { aborted?.throwIfAborted(); },
    allowPrivateAddresses: true, ...(signal !== undefined && { signal }),
  });
}

/** One run of a source, as the runtime does it, without a broker: the checkpoint of each page is saved as soon as it is read. */
export async function readSource({ connector, credentials, startDate, window, selected, checkpoints = {}, stopAfter, onPage, signal }: ReadOptions): Promise<ReadResult> {
  const pages: ReadPage[] = [];
  const calls: ApiCall[] = [];
  const warnings: string[] = [];
  const errors = new Map<string, unknown>();
  const saved: Record<string, Checkpoint | undefined> = { ...checkpoints };
  const run = createRunScope();
  const http = conformanceHttp(connector, credentials, (call) => { calls.push(call); }, signal);
  const result: ReadResult = { pages, calls, warnings, errors, checkpoints: saved };
  try {
    const names = new Set(selected);
    for (const { reader } of planReads(connector, names)) {
      try {
        let count = 0;
        const read = connector.readers[reader]?.({
          http, credentials, checkpoint: checkpoints[reader], checkpoints, startDate, ...(window !== undefined && { window }), selected: names, run,
          signal: signal ?? new AbortController().signal, now: () => http.now(), warn: (message) => { warnings.push(message); },
        });
        for await (const page of read ?? []) {
          pages.push({ reader, page });
          // Through JSON, as the control database keeps it.
          if (page.checkpoint !== undefined) saved[reader] = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
          onPage?.({ reader, page });
          if (++count === stopAfter?.pages && reader === stopAfter.reader) return result;
          if (count > ENDLESS_PAGES) throw new Error(`${reader} doesn't end: more than ${ENDLESS_PAGES} pages`);
        }
      } catch (thrown) {
        errors.set(reader, thrown);
      }
    }
  } finally {
    await http.close();
  }
  return result;
}

export interface NormalizedPages {
  readonly records: readonly NormalizedRecord[];
  readonly failures: readonly string[];
}

/** The parsed records of a page, numbers kept exact as the normaliser keeps them. */
export function parseRecords(page: Pick<Page, 'body' | 'recordsAt'>): Record<string, unknown>[] {
  return recordSlices(page.body, page.recordsAt).map(({ start, end }) =>
    parse(page.body.toString('utf8', start, end), undefined, (text) => isSafeNumber(text) ? Number(text) : new LosslessNumber(text)) as Record<string, unknown>);
}

export function pageMeta(connector: Connector, { reader, page }: ReadPage): RawRecordMeta {
  return {
    id: `${reader}/${page.request}`, workspaceId: 'w_1', sourceId: 's_1', connector: connector.declaration.name, collection: page.rawCollection ?? reader, component: 'sync',
    receivedAt: new Date(page.observedAt).toISOString(), observedAt: page.observedAt, recordsAt: page.recordsAt, request: page.request,
  };
}

/** All records of all pages; with `selected`, of those collections only. */
export function normalizePages(connector: Connector, pages: readonly ReadPage[], selected?: readonly string[]): NormalizedPages {
  const records: NormalizedRecord[] = [];
  const failures: string[] = [];
  for (const one of pages) {
    const meta = pageMeta(connector, one);
    for (const record of parseRecords(one.page)) for (const item of connector.normalize(record, meta)) {
      if ('failure' in item) failures.push(`${meta.collection}: ${item.failure.reason}: ${item.failure.message}`);
      else if (selected?.includes(item.collection) !== false) records.push(item);
    }
  }
  return { records, failures };
}

/** `collection/id` of each record, once, in order of the alphabet. */
export const recordIds = (records: readonly NormalizedRecord[]): string[] => [...new Set(records.map(({ collection, id }) => `${collection}/${id}`))].sort();
