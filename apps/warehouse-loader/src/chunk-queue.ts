import type { Advance, TableRows, TableTarget, WarehouseBatch } from '#warehouse';
import type { LoadRow } from './record-row.js';

/** A partition that this loader owns. */
export interface OwnedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: bigint;
  /** Where the next batch for the warehouse begins: what is before it is committed or on its way there. */
  next: bigint;
  /** The next message to take. */
  position: bigint;
  /** The fetches are known to begin at `position`. */
  verified: boolean;
  /** Nothing is fetched before this time, in ms since the epoch. */
  heldUntil: number;
}

/** Consecutive messages of one partition, decoded; the offsets move to `to` also where rows were left out. */
export interface Chunk {
  readonly owner: OwnedPartition;
  readonly to: bigint;
  readonly rows: readonly LoadRow[];
  readonly bytes: number;
  /** Version of the selection by which the rows were chosen. */
  readonly selection: number;
}

/**
 * What waits for the warehouse. Partitions take turns, a chunk at a time: the little of one isn't behind the plenty of another,
 * and small batches of many travel together.
 */
export class ChunkQueue {
  /** By partition in the order of their messages; who was served longest ago comes first. */
  private readonly waiting = new Map<OwnedPartition, Chunk[]>();
  private countedRows = 0;
  private countedBytes = 0;

  get isEmpty(): boolean { return this.waiting.size === 0; }
  get rows(): number { return this.countedRows; }
  get bytes(): number { return this.countedBytes; }

  add(chunk: Chunk): void {
    const chunks = this.waiting.get(chunk.owner);
    if (chunks === undefined) this.waiting.set(chunk.owner, [chunk]); else chunks.push(chunk);
    this.countedRows += chunk.rows.length;
    this.countedBytes += chunk.bytes;
  }

  clear(): void {
    this.waiting.clear();
    this.countedRows = this.countedBytes = 0;
  }

  /** decode → **group**: chunks as one batch, at least one; their partitions' `next` moves along. */
  take(maxRows: number, maxBytes: number): WarehouseBatch & { readonly rows: number } {
    const taken = this.inTurns(maxRows, maxBytes);
    const advances = new Map<OwnedPartition, Advance>();
    const tables = new Map<TableTarget, LoadRow[]>();
    let rows = 0;
    for (const { owner, to, rows: some, bytes } of taken) {
      const { topic, partition, epoch } = owner;
      advances.set(owner, { topic, partition, epoch, from: advances.get(owner)?.from ?? owner.next, to });
      for (const row of some) {
        const together = tables.get(row.target);
        if (together === undefined) tables.set(row.target, [row]); else together.push(row);
      }
      rows += some.length;
      this.countedBytes -= bytes;
    }
    this.countedRows -= rows;
    for (const [owner, { to }] of advances) owner.next = to;
    return { rows, selection: taken[0]?.selection ?? 0, advances: [...advances.values()], tables: [...tables].map(([target, together]): TableRows => ({ target, rows: together })) };
  }

  /** As many as fit; a partition whose next chunk doesn't fit, or was chosen by another selection, has to wait for the next batch. */
  private inTurns(maxRows: number, maxBytes: number): Chunk[] {
    const taken: Chunk[] = [];
    let rows = 0;
    let bytes = 0;
    for (let turns = [...this.waiting.values()]; turns.length > 0;) {
      turns = turns.filter((chunks) => {
        const [chunk] = chunks;
        if (chunk === undefined) return false;
        const fits = rows + chunk.rows.length <= maxRows && bytes + chunk.bytes <= maxBytes && chunk.selection === taken[0]?.selection;
        if (taken.length > 0 && !fits) return false;
        taken.push(chunk);
        chunks.shift();
        rows += chunk.rows.length;
        bytes += chunk.bytes;
        return true;
      });
    }
    for (const { owner } of taken) {
      const rest = this.waiting.get(owner) ?? [];
      this.waiting.delete(owner);
      // Behind those that wait longer.
      if (rest.length > 0) this.waiting.set(owner, rest);
    }
    return taken;
  }
}
