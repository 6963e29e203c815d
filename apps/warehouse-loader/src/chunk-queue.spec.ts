import { describe, expect, it } from '@jest/globals';
import type { TableTarget } from '#warehouse';
import { ChunkQueue, type Chunk, type OwnedPartition } from './chunk-queue.js';
import type { LoadRow } from './record-row.js';

const owner = (partition: number, next: bigint): OwnedPartition => ({ topic: 't', partition, epoch: 4n, next, position: next, verified: true, heldUntil: 0 });
const table = (name: string): TableTarget => ({ schema: 's', table: name, kind: 'object', fields: {} });
const chunk = (of: OwnedPartition, to: bigint, target: TableTarget, ids: string[], bytes = 10, selection = 1): Chunk => ({ owner: of, to, bytes, selection, rows: ids.map((id) => ({ id, target }) as LoadRow) });

describe('the queue before the warehouse', () => {
  it('groups chunks of many partitions into one batch, with one advance a partition', () => {
    const queue = new ChunkQueue();
    const [p, q] = [owner(0, 5n), owner(1, 100n)];
    const [things, others] = [table('things'), table('others')];
    queue.add(chunk(p, 7n, things, ['a', 'b']));
    queue.add(chunk(q, 110n, others, ['c']));
    queue.add(chunk(p, 9n, things, ['d']));
    const batch = queue.take(100, 1_000);
    expect(batch.advances).toEqual([{ topic: 't', partition: 0, epoch: 4n, from: 5n, to: 9n }, { topic: 't', partition: 1, epoch: 4n, from: 100n, to: 110n }]);
    expect(batch.tables.map(({ target, rows }) => [target.table, rows.map(({ id }) => id)])).toEqual([['things', ['a', 'b', 'd']], ['others', ['c']]]);
    expect([p.next, q.next, queue.isEmpty, queue.rows, queue.bytes]).toEqual([9n, 110n, true, 0, 0]);
  });

  it('stops at the limits, but always takes one; the next batch goes on where it ended', () => {
    const queue = new ChunkQueue();
    const p = owner(0, 0n);
    const things = table('things');
    queue.add(chunk(p, 3n, things, ['a', 'b', 'c']));
    queue.add(chunk(p, 4n, things, ['d'], 5_000));
    queue.add(chunk(p, 5n, things, ['e']));
    expect(queue.take(2, 1_000).advances).toMatchObject([{ from: 0n, to: 3n }]);
    expect(queue.take(2, 1_000).advances).toMatchObject([{ from: 3n, to: 4n }]);
    expect(queue.take(2, 1_000).advances).toMatchObject([{ from: 4n, to: 5n }]);
  });

  it('what was chosen by different selections does not travel together', () => {
    const queue = new ChunkQueue();
    const [p, q] = [owner(0, 0n), owner(1, 0n)];
    queue.add(chunk(p, 1n, table('things'), ['a']));
    queue.add(chunk(q, 1n, table('things'), ['b'], 10, 2));
    expect([queue.take(10, 1_000), queue.take(10, 1_000)]).toMatchObject([{ selection: 1, advances: [{ partition: 0 }] }, { selection: 2, advances: [{ partition: 1 }] }]);
  });

  it('takes turns: the little of one partition is not behind the plenty of another, and who was served waits for the others', () => {
    const queue = new ChunkQueue();
    const [plenty, more, little] = [owner(0, 0n), owner(1, 0n), owner(2, 0n)];
    for (let to = 1n; to <= 4n; to += 1n) queue.add(chunk(plenty, to, table('things'), ['a']));
    for (let to = 1n; to <= 2n; to += 1n) queue.add(chunk(more, to, table('things'), ['b']));
    queue.add(chunk(little, 1n, table('things'), ['c']));
    const taken = (): [number, bigint, bigint][] => queue.take(2, 1_000).advances.map(({ partition, from, to }) => [partition, from, to]);
    expect([taken(), taken(), taken(), taken()]).toEqual([[[0, 0n, 1n], [1, 0n, 1n]], [[2, 0n, 1n], [0, 1n, 2n]], [[1, 1n, 2n], [0, 2n, 3n]], [[0, 3n, 4n]]]);
    expect([queue.isEmpty, queue.rows, queue.bytes]).toEqual([true, 0, 0]);
  });

  it('a partition whose next chunk is too large lets the others by, and keeps its order', () => {
    const queue = new ChunkQueue();
    const [p, q] = [owner(0, 0n), owner(1, 0n)];
    for (const [to, ids] of [[1n, ['a']], [4n, ['b', 'c', 'd']], [5n, ['e']]] as const) queue.add(chunk(p, to, table('things'), [...ids]));
    queue.add(chunk(q, 1n, table('things'), ['f']));
    expect([queue.take(3, 1_000), queue.take(3, 1_000), queue.take(3, 1_000)].map(({ advances }) => advances.map(({ partition, to }) => [partition, to]))).toEqual([[[0, 1n], [1, 1n]], [[0, 4n]], [[0, 5n]]]);
  });

  it('offsets move over messages that are left out', () => {
    const queue = new ChunkQueue();
    queue.add(chunk(owner(0, 0n), 50n, table('things'), []));
    expect(queue.take(10, 10)).toMatchObject({ rows: 0, advances: [{ from: 0n, to: 50n }], tables: [] });
  });
});
