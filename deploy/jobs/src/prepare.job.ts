import { connectorNames, loadConnectors } from '#connectors';
import { topicDefinitions } from '#contracts';
import { createKafka, ensureTopics } from '#kafka';
import { migrate, openDatabase } from '#persistence';
import { kafkaSettings, type Logger } from '#platform';
import type { PrepareConfig } from './prepare.config.js';

const DAY_MS = 86_400_000;

/** Everything the services expect to find: the control database's tables, and the topics. Running it again changes nothing. */
export async function prepare(config: PrepareConfig, logger: Logger): Promise<void> {
  const database = await openDatabase({ url: config.databaseUrl, applicationName: 'cloud-sources prepare', poolSize: 2 });
  try {
    await migrate(database);
  } finally {
    await database.destroy();
  }
  const connectors = await loadConnectors(config.connectors.includes('*') ? connectorNames : config.connectors);
  const definitions = topicDefinitions(connectors.map(({ declaration }) => declaration), {
    prefix: config.topicPrefix,
    rawPartitions: config.rawPartitions, recordPartitions: config.recordPartitions,
    rawRetentionMs: config.rawRetentionDays * DAY_MS, eventRetentionMs: config.eventRetentionDays * DAY_MS,
  });
  const created = await ensureTopics(createKafka(kafkaSettings(config, 'prepare'), logger), definitions, config.topicReplication);
  logger.info('The control database is up to date and the topics are there.', { topics: definitions.length, created: created.length });
}
