import { hostname } from 'node:os';
import { modelMessage, type ModelChange } from '#contracts';
import type { OutgoingMessage } from '#kafka';
import type { ModelRunRepository, ModelTask } from '#persistence';
import type { Logger, Metrics } from '#platform';
import { OldComputationError, type ModelStore, type WarehouseReader } from '#warehouse';
import { UnpublishedError, compute, failureOf, waitsFor } from './compute.js';

export interface ModelPorts {
  readonly runs: Pick<ModelRunRepository, 'take' | 'renew' | 'release' | 'finish' | 'waiting'>;
  /** The login that reads the warehouse for people. */
  readonly reader: () => Promise<Pick<WarehouseReader, 'read'>>;
  readonly store: Pick<ModelStore, 'write' | 'drop' | 'publish' | 'isUnpublished' | 'close'>;
  /** Resolves after the broker's acks=all; messages of one key arrive in the order of the calls. */
  readonly send: (topic: string, message: OutgoingMessage) => Promise<void>;
  readonly topicPrefix: string;
  readonly limits: { readonly timeoutMs: number; readonly maxRows: number };
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const LEASE_MS = 60_000;
const RENEW_MS = 15_000;
const CHANGES = 1_000;

/** Computes the traits and audiences of one warehouse, one after the other, and publishes what changed. */
export class ModelWorker {
  private readonly owner = `${hostname()}/${process.pid}`;
  private readonly stopping = new AbortController();
  private working: Promise<void> | undefined;

  constructor(private readonly warehouseId: string, private readonly ports: ModelPorts) {}

  /** Begins with what waits, unless that is being done. */
  turn(): void {
    if (this.stopping.signal.aborted) return;
    this.working ??= this.work().catch(async (error: unknown) => {
      this.ports.metrics.errors.inc({ kind: error instanceof Error ? error.name : 'unknown', stage: 'model' });
      this.ports.logger.warn('Traits and audiences wait; they are tried again.', { reason: error instanceof Error ? error.message : typeof error });
      const why = waitsFor(error);
      if (why !== undefined) await this.ports.runs.waiting(this.warehouseId, why);
    }).catch((error: unknown) => {
      this.ports.metrics.errors.inc({ kind: error instanceof Error ? error.name : 'unknown', stage: 'model' });
    }).finally(() => { this.working = undefined; });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.working;
    await this.ports.store.close();
  }

  private async work(): Promise<void> {
    // What an earlier process has left behind.
    await this.publish();
    for (let task; !this.stopping.signal.aborted && (task = await this.ports.runs.take(this.warehouseId, this.owner, LEASE_MS)) !== undefined;) {
      await this.one(task);
      await this.publish();
    }
  }

  private async one(task: ModelTask): Promise<void> {
    const { runs, store, limits, logger, metrics } = this.ports;
    const lost = new AbortController();
    const renewing = setInterval(() => { runs.renew(task, LEASE_MS).then((ours) => { if (!ours) lost.abort(); }, () => undefined); }, RENEW_MS);
    const end = metrics.batchSeconds.startTimer({ stage: 'model' });
    try {
      const outcome = await compute(task, { reader: await this.ports.reader(), store, limits, signal: AbortSignal.any([this.stopping.signal, lost.signal]) });
      if (task.trigger === 'delete') await this.told(task);
      await runs.finish(task, { state: 'succeeded', ...outcome });
    } catch (error) {
      if (lost.signal.aborted || error instanceof OldComputationError) return;
      if (this.stopping.signal.aborted) return await runs.release(task);
      const failure = failureOf(error);
      metrics.errors.inc({ kind: failure?.code ?? 'unavailable', stage: 'model' });
      if (failure === undefined) {
        await runs.release(task);
        throw error;
      }
      if (failure.code === 'internal') logger.error('The result of a trait or audience could not be written.', { modelId: task.modelId, error: error instanceof Error ? `${error.name}: ${error.message}` : typeof error });
      await runs.finish(task, { state: 'failed', error: failure });
    } finally {
      clearInterval(renewing);
      end();
    }
  }

  /** That everybody left the model is published: until then its warehouse must stay. @throws UnpublishedError when Kafka is away, or another process is at it */
  private async told({ modelId }: ModelTask): Promise<void> {
    await this.publish().catch((error: unknown) => { throw waitsFor(error) === undefined ? new UnpublishedError({ cause: error }) : error; });
    if (await this.ports.store.isUnpublished(modelId)) throw new UnpublishedError();
  }

  private async publish(): Promise<void> {
    const { store, send, topicPrefix, metrics } = this.ports;
    const hand = async (changes: readonly ModelChange[]): Promise<void> => {
      // All of them settle before the transaction ends, so that none is still on its way when they are free again.
      const results = await Promise.allSettled(changes.map((change) => {
        const { topic, ...message } = modelMessage(topicPrefix, change);
        return send(topic, message);
      }));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    };
    for (let count = CHANGES; count === CHANGES && !this.stopping.signal.aborted;) {
      count = await store.publish(this.warehouseId, CHANGES, hand);
      if (count > 0) metrics.sent.inc({ stage: 'model' }, count);
    }
  }
}
