/** What the records of a batch have in common, in kafkajs's words; int64s are decimal. */
export interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly partitionLeaderEpoch: number;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
  readonly lastOffsetDelta: number;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly maxTimestamp: string;
  /** 0: the producer's, 1: the broker's. */
  readonly timestampType: 0 | 1;
  readonly magicByte: number;
}

type Headers = Record<string, Buffer | (Buffer | string)[] | undefined>;

/** A record of a fetch, with what kafkajs's own has; its key and value are views, its headers are read when asked for. */
export class FetchedRecord {
  topic = '';
  partition = -1;
  /** Of the batch's first, in ms. */
  timestampDelta = 0;
  /** Belongs to the protocol, or to an aborted transaction: isn't shown. */
  isControlRecord: boolean;
  private known: Headers | undefined = undefined;

  /** @param headersAt where in `bytes` the headers' count is */
  constructor(
    readonly batchContext: BatchContext, readonly offset: string, readonly key: Buffer | null, readonly value: Buffer | null,
    private readonly bytes: Buffer, private readonly headersAt: number,
  ) {
    this.isControlRecord = batchContext.isControlBatch;
  }

  get magicByte(): number { return this.batchContext.magicByte; }

  /** Of a record; the protocol has no use for them yet. */
  get attributes(): number { return 0; }

  get timestamp(): string {
    const { timestampType, maxTimestamp, firstTimestamp } = this.batchContext;
    return timestampType === 1 && maxTimestamp !== '0' ? maxTimestamp : (BigInt(firstTimestamp) + BigInt(this.timestampDelta)).toString();
  }

  get headers(): Headers { return this.known ??= this.readHeaders(); }

  private readHeaders(): Headers {
    const cursor = new Cursor(this.bytes, this.headersAt);
    const headers: Headers = {};
    for (let left = cursor.varint(); left > 0; left--) {
      const name = cursor.name();
      const value = cursor.field() as Buffer;
      const earlier = headers[name];
      headers[name] = earlier === undefined ? value : Array.isArray(earlier) ? [...earlier, value] : [earlier, value];
    }
    return headers;
  }
}

/** Reads varints and fields, from `at` on. */
export class Cursor {
  constructor(readonly bytes: Buffer, public at = 0) {}

  /** A zigzag varint of up to 64 bits; exact to 2^53. */
  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++]!;
    let value = byte & 0x7f;
    if (byte >= 0x80) {
      byte = bytes[this.at++]!; value |= (byte & 0x7f) << 7;
      if (byte >= 0x80) {
        byte = bytes[this.at++]!; value |= (byte & 0x7f) << 14;
        if (byte >= 0x80) {
          byte = bytes[this.at++]!; value |= (byte & 0x7f) << 21;
          for (let scale = 2 ** 28; byte >= 0x80; scale *= 128) { byte = bytes[this.at++]!; value += (byte & 0x7f) * scale; }
        }
      }
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Length and bytes; null when the length is -1. */
  field(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    return this.bytes.subarray(start, this.at = start + length);
  }

  name(): string {
    const length = this.varint();
    const start = this.at;
    return this.bytes.toString('utf8', start, this.at = start + length);
  }
}
