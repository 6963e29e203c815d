import { attribute, type ReplayProgress, type SyncEvent } from '#contracts';
import { recordSlices } from '#connector-kit';
import type { IncomingMessage, OrderedScan, OutgoingMessage } from '#kafka';
import type { ClaimedRun, LogLine } from '#persistence';
import { begins } from '../run-sync/begins.js';
import type { RunStore } from '../run-sync/run-ports.js';

/** What a replay needs of the outside. */
export interface ReplayPorts {
  readonly store: Pick<RunStore, 'heartbeat' | 'saveProgress' | 'showProgress' | 'collectionState' | 'release' | 'finish' | 'appendLog'>;
  /** The source's retained raw messages, oldest first. @param from offset by partition */
  readonly open: (connector: string, from: Readonly<Record<string, string>>, wanted: (message: IncomingMessage) => boolean) => Promise<OrderedScan>;
  /** To the source's partition of the replay topic; resolves after acks=all. */
  readonly toNormalizer: (run: ClaimedRun, message: OutgoingMessage) => Promise<void>;
  /** How many messages of that partition the normaliser hasn't taken yet. */
  readonly lag: (run: ClaimedRun) => Promise<number>;
  readonly publish: (event: SyncEvent) => void;
}

/** Name of the checkpoint. */
const PLACE = 'replay';
const CHUNK_BYTES = 4 * 1024 * 1024;
const CHUNK_PAGES = 200;
/** The normaliser may be so many messages behind before more are sent. */
const MAX_LAG = 400;
const PAUSE_MS = 200;
const TELL_MS = 1_000;
/** What came in while it ran is copied too, so many times: then only what came within the last moment stands outside. */
const ROUNDS = 5;

class Lost extends Error {}

/** Milliseconds since the epoch at which the run was asked for: its id is a UUID of version 7. */
const askedAt = (runId: string): number => parseInt(runId.replaceAll('-', '').slice(0, 12), 16);

/**
 * One replay: the raw pages and webhooks of a source that are still retained go through the normaliser again, without a call to the
 * partner and without a worker.
 *
 *     claim → scan the raw topic, oldest first → copy to the replay topic (acks=all) → position → wait for the normaliser → finish
 *
 * The copies go to a topic of their own, into one partition: what comes live isn't held up, the newest state of a record comes last,
 * and a replay never reads the copies of another one. They have the ids of what they are copies of, so one that is broken off
 * and begun again does no harm.
 */
export class ReplayRun {
  private lost = false;
  private letGo = false;
  private pages = 0;
  private oldest: string | undefined;
  private records: Record<string, number> = {};
  private sending: Promise<void>[] = [];
  private bytes = 0;
  private told = 0;
  private readonly log: LogLine[] = [];
  private readonly selected: ReadonlySet<string>;
  private readonly from: number;

  constructor(private readonly run: ClaimedRun, private readonly leaseMs: number, private readonly ports: ReplayPorts) {
    this.selected = new Set(run.collections.map(({ collection }) => collection));
    this.from = run.extent?.from === undefined ? 0 : Date.parse(run.extent.from);
  }

  /** Resolves when the replay is over, or no longer ours. @throws when Kafka or the control database is away: it goes on from its position */
  async untilEnd(signal: AbortSignal): Promise<void> {
    const { run, ports } = this;
    const stop = (): void => { this.letGo = this.lost = true; };
    signal.addEventListener('abort', stop, { once: true });
    const beat = setInterval(() => {
      ports.store.heartbeat(run.runId, run.token, this.leaseMs).then((held) => { if (!held) this.lost = true; }, () => undefined);
    }, Math.max(500, this.leaseMs / 3));
    try {
      this.publish('running');
      this.note('info', begins('replay', run.losses));
      for (const { collection } of run.collections) await ports.store.collectionState(run.runId, run.token, collection, 'running');
      await this.replay();
      this.note('info', `The replay is done: ${this.pages} pages and webhooks were normalised again.`);
      await this.keepLog();
      await ports.store.finish(run.runId, run.token, 'succeeded');
      this.publish('succeeded');
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      if (this.letGo) await ports.store.release(run.runId, run.token);
    } finally {
      clearInterval(beat);
      signal.removeEventListener('abort', stop);
      await this.keepLog();
    }
  }

