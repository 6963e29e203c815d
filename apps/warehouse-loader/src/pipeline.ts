import { setTimeout as sleep } from 'node:timers/promises';
import { attribute } from '#contracts';
import type { Batch, BatchControl, IncomingMessage, OutgoingMessage } from '#kafka';
import { FencedError, OffsetsMismatchError, RowsRejectedError, SelectionChangedError, TableBlockedError, WarehouseRefusedError, WarehouseUnavailableError, type Claim, type PartitionRef, type Warehouse, type WarehouseBatch } from '#warehouse';
import { ChunkQueue, type OwnedPartition } from './chunk-queue.js';
import { UNKNOWN_SOURCE, buried, recordDecoder, type Destination, type Origin } from './decode.js';
import type { LoadRow } from './record-row.js';

/** A topic at the brokers: its id where they tell it, and first and next offset of its partitions. */
export interface TopicLook {
  readonly id?: string;
  readonly partitions: readonly { readonly partition: number; readonly low: string; readonly high: string }[];
}

/** What the pipeline needs of the outside. */
export interface LoaderPorts {
  /** Name of the loader in the warehouse's offsets. */
  readonly loader: string;
  readonly clusterId: string;
  readonly warehouse: Warehouse;
  readonly limits: { readonly batchRows: number; readonly batchBytes: number; readonly lingerMs: number };
  readonly control: BatchControl;
  readonly destination: (meta: Origin) => Destination;
  /** Version of the selection that `destination` answers by, or an older one. */
  readonly selection: () => number;
  /** Reads the selection anew. @throws while the control database is away */
  readonly refreshSelection: () => Promise<void>;
  /** Looks again for a source that isn't in memory, unless that was done a moment ago. */
  readonly lookForSource: (sourceId: string) => Promise<void>;
  /** Resolves when all are on the dead-letter topic for good. */
  readonly bury: (letters: readonly OutgoingMessage[]) => Promise<void>;
  /** The topics as the brokers have them now. */
  readonly look: (topics: readonly string[]) => Promise<ReadonlyMap<string, TopicLook>>;
  readonly watch: {
    received(records: number): void;
    dropped(reason: string): void;
    deadLettered(reason: string): void;
    loaded(rows: number, discarded: number, seconds: number): void;
    /** Loading stands still until `recovered`; said for every attempt. */
    failing(error: unknown): void;
    recovered(): void;
    /** These partitions wait a while, the others go on. */
    blocked(partitions: number, error: TableBlockedError): void;
    /** This partition is not loaded any more: a person must look. */
    stopped(partition: PartitionRef, why: string): void;
  };
}

const CHUNK_ROWS = 500;
const CHUNK_BYTES = 2 * 1024 * 1024;
/** Batches under way: one is committed while the next one is encoded. */
const DEPTH = 2;
const HINT_MS = 5_000;
const BACKOFF_MS = { first: 200, most: 5_000, person: 15_000 };
/** A partition that was taken from us is claimed again after this time, if the group still says that it is ours. */
const FENCED_MS = 10_000;
/** The partitions of a table that can't be written are tried again after this time. */
const BLOCKED_MS = 10_000;
/** After a statement that took too long, batches are half as large for this time. */
const HALVED_MS = 300_000;
const FEWEST_ROWS = 100;

/** Why there is nothing to go on with at this position; undefined when there is, or may be one day. */
function standsOutside(position: bigint, range: { readonly low: string; readonly high: string } | undefined): string | undefined {
  if (range === undefined) return undefined;
  if (position > BigInt(range.high)) return `the topic ends at ${range.high}, before the loaded offset ${position}: it was made anew`;
  if (position < BigInt(range.low)) return `the topic begins at ${range.low}, after the loaded offset ${position}: records were lost to its retention`;
  return undefined;
}

const keyOf = ({ topic, partition }: PartitionRef): string => `${topic}/${partition}`;

/**
 * The whole service for one warehouse, in order:
 *
 *     claim → decode → group → apply (ensure schema → merge → commit)
 *
 * The offsets in the warehouse are the truth. Whatever goes wrong, the answer is one and the same: drop what is in memory,
 * read the positions again, seek there.
 */
export class LoaderPipeline {
  private readonly queue = new ChunkQueue();
  private readonly owned = new Map<string, OwnedPartition>();
  /** Rows that the warehouse refused, by `topic/partition/offset`: buried when they come again. */
  private readonly refused = new Map<string, { readonly reason: string; readonly message: string; readonly origin: string; readonly offset: bigint }>();
  /** Offsets that were buried and aren't committed yet, by partition: they come again when the batch does. */
  private readonly letters = new Map<string, Set<bigint>>();
  private readonly hints = new Map<string, Claim>();
  private readonly decoder;
  private generation = 0;
  /** Grows when everything in memory became worthless. */
  private term = 0;
  private recovering = false;
  private stopping = false;
  private flying = new Set<Promise<void>>();
  private linger: NodeJS.Timeout | undefined;
  private roomMade: (() => void)[] = [];
  private hinted = Date.now();
  private halved = { rows: Number.MAX_SAFE_INTEGER, until: 0 };

