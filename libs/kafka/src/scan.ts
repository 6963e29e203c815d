import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { topicRanges } from './admin.js';
import type { IncomingMessage } from './message.js';

/**
 * Reads topics once, from their first records to those that were last when the call began (committed ones only), without
 * leaving a trace in any group that counts. Resolves with the number of records seen; topics that don't exist have none.
 */
export async function scanTopics(kafka: Kafka, topics: readonly string[], onMessage: (message: IncomingMessage) => void): Promise<number> {
  const open = new Map<string, bigint>();
  const filled = new Set<string>();
  for (const [topic, ranges] of await topicRanges(kafka, topics)) for (const { partition, low, high } of ranges) {
    if (low === high) continue;
    open.set(`${topic}/${partition}`, BigInt(high));
    filled.add(topic);
  }
  if (open.size === 0) return 0;
  const groupId = `cs-scan-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxBytesPerPartition: 8 * 1024 * 1024, maxWaitTimeInMs: 50, sessionTimeout: 30_000, allowAutoTopicCreation: false });
  let seen = 0;
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...filled], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => { if (!payload.restart) reject(payload.error); });
      // A partition's end may be a transaction's marker, which never arrives as a message: the fetch position tells.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => { 
        const key = `${payload.topic}/${payload.partition}`;
        if (BigInt(payload.lastOffset) + 1n >= (open.get(key) ?? 0n)) open.delete(key);
        if (open.size === 0) resolve();
      });
      consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          const { topic, partition } = batch;
          const end = open.get(`${topic}/${partition}`);
          for (const message of batch.messages as unknown as (IncomingMessage & { topic: string; partition: number })[]) {
            if (end === undefined || BigInt(message.offset) >= end) break;
            message.topic = topic;
            message.partition = partition;
            onMessage(message);
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
