import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CE_TYPES, recordKey, recordTopic, toHeaders } from '#contracts';
import { BatchConsumer, RecordProducer, createKafka, ensureTopics, scanTopics, topicIds, topicRanges, type Kafka } from '#kafka';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { PostgresWarehouse, type StoredId } from '#warehouse';
import { Client } from 'pg';
import { Directory } from './directory.js';
import { LoaderPipeline } from './pipeline.js';

const SOURCE = '0190c7a4-0000-7000-8000-000000000001';
const GONE = '0190c7a4-0000-7000-8000-000000000002';
const OTHERS = '0190c7a4-0000-7000-8000-000000000003';
const WAREHOUSE = '0190c7a4-0000-7000-8000-0000000000aa';
const silent = { debug: () => undefined, warn: () => undefined };

let kafka: Kafka;
let producer: RecordProducer;
let database: TestDatabase;
let sql: Client;
let name: string;
let prefix: string;
const running: { stop(): Promise<void> }[] = [];

const objects = (): string => recordTopic(prefix, 'acme', 'things', 'object');
const events = (): string => recordTopic(prefix, 'acme', 'thing_events', 'event');
const letters = (): string => `${prefix}dead-letter.warehouse-loader`;

beforeAll(async () => {
  kafka = createKafka({ brokers: await testKafka(), clientId: 'loader-spec' }, silent);
  producer = new RecordProducer(kafka);
  await producer.connect();
  database = await testDatabase();
  sql = new Client({ connectionString: database.url });
  sql.on('error', () => undefined);
  await sql.connect();
});

afterEach(async () => { for (const one of [...running]) await one.stop(); });

afterAll(async () => {
  await sql.end();
  await producer.disconnect();
  await database.drop();
});

async function topics(): Promise<void> {
  prefix = `${randomName()}.`;
  name = randomName();
  await ensureTopics(kafka, [objects(), events(), letters()].map((topic) => ({ name: topic, partitions: topic === letters() ? 1 : 3, config: {} })));
}

/** A loader as the service runs it. */
async function loader(options: { batchRows?: number } = {}): Promise<{ stop(): Promise<void>; seen: string[] }> {
  const source = (id: string, slug: string, warehouseId: string, deleted = false) => ({ id, workspaceId: 'w', connector: 'acme', slug, warehouseId, deleted, selections: [] });
  const directory = new Directory(async () => ({ versions: new Map(), sources: [source(SOURCE, name, WAREHOUSE), source(GONE, 'gone', WAREHOUSE, true), source(OTHERS, 'others', 'another')] }), () => undefined, () => Promise.resolve([]));
  const warehouse = new PostgresWarehouse(database.url);
  await warehouse.open();
  const seen: string[] = [];
  const consumer: BatchConsumer = new BatchConsumer(kafka, {
    groupId: `${prefix}loader`, topics: [objects(), events()], maxWaitMs: 50, sessionTimeoutMs: 6_000,
    onAssigned: (assignment, generation) => pipeline.assigned(assignment, generation),
    onBatch: (batch) => pipeline.handle(batch),
    onFailure: (error) => seen.push(`failure ${error.message}`),
  });
  const pipeline: LoaderPipeline = new LoaderPipeline({
    loader: `${prefix}loader`, clusterId: 'spec', warehouse, control: consumer,
    limits: { batchRows: options.batchRows ?? 500, batchBytes: 1 << 20, lingerMs: 5 },
    destination: (meta) => directory.destination(WAREHOUSE, meta),
    selection: () => directory.version(WAREHOUSE),
    refreshSelection: () => directory.refresh(),
    lookForSource: (id) => directory.lookFor(id),
    look: async (some) => {
      const ids = await topicIds(kafka, some);
      return new Map([...await topicRanges(kafka, some)].map(([topic, partitions]) => [topic, { partitions, id: ids.get(topic) as string }]));
    },
    bury: async (some) => { await Promise.all(some.map((letter) => producer.send(letters(), letter))); },
    watch: {
      received: () => undefined, loaded: () => undefined,
      dropped: (reason) => seen.push(reason), deadLettered: (reason) => seen.push(reason),
      failing: (error) => seen.push((error as Error).name), recovered: () => undefined, blocked: (_partitions, { target }) => seen.push(`blocked ${target.table}`), stopped: (_partition, why) => seen.push(why),
    },
  });
  await consumer.start();
  const stop = async (): Promise<void> => {
    if (!running.includes(handle)) return;
    running.splice(running.indexOf(handle), 1);
    await pipeline.stop();
    await consumer.stop();
    await warehouse.close();
  };
  const handle = { stop, seen };
  running.push(handle);
  return handle;
}

