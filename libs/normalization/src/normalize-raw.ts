import { CE_TYPES, recordKey, type RawRecordMeta } from '#contracts';
import { recordSlices, type Normalize, type NormalizedRecord } from '#connector-kit';
import { parseJson, stringifyJson } from './json.js';

/** A normalised record as a message; the caller knows the topic of a collection. */
export interface RecordMessage {
  readonly collection: string;
  readonly kind: 'object' | 'event';
  readonly key: string;
  readonly value: string;
  readonly headers: Record<string, string>;
  /** The headers that all records of the raw record have that go to the same topic: one object for all of them. */
  readonly shared: Readonly<Record<string, string>>;
}

/** A part of the raw record that can't be normalised. */
export interface RecordFailure {
  readonly reason: string;
  readonly message: string;
  /** Position in the page; undefined when the whole raw record is meant. */
  readonly index?: number;
  /** The partner's bytes of that part. */
  readonly bytes: Buffer;
}

export interface Normalized {
  readonly messages: RecordMessage[];
  readonly failures: RecordFailure[];
}

/** The array of records of a page; a body that is one record is an array of one. */
function recordsOf(value: unknown, recordsAt: string): unknown[] {
  if (recordsAt === '') return [value];
  let at: unknown = value;
  for (const name of recordsAt.split('.')) at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined;
  if (!Array.isArray(at)) throw new Error(`there is no array at ${recordsAt}`);
  return at;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Why a normalised record can't go to a topic; undefined when it can. */
function fault(record: NormalizedRecord): string | undefined {
  if (typeof record.id !== 'string' || record.id === '') return 'it has no id';
  if (!Number.isSafeInteger(record.version) || record.version < 0) return 'its version is not a number of milliseconds';
  if (record.kind === 'event' && (record.event === undefined || record.timestamp === undefined)) return 'the event has no name or no time';
  return undefined;
}

/** What a complete pass didn't find any more: deleted, as of its begin. */
const deletion: Normalize = ({ id }, { collection, observedAt }) => [{ collection, kind: 'object', id: typeof id === 'string' ? id : '', version: observedAt, deleted: true, data: { id } }];

/**
 * One raw record (a page or a webhook body) to messages for the object and event topics. Deterministic: the same bytes
 * and meta always give the same messages with the same ids. Nothing is lost: what isn't a message is a failure with bytes.
 */
export function normalizeRaw(normalize: Normalize, meta: RawRecordMeta, body: Buffer): Normalized {
  const messages: RecordMessage[] = [];
  const failures: RecordFailure[] = [];
  let records: unknown[];
  let lossless: boolean;
  try {
    const parsed = parseJson(body);
    lossless = parsed.lossless;
    records = recordsOf(parsed.value, meta.recordsAt);
  } catch (error) {
    const reason = (error as { reason?: string }).reason ?? 'no_records';
    return { messages, failures: [{ reason, message: (error as Error).message, bytes: body }] };
  }
  const toRecords = meta.absent === true ? deletion : normalize;
  const selected = meta.selected === undefined ? undefined : new Set(meta.selected);
  const shared = new SharedHeaders(meta);
  let slices: readonly { start: number; end: number }[] | undefined;
  const fail = (index: number, reason: string, message: string): void => {
    if (meta.recordsAt === '') { failures.push({ reason, message, bytes: body }); return; }
    slices ??= recordSlices(body, meta.recordsAt);
    const slice = slices[index];
    failures.push({ reason, message, index, bytes: slice === undefined ? body : body.subarray(slice.start, slice.end) });
  };
  records.forEach((record, index) => {
    if (!isObject(record)) return fail(index, 'record_not_object', 'the record is not a JSON object');
    let normalized: ReturnType<Normalize>;
    try {
      normalized = toRecords(record, meta);
    } catch (error) {
      return fail(index, 'normalize_failed', `the connector can't read the record: ${error instanceof Error ? error.name : 'unknown error'}`);
    }
    for (const item of normalized) {
      if ('failure' in item) { fail(index, item.failure.reason, item.failure.message); continue; }
      if (selected !== undefined && !selected.has(item.collection)) continue;
      const wrong = fault(item);
      if (wrong !== undefined) { fail(index, 'record_invalid', `a record of ${item.collection} can't be delivered: ${wrong}`); continue; }
      messages.push(toMessage(item, meta, shared.of(item), lossless));
    }
  });
  return { messages, failures };
}

class SharedHeaders {
  private readonly common: Readonly<Record<string, string>>;
  private readonly made: { readonly collection: string; readonly kind: NormalizedRecord['kind']; readonly headers: Readonly<Record<string, string>> }[] = [];

  constructor(private readonly meta: RawRecordMeta) {
    this.common = {
      'content-type': 'application/json', ce_specversion: '1.0', ce_source: `/sources/${meta.sourceId}`,
      ce_workspaceid: meta.workspaceId, ce_sourceid: meta.sourceId, ce_connector: meta.connector,
      ...(meta.runId !== undefined && { ce_runid: meta.runId }),
      ...(meta.traceparent !== undefined && { ce_traceparent: meta.traceparent }),
    };
  }

  of({ collection, kind }: NormalizedRecord): Readonly<Record<string, string>> {
    for (const known of this.made) if (known.collection === collection && known.kind === kind) return known.headers;
    const { fieldsVersion, replay } = this.meta;
    const headers = {
      // What changes from page to page comes last: a reader recognises what is before it.
      ...this.common, ce_type: kind === 'object' ? CE_TYPES.object : CE_TYPES.event, ce_collection: collection,
      ...(fieldsVersion !== undefined && collection === this.meta.collection && { ce_fieldsversion: String(fieldsVersion) }),
      ...(replay !== undefined && kind === 'event' && { ce_recordversion: String(replay) }),
      ce_time: this.meta.receivedAt,
    };
    this.made.push({ collection, kind, headers });
    return headers;
  }
}

function toMessage(record: NormalizedRecord, meta: RawRecordMeta, shared: Readonly<Record<string, string>>, lossless: boolean): RecordMessage {
  const { collection, kind, id, data } = record;
  const key = recordKey(meta.sourceId, id);
  if (kind === 'event') {
    const value = { id, ...(meta.replay !== undefined && { version: String(meta.replay) }), event: record.event, eventText: record.eventText ?? record.event, timestamp: record.timestamp, receivedAt: meta.receivedAt, data };
    return { collection, kind, key, value: stringifyJson(value, lossless), headers: { ce_id: `${meta.sourceId}/${collection}/${id}`, ce_recordid: id }, shared };
  }
  const version = String(record.version);
  const value = { id, version, deleted: record.deleted ?? false, ...(record.partial === true && { partial: true }), receivedAt: meta.receivedAt, data };
  return { collection, kind, key, value: stringifyJson(value, lossless), headers: { ce_id: `${meta.sourceId}/${collection}/${id}/${version}`, ce_recordid: id, ce_recordversion: version }, shared };
}
