import { topicOf } from '#connector-kit';
import { connectorNames, loadConnectors } from '#connectors';
import { groupNames, recordTopic, topicNames } from '#contracts';
import { BatchConsumer, TransactionalProducer, committedOffset, createKafka, type KafkaLog, type KafkaSettings, type Lane } from '#kafka';
import { NormalizerPipeline } from './pipeline.js';

/** A fetch is in memory up to three times, and what is made of it as often. */
const PARTITION_BYTES = 1024 * 1024;
const FETCH_BYTES = 4 * 1024 * 1024;

/** What a lane is started with; it can be handed to another thread. */
export interface LaneInput {
  readonly lane: Lane;
  readonly kafka: KafkaSettings;
  readonly topicPrefix: string;
  readonly concurrency: number;
  readonly transactionRecords: number;
}

/** What a lane tells of itself. */
export type LaneReport =
  | { readonly type: 'assigned' | 'tick' }
  | { readonly type: 'received' | 'sent'; readonly records: number }
  | { readonly type: 'dead-lettered'; readonly reason: string }
  | { readonly type: 'batch'; readonly seconds: number };

export interface RunningLane {
  /** What is in hand is finished first. */
  stop(): Promise<void>;
}

/** Feeds a pipeline from one lane of `raw.*`, the bulk one also from `replay.*`. An error is thrown where nobody catches it. */
export async function startLane({ lane, kafka: settings, topicPrefix: prefix, concurrency, transactionRecords }: LaneInput, report: (report: LaneReport) => void, log: KafkaLog): Promise<RunningLane> {
  const kafka = createKafka(settings, log);
  const connectors = new Map((await loadConnectors()).map((connector) => [connector.declaration.name, connector]));
  const groupId = groupNames.normalizer(prefix);
  let received = 0;
  const raw = connectorNames.map((name) => topicNames.raw(prefix, name));
  const pipeline = new NormalizerPipeline({
    groupId, transactionRecords,
    connector: (name) => connectors.get(name),
    recordTopic: ({ declaration }, collection, kind) => recordTopic(prefix, declaration.name, topicOf(declaration, collection), kind),
    deadLetterTopic: topicNames.deadLetter(prefix, 'normalizer'),
    open: (topic, partition) => TransactionalProducer.init(kafka, `normalizer-${topic}-${partition}`),
    committed: (topic, partition) => committedOffset(kafka, groupId, topic, partition),
    count: {
      received: (records) => { received += records; },
      sent: (records) => report({ type: 'sent', records }),
      deadLettered: (reason) => report({ type: 'dead-lettered', reason }),
    },
    now: () => new Date(),
  });
  const consumer = new BatchConsumer(kafka, {
    groupId, concurrency, maxBytesPerPartition: PARTITION_BYTES, maxBytes: FETCH_BYTES, lane: { lane, topics: raw },
    topics: [...raw, ...connectorNames.map((connector) => topicNames.replay(prefix, connector))],
    onAssigned: () => report({ type: 'assigned' }),
    onTick: () => report({ type: 'tick' }),
    onFailure: (error) => { throw error; },
    onBatch: async (batch, control) => {
      const begun = performance.now();
      await pipeline.handle(batch, control);
      report({ type: 'batch', seconds: (performance.now() - begun) / 1000 });
      // By the batch: a report from another thread for each message would cost more than its count is worth.
      report({ type: 'received', records: received });
      received = 0;
    },
  });
  await consumer.start();
  return {
    stop: async () => {
      await consumer.stop();
      await pipeline.close();
    },
  };
}
