import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { topicOf } from '#connector-kit';
import { groupNames, recordTopic, topicNames } from '#contracts';
import { connectorNames, loadConnectors } from '#connectors';
import { BatchConsumer, TransactionalProducer, committedOffset, createKafka } from '#kafka';
import { Health, Logger, Metrics, kafkaSettings } from '#platform';
import { NormalizerConfig } from './normalizer.config.js';
import { NormalizerPipeline } from './pipeline.js';

/** A fetch is in memory up to three times, and what is made of it as often. */
const PARTITION_BYTES = 1024 * 1024;
const FETCH_BYTES = 4 * 1024 * 1024;

/** Webhooks have partitions of their own and, here, a consumer: they wait for no page of a sync. */
const LANES = ['urgent', 'bulk'] as const;

/** Feeds a pipeline for each lane from `raw.*` and `replay.*`; an error of one ends the process. */
@Injectable()
export class NormalizerService implements OnApplicationBootstrap, OnApplicationShutdown {
  private lanes: readonly { readonly consumer: BatchConsumer; readonly pipeline: NormalizerPipeline }[] = [];

  constructor(private readonly config: NormalizerConfig, private readonly logger: Logger, private readonly metrics: Metrics, private readonly health: Health) {}

  async onApplicationBootstrap(): Promise<void> {
    const { topicPrefix: prefix, concurrency, transactionRecords } = this.config;
    const { metrics } = this;
    const kafka = createKafka(kafkaSettings(this.config, 'normalizer'), this.logger);
    const connectors = new Map((await loadConnectors()).map((connector) => [connector.declaration.name, connector]));
    const groupId = groupNames.normalizer(prefix);
    const raw = connectorNames.map((name) => topicNames.raw(prefix, name));
    this.lanes = LANES.map((lane) => {
      const pipeline = new NormalizerPipeline({
        groupId, transactionRecords,
        connector: (name) => connectors.get(name),
        recordTopic: ({ declaration }, collection, kind) => recordTopic(prefix, declaration.name, topicOf(declaration, collection), kind),
        deadLetterTopic: topicNames.deadLetter(prefix, 'normalizer'),
        open: (topic, partition) => TransactionalProducer.init(kafka, `normalizer-${topic}-${partition}`),
        committed: (topic, partition) => committedOffset(kafka, groupId, topic, partition),
        count: {
          received: (records) => metrics.received.inc({ stage: 'raw' }, records),
          sent: (records) => metrics.sent.inc({ stage: 'records' }, records),
          deadLettered: (reason) => metrics.errors.inc({ kind: reason, stage: 'normalize' }),
        },
        now: () => new Date(),
      });
      const name = `consumer-${lane}`;
      this.health.ready(name, false);
      const consumer = new BatchConsumer(kafka, {
        groupId, concurrency, maxBytesPerPartition: PARTITION_BYTES, maxBytes: FETCH_BYTES, lane: { lane, topics: raw },
        topics: [...raw, ...connectorNames.map((connector) => topicNames.replay(prefix, connector))],
        onAssigned: () => this.health.ready(name, true),
        onTick: () => this.health.tick(name),
        onFailure: (error) => { throw error; },
        onBatch: async (batch, control) => {
          const end = metrics.batchSeconds.startTimer({ stage: 'normalize' });
          await pipeline.handle(batch, control);
          end();
        },
      });
      return { consumer, pipeline };
    });
    await Promise.all(this.lanes.map(({ consumer }) => consumer.start()));
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.lanes.map(async ({ consumer, pipeline }) => {
      await consumer.stop();
      await pipeline.close();
    }));
  }
}
