import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '#testing';
import { migrate, newId, openDatabase } from './database.js';
import { ModelRepository, SlugTaken, type NewModel } from './model.repository.js';
import { ModelRunRepository } from './model-run.repository.js';
import { WarehouseRepository } from './warehouse.repository.js';
import type { DataSource } from 'typeorm';
import type { Principal } from './access.repository.js';

let test: TestDatabase;
let database: DataSource;
let models: ModelRepository;
let runs: ModelRunRepository;
let caller: Principal;
const [workspaceId, other] = [newId(), newId()];

/** A warehouse of its own, so that nobody else's computations are in its queue. */
async function warehouse(): Promise<string> {
  const id = newId();
  await database.query(`insert into warehouses (id, workspace_id, name, url_sealed, location) values ($1, $2, 'w', 's', 'l')`, [id, workspaceId]);
  return id;
}
async function made(warehouseId: string, slug: string, more: Partial<NewModel> = {}): Promise<string> {
  const id = newId();
  await models.create(id, { warehouseId, kind: 'audience', name: slug, slug, description: '', statement: 'select 1', intervalMinutes: 60, ...more }, caller, undefined);
  return id;
}
const LEASE_MS = 60_000;
const expire = (runId: string) => database.query(`update model_runs set lease_expires_at = now() - interval '1 second' where id = $1`, [runId]);

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec' });
  await migrate(database);
  await database.query(`insert into workspaces (id, name) values ($1, 'w'), ($2, 'o')`, [workspaceId, other]);
  caller = { workspaceId, role: 'owner', userId: null, apiKeyId: null, sessionId: null, name: 'a key' };
  [models, runs] = [new ModelRepository(database), new ModelRunRepository(database)];
}, 60_000);
afterAll(async () => { await database.destroy(); await test.drop(); }, 30_000);

