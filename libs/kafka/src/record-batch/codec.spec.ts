import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { OutgoingMessage } from '../message.js';
import { crc32c } from './crc32c.js';
import { decodeBatches } from './decode.js';
import { batchBytes, writeBatch } from './encode.js';
import { murmur2, partitionOf } from './murmur2.js';
import { createPartitioner, partitioned } from './partitioned.js';

const load = createRequire(import.meta.url);
interface Encoder { readonly buffer: Buffer }
const kafkajsBatch = (load('kafkajs/src/protocol/recordBatch/v0') as { RecordBatch: (of: object) => Promise<Encoder> }).RecordBatch;
const kafkajsRecord = load('kafkajs/src/protocol/recordBatch/record/v0') as (of: object) => Encoder;
const kafkajsDecode = load('kafkajs/src/protocol/recordBatch/v0/decoder') as (decoder: object) => Promise<{ records: { offset: string; timestamp: string; key: Buffer; value: Buffer; headers: object; batchContext: object }[] }>;
const Decoder = load('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const kafkajsMurmur2 = load('kafkajs/src/producer/partitioners/default/murmur2') as (key: string | Buffer) => number;

/** Mulberry32: the same records in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t = t + Math.imul(t ^ t >>> 7, t | 61) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4_294_967_296;
  };
}
const next = random(20_26);
const below = (limit: number): number => Math.floor(next() * limit);
const ALPHABETS = ['abcdefgh0123', 'äöüßéñ', '漢字かな交じり', '😀🚀', '\u0000\u007f\u0080'];
const text = (longest: number): string => {
  const letters = [...(ALPHABETS[below(ALPHABETS.length)] as string)];
  return Array.from({ length: below(longest + 1) }, () => letters[below(letters.length)]).join('');
};
const bytes = (longest: number): Buffer => Buffer.from(Array.from({ length: below(longest + 1) }, () => below(256)));
const either = (longest: number): string | Buffer => (next() < 0.5 ? text(longest) : bytes(longest));
const record = (): OutgoingMessage => ({
  key: next() < 0.1 ? null : either(80), value: next() < 0.1 ? null : either(next() < 0.1 ? 20_000 : 300),
  headers: Object.fromEntries(Array.from({ length: below(20) }, (_, index) => [`h${index}${text(12)}`, either(next() < 0.1 ? 300 : 40)])),
});

const HEAD = { producerId: 4_711n, producerEpoch: 7, firstSequence: 99, transactional: true };
const NOW = 1_800_000_000_123;

function ours(messages: readonly (OutgoingMessage & { timestamp?: string })[], head = HEAD): Buffer {
  const target = Buffer.alloc(batchBytes(messages, NOW));
  expect(writeBatch(target, 0, messages, head, NOW)).toBe(target.length);
  return target;
}

async function theirs(messages: readonly OutgoingMessage[], head = HEAD): Promise<Buffer> {
  const records = messages.map((message, offsetDelta) => kafkajsRecord({ ...message, offsetDelta, timestampDelta: 0, headers: { ...message.shared, ...message.headers } }));
  const batch = await kafkajsBatch({ records, firstTimestamp: NOW, maxTimestamp: NOW, lastOffsetDelta: messages.length - 1, ...head });
  return batch.buffer;
}

const decompress = async (): Promise<Buffer> => { throw new Error('nothing is compressed here'); };
const plain = (records: Awaited<ReturnType<typeof decodeBatches>>) => records.map(({ offset, timestamp, key, value, headers, batchContext, isControlRecord }) => ({ offset, timestamp, key, value, headers, batchContext, isControlRecord }));

describe('record batches', () => {
  it('are the bytes that kafkajs makes of random records', async () => {
    for (let round = 0; round < 15; round++) {
      const messages = Array.from({ length: 1 + below(30) }, record);
      expect(ours(messages).equals(await theirs(messages))).toBe(true);
    }
  });

  it('are so for many records, long ones, and headers that several have in common', async () => {
    const shared = [{ 'content-type': 'application/json', ce_source: 'ä' }, { ce_source: Buffer.from('other') }] as const;
    const many: OutgoingMessage[] = Array.from({ length: 600 }, (_, index) => ({ key: `k${index}`, value: index === 77 ? 'x'.repeat(10 * 1024 * 1024) : String(index), headers: { n: String(index) }, shared: shared[index % 2] as never }));
    expect(ours(many).equals(await theirs(many))).toBe(true);
    const outside = { producerId: -1n, producerEpoch: 0, firstSequence: 0, transactional: false };
    expect(ours(many.slice(0, 1), outside).equals(await theirs(many.slice(0, 1), outside))).toBe(true);
  });

  it('are read as kafkajs reads them', async () => {
    for (let round = 0; round < 8; round++) {
      const batches = await Promise.all(Array.from({ length: 1 + below(4) }, () => theirs(Array.from({ length: 1 + below(30) }, record))));
      const expected = (await Promise.all(batches.map((batch) => kafkajsDecode(new Decoder(batch))))).flatMap(({ records }) => records);
      const found = plain(await decodeBatches(Buffer.concat([...batches, (batches[0] as Buffer).subarray(0, 70)]), decompress));
      expect(found).toEqual(expected.map(({ offset, timestamp, key, value, headers, batchContext }) => ({ offset, timestamp, key, value, headers, batchContext, isControlRecord: false })));
    }
  });

  it('keep the times that messages bring, and a header that stands twice', async () => {
    const messages: (OutgoingMessage & { timestamp?: string })[] = [{ key: 'a', value: '', headers: {}, timestamp: String(NOW - 5_000_000_000) }, { key: 'b', value: null, headers: { twice: ['1', '2'] as never }, timestamp: String(NOW + 9) }, { key: null, value: 'c', headers: {} }];
    const batch = ours(messages);
    const [a, b, c] = await decodeBatches(batch, decompress);
    expect([a, b, c].map((one) => one?.timestamp)).toEqual([String(NOW - 5_000_000_000), String(NOW + 9), String(NOW)]);
    expect(b?.headers).toEqual({ twice: [Buffer.from('1'), Buffer.from('2')] });
    expect(a?.batchContext.maxTimestamp).toBe(String(NOW + 9));
    expect((await kafkajsDecode(new Decoder(batch))).records.map(({ timestamp }) => timestamp)).toEqual([a, b, c].map((one) => one?.timestamp));
  });

  it('tell which headers are those of the record before, and only then', async () => {
    const page = (time: string, n: number, more: OutgoingMessage['headers'] = {}): OutgoingMessage => ({ key: null, value: 'v', shared: { source: 's', kind: 'k', time }, headers: { id: `id${n}`, ...more } });
    const messages = [page('1', 0), page('1', 1), page('2', 2), page('2', 3), page('3', 4), page('3', 5, { run: 'r' }), { ...page('3', 6), shared: { source: 'other', kind: 'k', time: '3' } }, page('4', 7), { ...page('4', 8), headers: { run: 'id8' } }];
    const records = await decodeBatches(ours(messages), decompress);
    const found = records.map(({ shared }) => shared);
    const text = (headers: object | undefined) => headers && Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    expect(found.slice(0, 5).map(text)).toEqual([undefined, { source: 's', kind: 'k', time: '1' }, { source: 's', kind: 'k' }, { source: 's', kind: 'k' }, { source: 's', kind: 'k' }]);
    expect(found[3]).toBe(found[2]);
    expect(found[4]).toBe(found[2]);
    expect(found.slice(5).some((shared) => shared !== undefined && shared === found[2] && shared !== found[7])).toBe(false);
    for (const [index, record] of records.entries()) {
      const { shared, headers } = record;
      expect(headers).toMatchObject(shared ?? {});
      expect(text(headers)).toEqual({ ...messages[index]?.shared, ...messages[index]?.headers });
    }
  });

  it('are read when they are compressed, and refused when they are broken', async () => {
    const batch = ours([{ key: 'k', value: 'v', headers: { h: 'w' } }]);
    const compressed = Buffer.concat([batch.subarray(0, 61), gzipSync(batch.subarray(61))]);
    compressed.writeInt32BE(compressed.length - 12, 8);
    compressed.writeInt16BE(1, 21);
    const { gunzipSync } = await import('node:zlib');
    const [only] = await decodeBatches(compressed, async (body, attributes) => { expect(attributes).toBe(1); return gunzipSync(body); });
    expect([String(only?.key), String(only?.value), String(only?.headers['h'])]).toEqual(['k', 'v', 'w']);
    const cut = Buffer.from(batch.subarray(0, batch.length - 3));
    cut.writeInt32BE(cut.length - 12, 8);
    await expect(decodeBatches(cut, decompress)).rejects.toThrow('in the middle of a record');
  });
});

describe('sums and hashes', () => {
  it('know the check value of CRC-32C, from any place and of any length', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.from('..123456789..'), 2, 11)).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  });

  it('choose the partition that kafkajs chooses', () => {
    for (let round = 0; round < 400; round++) {
      const key = either(40);
      expect(murmur2(Buffer.from(key as string))).toBe(kafkajsMurmur2(key));
      expect(partitionOf(key, 7)).toBe((kafkajsMurmur2(key) & 0x7fffffff) % 7);
    }
  });

  it('group by partition what is asked to, and spread what has no key', () => {
    const choose = createPartitioner();
    const messages = Array.from({ length: 100 }, (_, index): OutgoingMessage => ({ key: index % 2 === 0 ? `k${index}` : null, value: String(index), headers: {}, ...(index === 10 && { partition: 2 }) }));
    const metadata = [{}, {}, {}];
    const groups = partitioned(messages).reduce((_result, message) => { choose({ partitionMetadata: metadata, message }); return _result; }, {} as never) as unknown as Record<number, OutgoingMessage[]>;
    expect(Object.values(groups).flat().length).toBe(100);
    expect(groups[2]).toContain(messages[10]);
    for (const message of messages) if (typeof message.key === 'string' && message.partition === undefined) expect(groups[partitionOf(message.key, 3)]).toContain(message);
    expect(new Set(messages.filter(({ key }) => key === null).map((message) => Object.keys(groups).find((partition) => groups[Number(partition)]?.includes(message)))).size).toBe(3);
  });
});
