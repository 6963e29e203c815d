import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ModelChange } from '#contracts';
import { testDatabase, type TestDatabase } from '#testing';
import { Client } from 'pg';
import { ManyValuesError, OldComputationError, type ModelRow, type ModelTarget } from './model-store.js';
import { PostgresModelStore } from './postgres/postgres-model-store.js';

let own: TestDatabase;
let sql: Client;
let store: PostgresModelStore;
const [workspaceId, warehouseId] = [randomUUID(), randomUUID()];
let token = 0;

const target = (kind: 'audience' | 'trait', slug: string, more: Partial<ModelTarget> = {}): ModelTarget => ({ workspaceId, warehouseId, modelId: randomUUID(), kind, slug, name: slug, ...more });
const write = (model: ModelTarget, rows: readonly ModelRow[], type = 'text', at = ++token) => store.write(model, String(at), async (put) => { await put(rows); return type; });
const users = (...ids: (string | null)[]): ModelRow[] => ids.map((id) => [id, null]);
const published = async (warehouse = warehouseId): Promise<ModelChange[]> => {
  const all: ModelChange[] = [];
  while (await store.publish(warehouse, 2, async (changes) => { all.push(...changes); }) > 0);
  return all;
};
const rowsOf = async (table: string): Promise<unknown[]> => (await sql.query(`select * from ${table} order by user_id`)).rows.map(({ entered_at: _, changed_at: __, ...row }: Record<string, unknown>) => row);

beforeAll(async () => {
  own = await testDatabase();
  sql = new Client({ connectionString: own.url });
  await sql.connect();
  store = new PostgresModelStore(own.url);
}, 60_000);
afterAll(async () => {
  await store.close();
  await sql.end();
  await own.drop();
});

describe('an audience', () => {
  it('has exactly the users found, and tells who came and went, once', async () => {
    const model = target('audience', 'big');
    expect(await write(model, users('a', 'b', 'b', null, 'tab\there\\n'))).toEqual({ size: 3, entered: 3, exited: 0, changed: 0, skipped: 1 });
    expect(await write(model, users('b', 'c'))).toEqual({ size: 2, entered: 1, exited: 2, changed: 0, skipped: 0 });
    expect(await write(model, users('c', 'b'))).toEqual({ size: 2, entered: 0, exited: 0, changed: 0, skipped: 0 });
    expect(await rowsOf('audiences.big')).toEqual([{ user_id: 'b' }, { user_id: 'c' }]);
    const changes = await published();
    expect(changes.map(({ userId, event, token: of }) => [userId, event, of])).toEqual([
      ['a', 'audience_entered', '1'], ['b', 'audience_entered', '1'], ['tab\there\\n', 'audience_entered', '1'], ['a', 'audience_exited', '2'], ['c', 'audience_entered', '2'], ['tab\there\\n', 'audience_exited', '2'],
    ]);
    expect(changes[0]).toMatchObject({ workspaceId, modelId: model.modelId, kind: 'audience', slug: 'big', at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) });
    expect(await published()).toEqual([]);
  }, 30_000);

  it('stays as it is when its rows break off', async () => {
    const model = target('audience', 'broken');
    await write(model, users('a'));
    await expect(store.write(model, String(++token), async (put) => { await put(users('b')); throw new Error('broke off'); })).rejects.toThrow('broke off');
    expect(await rowsOf('audiences.broken')).toEqual([{ user_id: 'a' }]);
    expect((await published()).map(({ userId }) => userId)).toEqual(['a']);
  }, 30_000);

  it('takes nothing from a computation that is older than its last one', async () => {
    const model = target('audience', 'fenced');
    await write(model, users('a'), 'text', token += 2);
    await expect(write(model, users('b'), 'text', token - 1)).rejects.toBeInstanceOf(OldComputationError);
    expect(await rowsOf('audiences.fenced')).toEqual([{ user_id: 'a' }]);
    await published();
  }, 30_000);

  it('is made again when somebody dropped its table, and goes when it is deleted', async () => {
    const model = target('audience', 'dropped');
    await write(model, users('a'));
    await sql.query('drop table audiences.dropped');
    expect(await store.members(model.modelId, 10, undefined, '')).toBeUndefined();
    expect(await write(model, users('a', 'b'))).toMatchObject({ size: 2, entered: 2 });
    await published();
    await store.drop(model, String(++token));
    expect((await sql.query(`select to_regclass('audiences.dropped') as there`)).rows).toEqual([{ there: null }]);
    await store.drop(model, String(++token));
    expect((await published()).map(({ userId, event, token: of }) => [userId, event, of])).toEqual([['a', 'audience_exited', String(token - 1)], ['b', 'audience_exited', String(token - 1)]]);
    await write(target('audience', 'dropped'), users('z'));
    expect(await rowsOf('audiences.dropped')).toEqual([{ user_id: 'z' }]);
    await published();
  }, 30_000);

  it('says what holds its table when it is deleted, and nobody has left then', async () => {
    const model = target('audience', 'seen');
    await write(model, users('a'));
    await published();
    await sql.query('create view seen_by_somebody as select * from audiences.seen');
    await expect(store.drop(model, String(++token))).rejects.toMatchObject({ name: 'WarehouseRefusedError', reason: expect.stringContaining('audiences.seen') });
    expect([await rowsOf('audiences.seen'), await store.isUnpublished(model.modelId)]).toEqual([[{ user_id: 'a' }], false]);
    await sql.query('drop view seen_by_somebody');
    await store.drop(model, String(++token));
    expect(await store.isUnpublished(model.modelId)).toBe(true);
    expect((await published()).map(({ userId, event }) => [userId, event])).toEqual([['a', 'audience_exited']]);
    expect(await store.isUnpublished(model.modelId)).toBe(false);
    // One that was lost long ago wakes up.
    await expect(write(model, users('a'), 'text', token - 1)).rejects.toBeInstanceOf(OldComputationError);
  }, 30_000);

  it('takes the place of one that was given up', async () => {
    await write(target('audience', 'left'), users('a', 'b'));
    expect(await write(target('audience', 'left'), users('b'))).toMatchObject({ size: 1, entered: 1 });
    expect(await rowsOf('audiences.left')).toEqual([{ user_id: 'b' }]);
    await published();
  }, 30_000);

  it('lists its users in pages', async () => {
    const model = target('audience', 'paged');
    await write(model, users('a1', 'a2', 'b1'));
    expect((await store.members(model.modelId, 2, undefined, ''))?.map(({ userId }) => userId)).toEqual(['a1', 'a2']);
    expect((await store.members(model.modelId, 2, 'a2', ''))?.map(({ userId }) => userId)).toEqual(['b1']);
    expect((await store.members(model.modelId, 2, undefined, 'b'))?.map(({ userId, value, since }) => [userId, value, since instanceof Date])).toEqual([['b1', null, true]]);
    expect(await store.members(randomUUID(), 2, undefined, '')).toBeUndefined();
    await published();
  }, 30_000);
});

