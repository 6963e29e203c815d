import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testKafka } from '#testing';
import { committedOffset, ensureTopics, topicRanges } from './admin.js';
import { BatchConsumer } from './batch-consumer.js';
import { createKafka } from './client.js';
import type { IncomingMessage } from './message.js';
import { OrderedScan } from './ordered-scan.js';
import { NotAcknowledgedError, RecordProducer } from './record-producer.js';
import { scanTopics } from './scan.js';
import { topicIds } from './topic-ids.js';
import { TransactionalProducer } from './transactional-producer.js';

const quiet = { debug: () => undefined, warn: () => undefined };
const run = randomUUID().slice(0, 8);
const TOPICS = ['in', 'out', 'plain', 'order', 'quick', 'aborted'];
const topic = (name: string): string => `kafka-spec-${run}.${name}`;
const until = async (holds: () => boolean): Promise<void> => { while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20)); };

/** All that is shown of a topic once so much is: the broker marks a transaction's end a moment after it has answered. */
async function shown(kafka: ReturnType<typeof createKafka>, name: string, count: number): Promise<string[]> {
  for (;;) {
    const seen: string[] = [];
    expect(await scanTopics(kafka, [name], ({ value }) => seen.push(String(value)))).toBe(seen.length);
    if (seen.length >= count) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('libs/kafka on a real broker', () => {
  let kafka: ReturnType<typeof createKafka>;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    kafka = createKafka({ brokers: await testKafka(), clientId: 'kafka-spec' }, quiet);
    const definitions = TOPICS.map((name) => ({ name: topic(name), partitions: 1, config: { 'max.message.bytes': '16777216' } }));
    expect((await ensureTopics(kafka, definitions, 1)).length).toBe(TOPICS.length);
    expect(await ensureTopics(kafka, definitions, 1)).toEqual([]);
  }, 60_000);
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: TOPICS.map(topic) });
    await admin.disconnect();
  }, 60_000);

  const producer = async (...options: ConstructorParameters<typeof RecordProducer> extends [unknown, ...infer Rest] ? Rest : never): Promise<RecordProducer> => {
    const made = new RecordProducer(kafka, ...options);
    await made.connect();
    closing.push(() => made.disconnect());
    return made;
  };

  it('sends what comes in close succession together, all of it acknowledged and in order', async () => {
    const name = topic('paced');
    await ensureTopics(kafka, [{ name, partitions: 1, config: {} }], 1);
    closing.push(async () => { const closer = kafka.admin(); await closer.connect(); await closer.deleteTopics({ topics: [name] }); await closer.disconnect(); });
    const sender = await producer({ paceMs: 20 });
    const sent = Array.from({ length: 50 }, (_unused, n) => sender.send(name, { key: null, value: String(n), headers: {} }));
    await Promise.all(sent);
    await sender.send(name, { key: null, value: '50', headers: {} });
    const found: string[] = [];
    await scanTopics(kafka, [name], ({ value }) => { found.push(String(value)); });
    expect(found).toEqual(Array.from({ length: 51 }, (_unused, n) => String(n)));
  }, 60_000);

  it('fetches what comes little by little less often than it comes, and hands on all of it', async () => {
    const PACE_MS = 300;
    const name = topic('little');
    await ensureTopics(kafka, [{ name, partitions: 1, config: {} }], 1);
    closing.push(async () => { const closer = kafka.admin(); await closer.connect(); await closer.deleteTopics({ topics: [name] }); await closer.disconnect(); });
    const found: string[] = [];
    let [batches, assigned, begun] = [0, false, 0];
    const consumer = new BatchConsumer(kafka, {
      groupId: `kafka-spec-${run}-little`, topics: [name], paceMs: PACE_MS, onAssigned: () => { assigned = true; }, onFailure: (error) => { throw error; },
      onBatch: async ({ messages, resolve }) => {
        if (batches++ === 0) begun = performance.now();
        found.push(...messages.map(({ value }) => String(value)));
        resolve((BigInt(messages.at(-1)?.offset ?? '0') + 1n).toString());
      },
    });
    closing.push(() => consumer.stop());
    await consumer.start();
    await until(() => assigned);
    const sender = await producer();
    for (let n = 0; n < 60; n += 1) { await sender.send(name, { key: null, value: String(n), headers: {} }); await new Promise((resolve) => setTimeout(resolve, 10)); }
    await until(() => found.length >= 60);
    expect(found).toEqual(Array.from({ length: 60 }, (_unused, n) => String(n)));
    expect(batches).toBeLessThanOrEqual((performance.now() - begun) / PACE_MS + 2);
  }, 60_000);

  it('reads a topic over its partitions in the order in which it was written, to where it ended', async () => {
    const name = topic('lanes');
    await ensureTopics(kafka, [{ name, partitions: 3, config: {} }], 1);
    closing.push(async () => { const closer = kafka.admin(); await closer.connect(); await closer.deleteTopics({ topics: [name] }); await closer.disconnect(); });
    const sender = await producer();
    // Large enough that partitions must wait for each other; one in three is somebody else's.
    const send = (n: number): Promise<void> => sender.send(name, { key: n % 3 === 2 ? 'other' : 'own', value: Buffer.alloc(60_000, n), headers: { n: String(n) }, partition: (n * 7) % 3 });
    for (let n = 0; n < 150; n += 1) { await send(n); await new Promise((resolve) => setTimeout(resolve, 2)); }
    const wanted = ({ key }: IncomingMessage): boolean => String(key) === 'own';
    const read = async (scan: OrderedScan, most = Infinity): Promise<number[]> => {
      const found: number[] = [];
      while (found.length < most) {
        const message = await scan.next(500);
        if (message === 'end') break;
        if (message !== 'waiting') found.push(Number(message.headers['n']));
      }
      return found;
    };
    const expected = Array.from({ length: 150 }, (_, n) => n).filter((n) => n % 3 !== 2);
    const first = await OrderedScan.open(kafka, { topic: name, from: {}, wanted });
    await send(150);
    const some = await read(first, 40);
    const positions = first.positions();
    expect([...some, ...await read(first)]).toEqual(expected);
    expect(first.progress()).toEqual({ done: 150, total: 150 });
    await first.close();
    const second = await OrderedScan.open(kafka, { topic: name, from: positions, wanted });
    expect(await read(second)).toEqual([...expected.slice(40), 150]);
    await second.close();
    const nothing = await OrderedScan.open(kafka, { topic: topic('nowhere'), from: {}, wanted });
    expect([await nothing.next(0), nothing.progress()]).toEqual(['end', { done: 0, total: 0 }]);
  }, 60_000);

  it('tells a topic from one of the same name that was made later', async () => {
    const [name, others] = [topic('made-again'), TOPICS.map(topic)];
    const make = () => ensureTopics(kafka, [{ name, partitions: 3, config: {} }], 1);
    await make();
    const before = await topicIds(kafka, [name, ...others, topic('nowhere')]);
    expect([...before.keys()].sort()).toEqual([name, ...others].sort());
    expect(new Set(before.values()).size).toBe(before.size);
    expect([...before.values()].every((id) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))).toBe(true);
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [name] });
    while ((await admin.listTopics()).includes(name)) await new Promise((resolve) => setTimeout(resolve, 20));
    await make();
    await admin.disconnect();
    closing.push(async () => { const closer = kafka.admin(); await closer.connect(); await closer.deleteTopics({ topics: [name] }); await closer.disconnect(); });
    expect((await topicIds(kafka, [name])).get(name)).not.toBe(before.get(name));
    expect((await topicIds(kafka, others)).get(topic('in'))).toBe(before.get(topic('in')));
  }, 60_000);

  it('sends many messages, a 10 MB one among them, in order and only once', async () => {
    const sender = await producer();
    const big = 'x'.repeat(10 * 1024 * 1024);
    await Promise.all(Array.from({ length: 2_000 }, (_, index) => sender.send(topic('plain'), { key: 'k', value: index === 1_000 ? big : String(index), headers: { n: String(index) } })));
    const seen: string[] = [];
    const count = await scanTopics(kafka, [topic('plain')], ({ headers }) => seen.push(String(headers['n'])));
    expect(count).toBe(2_000);
    expect(new Set(seen).size).toBe(2_000);
  }, 60_000);

  it('refuses at once what does not fit its memory, and what a missing broker does not take', async () => {
    const small = await producer({ maxPendingBytes: 1_000 });
    const first = small.send(topic('plain'), { key: null, value: 'y'.repeat(900), headers: {} });
    await expect(small.send(topic('plain'), { key: null, value: 'y'.repeat(900), headers: {} })).rejects.toThrow(NotAcknowledgedError);
    await first;
    const nowhere = new RecordProducer(createKafka({ brokers: ['127.0.0.1:1'], clientId: 'nowhere' }, quiet), { deliveryTimeoutMs: 500 });
    await expect(nowhere.send('t', { key: null, value: 'z', headers: {} })).rejects.toThrow(NotAcknowledgedError);
  }, 60_000);

  it('shows a transaction whole or not at all, and fences the owner before', async () => {
    const sender = await producer();
    for (const value of ['1', '2', '3']) await sender.send(topic('in'), { key: 'k', value, headers: {} });
    const id = `spec-${run}`;
    const groupId = `spec-group-${run}`;
    const consumed = (offset: string) => ({ groupId, topic: topic('in'), partition: 0, offset });
    const output = (value: string) => new Map([[topic('out'), [{ key: 'k', value, headers: {} }]]]);
    expect(await committedOffset(kafka, groupId, topic('in'), 0)).toBeUndefined();

    const zombie = await TransactionalProducer.init(kafka, id);
    closing.push(() => zombie.disconnect());
    await zombie.commit(output('first'), consumed('1'));
    expect(await committedOffset(kafka, groupId, topic('in'), 0)).toBe('1');

    const owner = await TransactionalProducer.init(kafka, id);
    closing.push(() => owner.disconnect());
    await expect(zombie.commit(output('of the zombie'), consumed('2'))).rejects.toThrow(/epoch|fenced/i);
    await owner.commit(output('second'), consumed('2'));
    expect(await shown(kafka, topic('out'), 2)).toEqual(['first', 'second']);
    expect(await committedOffset(kafka, groupId, topic('in'), 0)).toBe('2');
    expect([...(await topicRanges(kafka, [topic('missing'), topic('out')])).keys()]).toEqual([topic('out')]);
  }, 60_000);

  it('never shows what was aborted, in whatever order transactions side by side end', async () => {
    const open = async (name: string) => {
      const transactional = kafka.producer({ transactionalId: `spec-${name}-${run}`, idempotent: true, maxInFlightRequests: 1 });
      await transactional.connect();
      closing.push(() => transactional.disconnect());
      const transaction = await transactional.transaction();
      await transaction.send({ topic: topic('aborted'), messages: [{ key: 'k', value: name }] });
      return transaction;
    };
    // The broker lists aborted transactions as they ended, not as they began.
    const [first, second, third] = [await open('first'), await open('second'), await open('third')];
    await second.abort();
    await first.abort();
    await third.commit();
    expect(await shown(kafka, topic('aborted'), 1)).toEqual(['third']);
  }, 60_000);

  it('commits offsets alone right after a transaction that the broker is still finishing', async () => {
    const owner = await TransactionalProducer.init(kafka, `spec-quick-${run}`);
    closing.push(() => owner.disconnect());
    const groupId = `spec-quick-group-${run}`;
    for (let offset = 1; offset <= 40; offset += 1) {
      const output = offset % 2 === 0 ? new Map() : new Map([[topic('quick'), [{ key: 'k', value: String(offset), headers: {} }]]]);
      await owner.commit(output, { groupId, topic: topic('in'), partition: 0, offset: String(offset) });
    }
    expect(await committedOffset(kafka, groupId, topic('in'), 0)).toBe('40');
  }, 60_000);

  it('hands the same batch again until it is resolved, seeks, and tells of an error', async () => {
    const sender = await producer();
    for (let index = 0; index < 10; index += 1) await sender.send(topic('order'), { key: 'k', value: String(index), headers: { h: 'v' } });
    const seen: string[] = [];
    let turns = 0;
    let failure: Error | undefined;
    const consumer = new BatchConsumer(kafka, {
      groupId: `spec-order-${run}`, topics: [topic('order')], onFailure: (error) => { failure = error; },
      onBatch: async (batch, control) => {
        turns += 1;
        if (turns === 1) return; // Not resolved: it must come again.
        if (turns === 2) return control.seek(batch.topic, batch.partition, '5');
        for (const message of batch.messages as readonly IncomingMessage[]) {
          expect(message.topic).toBe(topic('order'));
          seen.push(String(message.value));
          batch.resolve((BigInt(message.offset) + 1n).toString());
          if (message.offset === '9') throw new Error('bad disk');
        }
      },
    });
    closing.push(() => consumer.stop());
    await consumer.start();
    await until(() => failure !== undefined);
    expect(failure?.message).toContain('bad disk');
    expect(seen).toEqual(['5', '6', '7', '8', '9']);
  }, 60_000);
});
