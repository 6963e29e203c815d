import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { topicNames } from '#contracts';
import { Sender } from '#forwarding';
import { BatchConsumer, RecordProducer, createKafka, topicsWith, type Kafka } from '#kafka';
import { DeliveryRepository, DestinationRepository, openDatabase, type DataSource } from '#persistence';
import { Health, Logger, Metrics, kafkaSettings } from '#platform';
import { createVault, parseKeyRing, sealContext } from '#vault';
import { Directory } from './directory.js';
import { EventForwarderConfig } from './event-forwarder.config.js';
import { Lanes } from './lanes.js';
import { ForwarderPipeline } from './pipeline.js';

/** Fetches of little are so far apart: each asks for every event topic. */
const PACE_MS = 50;
/** How often topics that are new are looked for, the log is pruned and the backlog is measured. */
const TOPICS_MS = 30_000;
const FORGET_MS = 600_000;
const BACKLOG_MS = 15_000;
const FORGET_ROWS = 5_000;
const DAY_MS = 86_400_000;

/** Wires the pipeline to Kafka, to the control database and to what the operator sees. */
@Injectable()
export class EventForwarderService implements OnApplicationBootstrap, OnApplicationShutdown {
  private database: DataSource | undefined;
  private producer: RecordProducer | undefined;
  private consumer: BatchConsumer | undefined;
  private pipeline: ForwarderPipeline | undefined;
  private lanes: Lanes | undefined;
  private sender: Sender | undefined;
  private readonly loops: { stopped: boolean; done: Promise<void>; wake: () => void }[] = [];

  constructor(private readonly config: EventForwarderConfig, private readonly logger: Logger, private readonly metrics: Metrics, private readonly health: Health) {}

  async onApplicationBootstrap(): Promise<void> {
    const { config, metrics, logger } = this;
    const { topicPrefix: prefix, databaseUrl, timeoutMs, concurrency, retryFirstMs, retryMostMs, giveUpSeconds, pollMs, settleMs, deliveryLogDays, allowPrivateAddresses } = config;
    const vault = createVault(parseKeyRing(config.vaultKeys));
    const kafka = createKafka(kafkaSettings(config, 'event-forwarder'), logger);
    const producer = this.producer = new RecordProducer(kafka);
    await producer.connect();
    const database = this.database = await openDatabase({ url: databaseUrl, applicationName: 'event-forwarder', poolSize: 10 });
    const [deliveries, destinations] = [new DeliveryRepository(database), new DestinationRepository(database)];
    const sender = this.sender = new Sender({ timeoutMs, allowPrivateAddresses });
    const outcomes = metrics.counter('cs_deliveries_total', 'Deliveries by outcome: delivered, failed (given up for good), retried.', ['kind', 'outcome']);
    const waiting = metrics.gauge('cs_deliveries_waiting', 'Deliveries that wait for an enabled destination, over all forwarders.');
    const oldest = metrics.gauge('cs_deliveries_oldest_seconds', 'Age of the oldest of them, in seconds.');
    const disabled = metrics.counter('cs_destinations_disabled_total', 'Destinations that were disabled because they were gone or took nothing.', ['reason']);
    const deadLetters = topicNames.deadLetter(prefix, 'event-forwarder');
    const lanes = this.lanes = new Lanes((id) => pipeline.round(id), (error) => { throw error; });
    const pipeline: ForwarderPipeline = this.pipeline = new ForwarderPipeline({
      deliveries, destinations, sender,
      directory: new Directory(() => destinations.enabled(), (destinationId, error) => logger.error('A destination\'s filter can not be read; it gets nothing.', { destinationId, error: error.message })),
      open: (destinationId, sealed) => vault.open(sealed, sealContext.destinationSecret(destinationId)),
      // They are due once they have settled.
      wake: (ids) => { setTimeout(() => lanes.wake(ids), settleMs).unref(); },
      bury: async (letters) => { await Promise.all(letters.map((letter) => producer.send(deadLetters, letter))); },
      watch: {
        received: (events) => metrics.received.inc({ stage: 'events' }, events),
        dropped: (reason) => metrics.dropped.inc({ reason }),
        deadLettered: (reason) => metrics.errors.inc({ kind: reason, stage: 'forward' }),
        parked: (count) => metrics.sent.inc({ stage: 'parked' }, count),
        delivered: (kind, count) => { outcomes.inc({ kind, outcome: 'delivered' }, count); metrics.sent.inc({ stage: 'destinations' }, count); },
        tried: (kind, outcome, count) => outcomes.inc({ kind, outcome }, count),
        disabled: (destinationId, { reason }) => { disabled.inc({ reason }); logger.warn('A destination is disabled.', { destinationId, reason }); },
      },
    }, { backOff: { firstMs: retryFirstMs, mostMs: retryMostMs }, giveUpMs: giveUpSeconds * 1000, timeoutMs, concurrency, settleMs, logMs: deliveryLogDays * DAY_MS });
    await this.consume(kafka, await topicsWith(kafka, topicNames.allEvents(prefix)));
    this.every('due', pollMs, async () => lanes.wake(await deliveries.due()));
    this.every('topics', TOPICS_MS, () => this.follow(kafka));
    this.every('backlog', BACKLOG_MS, async () => { const found = await deliveries.backlog(); waiting.set(found.waiting); oldest.set(found.oldestSeconds); });
    this.every('forget', FORGET_MS, async () => { while (await deliveries.forget(deliveryLogDays, FORGET_ROWS) >= FORGET_ROWS); });
    this.health.ready('destinations', true);
  }

  async onApplicationShutdown(): Promise<void> {
    for (const loop of this.loops) { loop.stopped = true; loop.wake(); }
    this.pipeline?.stop();
    await Promise.all(this.loops.map(({ done }) => done));
    await Promise.all([this.consumer?.stop(), this.lanes?.stop()]);
    await this.sender?.close();
    await this.producer?.disconnect();
    await this.database?.destroy();
  }

  private topics: readonly string[] = [];

  private async consume(kafka: Kafka, topics: readonly string[]): Promise<void> {
    this.topics = topics;
    const { pipeline, config } = this;
    if (topics.length === 0 || pipeline === undefined) return;
    this.consumer = new BatchConsumer(kafka, {
      groupId: `${config.topicPrefix}event-forwarder`, topics, maxBytesPerPartition: 1024 * 1024, concurrency: 16, paceMs: PACE_MS,
      onBatch: (batch, control) => pipeline.handle(batch, control),
      onTick: () => this.health.tick('events'),
      onFailure: (error) => { throw error; },
    });
    await this.consumer.start();
  }

  /** A subscription doesn't see topics that are made later: with new ones it begins anew. */
  private async follow(kafka: Kafka): Promise<void> {
    const topics = await topicsWith(kafka, topicNames.allEvents(this.config.topicPrefix));
    if (topics.join() === this.topics.join()) return;
    await this.consumer?.stop();
    await this.consume(kafka, topics);
  }

  /** What is thrown in here ends the process. */
  private every(name: string, ms: number, work: () => Promise<void>): void {
    const loop = { stopped: false, done: Promise.resolve(), wake: (): void => undefined };
    const run = async (): Promise<void> => {
      while (!loop.stopped) {
        await work();
        this.health.tick(name, Math.max(60_000, 3 * ms));
        if (!loop.stopped) await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          loop.wake = () => { clearTimeout(timer); resolve(); };
        });
      }
    };
    loop.done = run();
    this.loops.push(loop);
  }
}
