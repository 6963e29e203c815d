import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { topicRanges } from './admin.js';
import type { IncomingMessage } from './message.js';

/** Consecutive messages of one partition; `to` is the offset after the last one. */
export interface ScannedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly IncomingMessage[];
  readonly to: string;
}

export interface ScanOptions {
  readonly topics: readonly string[];
  /** Offset to begin at, by `topic/partition`; the first one where none is given. */
  readonly from?: Readonly<Record<string, string>>;
  /** What is to be read, once that is known: records, with the gaps that compaction left. */
  readonly onTotal?: (offsets: number) => void;
  /** One at a time; the next one is fetched when it has resolved. A rejection ends the scan. */
  readonly onBatch: (batch: ScannedBatch) => Promise<void> | void;
}

const HEARTBEAT_MS = 3_000;

/**
 * Reads topics once, from `from` to those records that were last when the call began (committed ones only), without
 * leaving a trace in any group that counts. Topics that don't exist have none. @throws what `onBatch` throws
 */
export async function scanBatches(kafka: Kafka, { topics, from = {}, onTotal, onBatch }: ScanOptions): Promise<void> {
  const open = new Map<string, bigint>();
  const begin: { topic: string; partition: number; offset: string }[] = [];
  const filled = new Set<string>();
  let total = 0n;
  for (const [topic, ranges] of await topicRanges(kafka, topics)) for (const { partition, low, high } of ranges) {
    total += BigInt(high) - BigInt(low);
    const asked = from[`${topic}/${partition}`];
    if (BigInt(asked ?? low) >= BigInt(high)) { if (BigInt(low) < BigInt(high)) begin.push({ topic, partition, offset: high }); continue; }
    if (asked !== undefined && BigInt(asked) > BigInt(low)) begin.push({ topic, partition, offset: asked });
    open.set(`${topic}/${partition}`, BigInt(high));
    filled.add(topic);
  }
  onTotal?.(Number(total));
  if (open.size === 0) return;
  const groupId = `cs-scan-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxBytesPerPartition: 8 * 1024 * 1024, maxWaitTimeInMs: 50, sessionTimeout: 30_000, allowAutoTopicCreation: false });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...filled], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      let failed = false;
      consumer.on(consumer.events.CRASH, ({ payload }) => { if (!payload.restart) reject(payload.error); });
      // A partition's end may be a transaction's marker, which never arrives as a message: the fetch position tells.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
        const key = `${payload.topic}/${payload.partition}`;
        if (BigInt(payload.lastOffset) + 1n >= (open.get(key) ?? 0n)) open.delete(key);
        if (open.size === 0 && !failed) resolve();
      });
      consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch, heartbeat }) => {
          const { topic, partition } = batch;
          const end = open.get(`${topic}/${partition}`);
          if (end === undefined || failed) return;
          const messages: IncomingMessage[] = [];
          for (const message of batch.messages as unknown as (IncomingMessage & { topic: string; partition: number })[]) {
            if (BigInt(message.offset) >= end) break;
            message.topic = topic;
            message.partition = partition;
            messages.push(message);
          }
          const last = messages.at(-1);
          if (last === undefined) return;
          const beat = setInterval(() => { heartbeat().catch(() => undefined); }, HEARTBEAT_MS);
          try {
            await onBatch({ topic, partition, messages, to: (BigInt(last.offset) + 1n).toString() });
          } catch (error) {
            // kafkajs would try the same batch again.
            failed = true;
            reject(error);
          } finally {
            clearInterval(beat);
          }
        },
      }).catch(reject);
      for (const position of begin) if (filled.has(position.topic)) consumer.seek(position);
    });
  } finally {
    await consumer.disconnect();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
}

/** Every message of the topics, as `scanBatches` reads them. Resolves with the number of messages seen. */
export async function scanTopics(kafka: Kafka, topics: readonly string[], onMessage: (message: IncomingMessage) => void): Promise<number> {
  let seen = 0;
  await scanBatches(kafka, { topics, onBatch: ({ messages }) => { seen += messages.length; messages.forEach(onMessage); } });
  return seen;
}
