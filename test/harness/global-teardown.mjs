/** Ends what the set-up started. */
export default async function tearDown() {
  const servers = globalThis.cloudSourcesTestServers;
  if (servers === undefined) return;
  await servers.stop();
  delete process.env.TEST_KAFKA_BROKERS;
  delete process.env.TEST_DATABASE_URL;
}
