import { randomUUID } from 'node:crypto';
import type { FieldType } from '#connector-kit';
import { FencedError, RowsRejectedError, SelectionChangedError } from './errors.js';
import type { ApplyResult, Claim, Row, StoredId, Warehouse } from './warehouse.js';

/** One promise that every warehouse keeps. Throws with what it saw when it doesn't. */
export interface ConformanceCase {
  readonly name: string;
  run(warehouse: Warehouse): Promise<void>;
}

const TOPIC = 'objects.acme.things';

/** A schema, a loader and a partition of its own for one case. */
class Scene {
  readonly schema = `s_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  readonly loader = `loader-${this.schema}`;
  private next = 0n;
  claim!: Claim;

  constructor(readonly warehouse: Warehouse, readonly kind: 'object' | 'event' = 'object', readonly fields: Record<string, FieldType> = {}) {}

  async take(): Promise<Claim> {
    const [claim] = await this.warehouse.claim(this.loader, 'cluster-1', [{ topic: TOPIC, partition: 0 }]);
    if (claim === undefined) throw new Error('no claim came back');
    this.next = claim.nextOffset;
    return this.claim = claim;
  }

  row(id: string, version: number, data: Record<string, unknown> = {}, more: Partial<Row> = {}): Row {
    return {
      id, version: BigInt(version), deleted: false, receivedAt: '2026-05-06T07:08:09.123Z', runId: 'run_1', data, offset: '0', origin: { topic: TOPIC, partition: 0 },
      ...(this.kind === 'event' && { event: 'thing_seen', eventText: 'thing.seen', timestamp: '2026-05-06T07:00:00Z' }), ...more,
    };
  }

  gone(id: string, version: number, data: Record<string, unknown> = {}): Row { return this.row(id, version, data, { deleted: true }); }

  /** Loads as the owner of `claim`; the position follows when it went well. */
  async load(rows: readonly Row[], claim: Claim = this.claim, table = 'things'): Promise<ApplyResult> {
    const to = this.next + BigInt(rows.length);
    const result = await this.warehouse.apply(this.loader, {
      advances: [{ topic: TOPIC, partition: 0, epoch: claim.epoch, from: this.next, to }],
      tables: [{ target: { schema: this.schema, table, kind: this.kind, fields: this.fields }, rows }],
    });
    this.next = to;
    return result;
  }

  async stored(): Promise<StoredId[]> {
    const all: StoredId[] = [];
    for await (const one of this.warehouse.ids(this.schema, 'things')) all.push(one);
    return all;
  }

  async types(): Promise<Record<string, string>> {
    const [table] = await this.warehouse.tables(this.schema);
    return Object.fromEntries((table?.columns ?? []).map(({ name, type }) => [name, type]));
  }
}

const show = (value: unknown): string => JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? Number(part) : part));

function same(actual: unknown, expected: unknown, what: string): void {
  if (show(actual) !== show(expected)) throw new Error(`${what}: expected ${show(expected)}, found ${show(actual)}`);
}

async function refused(work: Promise<unknown>, kind: new (...args: never[]) => Error): Promise<Error> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (error instanceof kind) return error;
  throw new Error(`expected ${kind.name}, found ${error instanceof Error ? `${error.name}: ${error.message}` : show(error)}`);
}

const at = (id: string, version: number, deleted = false): StoredId => ({ id, version: BigInt(version), deleted });

/** What a dialect promises, whatever its SQL. What a row holds is for the dialect's own spec. */
export const warehouseConformance: readonly ConformanceCase[] = [
  {
    name: 'claim begins at the start offset, later claims where the commits stand, with a growing epoch',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      const [first] = await warehouse.claim(scene.loader, 'cluster-1', [{ topic: TOPIC, partition: 0, startOffset: 40n }]);
      same([first?.epoch, first?.nextOffset], [1n, 40n], 'first claim');
      const claim = await scene.take();
      same([claim.epoch, claim.nextOffset], [2n, 40n], 'second claim');
      await scene.load([scene.row('a', 1), scene.row('b', 1)]);
      same((await warehouse.positions(scene.loader, [{ topic: TOPIC, partition: 0 }])).map(({ epoch, nextOffset }) => [epoch, nextOffset]), [[2n, 42n]], 'position');
    },
  },
  {
    name: 'a zombie is fenced, and nothing of its batch is written',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      const zombie = await scene.take();
      await scene.load([scene.row('a', 1)]);
      await scene.take();
      await refused(scene.load([scene.row('z', 9)], zombie), FencedError);
      same(await scene.stored(), [at('a', 1)], 'rows');
      await scene.load([scene.row('b', 1)]);
      same(await scene.stored(), [at('a', 1), at('b', 1)], 'rows of the owner');
    },
  },
  {
    name: 'a batch that was loaded is refused when it comes again',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      await scene.take();
      const batch = { advances: [{ topic: TOPIC, partition: 0, epoch: scene.claim.epoch, from: 0n, to: 1n }], tables: [{ target: { schema: scene.schema, table: 'things', kind: 'object' as const, fields: {} }, rows: [scene.row('a', 1)] }] };
      await warehouse.apply(scene.loader, batch);
      const error = await refused(warehouse.apply(scene.loader, batch), FencedError) as FencedError;
      same(error.partitions.map(({ partition }) => partition), [0], 'fenced partitions');
    },
  },
  {
    name: 'batches given one after the other without waiting commit in order',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      const { epoch } = await scene.take();
      const one = (n: bigint) => warehouse.apply(scene.loader, {
        advances: [{ topic: TOPIC, partition: 0, epoch, from: n, to: n + 1n }],
        tables: [{ target: { schema: scene.schema, table: 'things', kind: 'object', fields: {} }, rows: [scene.row(`r${n}`, 1, { [`f${n}`]: 1 })] }],
      });
      await Promise.all([one(0n), one(1n), one(2n), one(3n)]);
      same((await scene.stored()).length, 4, 'rows');
    },
  },
  {
    name: 'a batch that an older selection chose is refused, a newer one is not',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      await scene.take();
      const load = (selection: number, id: string) => warehouse.apply(scene.loader, { advances: [], selection, tables: [{ target: { schema: scene.schema, table: 'things', kind: 'object', fields: {} }, rows: [scene.row(id, 1)] }] });
      await load(1, 'a');
      same([await warehouse.select(scene.loader, 2), await warehouse.select(scene.loader, 1)], [2, 2], 'newest version');
      await refused(load(1, 'b'), SelectionChangedError);
      await load(2, 'c');
      await load(3, 'd');
      same((await scene.stored()).map(({ id }) => id), ['a', 'c', 'd'], 'rows');
    },
  },
  {
    name: 'offsets move without rows',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      const { epoch } = await scene.take();
      await warehouse.apply(scene.loader, { advances: [{ topic: TOPIC, partition: 0, epoch, from: 0n, to: 7n }], tables: [] });
      same((await scene.take()).nextOffset, 7n, 'position');
    },
  },
  {
    name: 'versions out of order in one batch: the newest stays, of equal ones the later',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      await scene.take();
      await scene.load([scene.row('a', 3), scene.row('a', 1), scene.row('a', 2), scene.row('b', 1), scene.row('b', 1)]);
      same(await scene.stored(), [at('a', 3), at('b', 1)], 'rows');
    },
  },
  {
    name: 'an older version in a later batch changes nothing, an equal one may replace',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      await scene.take();
      await scene.load([scene.row('a', 5)]);
      same((await scene.load([scene.row('a', 4)])).written, 0, 'written by the older one');
      same((await scene.load([scene.row('a', 5)])).written, 1, 'written by the equal one');
      same(await scene.stored(), [at('a', 5)], 'rows');
    },
  },
  {
    name: 'a delete of an unknown id is remembered, and a late older upsert stays deleted',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      await scene.take();
      await scene.load([scene.gone('a', 10)]);
      await scene.load([scene.row('a', 9, { name: 'late' })]);
      same(await scene.stored(), [at('a', 10, true)], 'after the older upsert');
      await scene.load([scene.row('a', 10, { name: 'same moment' })]);
      same(await scene.stored(), [at('a', 10, true)], 'a delete wins a tie');
      await scene.load([scene.row('a', 11, { name: 'again' })]);
      same(await scene.stored(), [at('a', 11)], 'after it was made again');
      same(await warehouse.counts(scene.schema, 'things'), { rows: 1, live: 1 }, 'counts');
    },
  },
  {
    name: 'delete and upsert of one id in one batch, in any order, end as their versions say',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      await scene.take();
      await scene.load([scene.gone('a', 2), scene.row('a', 1), scene.row('b', 1), scene.gone('b', 2), scene.gone('c', 1), scene.row('c', 2), scene.row('d', 2), scene.gone('d', 2)]);
      same(await scene.stored(), [at('a', 2, true), at('b', 2, true), at('c', 2), at('d', 2, true)], 'rows');
    },
  },
  {
    name: 'events are appended once, however often they come',
    async run(warehouse) {
      const scene = new Scene(warehouse, 'event');
      await scene.take();
      await scene.load([scene.row('e1', 0, { n: 1 }), scene.row('e1', 0, { n: 1 }), scene.row('e2', 0)]);
      same((await scene.load([scene.row('e2', 0), scene.row('e3', 0)])).written, 1, 'written');
      same((await scene.stored()).map(({ id }) => id), ['e1', 'e2', 'e3'], 'ids');
    },
  },
  {
    name: 'an event is written anew only where it is said so',
    async run(warehouse) {
      const scene = new Scene(warehouse, 'event');
      await scene.take();
      await scene.load([scene.row('e1', 0, { n: 1 }), scene.row('e2', 0, { n: 1 })]);
      const again = (rewrite: boolean) => warehouse.apply(scene.loader, { advances: [], tables: [{ target: { schema: scene.schema, table: 'things', kind: 'event', fields: {} }, rows: [scene.row('e1', 0, { n: 1, more: 'x' })], rewrite }] });
      same([(await again(false)).written, (await again(true)).written], [0, 1], 'written');
      same((await scene.stored()).map(({ id }) => id), ['e1', 'e2'], 'ids');
    },
  },
  {
    name: 'an event that was made again takes the place of the one before, once',
    async run(warehouse) {
      const scene = new Scene(warehouse, 'event');
      await scene.take();
      await scene.load([scene.row('e1', 0, { n: 1 }), scene.row('e2', 0, { n: 1 })]);
      same((await scene.load([scene.row('e1', 7, { n: 2 }), scene.row('e1', 7, { n: 3 }), scene.row('e1', 0, { n: 1 }), scene.row('e3', 7, { n: 2 })])).written, 2, 'written');
      same((await scene.load([scene.row('e1', 7, { n: 4 }), scene.row('e1', 0, { n: 5 }), scene.row('e2', 0, { n: 6 })])).written, 0, 'written again');
      const again = { target: { schema: scene.schema, table: 'things', kind: 'event' as const, fields: {} }, rows: [scene.row('e1', 0, { n: 8 }), scene.row('e2', 0, { n: 1 }), scene.row('e2', 0, { n: 1 })], rewrite: true };
      same((await warehouse.apply(scene.loader, { advances: [], tables: [again] })).written, 1, 'rewritten');
      same((await scene.stored()).map(({ id, version }) => [id, String(version)]), [['e1', '7'], ['e2', '0'], ['e3', '7']], 'ids and versions');
    },
  },
  {
    name: 'a value that does not fit its column is reported, its row is loaded',
    async run(warehouse) {
      const scene = new Scene(warehouse, 'object', { amount: 'integer' });
      await scene.take();
      await scene.load([scene.row('a', 1, { amount: 5 })]);
      same((await scene.load([scene.row('b', 1, { amount: 'five' }), scene.row('c', 1, { amount: [5] })])).discarded, 2, 'discarded');
      same((await scene.stored()).length, 3, 'rows');
    },
  },
  {
    name: 'a record that can not be stored is named, its neighbours load without it',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      await scene.take();
      const rows = [scene.row('a', 1), scene.row('x'.repeat(3_000), 1), scene.row('nul\0', 1), scene.row('', 1), scene.row('b', 1)];
      const error = await refused(scene.load(rows), RowsRejectedError) as RowsRejectedError;
      same(error.rejected.map(({ reason }) => reason).sort(), ['id_empty', 'id_too_long', 'id_unstorable'], 'reasons');
      same(await scene.stored(), [], 'rows before');
      const bad = new Set(error.rejected.map(({ row }) => row));
      await scene.load(rows.filter((row) => !bad.has(row)));
      same((await scene.stored()).map(({ id }) => id), ['a', 'b'], 'rows after');
    },
  },
  {
    name: 'hostile field names each get a column of their own',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      await scene.take();
      const names = ['xmin', 'ctid', 'select', 'a b', 'a-b', 'aB', '', '1st', '名前', '日本', 'é'.repeat(80), `${'é'.repeat(80)}x`, 'received_at', '__proto__', '"quoted"', "it's", 'a.b', '_version', '%s', '\ud800', '\0'];
      const data = JSON.parse(`{${names.map((name, i) => `${JSON.stringify(name)}:${i}`).join(',')}}`) as Record<string, unknown>;
      same((await scene.load([scene.row('a', 1, data)])).discarded, 0, 'discarded');
      const columns = Object.keys(await scene.types());
      same(columns.length - 7, names.length, `columns beside the metadata (${columns.join(', ')})`);
      await scene.load([scene.row('a', 2, data)]);
      same(Object.keys(await scene.types()), columns, 'columns after the second load');
    },
  },
  {
    name: 'a column appears with its first value that is not null',
    async run(warehouse) {
      const scene = new Scene(warehouse, 'object', { name: 'string', seen: 'timestamp' });
      await scene.take();
      await scene.load([scene.row('a', 1, { name: null })]);
      same('name' in await scene.types(), false, 'name before');
      await scene.load([scene.row('a', 2, { name: 'x', seen: '2026-01-01T00:00:00Z' })]);
      same(['name' in await scene.types(), 'seen' in await scene.types()], [true, true], 'after');
    },
  },
  {
    name: 'three thousand fields are loaded without an error',
    async run(warehouse) {
      const scene = new Scene(warehouse);
      await scene.take();
      await scene.load([scene.row('a', 1, Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`field_${i}`, `value ${i} of the record`])))]);
      same(await scene.stored(), [at('a', 1)], 'rows');
    },
  },
  {
    name: 'four loaders make the same new table and columns at once',
    async run(warehouse) {
      const scenes = Array.from({ length: 4 }, () => new Scene(warehouse));
      const [{ schema } = new Scene(warehouse)] = scenes;
      await Promise.all(scenes.map(async (scene, i) => {
        const { epoch } = await scene.take();
        const data = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`c${n}`, i]));
        await warehouse.apply(scene.loader, {
          advances: [{ topic: TOPIC, partition: 0, epoch, from: 0n, to: 1n }],
          tables: [{ target: { schema, table: 'things', kind: 'object', fields: {} }, rows: [scene.row(`r${i}`, 1, data)] }],
        });
      }));
      same((await warehouse.counts(schema, 'things'))?.rows, 4, 'rows');
    },
  },
];
