import { Injectable } from '@nestjs/common';
import { topicNames } from '#contracts';
import { createKafka, retentionMs } from '#kafka';
import type { SourceEntity } from '#persistence';
import { Logger, kafkaSettings } from '#platform';
import { GatewayConfig } from '../gateway.config.js';
import { Problem } from '../http/problem.js';

/** How far back what partners sent is kept. */
@Injectable()
export class RawRetention {
  constructor(private readonly config: GatewayConfig, private readonly logger: Logger) {}

  /** From when on everything that the source received is there. @throws Problem 503 while Kafka is away */
  async since({ connector, createdAt }: SourceEntity): Promise<Date> {
    try {
      const kept = await retentionMs(createKafka(kafkaSettings(this.config, 'gateway'), this.logger), topicNames.raw(this.config.topicPrefix, connector));
      return kept === undefined ? createdAt : new Date(Math.max(createdAt.getTime(), Date.now() - kept));
    } catch {
      throw new Problem({ status: 503, code: 'kafka_unavailable', title: 'Kafka can not be asked what is retained.', remedy: 'Try again in a moment. A replay reads from Kafka.', retryAfterSeconds: 10 });
    }
  }
}
