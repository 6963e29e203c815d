import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import {
  HungError, InternalError, OutOfMemoryError, RAW_SPLIT_BYTES, isFinal, rawHeaders, rawKey, toErrorReport, type CloudSourcesError, type CollectionRunState, type ErrorReport, type SyncEvent,
} from '#contracts';
import { isRenewable, splitPage, withoutRefreshToken, type Checkpoint } from '#connector-kit';
import type { ClaimedRun, LogLine } from '#persistence';
import type { RunPorts } from './run-sync/run-ports.js';
import type { CollectionMessage, PageMessage, ParentMessage, RunOutcome, WorkerInput, WorkerMessage } from './run-sync/worker-protocol.js';

export interface RunLimits {
  readonly leaseMs: number;
  readonly hangMs: number;
  readonly maxMs: number;
  readonly memoryMb: number;
  readonly allowPrivateAddresses: boolean;
  readonly partnerRateLimits: boolean;
}

const WORKER = new URL('./run-sync/worker.js', import.meta.url);
const SAVE_EVERY_MS = 200;
const SHARDS = 6;

/**
 * The whole service: one run, from its command to its end.
 *
 *     claim → worker reads pages → split → raw topic (acks=all) → checkpoint → finish
 *
 * The worker knows the partner only; here its pages become durable, in order, and only then does a checkpoint move. A lease
 * that is lost ends the run here without a trace: its next owner goes on from the checkpoint.
 */
export class SyncRun {
  private readonly worker: Worker;
  private readonly started = Date.now();
  private lastProgress = Date.now();
  private lost = false;
  private chain: Promise<void> = Promise.resolve();
  private readonly unsaved = new Map<string, { checkpoint: Checkpoint | undefined; records: Record<string, number>; calls: PageMessage['calls'][number][] }>();
  private readonly totals = new Map<string, { records: number; apiCalls: number }>();
  private lastSave = 0;
  /** Of those that the worker has. */
  private credentialsVersion: number;
  private readonly log: LogLine[] = [];
  private settle!: (outcome: RunOutcome | undefined) => void;
  private readonly ended = new Promise<RunOutcome | undefined>((resolve) => { this.settle = resolve; });

  /** Undefined when the run isn't to be had. Resolves when the run is over, deferred, or no longer ours. */
  static async execute(runId: string, owner: string, limits: RunLimits, ports: RunPorts, signal: AbortSignal): Promise<void> {
    const run = await ports.store.claim(runId, owner, limits.leaseMs);
    if (run !== undefined) await new SyncRun(run, limits, ports).untilEnd(signal);
  }

