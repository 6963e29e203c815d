/**
 * Kafka and PostgreSQL for the integration specs, started once for a jest run; TEST_KAFKA_BROKERS and TEST_DATABASE_URL
 * name servers to use instead. The specs find them by those same variables.
 */
import { join } from 'node:path';
import { checkJava, ensureBuild, ensureKafka, oneAtATime, root } from '../../deploy/local/prepare.mjs';

export default async function setUp() {
  if (process.env.TEST_KAFKA_BROKERS && process.env.TEST_DATABASE_URL) return;
  await oneAtATime(ensureBuild); // does nothing under `npm test`, which has built
  const { startTestServers } = await import(join(root, 'dist/libs/testing/src/harness/servers.js'));
  const kafka = process.env.TEST_KAFKA_BROKERS ? undefined : { java: checkJava(), jars: await oneAtATime(ensureKafka) };
  const servers = await startTestServers({ kafka, postgres: !process.env.TEST_DATABASE_URL });
  globalThis.cloudSourcesTestServers = servers; // for the teardown, which runs in this process
  for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143]]) process.once(signal, () => void servers.stop().finally(() => process.exit(status)));
  if (servers.brokers) process.env.TEST_KAFKA_BROKERS = servers.brokers.join(',');
  if (servers.databaseUrl) process.env.TEST_DATABASE_URL = servers.databaseUrl;
}