  constructor(private readonly ports: LoaderPorts) {
    this.decoder = recordDecoder(ports.destination);
  }

  /** A new assignment: what the older one left in memory is forgotten, the partitions are claimed. */
  async assigned(assignment: Readonly<Record<string, readonly number[]>>, generation: number): Promise<void> {
    this.generation = generation;
    this.forget();
    this.owned.clear();
    this.letters.clear();
    await this.claim(Object.entries(assignment).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition }))), generation);
  }

  /** One batch of one partition: decoded and queued. It is fetched again when anything after this fails. */
  async handle(batch: Batch): Promise<void> {
    try {
      await this.queueUp(batch);
    } catch (error) {
      // The control database or the dead-letter topic is away: this partition waits.
      this.ports.watch.failing(error);
      this.ports.control.pause(batch.topic, [batch.partition]);
      const { term } = this;
      setTimeout(() => {
        const owner = this.owned.get(keyOf(batch));
        if (term === this.term && owner !== undefined) this.fetchFrom(owner);
      }, BACKOFF_MS.most / 4).unref();
    }
  }

  private async queueUp(batch: Batch): Promise<void> {
    const owner = this.owned.get(keyOf(batch));
    if (batch.generation !== this.generation || this.stopping) return;
    if (owner === undefined || this.recovering || owner.heldUntil > Date.now()) return this.ports.control.pause(batch.topic, [batch.partition]);
    if (!await this.begins(batch, owner)) return;
    const { term } = this;
    const { messages } = batch;
    for (let at = 0; at < messages.length;) {
      const letters: OutgoingMessage[] = [];
      const rows: LoadRow[] = [];
      const start = at;
      const selection = this.ports.selection();
      // A batch is made of whole chunks: one must not be larger than a batch may be.
      const chunkRows = Math.min(CHUNK_ROWS, this.batchRows);
      let bytes = 0;
      for (; at < messages.length && at - start < chunkRows && bytes < CHUNK_BYTES; at++) {
        const message = messages[at] as IncomingMessage;
        if (BigInt(message.offset) < owner.position) continue;
        bytes += message.value?.length ?? 0;
        if (this.take(message, rows, letters)) continue;
        await this.ports.lookForSource(attribute(message.headers, 'sourceid') ?? '');
        this.take(message, rows, letters, true);
      }
      if (letters.length > 0) await this.bury(batch, letters);
      if (term !== this.term || !batch.isOwned()) return;
      const to = BigInt((messages[at - 1] as IncomingMessage).offset) + 1n;
      if (to > owner.position) {
        owner.position = to;
        this.ports.watch.received(at - start);
        this.queue.add({ owner, to, rows, bytes, selection });
        batch.resolve(to.toString());
        this.pump();
      }
      while (term === this.term && (this.queue.rows > this.batchRows || this.queue.bytes > this.ports.limits.batchBytes)) {
        await new Promise<void>((resolve) => { this.roomMade.push(resolve); });
      }
      if (term !== this.term || !batch.isOwned()) return;
    }
  }

  /** Waits for the batches under way; the rest is loaded by who comes next. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.forget();
    await Promise.allSettled(this.flying);
  }

  /** Whether the batch is the one to go on with. The log may have gaps (compaction, transactions), a fetch from elsewhere has not. */
  private async begins(batch: Batch, owner: OwnedPartition): Promise<boolean> {
    const first = BigInt(batch.messages[0]?.offset ?? 0);
    if (BigInt(batch.highWatermark) < owner.position) {
      this.halt(owner, `the topic ends at ${batch.highWatermark}, before the loaded offset ${owner.position}: it was made anew`);
      return false;
    }
    if (!owner.verified && first > owner.position) {
      const why = standsOutside(owner.position, (await this.ports.look([batch.topic])).get(batch.topic)?.partitions.find(({ partition }) => partition === batch.partition));
      if (why !== undefined) {
        this.halt(owner, why);
        return false;
      }
      // While this batch is in hand no other of its partition is: the next one was fetched from here.
      this.ports.control.seek(batch.topic, batch.partition, owner.position.toString());
      owner.verified = true;
      return false;
    }
    owner.verified = true;
    return true;
  }

  private async bury(batch: Batch, letters: readonly OutgoingMessage[]): Promise<void> {
    await this.ports.bury(letters);
    const key = keyOf(batch);
    const known = this.letters.get(key) ?? new Set<bigint>();
    this.letters.set(key, known);
    for (const { headers } of letters) known.add(BigInt(String(headers['ce_id']).split('/').at(-1) ?? '0'));
  }

  private halt(owner: PartitionRef, why: string): void {
    this.owned.delete(keyOf(owner));
    this.ports.control.pause(owner.topic, [owner.partition]);
    this.ports.watch.stopped(owner, why);
  }

  /** decode one message. False when its source is unknown and it wasn't said that this is `final`. */
  private take(message: IncomingMessage, rows: LoadRow[], letters: OutgoingMessage[], final = false): boolean {
    const refused = this.refused.size === 0 ? undefined : this.refused.get(`${keyOf(message)}/${message.offset}`);
    const result = refused === undefined ? this.decoder.run(message) : { outcome: 'dead-letter' as const, reason: refused.reason, message: refused.message };
    if (result.outcome === 'ok') rows.push(result.value);
    else if (result.outcome === 'drop') this.ports.watch.dropped(result.reason);
    else if (result.reason === UNKNOWN_SOURCE && !final) return false;
    else {
      if (this.letters.get(keyOf(message))?.has(BigInt(message.offset)) === true) return true;
      letters.push(buried(message, result.reason, result.message, new Date()));
      this.ports.watch.deadLettered(result.reason);
    }
    return true;
  }

  /** Starts a batch when there is enough for one, or nothing to wait for. */
  private pump(): void {
    const { batchBytes, lingerMs } = this.ports.limits;
    const { batchRows } = this;
    while (!this.recovering && !this.stopping && this.flying.size < DEPTH && !this.queue.isEmpty) {
      const full = this.queue.rows >= batchRows / 2 || this.queue.bytes >= batchBytes / 2;
      // A small batch waits for the one under way: it grows in the meantime.
      if (!full && this.flying.size > 0) return;
      if (!full && lingerMs > 0) {
        this.linger ??= setTimeout(() => { this.linger = undefined; if (this.flying.size === 0 && !this.recovering && !this.stopping && !this.queue.isEmpty) this.fly(); }, lingerMs);
        return;
      }
      this.fly();
    }
  }

  private get batchRows(): number { return Date.now() < this.halved.until ? this.halved.rows : this.ports.limits.batchRows; }

  private fly(): void {
    const { term } = this;
    const batch = this.queue.take(this.batchRows, this.ports.limits.batchBytes);
    const started = performance.now();
    const flight: Promise<void> = this.ports.warehouse.apply(this.ports.loader, batch).then(
      ({ discarded }) => {
        this.ports.watch.loaded(batch.rows, discarded, (performance.now() - started) / 1000);
        this.landed(batch, term);
      },
      (error: unknown) => { if (term === this.term) void this.recover(error, batch); },
    ).finally(() => {
      this.flying.delete(flight);
      this.pump();
    });
    this.flying.add(flight);
    for (const resolve of this.roomMade.splice(0)) resolve();
  }

  private landed({ advances }: WarehouseBatch, term: number): void {
    if (term !== this.term) return;
    if (this.refused.size > 0) for (const [key, { origin, offset }] of this.refused) if (advances.some((done) => keyOf(done) === origin && offset < done.to)) this.refused.delete(key);
    for (const { topic, partition, epoch, to } of advances) {
      const letters = this.letters.get(`${topic}/${partition}`);
      if (letters !== undefined) for (const offset of letters) if (offset < to) letters.delete(offset);
      this.hints.set(`${topic}/${partition}`, { topic, partition, epoch, nextOffset: to });
    }
    if (Date.now() - this.hinted < HINT_MS) return;
    this.hinted = Date.now();
    for (const { topic, partition, nextOffset } of this.hints.values()) void this.ports.control.commitHint(topic, partition, nextOffset.toString());
    this.hints.clear();
  }

  /** Nothing that is in memory counts any more. */
  private forget(): void {
    this.term += 1;
    this.queue.clear();
    this.hints.clear();
    clearTimeout(this.linger);
    this.linger = undefined;
    for (const resolve of this.roomMade.splice(0)) resolve();
  }

  private async recover(error: unknown, batch: WarehouseBatch): Promise<void> {
    this.forget();
    const { term, generation } = this;
    this.recovering = true;
    if (error instanceof RowsRejectedError) {
      for (const { row, reason, message } of error.rejected) this.refused.set(`${keyOf(row.origin)}/${row.offset}`, { reason, message, origin: keyOf(row.origin), offset: BigInt(row.offset) });
    } else if (error instanceof TableBlockedError) this.hold(error, batch);
    else if (!(error instanceof FencedError || error instanceof SelectionChangedError)) {
      this.ports.watch.failing(error);
      for (const { topic, partition } of this.owned.values()) this.ports.control.pause(topic, [partition]);
      await sleep(BACKOFF_MS.first);
    }
    await Promise.allSettled(this.flying);
    const stored = await this.insist(generation, async () => {
      if (error instanceof SelectionChangedError && this.ports.selection() < error.version) await this.ports.refreshSelection();
      return this.ports.warehouse.positions(this.ports.loader, [...this.owned.values()]);
    });
    this.recovering = false;
    if (stored === undefined || term !== this.term) {
      // Assigned anew in the meantime: what was claimed since then waits for us.
      for (const owner of this.owned.values()) this.fetchFrom(owner);
      return;
    }
    const positions = new Map(stored.map((claim) => [keyOf(claim), claim]));
    const lost: PartitionRef[] = [];
    for (const [key, owner] of this.owned) {
      const position = positions.get(key);
      if (position?.epoch === owner.epoch) {
        owner.next = owner.position = position.nextOffset;
        this.fetchFrom(owner);
      } else { this.owned.delete(key); lost.push(owner); }
    }
    if (lost.length > 0) setTimeout(() => { if (generation === this.generation && !this.stopping) void this.claim(lost, generation); }, FENCED_MS).unref();
  }

  /** Keeps the blocked table's partitions back; the rest of the batch goes on without them. */
  private hold(error: TableBlockedError, { tables }: WarehouseBatch): void {
    const until = Date.now() + BLOCKED_MS;
    const held = new Set<string>();
    for (const { target, rows } of tables) {
      if (target.schema !== error.target.schema || target.table !== error.target.table) continue;
      for (const { origin } of rows) held.add(keyOf(origin));
    }
    if (held.size === 0) for (const key of this.owned.keys()) held.add(key);
    for (const key of held) {
      const owner = this.owned.get(key);
      if (owner === undefined) continue;
      owner.heldUntil = until;
      this.ports.control.pause(owner.topic, [owner.partition]);
    }
    if (error.timedOut) this.halved = { rows: Math.max(FEWEST_ROWS, Math.floor(this.batchRows / 2)), until: Date.now() + HALVED_MS };
    this.ports.watch.blocked(held.size, error);
  }

  private async claim(partitions: readonly PartitionRef[], generation: number): Promise<void> {
    if (partitions.length === 0) return;
    const claims = await this.insist(generation, async () => {
      const looks = await this.ports.look([...new Set(partitions.map(({ topic }) => topic))]);
      const wanted = partitions.map(({ topic, partition }) => {
        const look = looks.get(topic);
        const range = look?.partitions.find((one) => one.partition === partition);
        return { topic, partition, range, ...(look?.id !== undefined && { topicId: look.id }), ...(range !== undefined && { startOffset: BigInt(range.low) }) };
      });
      const taken = new Map((await this.ports.warehouse.claim(this.ports.loader, this.ports.clusterId, wanted)).map((claim) => [keyOf(claim), claim]));
      return wanted.map(({ topic, partition, range }) => ({ ref: { topic, partition }, range, claim: taken.get(keyOf({ topic, partition })) }));
    });
    if (claims === undefined || generation !== this.generation) return;
    for (const { ref, range, claim } of claims) {
      if (claim === undefined) { this.halt(ref, 'the topic has another id than the one that was loaded: it was deleted and made again'); continue; }
      const why = standsOutside(claim.nextOffset, range);
      if (why !== undefined) { this.halt(ref, why); continue; }
      const { topic, partition, epoch, nextOffset } = claim;
      const owner: OwnedPartition = { topic, partition, epoch, next: nextOffset, position: nextOffset, verified: false, heldUntil: 0 };
      this.owned.set(keyOf(owner), owner);
      if (!this.recovering) this.fetchFrom(owner);
    }
  }

  private fetchFrom(owner: OwnedPartition): void {
    owner.verified = false;
    const wait = owner.heldUntil - Date.now();
    if (wait > 0) {
      const { term } = this;
      setTimeout(() => { if (term === this.term && this.owned.get(keyOf(owner)) === owner && !this.recovering) this.fetchFrom(owner); }, wait).unref();
      return;
    }
    this.ports.control.seek(owner.topic, owner.partition, owner.position.toString());
    this.ports.control.resume(owner.topic, [owner.partition]);
  }

  /** Tries until it works, the assignment changes or the service stops; then undefined. */
  private async insist<T>(generation: number, work: () => Promise<T>): Promise<T | undefined> {
    for (let pause = BACKOFF_MS.first; generation === this.generation && !this.stopping; pause = Math.min(pause * 2, BACKOFF_MS.most)) {
      try {
        const result = await work();
        this.ports.watch.recovered();
        return result;
      } catch (error) {
        this.ports.watch.failing(error);
        const forPerson = error instanceof WarehouseRefusedError || error instanceof OffsetsMismatchError;
        await sleep(forPerson ? BACKOFF_MS.person : error instanceof WarehouseUnavailableError ? pause * (0.5 + Math.random() / 2) : BACKOFF_MS.most);
      }
    }
    return undefined;
  }
}