  private async replay(): Promise<void> {
    const kept = this.run.checkpoints[PLACE] as { readonly positions?: Record<string, string>; readonly pages?: number; readonly oldest?: string } | undefined;
    this.pages = kept?.pages ?? 0;
    this.oldest = kept?.oldest;
    let positions = kept?.positions ?? {};
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = this.pages;
      positions = await this.pass(positions);
      while (await this.ports.lag(this.run) > 0) await this.pause();
      if (round > 0 && this.pages === before) break;
    }
  }

  /** From these positions to where the topic ends now; the positions after it. */
  private async pass(from: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const { run, ports } = this;
    const scan = await ports.open(run.connector, from, (message) => this.isWanted(message));
    try {
      for (;;) {
        const message = await scan.next(PAUSE_MS);
        if (this.lost) throw new Lost();
        if (message !== 'waiting' && message !== 'end') this.copy(message);
        const full = this.bytes >= CHUNK_BYTES || this.sending.length >= CHUNK_PAGES;
        if (message !== 'end' && !full && Date.now() - this.told < TELL_MS) continue;
        await this.keep(scan);
        if (message === 'end') return scan.positions();
        while (full && await ports.lag(run) > MAX_LAG) await this.pause();
      }
    } finally {
      await scan.close();
    }
  }

  private isWanted({ headers, timestamp }: IncomingMessage): boolean {
    return attribute(headers, 'sourceid') === this.run.sourceId && (this.from === 0 || Number(timestamp) >= this.from);
  }

  private copy({ key, value, headers }: IncomingMessage): void {
    const { run, ports } = this;
    const copied: Record<string, string | Buffer> = {};
    for (const [name, header] of Object.entries(headers)) if (header !== undefined && !Array.isArray(header)) copied[name] = header;
    // What is selected now counts, and what isn't replayed stays away.
    copied['ce_selected'] = [...this.selected].join(',');
    copied['ce_replay'] = String(askedAt(run.runId));
    const sent = ports.toNormalizer(run, { key, value, headers: copied });
    sent.catch(() => undefined); // awaited with its chunk
    this.sending.push(sent);
    this.bytes += value?.length ?? 0;
    this.pages += 1;
    this.oldest ??= attribute(headers, 'time');
    const [collection, recordsAt] = [attribute(headers, 'collection') ?? '', attribute(headers, 'recordsat') ?? ''];
    if (value !== null && recordsAt !== '' && this.selected.has(collection)) this.records[collection] = (this.records[collection] ?? 0) + countOf(value, recordsAt);
  }

  /** Everything sent so far is durable, and only then the position moves. */
  private async keep(scan: OrderedScan): Promise<void> {
    const { run, ports: { store } } = this;
    const positions = scan.positions();
    await Promise.all(this.sending.splice(0));
    const [addRecords, progress] = [this.records, this.progress(scan)];
    this.bytes = 0;
    this.records = {};
    this.told = Date.now();
    const checkpoint = { positions, pages: this.pages, ...(this.oldest !== undefined && { oldest: this.oldest }) };
    if (!await store.saveProgress(run.runId, run.token, { collection: PLACE, checkpoint, addRecords })) throw new Lost();
    if (!await store.showProgress(run.runId, run.token, progress)) throw new Lost();
    this.publish('running', progress);
  }

  private progress(scan: OrderedScan): ReplayProgress {
    return { ...scan.progress(), pages: this.pages, ...(this.oldest !== undefined && { oldest: this.oldest }) };
  }

  private async pause(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (this.lost) throw new Lost();
  }

  private note(level: LogLine['level'], message: string): void { this.log.push({ at: new Date(), level, message }); }

  private async keepLog(): Promise<void> { await this.ports.store.appendLog(this.run.runId, this.log.splice(0)); }

  private publish(state: 'running' | 'succeeded', progress?: ReplayProgress): void {
    const { runId, sourceId, workspaceId } = this.run;
    this.ports.publish({ type: 'run.changed', runId, sourceId, workspaceId, at: new Date().toISOString(), state, ...(progress !== undefined && { progress }) });
  }
}

/** Records of a page; none when it can't be read, which the normaliser then says. */
function countOf(page: Buffer, recordsAt: string): number {
  try { return recordSlices(page, recordsAt).length; } catch { return 0; }
}
