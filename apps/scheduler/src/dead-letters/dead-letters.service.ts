import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DEAD_LETTER_SERVICES, topicNames } from '#contracts';
import { BatchConsumer, RecordProducer, createKafka } from '#kafka';
import { DeadLetterRepository, migrate, openDatabase, type DataSource } from '#persistence';
import { Health, Logger, Metrics, kafkaSettings } from '#platform';
import { Loop } from '../loop.js';
import { SchedulerConfig } from '../scheduler.config.js';
import { indexLetters } from './index-letters.js';
import { replayMessage } from './replay-message.js';

const AT_ONCE = 50;
const FORGET_MS = 3_600_000;
const RETRY_MS = 5_000;

/**
 * Keeps the index of the dead-letter topics, which people look at, and sends again what they want replayed. Every scheduler may do
 * both: partitions belong to one of the group, and letters are locked while they are sent.
 */
@Injectable()
export class DeadLettersService implements OnApplicationBootstrap, OnApplicationShutdown {
  private database: DataSource | undefined;
  private producer: RecordProducer | undefined;
  private consumer: BatchConsumer | undefined;
  private replaying: Loop | undefined;
  private forgetting: Loop | undefined;
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;
  private failing = false;

  constructor(private readonly config: SchedulerConfig, private readonly logger: Logger, private readonly metrics: Metrics, private readonly health: Health) {}

  async onApplicationBootstrap(): Promise<void> {
    const { databaseUrl, topicPrefix: prefix, tickMs } = this.config;
    this.database = await openDatabase({ url: databaseUrl, applicationName: 'scheduler dead letters', poolSize: 3 });
    await migrate(this.database);
    const letters = new DeadLetterRepository(this.database);
    const kafka = createKafka(kafkaSettings(this.config, 'scheduler'), this.logger);
    const producer = this.producer = new RecordProducer(kafka, { deliveryTimeoutMs: 10_000 });
    await producer.connect();
    const watch = { turned: (loop: string) => this.health.tick(loop), failed: (loop: string, error: unknown) => this.failed(loop, error) };
    this.replaying = new Loop('dead-letters', tickMs, async () => {
      for (let taken = AT_ONCE; taken === AT_ONCE && !this.stopped;) {
        taken = await letters.takeReplays(AT_ONCE, async (some) => {
          await Promise.all(some.map((letter) => { const { topic, message } = replayMessage(letter, prefix); return producer.send(topic, message); }));
        });
      }
      this.recovered();
    }, watch);
    this.replaying.start();
    this.forgetting = new Loop('forget-letters', FORGET_MS, () => letters.forget(), { turned: () => undefined, failed: watch.failed });
    this.forgetting.start();
    this.index(letters);
  }

  /** In the background: runs are planned while Kafka is away. */
  private index(letters: DeadLetterRepository): void {
    if (this.stopped) return;
    const { topicPrefix: prefix } = this.config;
    const again = (error: Error): void => {
      this.failed('dead-letter-index', error);
      void this.consumer?.stop().catch(() => undefined);
      this.retry = setTimeout(() => this.index(letters), RETRY_MS).unref();
    };
    this.consumer = new BatchConsumer(createKafka(kafkaSettings(this.config, 'scheduler'), this.logger), {
      groupId: `${prefix}dead-letter-index`, concurrency: 1, onFailure: again,
      topics: DEAD_LETTER_SERVICES.map((service) => topicNames.deadLetter(prefix, service)),
      onBatch: async (batch, control) => {
        await indexLetters(batch, control, letters, ({ topic, offset }, error) => this.logger.warn('A dead letter that can\'t be read is not in the index.', { topic, offset, error: error.message }));
        this.recovered();
      },
    });
    this.consumer.start().catch(again);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    await Promise.all([this.replaying?.stop(), this.forgetting?.stop(), this.consumer?.stop()]);
    await this.producer?.disconnect();
    await this.database?.destroy();
  }

  /** Said once when it begins; the metric goes on counting. */
  private failed(stage: string, error: unknown): void {
    this.metrics.errors.inc({ kind: error instanceof Error ? error.name : 'unknown', stage });
    if (this.failing) return;
    this.failing = true;
    this.logger.error('Dead letters can not be indexed or replayed; it is tried again.', { stage, error: error instanceof Error ? `${error.name}: ${error.message}` : typeof error });
  }

  private recovered(): void { this.failing = false; }
}
