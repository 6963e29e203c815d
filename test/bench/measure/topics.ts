import type { Kafka, OutgoingMessage } from '#kafka';

const REQUEST_BYTES = 2 * 1024 * 1024;

/** Sends all of them, acks=all, in large requests. */
export async function fill(kafka: Kafka, topic: string, messages: Iterable<OutgoingMessage>): Promise<void> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    let batch: OutgoingMessage[] = [];
    let bytes = 0;
    const send = async (): Promise<void> => {
      if (batch.length > 0) await producer.send({ topic, acks: -1, messages: batch });
      batch = [];
      bytes = 0;
    };
    for (const message of messages) {
      batch.push(message);
      bytes += message.value?.length ?? 0;
      if (bytes >= REQUEST_BYTES) await send();
    }
    await send();
  } finally {
    await producer.disconnect();
  }
}

/** A topic like another one of ours, for a peer. */
export async function createTopic(kafka: Kafka, topic: string, numPartitions: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions, replicationFactor: 1, configEntries: [{ name: 'max.message.bytes', value: '16777216' }] }] });
  } finally {
    await admin.disconnect();
  }
}

/** Asks how many messages of a topic a group has consumed, all partitions together; one connection for all the asking. */
export async function consumedBy(kafka: Kafka, groupId: string, topic: string): Promise<{ readonly count: () => Promise<number>; readonly close: () => Promise<void> }> {
  const admin = kafka.admin();
  await admin.connect();
  return {
    count: async () => {
      const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return (answer?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
    },
    close: () => admin.disconnect(),
  };
}
