import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { HungError, RAW_SPLIT_BYTES, isFinal, needsSupport, rawHeaders, rawKey, toErrorReport, type CollectionRunState, type ErrorReport, type RawRecordMeta, type SyncEvent } from '#contracts';
import { isRenewable, splitPage, withoutRefreshToken, type ApiCall, type BegunCall, type Checkpoint, type PartnerWait } from '#connector-kit';
import type { ClaimedRun, LogLine } from '#persistence';
import { begins } from './run-sync/begins.js';
import { FullPasses, comparePass, type FullPass } from './run-sync/full-passes.js';
import { PostMortem } from './run-sync/post-mortem.js';
import type { RunPorts } from './run-sync/run-ports.js';
import type { CollectionMessage, PageMessage, ParentMessage, RunOutcome, WorkerInput, WorkerMessage } from './run-sync/worker-protocol.js';

export interface RunLimits {
  readonly leaseMs: number;
  readonly hangMs: number;
  readonly maxMs: number;
  readonly memoryMb: number;
  readonly allowPrivateAddresses: boolean;
}

const WORKER = new URL('./run-sync/worker.js', import.meta.url);
const SAVE_EVERY_MS = 200;
/** Partitions that a run's pages go to, so many to one before the next: those that arrive together travel in one transaction. */
const SHARDS = 6;
const PAGES_OF_SHARD = 16;
/** Waits for a rate limit from here on are shown. */
const SHOWN_WAIT_MS = 2_000;

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
  /** The newest sign of life; while the worker waits for a call's turn, the end of the wait. */
  private lastProgress = Date.now();
  private lost = false;
  private chain: Promise<void> = Promise.resolve();
  private readonly unsaved = new Map<string, { checkpoint: Checkpoint | undefined; records: Record<string, number>; calls: ApiCall[] }>();
  private readonly totals = new Map<string, { records: number; apiCalls: number }>();
  private lastSave = 0;
  /** Pages of which the worker wasn't told yet. */
  private durable = 0;
  /** Versions of the described types, by reader: kept before a page that has them is sent. */
  private readonly described = new Map<string, Promise<number>>();
  private readonly passes = new FullPasses((message) => this.note('warn', message));
  /** Of those that the worker has. */
  private credentialsVersion: number;
  private readonly log: LogLine[] = [];
  /** Ended, and not yet counted with a page or a collection. */
  private calls: ApiCall[] = [];
  /** Without an answer so far, oldest first. */
  private readonly underWay: BegunCall[] = [];
  private readonly postMortem: PostMortem;
  private settle!: (outcome: RunOutcome | undefined) => void;
  private readonly ended = new Promise<RunOutcome | undefined>((resolve) => { this.settle = resolve; });

  /** Of a run that was claimed. Resolves when it is over, deferred, or no longer ours. */
  static execute(run: ClaimedRun, limits: RunLimits, ports: RunPorts, signal: AbortSignal): Promise<void> { return new SyncRun(run, limits, ports).untilEnd(signal); }

  private constructor(private readonly run: ClaimedRun, private readonly limits: RunLimits, private readonly ports: RunPorts) {
    const credentials = ports.credentials(run);
    this.postMortem = new PostMortem(limits.memoryMb);
    this.postMortem.hide(credentials);
    this.credentialsVersion = run.credentialsVersion;
    const input: WorkerInput = {
      connector: run.connector,
      credentials: withoutRefreshToken(credentials),
      renewable: isRenewable(credentials),
      startDate: run.startDate.getTime(),
      ...(run.extent?.from !== undefined && run.extent.to !== undefined && { window: { from: Date.parse(run.extent.from), to: Date.parse(run.extent.to) } }),
      selected: run.collections.map(({ collection }) => collection),
      done: run.collections.filter(({ state }) => isFinal(state)).map(({ collection }) => collection),
      checkpoints: run.checkpoints,
      found: run.found,
      allowPrivateAddresses: limits.allowPrivateAddresses,
    };
    for (const { collection, records, apiCalls } of run.collections) this.totals.set(collection, { records, apiCalls });
    this.worker = new Worker(WORKER, { workerData: input, resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb }, stdout: false, stderr: false });
  }

  private async untilEnd(signal: AbortSignal): Promise<void> {
    const { worker, run, ports } = this;
    worker.on('message', (message: WorkerMessage) => this.take(message));
    worker.on('error', (error) => this.settle(this.postMortem.killed(error)));
    // In its turn: the outcome that the worker told before it ended may still wait behind pages and checkpoints.
    worker.on('exit', () => this.then(async () => this.settle(this.postMortem.killed(new Error('the worker ended without a word')))));
    const beat = setInterval(() => void this.beat(), Math.max(500, this.limits.leaseMs / 3));
    let letGo = false;
    const stop = (): void => { letGo = true; this.lost = true; this.settle(undefined); };
    signal.addEventListener('abort', stop, { once: true });
    this.publish({ type: 'run.changed', state: 'running' });
    this.note('info', begins('run', run.losses));
    try {
      const outcome = await this.ended;
      // What the worker had handed over becomes durable even when the worker is gone.
      await this.chain;
      if (outcome !== undefined && !this.lost) await this.finish(outcome);
    } finally {
      const calls = this.openCalls();
      clearInterval(beat);
      signal.removeEventListener('abort', stop);
      worker.postMessage({ type: 'cancel' } satisfies ParentMessage);
      await worker.terminate();
      await ports.store.recordCalls(run.runId, calls);
      // Not left to run out: the next fetcher goes on from the checkpoint at once, and nobody takes this for a death.
      if (letGo) await ports.store.release(run.runId, run.token);
      await this.keepLog();
    }
  }

  private take(message: WorkerMessage): void {
    this.lastProgress = Date.now();
    switch (message.type) {
      case 'page': {
        const durable = this.send(message);
        durable.catch(() => undefined); // Awaited in its turn below; until then it isn't unhandled.
        const calls = this.takeCalls();
        this.then(() => this.page(message, calls, durable));
        break;
      }
      case 'collection': {
        const calls = this.takeCalls();
        this.then(() => this.collection(message, calls));
        break;
      }
      case 'renew': void this.renew(); break;
      case 'warning': this.note('warn', this.postMortem.text(message.message)); break;
      case 'admit': this.unordered(async () => this.worker.postMessage({ type: 'admitted', id: message.id, answer: await this.ports.calls.admit(this.run, message) } satisfies ParentMessage)); break;
      case 'pause': this.unordered(() => this.ports.calls.pause(this.run, message.endpoint, message.ms)); break;
      case 'end': this.then(async () => { await this.ports.calls.note(this.run, message.quotas); this.settle(message.outcome); }); break;
      case 'begin': this.underWay.push(message.call); break;
      case 'call': this.answered(message.call); break;
      case 'wait': this.wait(message.wait); break;
    }
  }

  private takeCalls(): ApiCall[] { return this.calls.splice(0); }

  /** At the end: those that nothing followed, and those without an answer. */
  private openCalls(): ApiCall[] {
    return [...this.takeCalls(), ...this.underWay.splice(0).map((call) => ({ ...call, status: 0, durationMs: Date.now() - call.startedAt, bytes: 0 }))];
  }

  private answered(call: ApiCall): void {
    this.calls.push(call);
    const index = this.underWay.findIndex(({ request, startedAt }) => request === call.request && startedAt === call.startedAt);
    if (index >= 0) this.underWay.splice(index, 1);
  }

  /** A wait is no hang: the watch begins at its end. A long one for a rate limit is shown with its end. */
  private wait({ collection, ms, rateLimit }: PartnerWait): void {
    this.lastProgress = Date.now() + ms;
    if (!rateLimit || ms < SHOWN_WAIT_MS) return;
    const until = new Date(this.lastProgress);
    this.then(async () => {
      if (!await this.ports.store.waiting(this.run.runId, this.run.token, [collection], until)) return this.lose();
      this.publish({ type: 'run.changed', state: 'running', waitingUntil: until.toISOString() });
      this.publishCollection(collection, 'running', undefined, until);
    });
  }

  /** New credentials for the worker; not in its turn, since pages that aren't durable yet don't stand in its way. */
  private async renew(): Promise<void> {
    const renewed = await this.ports.renew(this.run, this.credentialsVersion).catch((error: unknown) => ({ error: toErrorReport(error, randomUUID()) }));
    this.lastProgress = Date.now();
    if ('error' in renewed) this.note('error', `The access could not be renewed: ${renewed.error.title} ${renewed.error.remedy}`);
    else { this.credentialsVersion = renewed.version; this.postMortem.hide(renewed.credentials); this.note('info', 'The access was renewed.'); }
    this.worker.postMessage({ type: 'renewed', renewed: 'error' in renewed ? renewed : { credentials: withoutRefreshToken(renewed.credentials) } } satisfies ParentMessage);
  }

  /** In order: pages leave for Kafka at once, but their checkpoints follow each other. An error ends the process. */
  private then(step: () => Promise<void>): void {
    this.chain = this.chain.then(async () => { if (!this.lost) await step(); });
    this.chain.catch((error: unknown) => setImmediate(() => { throw error; }));
  }

  /** At once. An error ends the process. */
  private unordered(step: () => Promise<void>): void {
    step().catch((error: unknown) => setImmediate(() => { if (!this.lost) throw error; }));
  }

  /** The page, or its parts, to the raw topic; resolves when all of it is durable. */
  private async send(page: PageMessage): Promise<void> {
    const { run, ports } = this;
    if (page.fields !== undefined) this.described.set(page.collection, ports.store.describe(run.sourceId, page.collection, page.fields));
    const fieldsVersion = await this.described.get(page.collection);
    await this.toRaw(String(page.sequence), Math.floor(page.sequence / PAGES_OF_SHARD) % SHARDS, Buffer.from(page.body.buffer, page.body.byteOffset, page.body.byteLength), {
      collection: page.rawCollection, observedAt: page.observedAt, recordsAt: page.recordsAt, request: page.request,
      ...(page.contentType !== undefined && { contentType: page.contentType }), ...(fieldsVersion !== undefined && { fieldsVersion }),
    });
  }

  /** @param id within the attempt */
  private async toRaw(id: string, shard: number, body: Buffer, meta: Pick<RawRecordMeta, 'collection' | 'observedAt' | 'recordsAt' | 'request' | 'contentType' | 'fieldsVersion' | 'absent'>): Promise<void> {
    const { run, ports } = this;
    const parts = body.length > RAW_SPLIT_BYTES && meta.recordsAt !== '' ? splitPage(body, meta.recordsAt, RAW_SPLIT_BYTES) : [body];
    await Promise.all(parts.map((value, part) => ports.toRaw(run.connector, {
      key: rawKey(run.sourceId, meta.collection, shard), lane: 'bulk',
      value,
      headers: rawHeaders({
        ...meta, id: `${run.runId}/${run.token}/${id}/${part}`, workspaceId: run.workspaceId, sourceId: run.sourceId, connector: run.connector, component: 'sync',
        receivedAt: new Date().toISOString(), runId: run.runId, selected: run.collections.map(({ collection }) => collection),
      }),
    })));
  }

  private async page(page: PageMessage, calls: readonly ApiCall[], durable: Promise<void>): Promise<void> {
    await durable;
    const { count } = this.ports;
    count.pages(1);
    count.records(Object.values(page.counts).reduce((sum, count) => sum + count, 0));
    this.tellDurable();
    if (this.run.extent?.from === undefined) this.passes.take(page);
    const entry = this.entry(page.collection);
    if (page.checkpoint !== undefined) entry.checkpoint = page.checkpoint;
    entry.calls.push(...calls);
    for (const [collection, count] of Object.entries(page.counts)) entry.records[collection] = (entry.records[collection] ?? 0) + count;
    this.tally(page.counts, calls);
    if (Date.now() - this.lastSave >= SAVE_EVERY_MS) await this.save();
  }

  /** Once for all that became durable together. */
  private tellDurable(): void {
    this.durable += 1;
    if (this.durable > 1) return;
    setImmediate(() => {
      this.worker.postMessage({ type: 'durable', pages: this.durable } satisfies ParentMessage);
      this.durable = 0;
    });
  }

  private async collection({ collection, state, error, fullPass }: CollectionMessage, calls: readonly ApiCall[]): Promise<void> {
    await this.save();
    this.tally({}, calls);
    await this.ports.store.recordCalls(this.run.runId, calls);
    const pass = state === 'succeeded' ? this.passes.complete(collection) : undefined;
    if (pass !== undefined && !await this.compare(collection, pass)) return this.lose();
    if (!await this.ports.store.collectionState(this.run.runId, this.run.token, collection, state, error, fullPass)) return this.lose();
    if (error !== undefined) { this.note(state === 'deferred' ? 'warn' : 'error', `${collection}: ${error.title} ${error.remedy}`); this.ports.count.errors(error.code); }
    this.publishCollection(collection, state, error);
  }

  /** Deletes what a complete pass didn't find any more: durable first, forgotten then. False: the lease is lost. */
  private async compare(collection: string, pass: FullPass): Promise<boolean> {
    const { run, ports: { store } } = this;
    const known = await store.knownRecords(run.runId, run.token, collection);
    if (known === undefined) return false;
    const { version, ...change } = comparePass(collection, pass, known);
    if (change.gone.length > 0) {
      const body = Buffer.from(JSON.stringify({ absent: change.gone.map((id) => ({ id })) }));
      await this.toRaw(`absent/${collection}`, 0, body, { collection, observedAt: version, recordsAt: 'absent', absent: true });
      this.note('info', `${collection}: ${change.gone.length} records are gone at the partner and are deleted here.`);
    }
    if (change.notice !== undefined) this.note('warn', change.notice.title);
    return store.keepKnown(run.runId, run.token, collection, change);
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

  private tally(counts: Readonly<Record<string, number>>, calls: readonly ApiCall[]): void {
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
    this.showCalls();
    const seconds = (ms: number): number => Math.round(ms / 1000);
    const [call] = this.underWay;
    const waits = call === undefined ? '.' : `: ${call.method} ${call.request.split('?', 1).join()} had no answer yet.`;
    if (Date.now() - this.lastProgress > limits.hangMs) this.settle(this.postMortem.killed(new HungError(`The run made no progress for ${seconds(limits.hangMs)} s and was killed${waits}`)));
    else if (Date.now() - this.started > limits.maxMs) this.settle(this.postMortem.killed(new HungError(`The run took longer than ${seconds(limits.maxMs)} s and was killed.`)));
  }

  /** Those that no page follows for long: repeats at a partner that doesn't answer are seen while they go on. */
  private showCalls(): void {
    const calls = this.takeCalls();
    if (calls.length === 0) return;
    this.then(async () => {
      this.tally({}, calls);
      await this.ports.store.recordCalls(this.run.runId, calls);
      this.publish({ type: 'run.changed', state: 'running' });
    });
  }

  private lose(): void { this.lost = true; this.settle(undefined); }

  private async finish(outcome: RunOutcome): Promise<void> {
    const { state, error, trace, resumeInMs } = this.postMortem.complete(outcome);
    await this.save();
    if (this.lost) return;
    // Of a worker that was killed.
    await this.ports.store.recordCalls(this.run.runId, this.openCalls());
    const resumeAt = state === 'deferred' ? new Date(Date.now() + (resumeInMs ?? 60_000)) : undefined;
    if (error === undefined) this.note('info', 'The run is done.');
    else this.note(state === 'deferred' ? 'warn' : 'error', `${state === 'deferred' ? 'The run waits' : `The run ends as ${state}`}: ${error.title} ${error.remedy}`);
    await this.keepLog();
    await this.ports.store.finish(this.run.runId, this.run.token, state, error, resumeAt, trace);
    // Nobody hears of such an end before support does: the scheduler tells of it.
    if (needsSupport(error)) return;
    this.publish({ type: 'run.changed', state, ...(error !== undefined && { error }), ...(resumeAt !== undefined && { resumeAt: resumeAt.toISOString(), waitingUntil: resumeAt.toISOString() }) });
  }

  private note(level: LogLine['level'], message: string): void { this.log.push({ at: new Date(), level, message }); }

  /** As the run goes: a process that is killed takes no line along. */
  private async keepLog(): Promise<void> { await this.ports.store.appendLog(this.run.runId, this.log.splice(0)); }

  private publishCollection(collection: string, state: CollectionRunState, error?: ErrorReport, waitingUntil?: Date): void {
    const { records, apiCalls } = this.totals.get(collection) ?? { records: 0, apiCalls: 0 };
    this.publish({ type: 'collection.changed', collection, state, records, apiCalls, ...(error !== undefined && { error }), ...(waitingUntil !== undefined && { waitingUntil: waitingUntil.toISOString() }) });
  }

  private publish(event: DistributiveOmit<SyncEvent, 'runId' | 'sourceId' | 'workspaceId' | 'at'>): void {
    const { runId, sourceId, workspaceId } = this.run;
    this.ports.publish({ ...event, runId, sourceId, workspaceId, at: new Date().toISOString() } as SyncEvent);
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
