import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import { SyncEvent, topicNames, validate } from '#contracts';
import { BatchConsumer, createKafka, type IncomingMessage } from '#kafka';
import { Logger, kafkaSettings } from '#platform';
import { GatewayConfig } from '../gateway.config.js';

const RETRY_MS = 5_000;

/** `sync.events` as they come, for the people who watch. Every gateway hears all of them, from now on; the control database has what was before. */
@Injectable()
export class LiveFeed implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly subject = new Subject<SyncEvent>();
  readonly events: Observable<SyncEvent> = this.subject.asObservable();
  private consumer: BatchConsumer | undefined;
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly config: GatewayConfig, private readonly logger: Logger) {}

  onApplicationBootstrap(): void { this.start(); }

  /** Ends the open streams, before the server waits for them. */
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    this.subject.complete();
    await this.consumer?.stop();
  }

  /** In the background: the API works while Kafka is away. */
  private start(): void {
    if (this.stopped) return;
    const again = (error: Error): void => {
      this.logger.warn('The feed of live runs is interrupted and starts again.', { error: error.message });
      this.retry = setTimeout(() => this.start(), RETRY_MS).unref();
    };
    this.consumer = new BatchConsumer(createKafka(kafkaSettings(this.config, 'gateway'), this.logger), {
      groupId: `${this.config.topicPrefix}gateway-live-${randomUUID()}`, topics: [topicNames.syncEvents(this.config.topicPrefix)],
      fromBeginning: false, concurrency: 1, onFailure: again,
      onBatch: async (batch) => {
        for (const message of batch.messages) {
          this.hear(message);
          batch.resolve((BigInt(message.offset) + 1n).toString());
        }
      },
    });
    this.consumer.start().catch(again);
  }

  private hear({ value, offset }: IncomingMessage): void {
    let event: SyncEvent;
    try {
      event = validate(SyncEvent, JSON.parse(String(value)));
    } catch (error) {
      this.logger.warn('A sync event that can\'t be read was left out of the live feed.', { offset, error: error instanceof Error ? error.message : 'unknown' });
      return;
    }
    this.subject.next(event);
  }
}
