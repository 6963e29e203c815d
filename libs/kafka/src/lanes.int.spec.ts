import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testKafka } from '#testing';
import { ensureTopics } from './admin.js';
import { BatchConsumer, type Batch } from './batch-consumer.js';
import { createKafka } from './client.js';
import type { Lane } from './lanes.js';
import { RecordProducer } from './record-producer.js';

const quiet = { debug: () => undefined, warn: () => undefined };
const until = async (holds: () => boolean): Promise<void> => { while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20)); };

describe('lanes of one consumer group on a real broker', () => {
  const run = randomUUID().slice(0, 8);
  const [topic, groupId] = [`lanes-spec-${run}`, `lanes-spec-${run}`];
  let kafka: ReturnType<typeof createKafka>;
  let producer: RecordProducer;
  const consumers: BatchConsumer[] = [];
  const assignments: Record<string, readonly number[]> = {};

  /** A member that does this with its batches. */
  async function joins(name: string, lane: Lane | undefined, work: (batch: Batch) => Promise<void>): Promise<void> {
    const consumer = new BatchConsumer(kafka, {
      groupId, topics: [topic], ...lane !== undefined && { lane: { lane, topics: [topic] } },
      onAssigned: (assignment) => { assignments[name] = [...assignment[topic] ?? []].sort(); },
      onFailure: (error) => { throw error; },
      onBatch: async (batch) => {
        await work(batch);
        batch.resolve((BigInt(batch.messages.at(-1)?.offset ?? '0') + 1n).toString());
      },
    });
    consumers.push(consumer);
    await consumer.start();
  }

  const send = (lane: Lane, value: string): Promise<void> => producer.send(topic, { key: value, value, headers: {}, lane });

  beforeAll(async () => {
    kafka = createKafka({ brokers: await testKafka(), clientId: 'lanes-spec' }, quiet);
    await ensureTopics(kafka, [{ name: topic, partitions: 4, config: {} }], 1);
    producer = new RecordProducer(kafka);
    await producer.connect();
  }, 60_000);

  afterAll(async () => {
    for (const consumer of consumers) await consumer.stop();
    await producer?.disconnect();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  }, 60_000);

  it('what is urgent passes what is plenty and held up, and all of it is there in the end', async () => {
    const found: Record<Lane, Set<string>> = { urgent: new Set(), bulk: new Set() };
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => { release = resolve; });
    let held = 0;
    const seen = (lane: Lane, { messages }: Batch): void => { for (const { value } of messages) found[lane].add(String(value)); };
    await Promise.all([
      joins('bulk', 'bulk', async (batch) => { held += 1; await released; seen('bulk', batch); }),
      joins('urgent', 'urgent', async (batch) => { seen('urgent', batch); }),
    ]);
    await until(() => assignments['urgent']?.length === 1 && assignments['bulk']?.length === 3);
    expect([assignments['urgent'], assignments['bulk']]).toEqual([[3], [0, 1, 2]]);
    for (let n = 0; n < 30; n += 1) await send('bulk', `page ${n}`);
    await until(() => held > 0);
    for (let n = 0; n < 30; n += 1) await send('urgent', `hook ${n}`);
    await until(() => found.urgent.size === 30);
    expect(found.bulk.size).toBe(0);
    release();
    await until(() => found.bulk.size === 30);
    expect([...found.urgent].every((value) => value.startsWith('hook'))).toBe(true);
    expect([...found.bulk].every((value) => value.startsWith('page'))).toBe(true);
  }, 120_000);

  it('a member that knows of no lanes joins, as while a version is replaced: every partition has one owner', async () => {
    await joins('older', undefined, async () => undefined);
    await until(() => (assignments['older']?.length ?? 0) > 0 && Object.values(assignments).flat().length === 4);
    expect(Object.values(assignments).flat().sort()).toEqual([0, 1, 2, 3]);
  }, 120_000);
});
