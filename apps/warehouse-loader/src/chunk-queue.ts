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

/** What waits for the warehouse, first come first served, over all partitions: small batches of many travel together. */
export class ChunkQueue {
  private chunks: Chunk[] = [];
  private countedRows = 0;
  private countedBytes = 0;

  get isEmpty(): boolean { return this.chunks.length === 0; }
  get rows(): number { return this.countedRows; }
  get bytes(): number { return this.countedBytes; }

  add(chunk: Chunk): void {
    this.chunks.push(chunk);
    this.countedRows += chunk.rows.length;
    this.countedBytes += chunk.bytes;
  }

  clear(): void {
    this.chunks = [];
    this.countedRows = this.countedBytes = 0;
  }

  /** decode → **group**: the oldest chunks as one batch, at least one; their partitions' `next` moves along. */
  take(maxRows: number, maxBytes: number): WarehouseBatch & { readonly rows: number } {
    let count = 0;
    let rows = 0;
    let bytes = 0;
    const selection = this.chunks[0]?.selection ?? 0;
    for (const chunk of this.chunks) {
      if (count > 0 && (chunk.selection !== selection || rows + chunk.rows.length > maxRows || bytes + chunk.bytes > maxBytes)) break;
      count += 1;
      rows += chunk.rows.length;
      bytes += chunk.bytes;
    }
    const taken = this.chunks.splice(0, count);
    this.countedRows -= rows;
    this.countedBytes -= bytes;
    const advances = new Map<OwnedPartition, Advance>();
    const tables = new Map<TableTarget, LoadRow[]>();
    for (const { owner, to, rows: some } of taken) {
      const { topic, partition, epoch } = owner;
      advances.set(owner, { topic, partition, epoch, from: advances.get(owner)?.from ?? owner.next, to });
      for (const row of some) {
        const together = tables.get(row.target);
        if (together === undefined) tables.set(row.target, [row]); else together.push(row);
      }
    }
    for (const [owner, { to }] of advances) owner.next = to;
    return { rows, selection, advances: [...advances.values()], tables: [...tables].map(([target, together]): TableRows => ({ target, rows: together })) };
  }
}
