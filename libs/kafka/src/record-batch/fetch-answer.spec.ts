import { describe, expect, it } from '@jest/globals';
import { FETCH_VERSIONS, decodeFetch } from './fetch-answer.js';

const int = (bits: 16 | 32 | 64, value: number): Buffer => {
  const buffer = Buffer.alloc(bits / 8);
  if (bits === 16) buffer.writeInt16BE(value); else if (bits === 32) buffer.writeInt32BE(value); else buffer.writeBigInt64BE(BigInt(value));
  return buffer;
};
const text = (value: string): Buffer => Buffer.concat([int(16, value.length), Buffer.from(value)]);

interface Partition { readonly id: number; readonly error?: number; readonly replica?: number; readonly bytes?: string }

const partition = (version: number, { id, error = 0, replica = -1, bytes = '' }: Partition): Buffer => Buffer.concat([
  int(32, id), int(16, error), int(64, 100), int(64, 90), ...(version >= 5 ? [int(64, 7)] : []), int(32, 1), int(64, 5), int(64, 80),
  ...(version >= 11 ? [int(32, replica)] : []), int(32, bytes.length), Buffer.from(bytes),
]);
const answer = (version: number, topics: Readonly<Record<string, readonly Partition[]>>): Buffer => Buffer.concat([
  int(32, 3), ...(version >= 7 ? [int(16, 0), int(32, 9)] : []), int(32, Object.keys(topics).length),
  ...Object.entries(topics).flatMap(([name, partitions]) => [text(name), int(32, partitions.length), ...partitions.map((one) => partition(version, one))]),
]);
const read = async (bytes: Buffer) => [{ offset: bytes.toString(), key: null, isControlRecord: false }];

describe.each(FETCH_VERSIONS)('a Fetch answer, version %d', (version) => {
  it('holds the partitions that bring records, and those that went wrong', async () => {
    const { responses } = await decodeFetch(answer(version, { empty: [{ id: 0 }, { id: 1 }], some: [{ id: 0 }, { id: 1, bytes: 'abc' }, { id: 2, error: 1 }, { id: 3, bytes: 'de' }] }), version, read);
    expect(responses).toEqual([{
      topicName: 'some',
      partitions: [
        expect.objectContaining({ partition: 1, errorCode: 0, highWatermark: '100', lastStableOffset: '90', messages: [expect.objectContaining({ offset: 'abc' })], abortedTransactions: [{ producerId: '5', firstOffset: '80' }] }),
        expect.objectContaining({ partition: 2, errorCode: 1, messages: [] }),
        expect.objectContaining({ partition: 3, messages: [expect.objectContaining({ offset: 'de' })] }),
      ],
    }]);
  });
});

it('shows an empty partition that is to be read from another replica', async () => {
  const { responses } = await decodeFetch(answer(11, { some: [{ id: 0, replica: 2 }, { id: 1 }] }), 11, read);
  expect(responses).toEqual([{ topicName: 'some', partitions: [expect.objectContaining({ partition: 0, preferredReadReplica: 2 })] }]);
});
