import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicNames } from '#contracts';
import { createKafka, type Kafka } from '#kafka';
import { openDatabase } from '#persistence';
import { loadConfig, Logger } from '#platform';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { PrepareConfig } from './prepare.config.js';
import { prepare } from './prepare.job.js';

const logger = Logger.create('prepare', 'silent');
const noFile = (): string => { throw new Error('no file'); };

describe('prepare', () => {
  const prefix = `${randomName()}.`;
  let kafka: Kafka;
  let database: TestDatabase;
  let config: PrepareConfig;

  beforeAll(async () => {
    const brokers = await testKafka();
    database = await testDatabase();
    kafka = createKafka({ brokers, clientId: 'prepare-spec' }, logger);
    config = loadConfig(PrepareConfig, {
      KAFKA_BROKERS: brokers.join(','), DATABASE_URL: database.url, TOPIC_PREFIX: prefix, RAW_PARTITIONS: '5', RAW_RETENTION_DAYS: '2',
    }, noFile);
  }, 60_000);

  afterAll(async () => {
    const topics = Object.keys(await partitions());
    await withAdmin((admin) => admin.deleteTopics({ topics }));
    await database.drop();
  });

  async function withAdmin<T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = kafka.admin();
    await admin.connect();
    try { return await work(admin); } finally { await admin.disconnect(); }
  }

  /** Our topics with their number of partitions. */
  const partitions = (): Promise<Record<string, number>> => withAdmin(async (admin) => {
    const { topics } = await admin.fetchTopicMetadata();
    return Object.fromEntries(topics.filter(({ name }) => name.startsWith(prefix)).map((topic) => [topic.name, topic.partitions.length]));
  });

  it('migrates the control database and creates the topics, with the partitions that were asked for', async () => {
    await prepare(config, logger);
    const opened = await openDatabase({ url: database.url, applicationName: 'prepare-spec' });
    expect(await opened.query("select count(*)::int as n from information_schema.tables where table_name = 'sources'")).toEqual([{ n: 1 }]);
    await opened.destroy();
    expect(await partitions()).toMatchObject({ [topicNames.raw(prefix, 'stripe')]: 5, [topicNames.syncEvents(prefix)]: 1 });
  }, 60_000);

  it('changes nothing the second time, even with other numbers', async () => {
    const before = await partitions();
    await prepare(Object.assign(new PrepareConfig(), config, { rawPartitions: 9 }), logger);
    expect(await partitions()).toEqual(before);
  }, 60_000);

  it('says which connectors there are when it is asked for another', async () => {
    await expect(prepare(Object.assign(new PrepareConfig(), config, { connectors: ['stirpe'] }), logger)).rejects.toThrow(/no connector named stirpe.*stripe/);
  });
});
