import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { groupNames, topicNames } from '#contracts';
import { OrderedScan, RecordProducer, committedOffset, createKafka, topicRanges, type Kafka } from '#kafka';
import { RunRepository, type ClaimedRun } from '#persistence';
import { Logger, kafkaSettings } from '#platform';
import { FetcherConfig } from '../fetcher.config.js';
import type { RunPorts } from '../run-sync/run-ports.js';
import type { ReplayPorts } from './replay-run.js';

/** Binds a replay's ports to Kafka and the control database. */
@Injectable()
export class ReplayPortsFactory implements OnModuleInit, OnApplicationShutdown {
  private readonly kafka: Kafka;
  private readonly producer: RecordProducer;

  constructor(private readonly config: FetcherConfig, @Inject(RunRepository) private readonly runs: RunRepository, logger: Logger) {
    this.kafka = createKafka(kafkaSettings(config, 'fetcher'), logger);
    this.producer = new RecordProducer(this.kafka);
  }

  async onModuleInit(): Promise<void> { await this.producer.connect(); }

  make(publish: RunPorts['publish']): ReplayPorts {
    const { topicPrefix: prefix } = this.config;
    const { kafka } = this;
    const lanes = new Map<string, Promise<number>>();
    /** The one partition that a source's copies go through, in order. */
    const lane = (run: ClaimedRun): Promise<number> => {
      const known = lanes.get(run.runId) ?? topicRanges(kafka, [topicNames.replay(prefix, run.connector)]).then((ranges) => laneOf(run.sourceId, ranges.get(topicNames.replay(prefix, run.connector))?.length ?? 0));
      lanes.set(run.runId, known);
      return known;
    };
    return {
      store: this.runs, publish,
      open: (connector, from, wanted) => OrderedScan.open(kafka, { topic: topicNames.raw(prefix, connector), from, wanted }),
      toNormalizer: async (run, message) => { await this.producer.send(topicNames.replay(prefix, run.connector), { ...message, partition: await lane(run) }); },
      lag: async (run) => {
        const [topic, partition] = [topicNames.replay(prefix, run.connector), await lane(run)];
        const taken = await committedOffset(kafka, groupNames.normalizer(prefix), topic, partition);
        const range = (await topicRanges(kafka, [topic])).get(topic)?.find((one) => one.partition === partition);
        if (range === undefined) return 0;
        const from = taken === undefined || BigInt(taken) < BigInt(range.low) ? range.low : taken;
        return Number(BigInt(range.high) - BigInt(from));
      },
    };
  }

  async onApplicationShutdown(): Promise<void> { await this.producer.disconnect(); }
}

/** @throws Error when the topic isn't there */
function laneOf(sourceId: string, partitions: number): number {
  if (partitions === 0) throw new Error('the replay topic is missing: run the prepare job');
  let hash = 0;
  for (const character of sourceId) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return hash % partitions;
}
