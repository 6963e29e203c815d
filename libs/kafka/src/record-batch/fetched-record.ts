import { Cursor } from './cursor.js';
import { readHeaders, type FetchedHeaders, type HeaderMemory } from './header-memory.js';

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

/** The records' bytes, of one batch. */
export interface RecordBytes { readonly bytes: Buffer; readonly memory: HeaderMemory }

/** A record of a fetch, with what kafkajs's own has; its key and value are views, made when asked for as its headers are: a view is larger than the rest. */
export class FetchedRecord {
  topic = '';
  partition = -1;
  /** Of the batch's first, in ms. */
  timestampDelta = 0;
  /** Belongs to the protocol, or to an aborted transaction: isn't shown. */
  isControlRecord: boolean;
  private known: FetchedHeaders | undefined = undefined;

  /** @param fieldsAt where in the bytes the key is, and the value behind it @param headersAt where the headers' count is */
  constructor(readonly batchContext: BatchContext, readonly offset: string, private readonly source: RecordBytes, private readonly fieldsAt: number, private readonly headersAt: number) {
    this.isControlRecord = batchContext.isControlBatch;
  }

  get key(): Buffer | null { return new Cursor(this.source.bytes, this.fieldsAt).field(); }

  get value(): Buffer | null {
    const cursor = new Cursor(this.source.bytes, this.fieldsAt);
    cursor.skip();
    return cursor.field();
  }

  get magicByte(): number { return this.batchContext.magicByte; }

  /** Of a record; the protocol has no use for them yet. */
  get attributes(): number { return 0; }

  get timestamp(): string {
    const { timestampType, maxTimestamp, firstTimestamp } = this.batchContext;
    return timestampType === 1 && maxTimestamp !== '0' ? maxTimestamp : (BigInt(firstTimestamp) + BigInt(this.timestampDelta)).toString();
  }

  get headers(): FetchedHeaders { return this.known ??= readHeaders(this.source.bytes, this.headersAt); }

  /** See `IncomingMessage`. */
  get shared(): FetchedHeaders | undefined { return this.source.memory.of(this.source.bytes, this.headersAt); }
}