describe('a model', () => {
  it('is computed when it is made, by one loader, and again when its query changes', async () => {
    const warehouseId = await warehouse();
    const id = await made(warehouseId, 'first');
    const task = await runs.take(warehouseId, 'a', LEASE_MS);
    expect(task).toMatchObject({ modelId: id, workspaceId, kind: 'audience', slug: 'first', statement: 'select 1', trigger: 'change' });
    expect(await runs.take(warehouseId, 'b', LEASE_MS)).toBeUndefined();
    expect(await models.request(id)).toBe(false);
    await runs.finish(task!, { state: 'succeeded', size: 3, entered: 3, exited: 0, changed: 0, skipped: 1 });
    expect(await models.get(workspaceId, 'audience', id)).toMatchObject({ author: 'a key', lastRun: { state: 'succeeded', size: 3, skipped: 1 }, lastSuccess: { size: 3 } });
    await models.change(id, { name: 'Renamed' });
    expect(await runs.take(warehouseId, 'a', LEASE_MS)).toBeUndefined();
    await models.change(id, { statement: 'select 2' });
    const again = await runs.take(warehouseId, 'a', LEASE_MS);
    await runs.finish(again!, { state: 'failed', error: { code: 'query_failed', title: 'No.', remedy: 'Yes.' } });
    expect(await models.get(workspaceId, 'audience', id)).toMatchObject({ name: 'Renamed', statement: 'select 2', lastRun: { state: 'failed', error: { title: 'No.' } }, lastSuccess: { size: 3 } });
    expect((await models.runs(id, 5)).map(({ state }) => state)).toEqual(['failed', 'succeeded']);
  }, 30_000);

  it('is its workspace\'s, and its slug the only one of its kind in the warehouse', async () => {
    const warehouseId = await warehouse();
    const id = await made(warehouseId, 'only');
    await expect(made(warehouseId, 'only')).rejects.toBeInstanceOf(SlugTaken);
    await made(warehouseId, 'only', { kind: 'trait' });
    expect(await models.get(other, 'audience', id)).toBeUndefined();
    expect(await models.get(workspaceId, 'trait', id)).toBeUndefined();
    expect((await models.list(other, 'audience', 10))).toEqual([]);
  }, 30_000);

  it('that is deleted, also while it is computed, has its table taken away', async () => {
    const warehouseId = await warehouse();
    const [waits, running] = [await made(warehouseId, 'waits'), await made(warehouseId, 'running')];
    await models.delete(waits);
    expect(await runs.take(warehouseId, 'a', LEASE_MS)).toMatchObject({ modelId: waits, trigger: 'delete' });
    const task = await runs.take(warehouseId, 'a', LEASE_MS);
    await models.delete(running);
    expect(await runs.take(warehouseId, 'a', LEASE_MS)).toBeUndefined();
    await runs.finish(task!, { state: 'succeeded', size: 1 });
    expect(await runs.take(warehouseId, 'a', LEASE_MS)).toMatchObject({ modelId: running, trigger: 'delete' });
  }, 30_000);

  it('that is deleted stays until that is done, and is tried again later and later', async () => {
    const warehouseId = await warehouse();
    const id = await made(warehouseId, 'going');
    const deleting = async () => (await models.get(workspaceId, 'audience', id))?.deleting;
    const fails = async (): Promise<void> => { await runs.finish((await runs.take(warehouseId, 'a', LEASE_MS))!, { state: 'failed', error: { code: 'warehouse_refused', title: 'A view.', remedy: 'Drop it.' } }); };
    expect(await deleting()).toBeNull();
    await models.delete(id);
    await runs.waiting(warehouseId, { code: 'warehouse_unavailable', title: 'Away.', remedy: 'Wait.' });
    expect(await deleting()).toMatchObject({ since: expect.any(Date), error: { title: 'Away.' }, nextTryAt: null });
    for (const minutes of [1, 2, 4]) {
      await fails();
      const { error, nextTryAt } = (await deleting())!;
      expect([error?.title, Math.round((nextTryAt!.getTime() - Date.now()) / 60_000)]).toEqual(['A view.', minutes]);
      await runs.queueDeletes();
      expect(await runs.take(warehouseId, 'a', LEASE_MS)).toBeUndefined();
      await database.query(`update model_runs set finished_at = finished_at - interval '1 hour' where model_id = $1`, [id]);
      await runs.queueDeletes();
      expect(await deleting()).toMatchObject({ error: { title: 'A view.' }, nextTryAt: null });
    }
    // Its table is there, so its slug is taken, and its warehouse stays.
    await expect(made(warehouseId, 'going')).rejects.toMatchObject({ deleting: true });
    const warehouses = new WarehouseRepository(database);
    expect(await warehouses.delete(workspaceId, warehouseId)).toEqual([{ kind: 'audience', name: 'going', deleting: true }]);
    await warehouses.change(warehouseId, { enabled: false });
    expect(await deleting()).toMatchObject({ error: { code: 'warehouse_disabled' } });
    // Lost three times like any other one, and yet tried again.
    for (let loss = 0; loss < 3; loss++) await expire((await runs.take(warehouseId, 'a', LEASE_MS))!.runId);
    expect(await runs.take(warehouseId, 'a', LEASE_MS)).toBeUndefined();
    await models.delete(id);
    await runs.finish((await runs.take(warehouseId, 'a', LEASE_MS))!, { state: 'succeeded' });
    expect([await models.get(workspaceId, 'audience', id), await models.runs(id, 5)]).toEqual([undefined, []]);
    expect(await warehouses.delete(workspaceId, warehouseId)).toEqual([]);
  }, 30_000);

  it('that is given up is gone at once, whoever works at it', async () => {
    const warehouseId = await warehouse();
    const id = await made(warehouseId, 'forgotten');
    const task = (await runs.take(warehouseId, 'a', LEASE_MS))!;
    await models.forget(id);
    expect(await models.get(workspaceId, 'audience', id)).toBeUndefined();
    await runs.finish(task, { state: 'succeeded', size: 1 });
    expect(await models.request(id)).toBe(false);
    await made(warehouseId, 'forgotten');
  }, 30_000);
});

