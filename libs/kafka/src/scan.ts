import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { topicRanges } from './admin.js';
import type { IncomingMessage } from './message.js';

/**
 * Reads a topic once, from its first record to the one that was last when the call began (committed ones only), without
 * leaving a trace in any group that counts. Resolves with the number of records seen; 0 for a topic that doesn't exist.
 */
export async function scanTopic(kafka: Kafka, topic: string, onMessage: (message: IncomingMessage) => void): Promise<number> {
  const ranges = await topicRanges(kafka, topic);
  const open = new Map((ranges ?? []).filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]));
  if (open.size === 0) return 0;
  const groupId = `cs-scan-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxBytesPerPartition: 8 * 1024 * 1024, maxWaitTimeInMs: 50, sessionTimeout: 30_000, allowAutoTopicCreation: false });
  let seen = 0;
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => { if (!payload.restart) reject(payload.error); });
      // A partition's end may be a transaction's marker, which never arrives as a message: the fetch position tells.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => { if (BigInt(payload.lastOffset) + 1n >= (open.get(payload.partition) ?? 0n)) open.delete(payload.partition); if (open.size === 0) resolve(); });
      consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          const { partition } = batch;
          const end = open.get(partition);
          for (const message of batch.messages) {
            if (end === undefined || BigInt(message.offset) >= end) break;
            onMessage({ ...message, topic, partition, headers: message.headers ?? {} });
            seen += 1;
          }
        },
      }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
  return seen;
}
