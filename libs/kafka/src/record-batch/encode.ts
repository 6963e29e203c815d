import type { OutgoingMessage } from '../message.js';
import { crc32c } from './crc32c.js';

/** What the producer knows of a batch. */
export interface BatchHead {
  /** -1: neither idempotent nor transactional. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly transactional: boolean;
}

/** A message that may bring its own time, in ms since the epoch. */
type Timed = Omit<OutgoingMessage, 'headers'> & { readonly headers?: OutgoingMessage['headers'] | undefined; readonly timestamp?: string | number | null };
type HeaderValue = string | Uint8Array | null;

const TRANSACTIONAL = 16;
/** From the batch's own offset to its count of records: with which records begin. */
const HEAD_BYTES = 61;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
/** Strings up to here are written by hand: a call into Node costs more. */
const SHORT = 24;

const varintBytes = (zigzag: number): number => (zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x20_0000 ? 3 : zigzag < 0x1000_0000 ? 4 : 5);
/** Bytes of the varint of a length. */
const lengthBytes = (length: number): number => varintBytes(length * 2);
const byteLength = (value: string | Uint8Array): number => (typeof value === 'string' ? Buffer.byteLength(value) : value.length);
const fieldBytes = (value: string | Uint8Array | null | undefined): number => {
  if (value === null || value === undefined) return 1;
  const length = byteLength(value);
  return lengthBytes(length) + length;
};

/** Headers that many records have in common, as bytes; made once for each object that holds them. */
interface SharedHeaders { readonly count: number; readonly bytes: Buffer }
const sharedHeaders = new WeakMap<object, SharedHeaders>();

function encodeShared(headers: NonNullable<OutgoingMessage['shared']>): SharedHeaders {
  let known = sharedHeaders.get(headers);
  if (known === undefined) {
    const { count, bytes } = measure(headers);
    const writer = new Writer(Buffer.allocUnsafeSlow(bytes));
    writer.headers(headers);
    sharedHeaders.set(headers, known = { count, bytes: writer.buffer });
  }
  return known;
}

function measure(headers: Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>> | undefined): { count: number; bytes: number } {
  let [count, bytes] = [0, 0];
  for (const name in headers) {
    const value = headers[name];
    const name1 = fieldBytes(name);
    if (Array.isArray(value)) { for (const one of value as readonly HeaderValue[]) { count += 1; bytes += name1 + fieldBytes(one); } } else { count += 1; bytes += name1 + fieldBytes(value as HeaderValue); }
  }
  return { count, bytes };
}

/** Writes into a buffer that is known to be large enough. */
class Writer {
  at = 0;

  constructor(readonly buffer: Buffer) {}

  /** A zigzag varint of a number ≥ 0, or of -1. */
  varint(value: number): void {
    const { buffer } = this;
    let rest = value < 0 ? 1 : value * 2;
    for (; rest >= 0x80; rest = rest >= 0x8000_0000 ? Math.floor(rest / 128) : rest >>> 7) buffer[this.at++] = rest & 0x7f | 0x80;
    buffer[this.at++] = rest;
  }

  text(text: string): void {
    const { buffer, at } = this;
    const { length } = text;
    this.varint(length);
    if (length <= SHORT) {
      const start = this.at;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        buffer[start + i] = code;
      }
      if (i === length) { this.at = start + length; return; }
    }
    const bytes = Buffer.byteLength(text);
    if (bytes !== length) { this.at = at; this.varint(bytes); }
    this.at += buffer.write(text, this.at, bytes, 'utf8');
  }

  field(value: HeaderValue | undefined): void {
    if (value === null || value === undefined) { this.varint(-1); return; }
    if (typeof value === 'string') { this.text(value); return; }
    this.varint(value.length);
    this.raw(value);
  }

  raw(bytes: Uint8Array): void { this.buffer.set(bytes, this.at); this.at += bytes.length; }

  headers(headers: Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>> | undefined): void {
    for (const name in headers) {
      const value = headers[name];
      if (!Array.isArray(value)) { this.text(name); this.field(value as HeaderValue); continue; }
      for (const one of value as readonly HeaderValue[]) { this.text(name); this.field(one); }
    }
  }
}

/** Sizes of the records' bodies; kept between the measuring and the writing of one batch. */
let sizes = new Float64Array(1024);

/** Bytes of the batch that `writeBatch` makes of these; to be called right before it. */
export function batchBytes(messages: readonly Timed[], now: number): number {
  if (messages.length > sizes.length) sizes = new Float64Array(messages.length * 2);
  const { first } = times(messages, now);
  let total = HEAD_BYTES;
  for (let i = 0; i < messages.length; i++) {
    const { key, value, headers, shared, timestamp } = messages[i]!;
    const common = shared === undefined ? undefined : encodeShared(shared);
    const own = measure(headers);
    const size = 1 + lengthBytes(delta(timestamp, now, first)) + lengthBytes(i) + fieldBytes(key) + fieldBytes(value)
      + lengthBytes(own.count + (common?.count ?? 0)) + own.bytes + (common?.bytes.length ?? 0);
    sizes[i] = size;
    total += lengthBytes(size) + size;
  }
  return total;
}

/**
 * Writes the messages as one uncompressed record batch at `start`, which has room for `batchBytes` of them. @returns where it ends
 * Source: Kafka's message format, record batch (magic 2).
 */
export function writeBatch(target: Buffer, start: number, messages: readonly Timed[], head: BatchHead, now: number): number {
  const writer = new Writer(target);
  const { first, last } = times(messages, now);
  writer.at = start + HEAD_BYTES;
  for (let i = 0; i < messages.length; i++) {
    const { key, value, headers, shared, timestamp } = messages[i]!;
    const common = shared === undefined ? undefined : encodeShared(shared);
    writer.varint(sizes[i]!);
    target[writer.at++] = 0;
    writer.varint(delta(timestamp, now, first));
    writer.varint(i);
    writer.field(key);
    writer.field(value);
    let count = common?.count ?? 0;
    for (const name in headers) { const values = (headers as Record<string, unknown>)[name]; count += Array.isArray(values) ? values.length : 1; }
    writer.varint(count);
    if (common !== undefined) writer.raw(common.bytes);
    writer.headers(headers);
  }
  const end = writer.at;
  target.writeBigInt64BE(0n, start);
  target.writeInt32BE(end - start - 12, start + 8);
  target.writeInt32BE(0, start + 12);
  target[start + 16] = 2;
  target.writeInt16BE(head.transactional ? TRANSACTIONAL : 0, start + ATTRIBUTES_AT);
  target.writeInt32BE(messages.length - 1, start + 23);
  target.writeBigInt64BE(BigInt(first), start + 27);
  target.writeBigInt64BE(BigInt(last), start + 35);
  target.writeBigInt64BE(head.producerId, start + 43);
  target.writeInt16BE(head.producerEpoch, start + 51);
  target.writeInt32BE(head.firstSequence, start + 53);
  target.writeInt32BE(messages.length, start + 57);
  target.writeUInt32BE(crc32c(target, start + ATTRIBUTES_AT, end), start + CRC_AT);
  return end;
}

const delta = (timestamp: Timed['timestamp'], now: number, first: number): number => (timestamp === undefined || timestamp === null ? now : Number(timestamp)) - first;

function times(messages: readonly Timed[], now: number): { readonly first: number; readonly last: number } {
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const { timestamp } of messages) {
    const time = timestamp === undefined || timestamp === null ? now : Number(timestamp);
    if (time < first) first = time;
    if (time > last) last = time;
  }
  return { first, last };
}
