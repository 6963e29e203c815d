import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Producer } from 'kafkajs';
import { QUICK_RETRY } from './client.js';
import type { OutgoingMessage } from './message.js';
import { createPartitioner, partitioned } from './record-batch/partitioned.js';

/** What one transaction consumed: everything before `offset` of this partition is done. */
export interface ConsumedTo {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read, decimal. */
  readonly offset: string;
}

/**
 * One transactional producer. kafkajs's offset commit in a transaction doesn't carry the group's generation, so the fence
 * is the transactional id: whoever initialises it last owns the input partition, and the previous owner's open
 * transaction is aborted.
 */
export class TransactionalProducer {
  private constructor(private readonly producer: Producer) {}

  /** Fences every earlier owner of the id, waits until its last transaction has ended. */
  static async init(kafka: Kafka, transactionalId: string, timeoutMs = 60_000): Promise<TransactionalProducer> {
    const producer = kafka.producer({ transactionalId, transactionTimeout: timeoutMs, idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, createPartitioner, retry: QUICK_RETRY });
    await producer.connect();
    // kafkajs initialises the id, which is the fence, with the first transaction only: an empty one asks no more than that.
    await (await producer.transaction()).abort();
    return new TransactionalProducer(producer);
  }

  /**
   * Sends everything and the consumed offset in one transaction: all of it becomes visible to read-committed consumers,
   * or nothing.
   * @throws the broker's error; the owner must then initialise anew and read the committed offset, since a commit whose
   * answer was lost may have happened.
   */
  async commit(output: ReadonlyMap<string, OutgoingMessage[]>, consumed: ConsumedTo): Promise<void> {
    const transaction = await this.producer.transaction();
    try {
      if (output.size > 0) {
        await transaction.sendBatch({ acks: -1, topicMessages: [...output].map(([topic, messages]) => ({ topic, messages: partitioned(messages) as never })) });
      }
      const { groupId, topic, partition, offset } = consumed;
      await patiently(() => transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions: [{ partition, offset }] }] }));
      await transaction.commit();
    } catch (error) {
      if (transaction.isActive()) await transaction.abort().catch(() => undefined);
      throw error;
    }
  }

  disconnect(): Promise<void> { return this.producer.disconnect(); }
}

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;
const PATIENCE_MS = 30_000;

/** Refusals that a moment mends; nothing was done. */
const PASSING = ['CONCURRENT_TRANSACTIONS', 'NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS'];

/**
 * A broker that still writes the marks of the transaction before refuses the next one for a moment. kafkajs waits when records
 * come first, but not when offsets do, as they do for a page without a record that is selected. Also when the coordinator moved.
 */
async function patiently(work: () => Promise<void>): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try { return await work(); } catch (error) {
      if (!PASSING.includes(String((error as { type?: unknown }).type)) || Date.now() > until) throw error;
      await sleep(pause);
    }
  }
}
