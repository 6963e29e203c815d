import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Consumer, type Kafka } from 'kafkajs';
import { untilCoordinated } from './admin.js';
import { laneAssigner, type LaneOptions } from './lanes.js';
import type { IncomingMessage } from './message.js';

export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly IncomingMessage[];
  /** Offset after the last one of the topic, decimal. */
  readonly highWatermark: string;
  /** Number of the assignment this batch belongs to; grows with every rebalance. */
  readonly generation: number;
  /** False once the partition was taken away or the consumer stops: what isn't committed yet is somebody else's. */
  isOwned(): boolean;
  /** Everything before this offset is done: the next fetch goes on there. */
  resolve(offset: string): void;
}

export interface BatchConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Called for one batch of one partition at a time, several partitions at once. A throw ends the consumer. */
  readonly onBatch: (batch: Batch, control: BatchControl) => Promise<void>;
  /** A new assignment, before its first batch. */
  readonly onAssigned?: (assignment: Readonly<Record<string, readonly number[]>>, generation: number) => Promise<void> | void;
  /** Every turn of the loop, also when nothing came. */
  readonly onTick?: () => void;
  /** The consumer has stopped because of this; the process should end. */
  readonly onFailure: (error: Error) => void;
  /** Partitions handled at once. */
  readonly concurrency?: number;
  readonly maxBytesPerPartition?: number;
  /** Of one fetch over all partitions; 32 MiB by default. It is in memory up to three times. */
  readonly maxBytes?: number;
  /** Longest wait of a fetch that finds nothing, in ms. What arrives ends the wait at once. */
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  /**
   * While little comes at a time, fetches begin at least so many ms apart: each asks for every partition. What came is handed on at
   * once. Needs a `concurrency` of about as many partitions as bring something at a time.
   */
  readonly paceMs?: number;
  readonly sessionTimeoutMs?: number;
  readonly readUncommitted?: boolean;
  readonly fromBeginning?: boolean;
  /** Takes the partitions of one lane, in a group whose other members take the other one; members that know of no lanes may be among them. */
  readonly lane?: LaneOptions;
}

export interface BatchControl {
  seek(topic: string, partition: number, offset: string): void;
  /** Stops fetching these until `resume`; the session stays alive. */
  pause(topic: string, partitions: readonly number[]): void;
  resume(topic: string, partitions: readonly number[]): void;
  /** A hint for lag tools; the truth is elsewhere (a transaction, the warehouse). */
  commitHint(topic: string, partition: number, offset: string): Promise<void>;
}

const HEARTBEAT_MS = 1_000;
/** Less than this of a partition is little. */
const LITTLE_BYTES = 64 * 1024;

/**
 * Batches of a consumer group, with manual positions: nothing is committed here. Heartbeats go on while a batch is in
 * hand. A lost broker is waited for; an error of `onBatch` ends the consumer and reaches `onFailure`.
 */
export class BatchConsumer implements BatchControl {
  private readonly consumer: Consumer;
  private generation = 0;
  private stopping = false;
  private failed = false;
  private inHand = 0;

  constructor(private readonly kafka: Kafka, private readonly options: BatchConsumerOptions) {
    this.consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: options.sessionTimeoutMs ?? 15_000,
      rebalanceTimeout: 30_000,
      heartbeatInterval: HEARTBEAT_MS,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 8 * 1024 * 1024,
      maxBytes: options.maxBytes ?? 32 * 1024 * 1024,
      minBytes: options.minBytes ?? 1,
      maxWaitTimeInMs: options.maxWaitMs ?? 500,
      readUncommitted: options.readUncommitted ?? false,
      allowAutoTopicCreation: false,
      // As long as there is a member without lanes, the group agrees on what all of them know.
      ...options.lane !== undefined && { partitionAssigners: [laneAssigner(options.lane), kafkajs.PartitionAssigners.roundRobin] },
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8, restartOnFailure: async () => !this.stopping },
    });
  }

  async start(): Promise<void> {
    const { consumer, options } = this;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.generation += 1;
      void Promise.resolve(options.onAssigned?.(payload.memberAssignment, this.generation)).catch((error: unknown) => this.fail(error));
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => { if (!payload.restart && !this.stopping) this.fail(payload.error); });
    let fetched = 0;
    consumer.on(consumer.events.FETCH_START, () => { fetched = performance.now(); });
    consumer.on(consumer.events.FETCH, () => options.onTick?.());
    consumer.on(consumer.events.HEARTBEAT, () => options.onTick?.());
    await untilCoordinated(this.kafka, options.groupId);
    await consumer.connect();
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: options.fromBeginning ?? true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: options.concurrency ?? 4,
      eachBatch: async ({ batch, resolveOffset, heartbeat, isRunning, isStale }) => {
        if (this.failed) return;
        const { topic, partition, highWatermark } = batch;
        const generation = this.generation;
        const beat = setInterval(() => { heartbeat().catch(() => undefined); }, HEARTBEAT_MS);
        this.inHand += 1;
        try {
          const messages = batch.messages as unknown as (IncomingMessage & { topic: string; partition: number })[];
          for (const message of messages) { message.topic = topic; message.partition = partition; }
          await options.onBatch({
            topic, partition, messages, highWatermark, generation,
            isOwned: () => !this.stopping && !this.failed && generation === this.generation && isRunning() && !isStale(),
            resolve: (offset) => resolveOffset((BigInt(offset) - 1n).toString()),
          }, this);
          const rest = fetched + (options.paceMs ?? 0) - performance.now();
          if (rest >= 1 && !this.stopping && isLittle(messages)) await sleep(rest);
        } catch (error) {
          // kafkajs would call the handler again with the same batch, eight times, and then restart as if nothing had been.
          this.failed = true;
          this.fail(error);
        } finally {
          this.inHand -= 1;
          clearInterval(beat);
        }
      },
    });
  }

  /** Outside of kafkajs's emitter, which would swallow a throw. */
  private fail(error: unknown): void { setImmediate(() => this.options.onFailure(error instanceof Error ? error : new Error(String(error)))); }

  seek(topic: string, partition: number, offset: string): void { this.consumer.seek({ topic, partition, offset }); }

  pause(topic: string, partitions: readonly number[]): void { this.consumer.pause([{ topic, partitions: [...partitions] }]); }

  resume(topic: string, partitions: readonly number[]): void { this.consumer.resume([{ topic, partitions: [...partitions] }]); }

  async commitHint(topic: string, partition: number, offset: string): Promise<void> {
    await this.consumer.commitOffsets([{ topic, partition, offset }]).catch(() => undefined);
  }

  /** Batches in hand see `isOwned() === false` and end at their next safe point. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.consumer.disconnect();
    while (this.inHand > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Looks at no more of them than it must. */
function isLittle(messages: readonly IncomingMessage[]): boolean {
  let bytes = 0;
  return messages.every(({ value }) => (bytes += value?.length ?? 0) < LITTLE_BYTES);
}
