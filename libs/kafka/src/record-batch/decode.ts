import { Cursor } from './cursor.js';
import { FetchedRecord, type BatchContext, type RecordBytes } from './fetched-record.js';
import { HeaderMemory } from './header-memory.js';

const MAGIC_AT = 16;
const HEAD_BYTES = 61;
const COMPRESSION = 7, LOG_APPEND_TIME = 8, TRANSACTIONAL = 16, CONTROL = 32;

/** Decompresses the records of a batch with these attributes. @throws for a codec that isn't there */
export type Decompress = (bytes: Buffer, attributes: number) => Promise<Buffer>;

/** Whether the bytes of a partition are record batches of the format of Kafka 0.11 and later. */
export const isRecordBatch = (bytes: Buffer): boolean => bytes[MAGIC_AT] === 2;

/**
 * The records of a partition's part of a fetch; a batch that the fetch cut off at its end is left out. A control batch's
 * records are marked. Source: Kafka's message format, record batch (magic 2).
 */
export async function decodeBatches(bytes: Buffer, decompress: Decompress): Promise<FetchedRecord[]> {
  const records: FetchedRecord[] = [];
  const memory = new HeaderMemory();
  for (let start = 0; bytes.length - start >= HEAD_BYTES;) {
    const end = start + 12 + bytes.readInt32BE(start + 8);
    if (end > bytes.length) break;
    const attributes = bytes.readInt16BE(start + 21);
    const context: BatchContext = {
      firstOffset: bytes.readBigInt64BE(start).toString(),
      partitionLeaderEpoch: bytes.readInt32BE(start + 12),
      magicByte: 2,
      lastOffsetDelta: bytes.readInt32BE(start + 23),
      firstTimestamp: bytes.readBigInt64BE(start + 27).toString(),
      maxTimestamp: bytes.readBigInt64BE(start + 35).toString(),
      producerId: bytes.readBigInt64BE(start + 43).toString(),
      producerEpoch: bytes.readInt16BE(start + 51),
      firstSequence: bytes.readInt32BE(start + 53),
      inTransaction: (attributes & TRANSACTIONAL) !== 0,
      isControlBatch: (attributes & CONTROL) !== 0,
      timestampType: (attributes & LOG_APPEND_TIME) === 0 ? 0 : 1,
    };
    const count = bytes.readInt32BE(start + 57);
    const body = bytes.subarray(start + HEAD_BYTES, end);
    if (count > 0) decodeRecords({ memory, bytes: (attributes & COMPRESSION) === 0 ? body : await decompress(body, attributes) }, count, context, records);
    start = end;
  }
  return records;
}

function decodeRecords(source: RecordBytes, count: number, context: BatchContext, records: FetchedRecord[]): void {
  const { bytes } = source;
  const cursor = new Cursor(bytes);
  const first = Number(context.firstOffset);
  for (let i = 0; i < count; i++) {
    const length = cursor.varint();
    const end = cursor.at + length;
    cursor.at += 1; // attributes, of no use yet
    const timestampDelta = cursor.varint();
    const offset = first + cursor.varint();
    const fieldsAt = cursor.at;
    cursor.skip();
    cursor.skip();
    const record = new FetchedRecord(context, String(offset), source, fieldsAt, cursor.at);
    record.timestampDelta = timestampDelta;
    records.push(record);
    cursor.at = end;
  }
  if (cursor.at > bytes.length) throw new Error(`A record batch at offset ${context.firstOffset} ends in the middle of a record.`);
}
