import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchConsumer, scanBatches, topicIds, topicRanges, type Kafka, type OutgoingMessage } from '#kafka';
import type { CatchUpTask, SelectionRepository } from '#persistence';
import type { Health, Logger, Metrics } from '#platform';
import { PostgresWarehouse, WarehouseRefusedError, type Warehouse } from '#warehouse';
import { catchUp } from './catch-up.js';
import type { Directory } from './directory.js';
import type { ModelWorker } from './models/model-worker.js';
import { LoaderPipeline, type LoaderPorts, type TopicLook } from './pipeline.js';

/** What the runners of all warehouses share. */
export interface RunnerContext {
  readonly kafka: Kafka;
  readonly clusterId: string;
  readonly topics: readonly string[];
  /** The topics of a connector's collections; of all when none are named. */
  readonly topicsOf: (connector: string, collections: readonly string[] | null) => readonly string[];
  readonly selections: SelectionRepository;
  readonly groupId: (warehouseId: string) => string;
  readonly limits: LoaderPorts['limits'];
  readonly directory: Directory;
  readonly bury: (letters: readonly OutgoingMessage[]) => Promise<void>;
  /** Of the warehouse's traits and audiences. */
  readonly models: (warehouseId: string, url: string) => ModelWorker;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
}

const OPEN_AGAIN_MS = 2_000;
const CATCH_UP_LEASE_MS = 60_000;
/** Of one partition: a few of the normaliser's batches. */
const PARTITION_BYTES = 512 * 1024;
/** Between the fewest round trips and the longest stop of the event loop; with room for eight full partitions, so that the little of one comes along. */
const FETCH_BYTES = 4 * 1024 * 1024;
/** Rows wait for their batch by the chunk, not by the partition. */
const PARTITIONS_AT_ONCE = 64;
/** A fetch asks for hundreds of partitions: at 200 events a second it would be asked for each of them. */
const PACE_MS = 100;

/** One warehouse's consumer and pipeline, from the first connection to the stop. */
export class WarehouseRunner {
  private readonly warehouse: Warehouse;
  private readonly logger: Logger;
  private readonly loop: string;
  private readonly models: ModelWorker;
  private pipeline: LoaderPipeline | undefined;
  private consumer: BatchConsumer | undefined;
  private stopped = false;
  private failing = false;
  private done: Promise<void> | undefined;
  private catchingUp: Promise<void> | undefined;
  /** Version of the selection that the warehouse was told of. */
  private told = 0;

  constructor(readonly warehouseId: string, readonly urlSealed: string, private readonly url: string, private readonly context: RunnerContext) {
    this.warehouse = new PostgresWarehouse(url);
    this.logger = context.logger.with({ warehouseId });
    this.loop = `warehouse-${warehouseId}`;
    this.models = context.models(warehouseId, url);
  }

  start(): void { this.done = this.run(); }

  /** The batches under way are committed, then all is closed. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
    await this.models.stop();
    await this.catchingUp;
    await this.pipeline?.stop();
    await this.consumer?.stop();
    this.context.health.forget(this.loop);
    await this.warehouse.close();
  }

  /** After every look at the control database: what was chosen anew is told to the warehouse, what is to be caught up with is begun. */
  async turn(): Promise<void> {
    if (this.stopped) return;
    // Also of a warehouse that was never reached: those who wait are told why.
    this.models.turn();
    if (this.consumer === undefined) return;
    const { directory, selections, groupId } = this.context;
    const version = directory.version(this.warehouseId);
    if (version > this.told) {
      const told = await this.warehouse.select(groupId(this.warehouseId), version).catch((error: unknown) => { this.failed(error); return undefined; });
      if (told === undefined) return;
      this.told = version;
    }
    if (this.catchingUp !== undefined) return;
    const owner = `${hostname()}/${process.pid}`;
    const task = await selections.take(this.warehouseId, owner, CATCH_UP_LEASE_MS);
    if (task !== undefined) this.catchingUp = this.catchUp(task, owner).finally(() => { this.catchingUp = undefined; });
  }

