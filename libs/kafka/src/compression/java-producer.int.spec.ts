import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { javaProduce, testKafka } from '#testing';
import { ensureTopics } from '../admin.js';
import { createKafka } from '../client.js';
import { scanTopics } from '../scan.js';

const quiet = { debug: () => undefined, warn: () => undefined };
const run = randomUUID().slice(0, 8);
const COMPRESSIONS = ['gzip', 'snappy', 'lz4', 'zstd'];
const topic = (compression: string): string => `compression-spec-${run}.${compression}`;
/** Alike and not alike, short and long, more than one block of each format. */
const values = Array.from({ length: 3_000 }, (_, index) => (index % 500 === 0 ? randomUUID().repeat(3_000) : `{"id":"${index}","of":"${randomUUID()}","same":"${'ab'.repeat(index % 90)}"}`));

let brokers: string[];
let kafka: ReturnType<typeof createKafka>;
beforeAll(async () => {
  brokers = await testKafka();
  kafka = createKafka({ brokers, clientId: 'compression-spec' }, quiet);
  await ensureTopics(kafka, COMPRESSIONS.map((name) => ({ name: topic(name), partitions: 1, config: { 'max.message.bytes': '16777216', 'compression.type': 'producer' } })), 1);
}, 60_000);
afterAll(async () => {
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: COMPRESSIONS.map(topic) });
  await admin.disconnect();
}, 60_000);

it.each(COMPRESSIONS)('what Kafka\'s own producer compresses by %s is read, byte for byte', async (compression) => {
  await javaProduce({ brokers, topic: topic(compression), compression, values });
  const read: string[] = [];
  await scanTopics(kafka, [topic(compression)], ({ value }) => { read.push(String(value)); });
  expect(read.length).toBe(values.length);
  expect(read.findIndex((value, index) => value !== values[index])).toBe(-1);
}, 120_000);
