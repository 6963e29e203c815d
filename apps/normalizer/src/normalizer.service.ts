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

/** Feeds the pipeline from `raw.*` and `replay.*`; an error of it ends the process. */
@Injectable()
export class NormalizerService implements OnApplicationBootstrap, OnApplicationShutdown {
  private consumer: BatchConsumer | undefined;
  private pipeline: NormalizerPipeline | undefined;

  constructor(private readonly config: NormalizerConfig, private readonly logger: Logger, private readonly metrics: Metrics, private readonly health: Health) {}

  async onApplicationBootstrap(): Promise<void> {
    const { topicPrefix: prefix, concurrency, transactionRecords } = this.config;
    const { metrics } = this;
    const kafka = createKafka(kafkaSettings(this.config, 'normalizer'), this.logger);
    const connectors = new Map((await loadConnectors()).map((connector) => [connector.declaration.name, connector]));
    const groupId = groupNames.normalizer(prefix);
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
    this.pipeline = pipeline;
    this.health.ready('consumer', false);
    this.consumer = new BatchConsumer(kafka, {
      groupId, concurrency, maxBytesPerPartition: PARTITION_BYTES, maxBytes: FETCH_BYTES,
      topics: connectorNames.flatMap((name) => [topicNames.raw(prefix, name), topicNames.replay(prefix, name)]),
      onAssigned: () => this.health.ready('consumer', true),
      onTick: () => this.health.tick('consumer'),
      onFailure: (error) => { throw error; },
      onBatch: async (batch, control) => {
        const end = metrics.batchSeconds.startTimer({ stage: 'normalize' });
        await pipeline.handle(batch, control);
        end();
      },
    });
    await this.consumer.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.consumer?.stop();
    await this.pipeline?.close();
  }
}
