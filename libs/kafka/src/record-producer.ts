import type { Kafka, Producer } from 'kafkajs';
import { messageBytes, type OutgoingMessage } from './message.js';
import { createPartitioner, partitioned } from './record-batch/partitioned.js';

export interface RecordProducerOptions {
  /** Rejects a send that isn't acknowledged after this many ms; the message may still arrive. */
  readonly deliveryTimeoutMs: number;
  /** Bytes that may wait for an acknowledgement; above that, sends are refused at once. */
  readonly maxPendingBytes: number;
  /** Bytes in one produce request. */
  readonly maxRequestBytes: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** While messages keep coming, requests begin at least so many ms apart, so that more of them travel together; the first after a pause leaves at once. */
  readonly paceMs: number;
}

/** Kafka didn't acknowledge: away, too slow, or too much is waiting. The sender tries again later. */
export class NotAcknowledgedError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`Kafka did not acknowledge: ${reason}`, options);
    this.name = 'NotAcknowledgedError';
  }
}

interface Waiting { topic: string; message: OutgoingMessage; bytes: number; since: number; resolve: () => void; reject: (error: Error) => void; settled: boolean }

const DEFAULTS: RecordProducerOptions = { deliveryTimeoutMs: 30_000, maxPendingBytes: 64 * 1024 * 1024, maxRequestBytes: 4 * 1024 * 1024, concurrency: 2, paceMs: 0 };

/**
 * Sends with acks=all and resolves only after the broker's acknowledgement. What is sent while a request is under way
 * travels together in the next one. At least once: ids are deterministic, so a repeat is removed downstream.
 */
export class RecordProducer {
  private readonly producer: Producer;
  private readonly options: RecordProducerOptions;
  private readonly queue: Waiting[] = [];
  private pendingBytes = 0;
  private flying = 0;
  private flew = Number.NEGATIVE_INFINITY;
  private pace: NodeJS.Timeout | undefined;
  private sweep: NodeJS.Timeout | undefined;

  constructor(kafka: Kafka, options: Partial<RecordProducerOptions> = {}) {
    this.options = { ...DEFAULTS, ...options };
    const { deliveryTimeoutMs } = this.options;
    // Enough pauses (50, 100, 200, … ms) to outlast the election of a leader within the time there is.
    this.producer = kafka.producer({
      allowAutoTopicCreation: false, createPartitioner,
      retry: { initialRetryTime: 50, maxRetryTime: Math.min(1_000, deliveryTimeoutMs / 4), retries: deliveryTimeoutMs >= 10_000 ? 10 : 6 },
    });
  }

  async connect(): Promise<void> {
    await this.producer.connect();
    this.sweep = setInterval(() => this.expire(), Math.min(100, this.options.deliveryTimeoutMs / 10)).unref();
  }

  /** Waits for what is under way, refuses what comes later. */
  async disconnect(): Promise<void> {
    while (this.flying > 0 || this.queue.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    clearInterval(this.sweep);
    await this.producer.disconnect();
  }

  /** @throws NotAcknowledgedError */
  send(topic: string, message: OutgoingMessage): Promise<void> {
    const bytes = messageBytes(message);
    if (this.pendingBytes + bytes > this.options.maxPendingBytes && this.pendingBytes > 0) {
      return Promise.reject(new NotAcknowledgedError(`${this.pendingBytes} bytes are waiting already`));
    }
    this.pendingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.queue.push({ topic, message, bytes, since: Date.now(), resolve, reject, settled: false });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.flying >= this.options.concurrency || this.queue.length === 0 || this.pace !== undefined) return;
    const rest = this.flew + this.options.paceMs - performance.now();
    if (rest < 1) queueMicrotask(() => this.pump());
    else this.pace = setTimeout(() => { this.pace = undefined; this.pump(); }, rest);
  }

  private pump(): void {
    while (this.flying < this.options.concurrency && this.queue.length > 0) {
      let bytes = 0;
      let count = 0;
      while (count < this.queue.length && (count === 0 || bytes + (this.queue[count]?.bytes ?? 0) <= this.options.maxRequestBytes)) bytes += this.queue[count++]?.bytes ?? 0;
      const batch = this.queue.splice(0, count).filter(({ settled }) => !settled);
      if (batch.length > 0) void this.fly(batch);
    }
  }

  private async fly(batch: Waiting[]): Promise<void> {
    this.flying += 1;
    this.flew = performance.now();
    const late = setTimeout(() => {
      for (const waiting of batch) this.settle(waiting, new NotAcknowledgedError(`no answer within ${this.options.deliveryTimeoutMs} ms`));
    }, Math.max(0, (batch[0]?.since ?? 0) + this.options.deliveryTimeoutMs - Date.now()));
    const topics = new Map<string, OutgoingMessage[]>();
    for (const { topic, message } of batch) {
      const messages = topics.get(topic);
      if (messages === undefined) topics.set(topic, [message]); else messages.push(message);
    }
    try {
      await this.producer.sendBatch({ acks: -1, topicMessages: [...topics].map(([topic, messages]) => ({ topic, messages: partitioned(messages) as never })) });
      for (const waiting of batch) this.settle(waiting);
    } catch (error) {
      for (const waiting of batch) this.settle(waiting, new NotAcknowledgedError(error instanceof Error ? error.message : 'unknown error', { cause: error }));
    } finally {
      clearTimeout(late);
      this.flying -= 1;
      this.schedule();
    }
  }

  private settle(waiting: Waiting, error?: Error): void {
    if (waiting.settled) return;
    waiting.settled = true;
    this.pendingBytes -= waiting.bytes;
    if (error === undefined) waiting.resolve(); else waiting.reject(error);
  }

  private expire(): void {
    const before = Date.now() - this.options.deliveryTimeoutMs;
    while (this.queue.length > 0 && (this.queue[0]?.since ?? Infinity) <= before) {
      const waiting = this.queue.shift();
      if (waiting !== undefined) this.settle(waiting, new NotAcknowledgedError(`not sent within ${this.options.deliveryTimeoutMs} ms`));
    }
  }
}