describe('what is published', () => {
  it('is kept until it was taken, and comes again in the same order', async () => {
    await write(target('audience', 'again'), users('a', 'b', 'c'));
    await expect(store.publish(warehouseId, 10, async () => { throw new Error('Kafka is away'); })).rejects.toThrow('Kafka is away');
    expect((await published()).map(({ userId }) => userId)).toEqual(['a', 'b', 'c']);
  }, 30_000);

  it('is published by one process at a time, and for its own warehouse', async () => {
    const other = randomUUID();
    await write(target('audience', 'one'), users('a'));
    await write(target('audience', 'one', { warehouseId: other }), users('x'));
    let free!: () => void;
    const waiting = new Promise<void>((resolve) => { free = resolve; });
    let begun!: () => void;
    const isSending = new Promise<void>((resolve) => { begun = resolve; });
    const first = store.publish(warehouseId, 10, async () => { begun(); await waiting; });
    await isSending;
    expect(await store.publish(warehouseId, 10, async () => undefined)).toBe(0);
    expect((await published(other)).map(({ userId }) => userId)).toEqual(['x']);
    free();
    expect(await first).toBe(1);
    expect(await rowsOf(`audiences_${other.replaceAll('-', '').slice(-12)}.one`)).toEqual([{ user_id: 'x' }]);
  }, 30_000);
});

describe('a trait', () => {
  it('has a value of its own type for each user, and tells of other values with all their digits', async () => {
    const model = target('trait', 'spent');
    expect(await write(model, [['a', '9007199254740993'], ['b', '2'], ['c', null]], 'bigint')).toEqual({ size: 2, entered: 2, exited: 0, changed: 0, skipped: 0 });
    expect(await write(model, [['a', '9007199254740995'], ['b', '2']], 'bigint')).toMatchObject({ size: 2, changed: 1 });
    expect(await write(model, [['b', '2']], 'bigint')).toMatchObject({ size: 1, exited: 1, changed: 0 });
    expect((await published()).map(({ userId, event, value, previous }) => [userId, event, value, previous])).toEqual([
      ['a', 'trait_changed', '9007199254740993', null], ['b', 'trait_changed', '2', null], ['a', 'trait_changed', '9007199254740995', '9007199254740993'], ['a', 'trait_changed', null, '9007199254740995'],
    ]);
    // As numbers these are the same; one is of another type.
    expect(await write(model, [['b', '2.00'], ['d', '0.10']], 'numeric(12,2)')).toMatchObject({ size: 2, entered: 1, changed: 0 });
    expect(await rowsOf('traits.spent')).toEqual([{ user_id: 'b', value: '2.00' }, { user_id: 'd', value: '0.10' }]);
    expect(await write(model, [['b', 't'], ['d', 't']], 'boolean')).toMatchObject({ changed: 2 });
    expect(await rowsOf('traits.spent')).toEqual([{ user_id: 'b', value: true }, { user_id: 'd', value: true }]);
    expect(await write(model, [['b', '{"x": 1}'], ['d', '2026-01-31 08:00:00+00']], 'text')).toMatchObject({ changed: 2 });
    expect((await store.members(model.modelId, 5, undefined, ''))?.map(({ value }) => value)).toEqual(['{"x": 1}', '2026-01-31 08:00:00+00']);
    await published();
  }, 30_000);

  it('takes any type', async () => {
    for (const [type, value] of [['timestamp with time zone', '2026-01-31 08:00:00.123456+00'], ['date', '2026-01-31'], ['jsonb', '{"a": [1.10]}'], ['json', '{"a" : 1}'], ['double precision', '0.1'], ['real', '0.5'], ['integer', '7'], ['text[]', '{a,b}'], ['uuid', randomUUID()], ['interval', '1 day']] as const) {
      const model = target('trait', `any_${token}`);
      expect([type, await write(model, [['a', value]], type)]).toEqual([type, expect.objectContaining({ size: 1 })]);
      expect([type, await write(model, [['a', value]], type)]).toEqual([type, expect.objectContaining({ changed: 0 })]);
    }
    await published();
  }, 60_000);

  it('refuses two values of one user', async () => {
    const model = target('trait', 'twice');
    await write(model, [['a', '1']], 'bigint');
    await expect(write(model, [['a', '1'], ['a', '2'], ['b', '1']], 'bigint')).rejects.toBeInstanceOf(ManyValuesError);
    expect(await rowsOf('traits.twice')).toEqual([{ user_id: 'a', value: '1' }]);
  }, 30_000);
});
