import { deadLetterHeaders, readRecordHeaders, type RecordMeta } from '#contracts';
import type { IncomingMessage, OutgoingMessage } from '#kafka';
import { deadLetter, drop, ok, pipeline, type Pipeline, type Result } from '#pipeline';
import { UnreadableRowError } from '#warehouse';
import { RecordRow, headOf, readBody, usualHead, type LoadRow, type Place } from './record-row.js';

/** Where a source's records go; a source of another warehouse is none of ours. */
export type Destination = Place | 'deleted' | 'elsewhere' | 'left-out' | undefined;

interface Decoded { readonly message: IncomingMessage; readonly meta: Origin }
interface Resolved extends Decoded { readonly place: Place }

/** Why a record of a source that isn't in memory is refused; it may have been made a moment ago. */
export const UNKNOWN_SOURCE = 'unknown_source';

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

/** Only the head where it is as usual: the rest is read when the row is encoded, and refused then if it can't be. */
function parse({ message, meta, place }: Resolved): Result<LoadRow> {
  const bytes = message.value ?? Buffer.alloc(0);
  const { kind } = place.target;
  try {
    return ok(new RecordRow(usualHead(bytes, kind) ?? headOf(readBody(bytes), kind), place, message, meta.runId));
  } catch (error) {
    if (error instanceof UnreadableRowError) return deadLetter(error.reason, error.message);
    throw error;
  }
}

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
