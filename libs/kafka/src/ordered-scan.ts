import { randomUUID } from 'node:crypto';
import type { Consumer, Kafka } from 'kafkajs';
import { topicRanges } from './admin.js';
import type { IncomingMessage } from './message.js';

export interface OrderedScanOptions {
  readonly topic: string;
  /** Offset to begin at, by partition; the first one where none is given. */
  readonly from: Readonly<Record<string, string>>;
  /** Which messages are wanted; the others are passed over. */
  readonly wanted: (message: IncomingMessage) => boolean;
}

interface Lane {
  readonly partition: number;
  readonly begin: bigint;
  readonly end: bigint;
  /** Next offset to fetch. */
  position: bigint;
  /** Wanted ones, oldest first. */
  readonly kept: IncomingMessage[];
  bytes: number;
  /** Time of the newest message that was seen, in ms. */
  seen: number;
  paused: boolean;
}

/** A partition that is so far ahead of the others waits. */
const AHEAD_BYTES = 2 * 1024 * 1024;

/**
 * Reads a topic once, over all partitions in the order in which the messages came, to where it ended at the beginning, without leaving a
 * trace in any group that counts. The order is that of the messages' times: what came at nearly the same moment may be swapped
 * between partitions, never within one.
 */
export class OrderedScan {
  private readonly consumer: Consumer;
  private readonly groupId = `cs-scan-${randomUUID()}`;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  private constructor(private readonly kafka: Kafka, private readonly options: OrderedScanOptions, private readonly lanes: readonly Lane[]) {
    this.consumer = kafka.consumer({ groupId: this.groupId, maxBytesPerPartition: 1024 * 1024, maxWaitTimeInMs: 100, sessionTimeout: 30_000, allowAutoTopicCreation: false });
  }

  static async open(kafka: Kafka, options: OrderedScanOptions): Promise<OrderedScan> {
    const lanes: Lane[] = [];
    for (const { partition, low, high } of (await topicRanges(kafka, [options.topic])).get(options.topic) ?? []) {
      const [first, end, asked] = [BigInt(low), BigInt(high), BigInt(options.from[partition] ?? '0')];
      const begin = asked > first ? asked : first;
      lanes.push({ partition, begin, end, position: begin > end ? end : begin, kept: [], bytes: 0, seen: 0, paused: false });
    }
    const scan = new OrderedScan(kafka, options, lanes);
    if (lanes.some((lane) => lane.position < lane.end)) await scan.start();
    return scan;
  }

  /** The next one; `end` when there is none, `waiting` when none came within `waitMs`. @throws what ended the consumer */
  async next(waitMs: number): Promise<IncomingMessage | 'waiting' | 'end'> {
    const until = Date.now() + waitMs;
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      const found = this.oldest();
      if (found !== undefined) return this.take(found);
      if (this.lanes.every(({ position, end, kept }) => position >= end && kept.length === 0)) return 'end';
      const left = until - Date.now();
      if (left <= 0) return 'waiting';
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => { clearTimeout(timer); resolve(); };
      });
    }
  }

  /** By partition the offset after everything that `next` gave or passed over. */
  positions(): Record<string, string> {
    return Object.fromEntries(this.lanes.map(({ partition, kept, position }) => [partition, kept[0]?.offset ?? position.toString()]));
  }

  /** Messages up to `positions()`, and all of those between the beginning and the end. */
  progress(): { readonly done: number; readonly total: number } {
    let [done, total] = [0n, 0n];
    for (const { begin, end, kept, position } of this.lanes) {
      done += BigInt(kept[0]?.offset ?? position) - begin;
      total += end > begin ? end - begin : 0n;
    }
    return { done: Number(done), total: Number(total) };
  }

  async close(): Promise<void> {
    await this.consumer.disconnect();
    const admin = this.kafka.admin();
    await admin.connect();
    await admin.deleteGroups([this.groupId]).catch(() => undefined);
    await admin.disconnect();
  }

  private async start(): Promise<void> {
    const { consumer, lanes, options: { topic } } = this;
    const byPartition = new Map(lanes.map((lane) => [lane.partition, lane]));
    consumer.on(consumer.events.CRASH, ({ payload }) => { if (!payload.restart) this.fail(payload.error); });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const lane = byPartition.get(batch.partition);
        if (lane === undefined) return;
        for (const message of batch.messages as unknown as (IncomingMessage & { topic: string; partition: number })[]) {
          const offset = BigInt(message.offset);
          if (offset < lane.position) continue;
          lane.position = offset < lane.end ? offset + 1n : lane.end;
          if (offset >= lane.end) break;
          message.topic = topic;
          message.partition = batch.partition;
          lane.seen = Number(message.timestamp);
          if (this.options.wanted(message)) { lane.kept.push(message); lane.bytes += message.value?.length ?? 0; }
        }
        if (lane.position >= lane.end || lane.bytes > AHEAD_BYTES) { lane.paused = true; consumer.pause([{ topic, partitions: [lane.partition] }]); }
        this.wake();
      },
    }).catch((error: unknown) => this.fail(error));
    for (const { partition, position } of lanes) consumer.seek({ topic, partition, offset: position.toString() });
  }

  private fail(error: unknown): void {
    this.failure = error instanceof Error ? error : new Error(String(error));
    this.wake();
  }

  /** The lane of the oldest message, once no other lane can bring an older one. */
  private oldest(): Lane | undefined {
    let found: Lane | undefined;
    for (const lane of this.lanes) if (lane.kept.length > 0 && (found === undefined || timeOf(lane) < timeOf(found))) found = lane;
    if (found === undefined) return undefined;
    const at = timeOf(found);
    return this.lanes.every((lane) => lane.kept.length > 0 || lane.position >= lane.end || lane.seen >= at) ? found : undefined;
  }

  private take(lane: Lane): IncomingMessage {
    const message = lane.kept.shift() as IncomingMessage;
    lane.bytes -= message.value?.length ?? 0;
    if (lane.paused && lane.position < lane.end && lane.bytes <= AHEAD_BYTES / 2) {
      lane.paused = false;
      this.consumer.resume([{ topic: this.options.topic, partitions: [lane.partition] }]);
    }
    return message;
  }
}

const timeOf = ({ kept }: Lane): number => Number(kept[0]?.timestamp);
