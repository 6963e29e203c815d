import { deadLetterHeaders, readRecordHeaders, type RecordMeta } from '#contracts';
import type { IncomingMessage, OutgoingMessage } from '#kafka';
import { parseJson } from '#normalization';
import { deadLetter, drop, ok, pipeline, type Pipeline, type Result } from '#pipeline';
import type { PartitionRef, Row, TableTarget } from '#warehouse';

/** A table, and the fields (paths of keys) that this warehouse leaves out. */
export interface Place {
  readonly target: TableTarget;
  readonly leftOut: readonly (readonly string[])[];
}

/** Where a source's records go; a source of another warehouse is none of ours. */
export type Destination = Place | 'deleted' | 'elsewhere' | 'left-out' | undefined;

/** A record on its way into its table. */
export interface LoadRow extends Row {
  readonly target: TableTarget;
  /** As it came, for the dead letter. */
  readonly message: IncomingMessage;
}

interface Decoded { readonly message: IncomingMessage; readonly meta: Origin }
interface Resolved extends Decoded { readonly place: Place }

/** Why a record of a source that isn't in memory is refused; it may have been made a moment ago. */
export const UNKNOWN_SOURCE = 'unknown_source';

const VERSION = /^\d{1,18}$/;

/** decode → resolve → parse. `destination` answers from memory; undefined: no such source. */
export function recordDecoder(destination: (meta: Origin) => Destination): Pipeline<IncomingMessage, LoadRow> {
  const origins = new Origins();
  return pipeline<IncomingMessage>().pipe((message) => decode(message, origins)).pipe((decoded) => resolve(decoded, destination(decoded.meta))).pipe(parse);
}

/** Where a record comes from: what its headers say but for its own id and version. */
export type Origin = Omit<RecordMeta, 'recordId' | 'recordVersion'>;
const ORIGIN_HEADERS = ['type', 'workspaceid', 'sourceid', 'connector', 'collection', 'runid', 'fieldsversion'].map((name) => `ce_${name}`);

/** Remembers what it read last: most records of a batch have the same origin. */
class Origins {
  private shared: IncomingMessage['shared'];
  private last: Origin | undefined;

  /** @throws Error naming the missing header */
  of({ shared, headers }: Pick<IncomingMessage, 'shared' | 'headers'>): Origin {
    const origin = readRecordHeaders(headers);
    const whole = shared !== undefined && ORIGIN_HEADERS.every((name) => name in shared || !(name in headers));
    [this.shared, this.last] = whole ? [shared, origin] : [undefined, undefined];
    return origin;
  }

  known(shared: IncomingMessage['shared']): Origin | undefined { return shared !== undefined && shared === this.shared ? this.last : undefined; }
}

function decode(message: IncomingMessage, origins: Origins): Result<Decoded> {
  // A tombstone follows a purge, which deletes the row itself.
  if (message.value === null) return drop('tombstone');
  const { shared } = message;
  try {
    return ok({ message, meta: origins.known(shared) ?? origins.of({ shared, headers: message.headers }) });
  } catch (error) {
    return deadLetter('bad_headers', (error as Error).message);
  }
}

function resolve(decoded: Decoded, destination: Destination): Result<Resolved> {
  if (destination === 'elsewhere') return drop('other_warehouse');
  if (destination === 'left-out') return drop('left_out');
  if (destination === 'deleted') return drop('source_deleted');
  if (destination === undefined) return deadLetter(UNKNOWN_SOURCE, 'the control database has no such source');
  return ok({ message: decoded.message, meta: decoded.meta, place: destination });
}

function parse({ message, meta, place: { target, leftOut } }: Resolved): Result<LoadRow> {
  let body: Record<string, unknown>;
  try {
    body = parseJson(message.value ?? Buffer.alloc(0)).value as Record<string, unknown>;
  } catch (error) {
    return deadLetter((error as { reason?: string }).reason ?? 'not_json', error instanceof RangeError ? 'the record is nested too deeply to be read' : (error as Error).message);
  }
  if (typeof body !== 'object' || body === null) return misshapen('the body');
  const { id, version = '0', deleted = false, partial = false, receivedAt, data, event, eventText, timestamp } = body;
  if (typeof id !== 'string') return misshapen('id');
  if (typeof version !== 'string' || !VERSION.test(version)) return misshapen('version');
  if (typeof deleted !== 'boolean') return misshapen('deleted');
  if (typeof partial !== 'boolean') return misshapen('partial');
  if (typeof receivedAt !== 'string') return misshapen('receivedAt');
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return misshapen('data');
  for (const path of leftOut) without(data as Record<string, unknown>, path);
  const origin: PartitionRef = message;
  const row = { target, message, origin, offset: message.offset, id, version: BigInt(version), deleted, receivedAt, runId: meta.runId, data: data as Record<string, unknown> };
  if (target.kind === 'object') return ok(partial ? { ...row, partial } : row);
  if (typeof event !== 'string') return misshapen('event');
  if (typeof timestamp !== 'string') return misshapen('timestamp');
  return ok({ ...row, event, timestamp, ...(typeof eventText === 'string' && { eventText }) });
}

/** Takes one field out of a record that was just parsed. */
function without(data: Record<string, unknown>, path: readonly string[]): void {
  const parent = path.slice(0, -1).reduce<unknown>((at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined), data);
  if (typeof parent === 'object' && parent !== null) delete (parent as Record<string, unknown>)[path.at(-1) ?? ''];
}

const misshapen = (what: string): Result<never> => deadLetter('not_a_record', `${what} isn't what the record's schema says`);

/** The message as a dead letter: its bytes untouched, its headers behind `original_`. */
export function buried(message: IncomingMessage, reason: string, words: string, at: Date): OutgoingMessage {
  const { topic, partition, offset, key, value } = message;
  let meta: RecordMeta | undefined;
  try { meta = readRecordHeaders(message.headers); } catch { /* they are the reason */ }
  const headers: Record<string, string | Buffer> = deadLetterHeaders({
    service: 'warehouse-loader', reason, message: words, topic, partition, offset,
    ...(meta !== undefined && { workspaceId: meta.workspaceId, sourceId: meta.sourceId, connector: meta.connector, collection: meta.collection }),
  }, at);
  for (const [name, header] of Object.entries(message.headers)) if (header !== undefined && !Array.isArray(header)) headers[`original_${name}`] = header;
  return { key, value, headers };
}