const at = '2026-03-04T05:06:07.000Z';
const headers = (id: string, type: string, version: string, sourceId = SOURCE) => toHeaders({
  id: `${id}@${version}`, source: '/sources/x', type, time: at, workspaceid: 'w', sourceid: sourceId, connector: 'acme', collection: type === CE_TYPES.object ? 'things' : 'thing_events', recordid: id, recordversion: version,
});
const sendObject = (id: string, version: number, data: object | string, sourceId = SOURCE) => producer.send(objects(), {
  key: recordKey(sourceId, id), headers: headers(id, CE_TYPES.object, String(version), sourceId),
  value: typeof data === 'string' ? data : JSON.stringify({ id, version: String(version), deleted: false, receivedAt: at, data }),
});
const sendEvent = (id: string) => producer.send(events(), {
  key: recordKey(SOURCE, id), headers: headers(id, CE_TYPES.event, '0'),
  value: JSON.stringify({ id, event: 'thing_seen', eventText: 'thing.seen', timestamp: at, receivedAt: at, data: { n: 1 } }),
});

async function count(table: string): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${name}.${table}`).catch(() => ({ rows: [{ n: 0 }] }));
  return rows[0]?.n ?? 0;
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!await what()) await new Promise((resolve) => setTimeout(resolve, 25));
}

async function stored(): Promise<StoredId[]> {
  const warehouse = new PostgresWarehouse(database.url);
  const all: StoredId[] = [];
  for await (const one of warehouse.ids(name, 'things')) all.push(one);
  await warehouse.close();
  return all;
}

describe('the loader, from topics to tables', () => {
  it('loads objects and events, buries what is no record, leaves out what is none of ours', async () => {
    await topics();
    const { seen } = await loader();
    await Promise.all([
      sendObject('a', 2, { name: 'Ann' }), sendObject('b', 1, { n: 9_007_199_254_740_991 }), sendObject('bad', 1, '{"id":'), sendObject('odd', 1, '{"id":"odd","version":1}'),
      sendObject('x', 1, {}, GONE), sendObject('y', 1, {}, OTHERS), sendObject('z', 1, {}, '0190c7a4-0000-7000-8000-000000000009'), sendEvent('e1'), sendEvent('e1'), sendEvent('e2'),
    ]);
    await sendObject('a', 1, { name: 'older' });
    await sendObject('end', 1, {});
    await until(async () => await count('things') === 3 && await count('thing_events') === 2);
    expect(await stored()).toEqual([{ id: 'a', version: 2n, deleted: false }, { id: 'b', version: 1n, deleted: false }, { id: 'end', version: 1n, deleted: false }]);
    const reasons: string[] = [];
    await until(async () => seen.length >= 5);
    await scanTopics(kafka, [letters()], ({ headers: found }) => { reasons.push(String(found['ce_reason'])); });
    expect(reasons.sort()).toEqual(['not_a_record', 'not_json', 'unknown_source']);
    expect(seen.filter((reason) => reason.startsWith('source_') || reason.startsWith('other_')).sort()).toEqual(['other_warehouse', 'source_deleted']);
  }, 60_000);

  it('buries the record that PostgreSQL refuses, its neighbours are there', async () => {
    await topics();
    await Promise.all(Array.from({ length: 30 }, (_, i) => sendObject(`r${i}`, 1, { list: [i] })));
    await producer.send(objects(), { key: recordKey(SOURCE, 'poison'), headers: headers('poison', CE_TYPES.object, '1'), value: `{"id":"poison","version":"1","deleted":false,"receivedAt":"${at}","data":{"list":[1e200000]}}` });
    await Promise.all(['poison', 's1', 's2', 's3'].map((id) => sendObject(id, 2, '{"id":'))); // in the same batches: they come again with them
    await Promise.all(Array.from({ length: 30 }, (_, i) => sendObject(`s${i}`, 1, { list: [i] })));
    await loader();
    await until(async () => await count('things') === 60);
    const found: string[] = [];
    await scanTopics(kafka, [letters()], (letter) => { found.push(`${String(letter.headers['ce_reason'])} ${String(letter.key)}`); });
    expect(found.sort()).toEqual([...['poison', 's1', 's2', 's3'].map((id) => `not_json ${recordKey(SOURCE, id)}`), `sqlstate_22003 ${recordKey(SOURCE, 'poison')}`].sort());
  }, 60_000);

  it('a warehouse that goes away and comes back, and loaders that join and leave: every record once', async () => {
    await topics();
    const total = 6_000;
    await sql.query(`CREATE SCHEMA ${name}; CREATE TABLE ${name}.writes (id text); CREATE FUNCTION ${name}.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ${name}.writes VALUES (NEW.id); RETURN NEW; END $$`);
    await sendEvent('e-first');
    const first = await loader();
    await until(async () => await count('thing_events') === 1);
    // Fires also for a row that is there already: a batch that was committed twice would show, in spite of the table's key.
    await sql.query(`CREATE TRIGGER note BEFORE INSERT ON ${name}.thing_events FOR EACH ROW EXECUTE FUNCTION ${name}.note()`);
    const sending = Promise.all(Array.from({ length: total }, (_, i) => sendEvent(`e${i}`)));
    const other = new Client({ connectionString: database.url.replace(/\/[^/]*$/, '/postgres') });
    await other.connect();
    const database_ = new URL(database.url).pathname.slice(1);
    const kick = () => other.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'cloud-sources%'`, [database_]);
    await until(async () => await count('thing_events') > 100);
    await kick();
    const second = await loader();
    await sending;
    await kick();
    await first.stop();
    await until(async () => await count('thing_events') === total + 1);
    expect(await count('writes')).toBe(total);
    expect(second.seen.filter((reason) => reason.startsWith('failure'))).toEqual([]);
    await other.end();
  }, 120_000);

  it('a table that somebody holds waits, the others go on', async () => {
    await topics();
    const { seen } = await loader();
    await Promise.all([sendEvent('e1'), sendObject('a', 1, {})]);
    await until(async () => await count('thing_events') === 1 && await count('things') === 1);
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    await holder.query(`BEGIN; LOCK TABLE ${name}.things IN ACCESS EXCLUSIVE MODE`);
    await sendObject('b', 1, {});
    await until(async () => seen.includes('blocked things'));
    await sendEvent('e2');
    await until(async () => await count('thing_events') === 2);
    await holder.query('COMMIT');
    await holder.end();
    await until(async () => await count('things') === 2);
    expect(seen.filter((what) => !what.startsWith('blocked'))).toEqual([]);
  }, 60_000);

  it('a batch that takes too long comes again in smaller ones', async () => {
    await topics();
    const first = await loader();
    await sendObject('a', 1, {});
    await until(async () => await count('things') === 1);
    await first.stop();
    // As a slow table would: what it says to many rows at once is what its time-out says
    await sql.query(`CREATE FUNCTION ${name}.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (SELECT count(*) FROM brought) > 150 THEN RAISE query_canceled USING MESSAGE = 'canceling statement due to statement timeout'; END IF; RETURN NULL; END $$;
      CREATE TRIGGER slow AFTER INSERT ON ${name}.things REFERENCING NEW TABLE AS brought FOR EACH STATEMENT EXECUTE FUNCTION ${name}.slow()`);
    await Promise.all(Array.from({ length: 600 }, (_, i) => sendObject(`n${i}`, 1, { n: i })));
    const { seen } = await loader({ batchRows: 400 });
    await until(async () => await count('things') === 601);
    expect(seen).toContain('blocked things');
    expect(seen.filter((what) => !what.startsWith('blocked'))).toEqual([]);
  }, 120_000);

  it('a topic that was made again, and one that lost records before they were loaded, stop loudly; the others go on', async () => {
    await topics();
    const first = await loader();
    await Promise.all([sendObject('a', 1, {}), sendEvent('e1')]);
    await until(async () => await count('thing_events') === 1 && await count('things') === 1);
    await first.stop();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [objects()] });
    while ((await admin.listTopics()).includes(objects())) await new Promise((resolve) => setTimeout(resolve, 20));
    await ensureTopics(kafka, [{ name: objects(), partitions: 3, config: {} }]);
    await Promise.all(Array.from({ length: 30 }, (_, i) => sendObject(`new${i}`, 1, {})));
    const second = await loader();
    await sendEvent('e2');
    await until(async () => await count('thing_events') === 2);
    await until(async () => second.seen.filter((why) => why.includes('made again')).length === 3);
    expect(await count('things')).toBe(1);
    await second.stop();
    await Promise.all(Array.from({ length: 30 }, (_, i) => sendEvent(`lost${i}`)));
    await admin.deleteTopicRecords({ topic: events(), partitions: (await topicRanges(kafka, [events()])).get(events())?.map(({ partition, high }) => ({ partition, offset: high })) ?? [] });
    await admin.disconnect();
    const third = await loader();
    await until(async () => third.seen.filter((why) => why.includes('records were lost to its retention')).length === 3);
  }, 60_000);
});
