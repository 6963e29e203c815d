import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { groupNames, rawKey, recordTopic, topicDefinitions, topicNames } from '#contracts';
import { RecordProducer, TransactionalProducer, createKafka, ensureTopics, type Kafka, type OutgoingMessage } from '#kafka';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { PostgresWarehouse, type Claim } from '#warehouse';
import { anyId, startGateway, type TestGateway } from './gateway.factory.js';

interface Arrival { readonly records: number; readonly pagesOnTheWay: number; readonly complete: boolean; readonly warehouses: readonly { readonly onTheWay: number | null }[] }

const prefix = `${randomName()}.`;
const raw = topicNames.raw(prefix, 'stripe');
const topic = recordTopic(prefix, 'stripe', 'customer_events', 'event');
let control: TestDatabase;
let stored: TestDatabase;
let warehouse: PostgresWarehouse;
let gateway: TestGateway;
let kafka: Kafka;
let producer: RecordProducer;
let normalizer: TransactionalProducer;
let sourceId: string;
let warehouseId: string;
let runId: string;

beforeAll(async () => {
  [control, stored] = [await testDatabase(), await testDatabase()];
  const brokers = await testKafka();
  kafka = createKafka({ brokers, clientId: 'spec' }, { debug: () => undefined, warn: () => undefined });
  await ensureTopics(kafka, topicDefinitions([{ name: 'stripe', collections: [{ name: 'customer_events', kind: 'event' }] }], { prefix, rawPartitions: 1, recordPartitions: 1, rawRetentionMs: 3_600_000, eventRetentionMs: 3_600_000 }));
  gateway = await startGateway(control.url, brokers, prefix);
  producer = new RecordProducer(kafka);
  await producer.connect();
  normalizer = await TransactionalProducer.init(kafka, `${prefix}normalizer`);
  warehouse = new PostgresWarehouse(stored.url);
  warehouseId = (await gateway.call('POST', '/warehouses', { name: 'Warehouse', url: stored.url })).body.id;
  sourceId = await gateway.made();
}, 60_000);
afterAll(async () => {
  await gateway?.close();
  await producer?.disconnect();
  await normalizer?.disconnect();
  await warehouse?.close();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: (await admin.listTopics()).filter((name) => name.startsWith(prefix)) });
  await admin.disconnect();
  await control.drop();
  await stored.drop();
}, 60_000);

const arrival = async (): Promise<Arrival> => (await gateway.call('GET', `/runs/${runId}/arrival`)).body as unknown as Arrival;
const page = (): Promise<void> => producer.send(raw, { key: rawKey(sourceId, 'customer_events', 0), value: '{}', headers: {} });
const record = (source: string): OutgoingMessage => ({ key: source, value: '{}', headers: { ce_sourceid: source } });
/** One transaction of the normaliser: these records, and the raw pages before `offset` are done. */
const normalised = (offset: number, ...sources: readonly string[]): Promise<void> =>
  normalizer.commit(new Map(sources.length === 0 ? [] : [[topic, sources.map(record)]]), { groupId: groupNames.normalizer(prefix), topic: raw, partition: 0, offset: String(offset) });

describe('how far a run has come', () => {
  it('is told of the pages that are not normalised, also after the run is over', async () => {
    await page();
    await page();
    await gateway.database.query('update runs set records = 3 where source_id = $1', [sourceId]);
    [{ id: runId }] = await gateway.database.query('select id from runs where source_id = $1', [sourceId]) as [{ id: string }];
    expect(await arrival()).toMatchObject({ records: 3, pagesOnTheWay: 2, complete: false, warehouses: [{ onTheWay: null }] }); // no loader was there yet
    await page();
    await gateway.endRun(sourceId, 'succeeded');
    expect(await arrival()).toMatchObject({ pagesOnTheWay: 3, complete: false });
    await page(); // of the next run
    await normalised(2, sourceId, sourceId, anyId);
    expect(await arrival()).toMatchObject({ pagesOnTheWay: 1, complete: false });
  }, 60_000);

  it('is complete when the loader has the source\'s last record, whatever comes after it', async () => {
    await warehouse.open();
    const loader = groupNames.loader(prefix, warehouseId);
    const [claim] = await warehouse.claim(loader, 'cluster', [{ topic, partition: 0 }]) as [Claim];
    const loads = (from: bigint, to: bigint) => warehouse.apply(loader, { advances: [{ topic, partition: 0, epoch: claim.epoch, from, to }], tables: [] });
    await normalised(3, sourceId, anyId);
    // Three records and the mark of their transaction, then this one.
    expect(await arrival()).toMatchObject({ pagesOnTheWay: 0, complete: false, warehouses: [{ onTheWay: 5 }] });
    await loads(0n, 4n);
    await normalised(4, sourceId);
    expect(await arrival()).toMatchObject({ complete: false, warehouses: [{ onTheWay: 1 }] });
    await loads(4n, 5n);
    expect(await arrival()).toEqual({ records: 3, pagesOnTheWay: 0, complete: true, warehouses: [{ warehouseId, name: 'Warehouse', onTheWay: 0 }] });
  }, 60_000);

  it('is nobody else\'s business', async () => {
    expect((await gateway.call('GET', `/runs/${anyId}/arrival`)).status).toBe(404);
  });
});
