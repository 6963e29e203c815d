import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { startGateway, type TestGateway } from './gateway.factory.js';

const HOUR = 3_600_000;

interface Rhythm { readonly collection: string; readonly everyMinutes: number; readonly dueAt: string | null }
interface Warning { readonly code: string; readonly title: string; readonly remedy: string }
interface Shown {
  readonly id: string; readonly name: string; readonly nextRunAt: string; readonly intervalMinutes: number; readonly syncQuota: { readonly perDay: number; readonly used: number; readonly resetsAt: string } | null;
  readonly schedule: { readonly mode: string; readonly intervalMinutes: number | null; readonly times: readonly string[]; readonly timeZone: string; readonly collections: readonly Rhythm[] };
  readonly warnings: readonly Warning[];
}
interface Plan { readonly timeZone: string; readonly slots: readonly { readonly at: string; readonly runs: number; readonly calls: number; readonly busy: boolean }[]; readonly sources: readonly { readonly sourceId: string; readonly runs: readonly string[]; readonly warnings: readonly Warning[] }[]; readonly nextCursor: string | null }
interface Suggested { readonly startAt: string; readonly startMinute: number; readonly firstRunAt: string; readonly runsPerDay: number; readonly busyRunsPerDay: number; readonly callsPerMinute: number; readonly warnings: readonly Warning[] }

let control: TestDatabase;
let warehouse: TestDatabase;
let gateway: TestGateway;
let call: TestGateway['call'];