  private async catchUp(task: CatchUpTask, owner: string): Promise<void> {
    const { kafka, directory, selections, topicsOf, groupId, bury, metrics } = this.context;
    const { id, sourceId, collections } = task;
    const source = directory.source(sourceId);
    const warehouse = new PostgresWarehouse(this.url);
    this.logger.info('Catching up with a source.', { sourceId, collections: collections ?? 'all' });
    try {
      const done = await catchUp(task, {
        loader: groupId(this.warehouseId), warehouse, bury,
        topics: source === undefined ? [] : topicsOf(source.connector, collections),
        selection: () => directory.version(this.warehouseId),
        refreshSelection: () => directory.refresh(),
        destination: (meta) => directory.destination(this.warehouseId, meta),
        scan: (topics, from, onTotal, onBatch) => scanBatches(kafka, { topics, from, onTotal, onBatch }),
        progress: (state) => selections.progress(id, owner, CATCH_UP_LEASE_MS, state),
        failing: (error) => {
          metrics.errors.inc({ kind: error instanceof Error ? error.name : 'unknown', stage: 'catch-up' });
          this.logger.warn('Catching up is tried again.', { sourceId, reason: error instanceof Error ? error.message : typeof error });
        },
        stopping: () => this.stopped,
      });
      await selections.end(id, owner, done);
      this.logger.info(done ? 'Caught up.' : 'Catching up ends here; it goes on elsewhere or was chosen anew.', { sourceId });
    } catch (error) {
      // The lease runs out, and it is taken again from where it stands.
      this.logger.error('Catching up broke off.', { sourceId, reason: error instanceof Error ? error.message : typeof error });
    } finally {
      await warehouse.close();
    }
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.warehouse.open();
        this.recovered();
        break;
      } catch (error) {
        this.failed(error);
        await sleep(OPEN_AGAIN_MS);
      }
    }
    if (!this.stopped) await this.consume();
  }

  private async consume(): Promise<void> {
    const { kafka, clusterId, topics, groupId, limits, directory, bury, metrics, health } = this.context;
    const loader = groupId(this.warehouseId);
    const consumer: BatchConsumer = this.consumer = new BatchConsumer(kafka, {
      groupId: loader, topics, maxBytesPerPartition: PARTITION_BYTES, maxBytes: FETCH_BYTES, concurrency: PARTITIONS_AT_ONCE, paceMs: PACE_MS,
      onAssigned: (assignment, generation) => pipeline.assigned(assignment, generation),
      onBatch: (batch) => pipeline.handle(batch),
      onTick: () => health.tick(this.loop),
      onFailure: (error) => { throw error; },
    });
    const pipeline: LoaderPipeline = this.pipeline = new LoaderPipeline({
      loader, clusterId, limits, bury,
      warehouse: this.warehouse,
      control: consumer,
      destination: (meta) => directory.destination(this.warehouseId, meta),
      selection: () => directory.version(this.warehouseId),
      refreshSelection: () => directory.refresh(),
      lookForSource: (sourceId) => directory.lookFor(sourceId),
      look: (some) => look(kafka, some),
      watch: {
        received: (records) => metrics.received.inc({ stage: 'records' }, records),
        dropped: (reason) => metrics.dropped.inc({ reason }),
        deadLettered: (reason) => metrics.errors.inc({ kind: reason, stage: 'load' }),
        loaded: (rows, discarded, seconds) => {
          metrics.sent.inc({ stage: 'warehouse' }, rows);
          if (discarded > 0) metrics.dropped.inc({ reason: 'value_does_not_fit' }, discarded);
          metrics.batchSeconds.observe({ stage: 'load' }, seconds);
        },
        failing: (error) => this.failed(error),
        recovered: () => this.recovered(),
        blocked: (partitions, error) => {
          metrics.errors.inc({ kind: error.name, stage: 'load' });
          this.logger.warn('A table waits; the others go on.', { table: `${error.target.schema}.${error.target.table}`, partitions, reason: error.reason });
        },
        stopped: ({ topic, partition }, why) => {
          metrics.errors.inc({ kind: 'partition_stopped', stage: 'load' });
          this.logger.error('A partition is not loaded any more: look at the topic, then reload it on purpose.', { topic, partition, why });
        },
      },
    });
    await consumer.start();
  }

  /** Said once when it begins; the metric goes on counting. */
  private failed(error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error;
    this.context.metrics.errors.inc({ kind: name, stage: 'load' });
    if (this.failing) return;
    this.failing = true;
    this.logger.error('Loading stands still and is tried again.', {
      error: name, reason: error instanceof Error ? error.message : undefined, ...(error instanceof WarehouseRefusedError && { remedy: error.remedy }),
    });
  }

  private recovered(): void {
    if (!this.failing) return;
    this.failing = false;
    this.logger.info('Loading goes on.');
  }
}

async function look(kafka: Kafka, topics: readonly string[]): Promise<Map<string, TopicLook>> {
  const [ids, ranges] = await Promise.all([topicIds(kafka, topics), topicRanges(kafka, topics)]);
  return new Map([...ranges].map(([topic, partitions]) => {
    const id = ids.get(topic);
    return [topic, { partitions, ...(id !== undefined && { id }) }];
  }));
}
