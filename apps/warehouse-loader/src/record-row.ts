import type { IncomingMessage } from '#kafka';
import { parseJson } from '#normalization';
import { UnreadableRowError, type PartitionRef, type Row, type TableTarget } from '#warehouse';

/** A table, and the fields (paths of keys) that this warehouse leaves out. */
export interface Place {
  readonly target: TableTarget;
  readonly leftOut: readonly (readonly string[])[];
}

/** A record on its way into its table. */
export interface LoadRow extends Row {
  readonly target: TableTarget;
  /** As it came, for the dead letter. */
  readonly message: IncomingMessage;
}

/** What a record says of itself beside its data. */
export type RowHead = Pick<Row, 'id' | 'version' | 'deleted' | 'partial' | 'receivedAt' | 'event' | 'eventText' | 'timestamp' | 'dataAt'>;

const VERSION = /^\d{1,18}$/;
const QUOTE = 34, BACKSLASH = 92;
const literal = (text: string): Buffer => Buffer.from(text, 'latin1');
const ID = literal('{"id":"'), VERSION_IS = literal(',"version":"'), LIVES = literal(',"deleted":false'), IS_DELETED = literal(',"deleted":true'), EVENT = literal(',"event":"'),
  EVENT_TEXT = literal(',"eventText":"'), TIMESTAMP = literal(',"timestamp":"'), RECEIVED_AT = literal(',"receivedAt":"'), DATA = literal(',"data":{');

/** Reads what is spelled as it is meant: printable ASCII without an escape. */
class HeadCursor {
  at = 0;
  private last = '';

  constructor(private bytes: Buffer) {}

  start(bytes: Buffer): this {
    this.bytes = bytes;
    this.at = 0;
    return this;
  }

  passes(what: Buffer): boolean {
    const { bytes, at } = this;
    const { length } = what;
    for (let i = 0; i < length; i++) if (bytes[at + i] !== what[i]) return false;
    this.at = at + length;
    return true;
  }

  /** To the quote at its end. */
  text(): string | undefined {
    const { bytes, at } = this;
    let end = at;
    for (let byte = bytes[end]!; byte !== QUOTE; byte = bytes[++end]!) if (!(byte >= 32 && byte < 127) || byte === BACKSLASH) return undefined;
    this.at = end + 1;
    return bytes.toString('latin1', at, end);
  }

  textAfter(what: Buffer): string | undefined { return this.passes(what) ? this.text() : undefined; }

  /** One string for the many records that came together. */
  receivedAt(): string | undefined {
    const text = this.textAfter(RECEIVED_AT);
    if (text === undefined || text === this.last) return text && this.last;
    return this.last = text;
  }
}

const cursor = new HeadCursor(Buffer.alloc(0));

/** The head of a record whose bytes begin as our normaliser writes them, without reading the rest. */
export function usualHead(bytes: Buffer, kind: 'object' | 'event'): RowHead | undefined {
  const head = cursor.start(bytes);
  const id = head.textAfter(ID);
  if (id === undefined) return undefined;
  const version = head.textAfter(VERSION_IS) ?? (kind === 'event' ? '0' : '');
  if (!VERSION.test(version)) return undefined;
  if (kind === 'object') {
    const deleted = head.passes(IS_DELETED);
    if (!deleted && !head.passes(LIVES)) return undefined;
    const receivedAt = head.receivedAt();
    return receivedAt === undefined || !head.passes(DATA) ? undefined : { id, version: BigInt(version), deleted, receivedAt, dataAt: head.at };
  }
  const event = head.textAfter(EVENT);
  const eventText = head.textAfter(EVENT_TEXT);
  const timestamp = head.textAfter(TIMESTAMP);
  const receivedAt = head.receivedAt();
  if (event === undefined || eventText === undefined || timestamp === undefined || receivedAt === undefined || !head.passes(DATA)) return undefined;
  return { id, version: BigInt(version), deleted: false, event, eventText, timestamp, receivedAt, dataAt: head.at };
}