beforeAll(async () => {
  [control, warehouse] = await Promise.all([testDatabase(), testDatabase()]);
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`);
  ({ call } = gateway);
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await Promise.all([control.drop(), warehouse.drop()]);
});

const ask = async <T>(...request: Parameters<TestGateway['call']>): Promise<T> => (await call(...request)).body as unknown as T;
const source = (id: string) => ask<Shown>('GET', `/sources/${id}`);
const time = (zone: string, at: string): string => new Date(at).toLocaleTimeString('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });

describe('the workspace', () => {
  it('has a time zone that owners change', async () => {
    expect(await ask('GET', '/workspace')).toMatchObject({ timeZone: 'UTC', name: 'My workspace', syncsPerDay: null });
    expect(await ask('PATCH', '/workspace', { timeZone: 'Europe/Berlin', name: 'Acme' })).toMatchObject({ timeZone: 'Europe/Berlin', name: 'Acme' });
    for (const timeZone of ['Mars/Olympus', '+01:00', 'europe/berlin', '']) expect([timeZone, (await call('PATCH', '/workspace', { timeZone })).body.errors[0].field]).toEqual([timeZone, 'timeZone']);
    const { body: { key } } = await call('POST', '/api-keys', { name: 'editor', role: 'editor' });
    expect((await call('PATCH', '/workspace', { timeZone: 'UTC' }, { authorization: `Bearer ${key}` })).status).toBe(403);
    expect(await ask('GET', '/workspace')).toMatchObject({ timeZone: 'Europe/Berlin' });
  });
});

describe('a schedule', () => {
  it('is given when the source is made or later; the answer has the next due time', async () => {
    const made = await ask<Shown>('POST', '/sources', gateway.source({ collections: ['customer_events'], schedule: { times: ['18:30', '06:30'] } }));
    expect(made.schedule).toEqual({ mode: 'times', intervalMinutes: null, times: ['06:30', '18:30'], timeZone: 'Europe/Berlin', collections: [] });
    expect(['06:30', '18:30']).toContain(time('Europe/Berlin', made.nextRunAt));
    const hourly = await ask<Shown>('PUT', `/sources/${made.id}/schedule`, { intervalMinutes: 120, startAt: '00:17' });
    expect(hourly.schedule).toMatchObject({ mode: 'interval', intervalMinutes: 120, times: [] });
    expect([time('Europe/Berlin', hourly.nextRunAt).slice(3), Date.parse(hourly.nextRunAt) - Date.now() <= 2 * HOUR + 60_000]).toEqual(['17', true]);
    const patched = await ask<Shown>('PATCH', `/sources/${made.id}`, { schedule: { times: ['05:00'] } });
    expect([patched.schedule.mode, time('Europe/Berlin', patched.nextRunAt)]).toEqual(['times', '05:00']);
    await call('PATCH', '/workspace', { timeZone: 'Asia/Kolkata' });
    expect(time('Asia/Kolkata', (await source(made.id)).nextRunAt)).toBe('05:00');
    await call('PATCH', '/workspace', { timeZone: 'Europe/Berlin' });
  });

  it('is refused field by field', async () => {
    const id = await gateway.made();
    const field = async (body: object): Promise<string> => (await call('PUT', `/sources/${id}/schedule`, body)).body.errors[0].field;
    expect([await field({ intervalMinutes: 59 }), await field({ times: ['25:00'] }), await field({ times: ['06:00', '06:30'] }), await field({ times: ['06:00'], intervalMinutes: 60 }), await field({ mode: 'now' }), await field({ startAt: 'noon' })])
      .toEqual(['intervalMinutes', 'times', 'times', 'mode', 'mode', 'startAt']);
    expect(await field({ collections: [{ collection: 'nope', everyMinutes: 60 }] })).toBe('collections');
  });

  it('has rhythms of single collections, which those in the same pages share', async () => {
    const { body: { id: warehouseId } } = await call('POST', '/warehouses', { name: 'Main', url: warehouse.url });
    const made = await ask<Shown>('POST', '/sources', gateway.source({ name: 'Rhythms', collections: ['customers', 'coupons', 'cards'], warehouseId, schedule: { collections: [{ collection: 'customers', everyMinutes: 1_440 }] } }));
    expect(made.schedule.collections.map(({ collection, everyMinutes, dueAt }) => [collection, everyMinutes, dueAt])).toEqual([['cards', 1_440, null], ['customers', 1_440, null]]);
    await gateway.endRun(made.id, 'succeeded');
    expect((await source(made.id)).schedule.collections.map(({ dueAt }) => Date.parse(String(dueAt)) > Date.now() + 23 * HOUR)).toEqual([true, true]);
    const collections = await ask<{ data: { name: string; everyMinutes: number | null; readAt: string | null }[] }>('GET', `/sources/${made.id}/collections`);
    expect(collections.data.filter(({ readAt }) => readAt !== null).map(({ name, everyMinutes }) => [name, everyMinutes]).sort()).toEqual([['cards', 1_440], ['coupons', null], ['customers', 1_440]]);
    await call('DELETE', `/sources/${made.id}`);
  });
});

describe('stagger', () => {
  const all = async () => (await ask<{ data: Shown[] }>('GET', '/sources?limit=200')).data;
  const fresh = async (): Promise<void> => { for (const { id } of await all()) await call('DELETE', `/sources/${id}`); };

  it('suggests the least loaded start, warns of runs together, and is satisfied once one is moved', async () => {
    await fresh();
    await call('PATCH', '/workspace', { timeZone: 'UTC' });
    const [a, b] = [await gateway.made({ name: 'A' }), await gateway.made({ name: 'B' })];
    for (const id of [a, b]) await call('PUT', `/sources/${id}/schedule`, { intervalMinutes: 60, startAt: '00:20' });
    const together = (await source(a)).warnings;
    expect(together).toMatchObject([{ code: 'runs_together', at: expect.any(String), title: expect.stringContaining('as B.'), remedy: expect.stringContaining('quieter minute') }]);
    const { startAt, startMinute, callsPerMinute, runsPerDay } = await ask<Suggested>('GET', `/schedule/suggestion?intervalMinutes=60&sourceId=${b}`);
    expect([startMinute === 20, callsPerMinute, runsPerDay, Number(startAt.slice(3))]).toEqual([false, 0, 24, startMinute]);
    expect((await ask<Shown>('PUT', `/sources/${b}/schedule`, { startAt })).warnings).toEqual([]);
    expect((await source(a)).warnings).toEqual([]);
  });

  it('avoids busy hours, warns of them, and plans the next 24 hours', async () => {
    const { body: { data: [{ id: warehouseId }] } } = await call('GET', '/warehouses');
    // Ten hours from now on are busy; the hour in which they begin is as well.
    const hour = (ahead: number): string => `${String((new Date().getUTCHours() + ahead) % 24).padStart(2, '0')}:00`;
    const busyHours = [{ from: hour(0), to: hour(10) }];
    expect(await ask('PATCH', `/warehouses/${warehouseId}`, { busyHours })).toMatchObject({ enabled: true, busyHours });
    expect((await call('PATCH', `/warehouses/${warehouseId}`, { busyHours: [{ from: '8', to: '10:00' }] })).status).toBe(400);
    const daily = await ask<Suggested>('GET', `/schedule/suggestion?intervalMinutes=1440&warehouseId=${warehouseId}`);
    expect([daily.busyRunsPerDay, daily.startAt >= hour(10) || daily.startAt < hour(0), daily.warnings]).toEqual([0, true, []]);
    const often = await ask<Suggested>('GET', `/schedule/suggestion?intervalMinutes=60&warehouseId=${warehouseId}`);
    expect([often.busyRunsPerDay > 0, often.warnings]).toMatchObject([true, [{ code: 'busy_hours' }]]);

    const made = await ask<Shown>('POST', '/sources', gateway.source({ name: 'C', collections: ['customers'], warehouseId, schedule: { times: [hour(2), hour(14)] } }));
    expect(made.warnings).toMatchObject([{ code: 'busy_hours', title: expect.stringContaining('One run') }]);
    const plan = await ask<Plan>('GET', '/schedule');
    expect([plan.timeZone, plan.slots.length, plan.nextCursor]).toEqual(['UTC', 97, null]);
    const mine = plan.sources.find(({ sourceId }) => sourceId === made.id)!;
    expect([mine.runs.length, mine.warnings]).toMatchObject([2, [{ code: 'busy_hours' }]]);
    expect(plan.slots.reduce((sum, { runs }) => sum + runs, 0)).toBe(plan.sources.reduce((sum, { runs }) => sum + runs.length, 0));
    expect(plan.slots.filter(({ busy }) => busy).length).toBeGreaterThanOrEqual(36);
    const first = await ask<Plan>('GET', '/schedule?limit=1');
    expect([first.sources.length, first.nextCursor]).toEqual([1, first.sources[0]!.sourceId]);
    await fresh();
    expect((await ask<Plan>('GET', '/schedule')).sources).toEqual([]);
  });
});

describe('sync now', () => {
  it('of twenty requests at the same moment starts exactly one run', async () => {
    const id = await gateway.made();
    await gateway.endRun(id, 'succeeded');
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST', `/sources/${id}/sync`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array.from({ length: 19 }, () => 429)]);
    expect(answers.filter(({ status }) => status === 429).every(({ headers }) => Number(headers['retry-after']) > 0 && Number(headers['retry-after']) <= 60)).toBe(true);
    expect((await call('GET', `/sources/${id}/runs`)).body.data).toHaveLength(2);
    await gateway.database.query('update sources set last_sync_requested_at = null where id = $1', [id]);
    const again = await Promise.all(Array.from({ length: 20 }, () => call('POST', `/sources/${id}/sync`)));
    expect(new Set(again.map(({ status, body: { code } }) => `${status} ${code}`))).toEqual(new Set(['409 run_active']));
  });

  it('beyond the plan\'s quota is refused with what to do, and the source says so', async () => {
    const id = await gateway.made();
    await gateway.endRun(id, 'succeeded');
    await gateway.database.query('update workspaces set syncs_per_day = 1');
    expect((await source(id))).toMatchObject({ syncQuota: { perDay: 1, used: 0 }, warnings: expect.arrayContaining([expect.objectContaining({ code: 'more_than_quota' })]) });
    expect((await call('POST', `/sources/${id}/sync`)).status).toBe(202);
    await gateway.endRun(id, 'succeeded');
    await gateway.database.query('update sources set last_sync_requested_at = null where id = $1', [id]);
    const refused = await call('POST', `/sources/${id}/sync`);
    expect(refused).toMatchObject({ status: 429, body: { code: 'sync_quota_used_up', remedy: expect.stringContaining('operator') } });
    const { syncQuota, warnings } = await source(id);
    expect(warnings).toContainEqual(expect.objectContaining({ code: 'quota_used_up', remedy: expect.any(String) }));
    expect(Math.abs(Date.now() + Number(refused.headers['retry-after']) * 1_000 - Date.parse(syncQuota!.resetsAt))).toBeLessThan(5_000);
    await gateway.database.query('update workspaces set syncs_per_day = null');
  });
});

describe('the operator\'s floor', () => {
  it('may be as low as a minute', async () => {
    const database = await testDatabase();
    const other = await startGateway(database.url, await testKafka(), `${randomName()}.`, { env: { SYNC_INTERVAL_FLOOR_MINUTES: '1', SYNCS_PER_DAY: '2000' } });
    try {
      const id = await other.made({ intervalMinutes: 1 });
      expect((await other.call('GET', `/sources/${id}`)).body).toMatchObject({ intervalMinutes: 1, syncQuota: { perDay: 2_000, used: 0 } });
      expect((await other.call('PUT', `/sources/${id}/schedule`, { times: ['06:00', '06:01'] })).status).toBe(200);
      expect((await other.call('PUT', `/sources/${id}/schedule`, { intervalMinutes: 0 })).status).toBe(400);
    } finally {
      await other.close();
      await database.drop();
    }
  }, 60_000);
});