  private constructor(private readonly run: ClaimedRun, private readonly limits: RunLimits, private readonly ports: RunPorts) {
    const credentials = ports.credentials(run);
    this.credentialsVersion = run.credentialsVersion;
    const input: WorkerInput = {
      connector: run.connector,
      credentials: withoutRefreshToken(credentials),
      renewable: isRenewable(credentials),
      startDate: run.startDate.getTime(),
      selected: run.collections.map(({ collection }) => collection),
      done: run.collections.filter(({ state }) => isFinal(state)).map(({ collection }) => collection),
      checkpoints: run.checkpoints,
      allowPrivateAddresses: limits.allowPrivateAddresses,
      partnerRateLimits: limits.partnerRateLimits,
    };
    for (const { collection, records, apiCalls } of run.collections) this.totals.set(collection, { records, apiCalls });
    this.worker = new Worker(WORKER, { workerData: input, resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb }, stdout: false, stderr: false });
  }

  private async untilEnd(signal: AbortSignal): Promise<void> {
    const { worker, run, ports } = this;
    worker.on('message', (message: WorkerMessage) => this.take(message));
    worker.on('error', (error) => this.settle(this.killed(error)));
    // In its turn: the outcome that the worker told before it ended may still wait behind pages and checkpoints.
    worker.on('exit', () => this.then(async () => this.settle(this.killed(new Error('the worker ended without a word')))));
    const beat = setInterval(() => void this.beat(), Math.max(500, this.limits.leaseMs / 3));
    let letGo = false;
    const stop = (): void => { letGo = true; this.lost = true; this.settle(undefined); };
    signal.addEventListener('abort', stop, { once: true });
    this.publish({ type: 'run.changed', state: 'running' });
    this.note('info', `The run begins${run.losses > 0 ? ` again, after ${run.losses} lost leases` : ''}.`);
    try {
      const outcome = await this.ended;
      // What the worker had handed over becomes durable even when the worker is gone.
      await this.chain;
      if (outcome !== undefined && !this.lost) await this.finish(outcome);
    } finally {
      clearInterval(beat);
      signal.removeEventListener('abort', stop);
      worker.postMessage({ type: 'cancel' } satisfies ParentMessage);
      await worker.terminate();
      // The lease ends now instead of running out: the next fetcher goes on from the checkpoint at once.
      if (letGo) await ports.store.heartbeat(run.runId, run.token, 0);
      await this.keepLog();
    }
  }

  private take(message: WorkerMessage): void {
    this.lastProgress = Date.now();
    switch (message.type) {
      case 'page': {
        const durable = this.send(message);
        durable.catch(() => undefined); // Awaited in its turn below; until then it isn't unhandled.
        this.then(() => this.page(message, durable));
        break;
      }
      case 'collection': this.then(() => this.collection(message)); break;
      case 'renew': void this.renew(); break;
      case 'warning': this.note('warn', message.message); break;
      case 'end': this.then(async () => this.settle(message.outcome)); break;
      case 'call': break;
    }
  }

  /** New credentials for the worker; not in its turn, since pages that aren't durable yet don't stand in its way. */
  private async renew(): Promise<void> {
    const renewed = await this.ports.renew(this.run, this.credentialsVersion).catch((error: unknown) => ({ error: toErrorReport(error, randomUUID()) }));
    this.lastProgress = Date.now();
    if ('error' in renewed) this.note('error', `The access could not be renewed: ${renewed.error.title} ${renewed.error.remedy}`);
    else { this.credentialsVersion = renewed.version; this.note('info', 'The access was renewed.'); }
    this.worker.postMessage({ type: 'renewed', renewed: 'error' in renewed ? renewed : { credentials: withoutRefreshToken(renewed.credentials) } } satisfies ParentMessage);
  }

  /** In order: pages leave for Kafka at once, but their checkpoints follow each other. An error ends the process. */
  private then(step: () => Promise<void>): void {
    this.chain = this.chain.then(async () => { if (!this.lost) await step(); });
    this.chain.catch((error: unknown) => setImmediate(() => { throw error; }));
  }

  /** The page, or its parts, to the raw topic; resolves when all of it is durable. */
  private async send(page: PageMessage): Promise<void> {
    const { run, ports } = this;
    const body = Buffer.from(page.body.buffer, page.body.byteOffset, page.body.byteLength);
    const parts = body.length > RAW_SPLIT_BYTES && page.recordsAt !== '' ? splitPage(body, page.recordsAt, RAW_SPLIT_BYTES) : [body];
    await Promise.all(parts.map((value, part) => ports.toRaw(run.connector, {
      key: rawKey(run.sourceId, page.rawCollection, page.sequence % SHARDS),
      value,
      headers: rawHeaders({
        id: `${run.runId}/${run.token}/${page.sequence}/${part}`,
        workspaceId: run.workspaceId, sourceId: run.sourceId, connector: run.connector, collection: page.rawCollection, component: 'sync',
        receivedAt: new Date().toISOString(), observedAt: page.observedAt, recordsAt: page.recordsAt, runId: run.runId,
        selected: run.collections.map(({ collection }) => collection), request: page.request,
        ...(page.contentType !== undefined && { contentType: page.contentType }),
      }),
    })));
  }

  private async page(page: PageMessage, durable: Promise<void>): Promise<void> {
    await durable;
    const { count } = this.ports;
    count.pages(1);
    count.records(Object.values(page.counts).reduce((sum, count) => sum + count, 0));
    this.worker.postMessage({ type: 'durable' } satisfies ParentMessage);
    const entry = this.entry(page.collection);
    if (page.checkpoint !== undefined) entry.checkpoint = page.checkpoint;
    entry.calls.push(...page.calls);
    for (const [collection, count] of Object.entries(page.counts)) entry.records[collection] = (entry.records[collection] ?? 0) + count;
    this.tally(page.counts, page.calls);
    if (Date.now() - this.lastSave >= SAVE_EVERY_MS) await this.save();
  }

  private async collection({ collection, state, error, calls }: CollectionMessage): Promise<void> {
    await this.save();
    this.tally({}, calls);
    await this.ports.store.recordCalls(this.run.runId, calls);
    if (!await this.ports.store.collectionState(this.run.runId, this.run.token, collection, state, error)) return this.lose();
    if (error !== undefined) { this.note('error', `${collection}: ${error.title} ${error.remedy}`); this.ports.count.errors(error.code); }
    this.publishCollection(collection, state, error);
  }

  /** Counts, calls and checkpoints of what became durable, for all collections that moved. */
  private async save(): Promise<void> {
    this.lastSave = Date.now();
    for (const [collection, { checkpoint, records, calls }] of [...this.unsaved]) {
      this.unsaved.delete(collection);
      const addRecords = this.onlySelected(records);
      const saved = await this.ports.store.saveProgress(this.run.runId, this.run.token, { collection, addRecords, calls, ...(checkpoint !== undefined && { checkpoint }) });
      if (!saved) return this.lose();
      for (const name of Object.keys(addRecords)) this.publishCollection(name, 'running');
    }
    await this.keepLog();
  }

  private onlySelected(records: Record<string, number>): Record<string, number> {
    return Object.fromEntries(Object.entries(records).filter(([collection]) => this.run.collections.some((selected) => selected.collection === collection)));
  }

  private entry(collection: string) {
    let entry = this.unsaved.get(collection);
    if (entry === undefined) this.unsaved.set(collection, entry = { checkpoint: undefined, records: {}, calls: [] });
    return entry;
  }

  private tally(counts: Readonly<Record<string, number>>, calls: PageMessage['calls']): void {
    const of = (collection: string) => {
      let total = this.totals.get(collection);
      if (total === undefined) this.totals.set(collection, total = { records: 0, apiCalls: 0 });
      return total;
    };
    for (const [collection, count] of Object.entries(counts)) of(collection).records += count;
    for (const { collection } of calls) of(collection).apiCalls += 1;
  }

  /** The lease, and the watch over a worker that makes no progress. */
  private async beat(): Promise<void> {
    const { run, limits } = this;
    if (!await this.ports.store.heartbeat(run.runId, run.token, limits.leaseMs).catch(() => true)) return this.lose();
    const seconds = (ms: number): number => Math.round(ms / 1000);
    if (Date.now() - this.lastProgress > limits.hangMs) this.settle(this.killed(new HungError(`The run made no progress for ${seconds(limits.hangMs)} s and was killed.`)));
    else if (Date.now() - this.started > limits.maxMs) this.settle(this.killed(new HungError(`The run took longer than ${seconds(limits.maxMs)} s and was killed.`)));
  }

  private lose(): void { this.lost = true; this.settle(undefined); }

  private killed(error: Error): RunOutcome {
    const supportReference = randomUUID();
    const memory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    let report: CloudSourcesError;
    if (memory) report = new OutOfMemoryError(`The run needed more than ${this.limits.memoryMb} MiB and was killed.`, { supportReference });
    else if (error instanceof HungError) report = new HungError(error.message, { supportReference });
    else report = new InternalError(`An unhandled ${error.name} stopped the run.`, { supportReference });
    return { state: 'killed', error: report.report() };
  }

  private async finish({ state, error, resumeInMs }: RunOutcome): Promise<void> {
    await this.save();
    if (this.lost) return;
    const resumeAt = state === 'deferred' ? new Date(Date.now() + (resumeInMs ?? 60_000)) : undefined;
    this.note(error === undefined ? 'info' : 'error', error === undefined ? 'The run is done.' : `The run ends as ${state}: ${error.title} ${error.remedy}`);
    await this.keepLog();
    await this.ports.store.finish(this.run.runId, this.run.token, state, error, resumeAt);
    this.publish({ type: 'run.changed', state, ...(error !== undefined && { error }), ...(resumeAt !== undefined && { resumeAt: resumeAt.toISOString() }) });
  }

  private note(level: LogLine['level'], message: string): void { this.log.push({ at: new Date(), level, message }); }

  /** As the run goes: a process that is killed takes no line along. */
  private async keepLog(): Promise<void> { await this.ports.store.appendLog(this.run.runId, this.log.splice(0)); }

  private publishCollection(collection: string, state: CollectionRunState, error?: ErrorReport): void {
    const { records, apiCalls } = this.totals.get(collection) ?? { records: 0, apiCalls: 0 };
    this.publish({ type: 'collection.changed', collection, state, records, apiCalls, ...(error !== undefined && { error }) });
  }

  private publish(event: DistributiveOmit<SyncEvent, 'runId' | 'sourceId' | 'workspaceId' | 'at'>): void {
    const { runId, sourceId, workspaceId } = this.run;
    this.ports.publish({ ...event, runId, sourceId, workspaceId, at: new Date().toISOString() } as SyncEvent);
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
