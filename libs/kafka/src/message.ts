import type { Lane } from './lanes.js';

/** A message on its way to a topic. */
export interface OutgoingMessage {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers: Record<string, string | Buffer>;
  /** Headers that many messages have in common, before their own: the same object is made into bytes once. No name is in both. */
  readonly shared?: Readonly<Record<string, string | Buffer>>;
  /** Set to choose the partition; otherwise the key's hash does, */
  readonly partition?: number;
  /** among those of this lane; among all where it is left out. */
  readonly lane?: Lane;
}

/** A message as it came from a topic. */
export interface IncomingMessage {
  readonly topic: string;
  readonly partition: number;
  /** Decimal. */
  readonly offset: string;
  /** Milliseconds since the epoch, decimal. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
  /**
   * The headers that this message begins with as the one before it does. The same object means: the same values, and the headers
   * that aren't in it have the same names. Undefined: not known.
   */
  readonly shared?: Record<string, Buffer | string | (Buffer | string)[] | undefined> | undefined;
}

/** About the size on the wire, in bytes. */
export function messageBytes({ key, value, headers, shared }: OutgoingMessage): number {
  let bytes = (key?.length ?? 0) + (value === null ? 0 : typeof value === 'string' ? Buffer.byteLength(value) : value.length) + 32;
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + 4;
  for (const name in shared) bytes += name.length + (shared[name]?.length ?? 0) + 4;
  return bytes;
}
