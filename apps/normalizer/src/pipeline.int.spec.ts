import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attribute, rawHeaders, rawKey, recordTopic } from '#contracts';
import type { Connector } from '#connector-kit';
import { BatchConsumer, RecordProducer, TransactionalProducer, committedOffset, createKafka, ensureTopics, scanTopics, type Kafka } from '#kafka';
import { testKafka } from '#testing';
import { NormalizerPipeline } from './pipeline.js';

const prefix = `normalizer-spec-${randomUUID().slice(0, 8)}.`;
const RAW = `${prefix}raw.demo`;
const EVENTS = recordTopic(prefix, 'demo', 'seen', 'event');
const LETTERS = `${prefix}dead-letter.normalizer`;
const groupId = `${prefix}normalizer`;
const quiet = { debug: () => undefined, warn: () => undefined };
const PAGES = 400;
const PER_PAGE = 10;

const connector = {
  declaration: { name: 'demo' },
  normalize: (record: Record<string, unknown>) => [typeof record['id'] === 'string'
    ? { collection: 'seen', kind: 'event' as const, id: record['id'], version: 0, event: 'seen', timestamp: '2026-01-02T03:04:05.000Z', data: record }
    : { failure: { reason: 'record_without_id', message: 'no id' } }],
} as unknown as Connector;

/** One normaliser of the group; several of them are several processes, as far as Kafka can tell. */
function normalizer(kafka: Kafka) {
  const failures: Error[] = [];
  const pipeline = new NormalizerPipeline({
    groupId, transactionRecords: 50,
    connector: (name) => (name === 'demo' ? connector : undefined),
    recordTopic: ({ declaration: { name } }, collection, kind) => recordTopic(prefix, name, collection, kind),
    deadLetterTopic: LETTERS,
    open: (topic, partition) => TransactionalProducer.init(kafka, `normalizer-${topic}-${partition}`),
    committed: (topic, partition) => committedOffset(kafka, groupId, topic, partition),
    count: { received: () => undefined, sent: () => undefined, deadLettered: () => undefined },
    now: () => new Date(),
  });
  const consumer = new BatchConsumer(kafka, { groupId, topics: [RAW], concurrency: 3, maxBytesPerPartition: 4_096, sessionTimeoutMs: 6_000, onFailure: (error) => failures.push(error), onBatch: (batch, control) => pipeline.handle(batch, control) });
  return { failures, start: () => consumer.start(), stop: async () => { await consumer.stop(); await pipeline.close(); } };
}

describe('the normaliser on a real broker', () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = createKafka({ brokers: await testKafka(), clientId: 'normalizer-spec' }, quiet);
    await ensureTopics(kafka, [RAW, EVENTS, LETTERS].map((name) => ({ name, partitions: name === LETTERS ? 1 : 3, config: {} })), 1);
  }, 60_000);
  afterAll(async () => {
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [RAW, EVENTS, LETTERS] });
    await admin.disconnect();
  }, 60_000);

  it('gives each record and each dead letter once, however often its members come and go', async () => {
    const producer = new RecordProducer(kafka);
    await producer.connect();
    const meta = { workspaceId: 'w', sourceId: 's', connector: 'demo', collection: 'things', component: 'sync' as const, receivedAt: '2026-01-02T03:04:05.000Z', observedAt: 1, recordsAt: 'data' };
    await Promise.all(Array.from({ length: PAGES }, (_, page) => producer.send(RAW, {
      key: rawKey('s', 'things', page % 6),
      value: page % 100 === 50 ? 'no JSON' : JSON.stringify({ data: [...Array.from({ length: PER_PAGE }, (_row, row) => ({ id: `${page}-${row}` })), ...(page % 100 === 7 ? [{ noId: true }] : [])] }),
      headers: rawHeaders({ ...meta, id: `raw-${page}` }),
    })));
    await producer.send(RAW, { key: 'x', value: '{}', headers: {} });
    await producer.disconnect();

    const members = [normalizer(kafka)];
    await members[0]?.start();
    // Members join and leave in the middle of the work: every turn is a rebalance with a batch in hand somewhere.
    for (let turn = 0; turn < 3; turn += 1) {
      const next = normalizer(kafka);
      members.push(next);
      await next.start();
      await members[turn]?.stop();
    }
    const expected = (PAGES - PAGES / 100) * PER_PAGE;
    const seen = new Map<string, number>();
    const letters = new Map<string, string>();
    for (let tries = 0; tries < 60; tries += 1) {
      seen.clear();
      await scanTopics(kafka, [EVENTS], ({ headers }) => { const id = attribute(headers, 'recordid') ?? '?'; seen.set(id, (seen.get(id) ?? 0) + 1); });
      await scanTopics(kafka, [LETTERS], ({ headers, value }) => letters.set(attribute(headers, 'id') ?? '?', `${attribute(headers, 'reason')} ${String(value)}`));
      if (seen.size >= expected && letters.size > 2 * PAGES / 100) break;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await members.at(-1)?.stop();
    expect(members.flatMap(({ failures }) => failures)).toEqual([]);
    expect(seen.size).toBe(expected);
    expect([...seen.values()].filter((times) => times !== 1)).toEqual([]);

    expect([...letters.values()].sort()).toEqual([
      'bad_headers {}', ...Array.from({ length: PAGES / 100 }, () => 'not_json no JSON'), ...Array.from({ length: PAGES / 100 }, () => 'record_without_id {"noId":true}'),
    ].sort());
  }, 120_000);
});