/** @throws UnreadableRowError */
export function readBody(bytes: Buffer): Record<string, unknown> {
  let body: unknown;
  try {
    body = parseJson(bytes).value;
  } catch (error) {
    throw new UnreadableRowError((error as { reason?: string }).reason ?? 'not_json', error instanceof RangeError ? 'the record is nested too deeply to be read' : (error as Error).message);
  }
  if (typeof body !== 'object' || body === null) throw misshapen('the body');
  return body as Record<string, unknown>;
}

/** @throws UnreadableRowError */
export function headOf(body: Readonly<Record<string, unknown>>, kind: 'object' | 'event'): RowHead {
  const { id, version = '0', deleted = false, partial = false, receivedAt, event, eventText, timestamp } = body;
  if (typeof id !== 'string') throw misshapen('id');
  if (typeof version !== 'string' || !VERSION.test(version)) throw misshapen('version');
  if (typeof deleted !== 'boolean') throw misshapen('deleted');
  if (typeof partial !== 'boolean') throw misshapen('partial');
  if (typeof receivedAt !== 'string') throw misshapen('receivedAt');
  dataOf(body);
  const head = { id, version: BigInt(version), deleted, receivedAt };
  if (kind === 'object') return partial ? { ...head, partial } : head;
  if (typeof event !== 'string') throw misshapen('event');
  if (typeof timestamp !== 'string') throw misshapen('timestamp');
  return { ...head, event, timestamp, ...(typeof eventText === 'string' && { eventText }) };
}

function dataOf({ data }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw misshapen('data');
  return data as Record<string, unknown>;
}

const misshapen = (what: string): UnreadableRowError => new UnreadableRowError('not_a_record', `${what} isn't what the record's schema says`);

/**
 * A record in hand: its head, and its bytes. The data is read when it is asked for and not kept: rows wait for their batch by the
 * ten thousand, and what is parsed while it is encoded dies young.
 */
export class RecordRow implements LoadRow {
  readonly id: string;
  readonly version: bigint;
  readonly deleted: boolean;
  readonly receivedAt: string;
  readonly partial?: boolean;
  readonly event?: string;
  readonly eventText?: string;
  readonly timestamp?: string;
  readonly dataAt?: number;
  readonly target: TableTarget;
  readonly offset: string;
  readonly origin: PartitionRef;

  constructor(head: RowHead, place: Place, readonly message: IncomingMessage, readonly runId: string | undefined) {
    this.id = head.id;
    this.version = head.version;
    this.deleted = head.deleted;
    this.receivedAt = head.receivedAt;
    if (head.partial !== undefined) this.partial = head.partial;
    if (head.event !== undefined) this.event = head.event;
    if (head.eventText !== undefined) this.eventText = head.eventText;
    if (head.timestamp !== undefined) this.timestamp = head.timestamp;
    if (head.dataAt !== undefined && place.leftOut.length === 0) this.dataAt = head.dataAt;
    this.target = place.target;
    this.offset = message.offset;
    this.origin = message;
    this.leftOut = place.leftOut;
  }

  private readonly leftOut: Place['leftOut'];

  get raw(): Buffer { return this.message.value ?? Buffer.alloc(0); }

  get data(): Readonly<Record<string, unknown>> {
    const body = readBody(this.message.value ?? Buffer.alloc(0));
    // Of a name that stands twice, the last one counts.
    if (body['id'] !== this.id || (body['partial'] ?? false) !== (this.partial ?? false)) throw misshapen('the head');
    const data = dataOf(body);
    for (const path of this.leftOut) without(data, path);
    return data;
  }
}

/** Takes one field out of a record that was just parsed. */
function without(data: Record<string, unknown>, path: readonly string[]): void {
  const parent = path.slice(0, -1).reduce<unknown>((at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined), data);
  if (typeof parent === 'object' && parent !== null) delete (parent as Record<string, unknown>)[path.at(-1) ?? ''];
}