describe('a computation', () => {
  it('is taken over from a loader that is gone, with a higher token; who lost it changes nothing', async () => {
    const warehouseId = await warehouse();
    const id = await made(warehouseId, 'taken');
    const lost = (await runs.take(warehouseId, 'a', LEASE_MS))!;
    expect(await runs.renew(lost, LEASE_MS)).toBe(true);
    await expire(lost.runId);
    const taken = (await runs.take(warehouseId, 'b', LEASE_MS))!;
    expect([taken.runId, BigInt(taken.token) > BigInt(lost.token)]).toEqual([lost.runId, true]);
    expect(await runs.renew(lost, LEASE_MS)).toBe(false);
    await runs.finish(lost, { state: 'succeeded', size: 9 });
    expect(await models.get(workspaceId, 'audience', id)).toMatchObject({ lastRun: { state: 'running', size: null } });
    await runs.release(taken);
    expect(await runs.take(warehouseId, 'c', LEASE_MS)).toMatchObject({ runId: lost.runId });
  }, 30_000);

  it('that is lost three times fails', async () => {
    const warehouseId = await warehouse();
    const id = await made(warehouseId, 'lost');
    for (let loss = 0; loss < 3; loss++) await expire((await runs.take(warehouseId, 'a', LEASE_MS))!.runId);
    expect(await runs.take(warehouseId, 'a', LEASE_MS)).toBeUndefined();
    expect(await models.get(workspaceId, 'audience', id)).toMatchObject({ lastRun: { state: 'failed', error: { code: 'internal' } } });
  }, 30_000);
});

describe('the schedule', () => {
  const due = (id: string, minutes: number) => database.query(`update models set next_run_at = now() - $2::integer * interval '1 minute' where id = $1`, [id, minutes]);
  const next = async (id: string): Promise<number> => ((await database.query<{ minutes: number }[]>(`select extract(epoch from next_run_at - now())::float8 / 60 as minutes from models where id = $1`, [id]))[0]!).minutes;
  const finishAll = async (warehouseId: string): Promise<number> => {
    let count = 0;
    for (let task; (task = await runs.take(warehouseId, 'a', LEASE_MS)) !== undefined; count++) await runs.finish(task, { state: 'succeeded', size: 0 });
    return count;
  };

  it('queues what is due, once, and keeps its phase', async () => {
    const warehouseId = await warehouse();
    const [late, never, off] = [await made(warehouseId, 'late'), await made(warehouseId, 'never', { intervalMinutes: null }), await made(warehouseId, 'off')];
    await models.change(off, { enabled: false });
    expect(await finishAll(warehouseId)).toBe(3);
    await due(late, 130);
    await due(off, 5);
    expect(await runs.queueDue(100)).toBe(1);
    expect(await runs.queueDue(100)).toBe(0);
    // 130 minutes late, every 60: 50 minutes from now.
    expect(Math.round(await next(late))).toBe(50);
    expect((await models.get(workspaceId, 'audience', late))?.lastRun).toMatchObject({ trigger: 'schedule', state: 'queued' });
    expect((await models.get(workspaceId, 'audience', never))?.lastRun).toMatchObject({ trigger: 'change' });
    // Still waiting when the next one is due: not twice.
    await due(late, 1);
    expect(await runs.queueDue(100)).toBe(1);
    expect(await finishAll(warehouseId)).toBe(1);
  }, 30_000);

  it('survives a clock that is set back', async () => {
    const warehouseId = await warehouse();
    const id = await made(warehouseId, 'clock');
    await finishAll(warehouseId);
    await due(id, -600);
    expect(await runs.queueDue(100)).toBe(1);
    expect(Math.round(await next(id))).toBe(60);
  }, 30_000);
});
