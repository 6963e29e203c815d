import kafkajs, { type Kafka } from 'kafkajs';
import type { TopicDefinition } from '#contracts';

/** Creates the topics that are missing, in one request, and waits until they can be used. The names of the created ones. */
export async function ensureTopics(kafka: Kafka, definitions: readonly TopicDefinition[], replicationFactor = -1): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = definitions.filter(({ name }) => !existing.has(name));
    if (missing.length > 0) {
      await admin.createTopics({
        waitForLeaders: false, // kafkajs's own wait gives up when the broker hasn't heard of the topic yet
        timeout: 30_000,
        topics: missing.map(({ name, partitions, config }) => ({
          topic: name, numPartitions: partitions, replicationFactor,
          configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
        })),
      });
      await settled(() => admin.fetchTopicMetadata({ topics: missing.map(({ name }) => name) }));
    }
    return missing.map(({ name }) => name);
  } finally {
    await admin.disconnect();
  }
}

/** Next offset that the group reads, decimal; undefined when it never committed one. */
export async function committedOffset(kafka: Kafka, groupId: string, topic: string, partition: number): Promise<string | undefined> {
  return (await committedOffsets(kafka, groupId, topic)).get(partition);
}

/** Next offset that the group reads, decimal, of each partition where it ever committed one. */
export async function committedOffsets(kafka: Kafka, groupId: string, topic: string): Promise<Map<number, string>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const [answer] = await admin.fetchOffsets({ groupId, topics: [topic], resolveOffsets: false });
    return new Map((answer?.partitions ?? []).filter(({ offset }) => offset !== '-1').map(({ partition, offset }) => [partition, offset]));
  } finally {
    await admin.disconnect();
  }
}

/** Names of the topics that begin with `start`, sorted. */
export async function topicsWith(kafka: Kafka, start: string): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try { return (await admin.listTopics()).filter((name) => name.startsWith(start)).sort(); } finally { await admin.disconnect(); }
}

export interface PartitionRange { readonly partition: number; readonly low: string; readonly high: string }

/** First and next offset of every partition, by topic; topics that don't exist are left out. */
export async function topicRanges(kafka: Kafka, topics: readonly string[]): Promise<Map<string, PartitionRange[]>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const ranges = new Map<string, PartitionRange[]>();
    for (const topic of topics) {
      if (!existing.has(topic)) continue;
      ranges.set(topic, (await settled(() => admin.fetchTopicOffsets(topic))).map(({ partition, low, high }) => ({ partition, low, high })));
    }
    return ranges;
  } finally {
    await admin.disconnect();
  }
}

/** How long the topic keeps messages, in ms; undefined: for ever. */
export async function retentionMs(kafka: Kafka, topic: string): Promise<number | undefined> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }] });
    const ms = Number(resources[0]?.configEntries.find(({ configName }) => configName === 'retention.ms')?.configValue ?? -1);
    return ms < 0 ? undefined : ms;
  } finally {
    await admin.disconnect();
  }
}

/** kafkajs's admin doesn't wait until brokers know a topic that was just made, and its leaders. @throws the last error after about 30 s. */
async function settled<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try { return await ask(); } catch (error) {
      if (attempt === 150 || (error as { retriable?: boolean }).retriable !== true) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

const COORDINATOR_MS = 30_000;

/**
 * Waits until the brokers have a coordinator for the group. A new cluster makes its offsets topic with the first group that asks,
 * and kafkajs's consumer takes that moment for a failure for good. @throws the last error after 30 s, any other at once
 */
export async function untilCoordinated(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin();
  const until = Date.now() + COORDINATOR_MS;
  await admin.connect();
  try {
    for (;;) {
      try { await admin.describeGroups([groupId]); return; } catch (error) {
        if ((error as Error).name !== 'KafkaJSGroupCoordinatorNotFound' || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  } finally {
    await admin.disconnect();
  }
}

/** Id of the cluster, as the brokers tell it. */
export async function clusterId(kafka: Kafka): Promise<string> {
  const admin = kafka.admin();
  await admin.connect();
  try { return (await admin.describeCluster()).clusterId; } finally { await admin.disconnect(); }
}
