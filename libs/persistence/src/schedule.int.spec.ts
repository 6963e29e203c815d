import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '#testing';
import { AccessRepository } from './access.repository.js';
import { migrate, newId, openDatabase, rows } from './database.js';
import { RunRepository } from './run.repository.js';
import { RunRequestRepository } from './run-request.repository.js';
import { ScheduleRepository } from './schedule.repository.js';
import { SourceRepository, type NewSource } from './source.repository.js';
import { WorkspaceRepository } from './workspace.repository.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let test: TestDatabase;
let database: DataSource;
let sources: SourceRepository;
let schedule: ScheduleRepository;
let requests: RunRequestRepository;
let workspaces: WorkspaceRepository;
let workspaceId: string;

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec', poolSize: 4 });
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  [{ id: workspaceId }] = await rows<{ id: string }>(database, 'select id from workspaces') as [{ id: string }];
  [sources, schedule, requests, workspaces] = [new SourceRepository(database), new ScheduleRepository(database), new RunRequestRepository(database), new WorkspaceRepository(database)];
});
afterAll(async () => { await database.destroy(); await test.drop(); });
beforeEach(async () => {
  await rows(database, 'update sources set deleted_at = now() where deleted_at is null');
  await rows(database, `update workspaces set time_zone = 'UTC', syncs_per_day = null`);
});

async function make(more: Partial<NewSource> = {}): Promise<string> {
  const id = newId();
  await sources.create({
    id, workspaceId, connector: 'stripe', name: 'S', slug: `s_${id.replaceAll('-', '_')}`, warehouseId: null, configuration: {}, startDate: new Date(), intervalMinutes: 60,
    sealedCredentials: 'x', collections: ['customers', 'charges'], ...more,
  });
  return id;
}
const source = async (id: string) => (await sources.get(workspaceId, id))!;
const due = (id: string, ago = '0 seconds') => rows(database, `update sources set next_run_at = now() - $2::interval where id = $1`, [id, ago]);
const runsOf = (id: string) => rows<{ id: string; trigger: string; state: string }>(database, 'select id, trigger, state from runs where source_id = $1 order by runs.id', [id]);
const end = (id: string) => rows(database, `update runs set state = 'succeeded' where source_id = $1`, [id]);
const utc = (time: string, day = new Date()): number => Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), Number(time.slice(0, 2)), Number(time.slice(3)));
/** The first of these instants after now, and the day after. */
const next = (time: string): number => (utc(time) > Date.now() ? utc(time) : utc(time) + 24 * HOUR);
const minuteOf = (at: Date): number => Math.floor(at.getTime() / MINUTE) * MINUTE;

describe('when a source is due', () => {
  it('an interval after it was made, within the minute, and within an interval of its last run when that changes', async () => {
    const id = await make({ intervalMinutes: 1_440 });
    const { nextRunAt, createdAt } = await source(id);
    const jitter = nextRunAt.getTime() - createdAt.getTime() - 1_440 * MINUTE;
    expect([jitter >= 0, jitter < MINUTE]).toEqual([true, true]);
    await sources.schedule(id, { mode: 'interval', intervalMinutes: 60 });
    expect((await source(id)).nextRunAt.getTime()).toBe(createdAt.getTime() + HOUR + jitter);
    await sources.schedule(id, { intervalMinutes: 120 });
    expect((await source(id)).nextRunAt.getTime()).toBe(createdAt.getTime() + HOUR + jitter);
    await rows(database, `update sources set last_run_at = now() - interval '3 hours' where id = $1`, [id]);
    await sources.schedule(id, { intervalMinutes: 60 });
    expect((await source(id)).nextRunAt.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('at the minute that its interval counts from', async () => {
    const id = await make({ intervalMinutes: 180, schedule: { mode: 'interval', startAt: '00:17' } });
    const { nextRunAt } = await source(id);
    expect(nextRunAt.getTime() - Date.now()).toBeLessThanOrEqual(181 * MINUTE);
    expect((minuteOf(nextRunAt) - utc('00:17')) % (180 * MINUTE)).toBe(0);
  });

  it('at its preferred times in the workspace\'s zone, at once by another zone', async () => {
    const times = ['06:30', '18:30'];
    const id = await make({ schedule: { mode: 'times', times } });
    expect(minuteOf((await source(id)).nextRunAt)).toBe(Math.min(...times.map(next)));
    expect(await workspaces.setTimeZone(workspaceId, 'Asia/Kolkata')).toBe(true);
    expect(minuteOf((await source(id)).nextRunAt)).toBe(Math.min(...['01:00', '13:00'].map(next)));
    expect(await workspaces.setTimeZone(workspaceId, 'Mars/Olympus')).toBe(false);
    expect((await workspaces.get(workspaceId)).timeZone).toBe('Asia/Kolkata');
    await due(id);
    await end(id);
    expect(await schedule.queueDue(10)).toEqual({ due: 1, queued: 1, overQuota: 0 });
    expect(minuteOf((await source(id)).nextRunAt)).toBe(Math.min(...['01:00', '13:00'].map(next)));
  });

  it('in phase after any delay, once', async () => {
    const id = await make();
    await end(id);
    await due(id, '5 hours 10 minutes');
    const before = (await source(id)).nextRunAt.getTime();
    expect(await schedule.queueDue(10)).toEqual({ due: 1, queued: 1, overQuota: 0 });
    expect((await source(id)).nextRunAt.getTime()).toBe(before + 6 * HOUR);
    expect(await schedule.queueDue(10)).toEqual({ due: 0, queued: 0, overQuota: 0 });
  });
});

describe('a clock that is set', () => {
  it('back by an hour makes no interval longer', async () => {
    const [one, daily] = [await make(), await make({ schedule: { mode: 'times', times: ['12:00'] } })];
    // What was planned by a clock that was an hour ahead.
    await rows(database, `update sources set next_run_at = now() + interval '110 minutes' where id = $1`, [one]);
    const [planned, fixed] = [(await source(one)).nextRunAt.getTime(), (await source(daily)).nextRunAt];
    expect(await schedule.pullBack()).toBe(1);
    expect((await source(one)).nextRunAt.getTime()).toBe(planned - HOUR);
    expect((await source(daily)).nextRunAt).toEqual(fixed);
    expect(await schedule.pullBack()).toBe(0);
  });

  it('back by an hour doesn\'t keep sync now waiting for an hour, nor start a second run', async () => {
    const id = await make();
    await end(id);
    await rows(database, `update sources set last_sync_requested_at = now() + interval '1 hour' where id = $1`, [id]);
    expect(await requests.request(workspaceId, id, MINUTE)).toMatchObject({ run: { trigger: 'manual' } });
    expect(await requests.request(workspaceId, id, MINUTE)).toMatchObject({ refused: 'too_soon' });
    expect((await runsOf(id)).filter(({ state }) => state === 'queued')).toHaveLength(1);
  });

  it('forwards by an hour starts what was skipped once', async () => {
    const id = await make();
    await end(id);
    const { nextRunAt } = await source(id);
    await rows(database, `update sources set next_run_at = next_run_at - interval '2 hours' where id = $1`, [id]);
    for (const round of [1, 2, 3]) expect([round, (await schedule.queueDue(10)).queued]).toEqual([round, round === 1 ? 1 : 0]);
    const moved = (await source(id)).nextRunAt.getTime();
    expect([moved > Date.now(), (nextRunAt.getTime() - moved) % HOUR]).toEqual([true, 0]);
  });
});

describe('the quota of syncs a day', () => {
  it('counts scheduled syncs and sync now, not the first run; beyond it none starts before the workspace\'s midnight', async () => {
    const limited = new ScheduleRepository(database, 2);
    const id = await make();
    await end(id);
    expect(await requests.request(workspaceId, id, 0, 2)).toMatchObject({ run: { trigger: 'manual' } });
    await end(id);
    await due(id);
    expect(await limited.queueDue(10)).toEqual({ due: 1, queued: 1, overQuota: 0 });
    // One that finds a run under way counts for nothing.
    expect((await source(id)).syncsUsed).toBe(2);
    await end(id);
    const refused = await requests.request(workspaceId, id, 0, 2);
    expect(refused).toMatchObject({ refused: 'quota', quota: 2 });
    const midnight = utc('00:00') + 24 * HOUR;
    expect(Math.abs(Date.now() + (refused as { retryAfterMs: number }).retryAfterMs - midnight)).toBeLessThan(5_000);
    await due(id);
    expect(await limited.queueDue(10)).toEqual({ due: 1, queued: 0, overQuota: 1 });
    const { nextRunAt } = await source(id);
    expect([nextRunAt.getTime() >= midnight, nextRunAt.getTime() < midnight + HOUR]).toEqual([true, true]);
    expect(await limited.pullBack()).toBe(0);
    // The next day there are as many again.
    await rows(database, `update sources set syncs_day = syncs_day - 1 where id = $1`, [id]);
    await due(id);
    expect(await limited.queueDue(10)).toMatchObject({ queued: 1 });
  });

  it('is the workspace\'s own where it has one, also none at all', async () => {
    const id = await make();
    await end(id);
    await rows(database, 'update workspaces set syncs_per_day = 0');
    await rows(database, 'update sources set syncs_day = now()::date, syncs_used = 1000 where id = $1', [id]);
    await due(id);
    expect(await new ScheduleRepository(database, 1).queueDue(10)).toMatchObject({ queued: 1, overQuota: 0 });
    await end(id);
    await rows(database, 'update workspaces set syncs_per_day = 3');
    expect(await requests.request(workspaceId, id, 0)).toMatchObject({ refused: 'quota', quota: 3 });
  });
});

describe('a collection\'s own rhythm', () => {
  const runs = () => new RunRepository(database);
  /** Claims the source's waiting run, reads what it has to, and says what that was. */
  async function run(id: string, state: 'succeeded' | 'cancelled' = 'succeeded'): Promise<string[]> {
    const waiting = (await runsOf(id)).find((one) => one.state === 'queued')!;
    const { token, collections } = (await runs().claim(waiting.id, 'spec', HOUR))!;
    await runs().finish(waiting.id, token, state);
    return collections.map(({ collection }) => collection);
  }
  /** As if the source had last tried everything this long ago, and were due now. */
  async function later(id: string, tried: string): Promise<string[]> {
    await rows(database, `update source_collections set tried_at = now() - $2::interval where source_id = $1`, [id, tried]);
    await due(id);
    await schedule.queueDue(10);
    return run(id);
  }

  it('is kept by scheduled runs, to the run that is nearest; sync now reads all', async () => {
    const id = await make({ schedule: { everyMinutes: new Map([['charges', 1_440]]) } });
    expect(await run(id)).toEqual(['charges', 'customers']);
    expect(await later(id, '1 hour')).toEqual(['customers']);
    expect(await later(id, '23 hours')).toEqual(['customers']);
    // 23 h and 31 min: the run after this one would be further off.
    expect(await later(id, '1411 minutes')).toEqual(['charges', 'customers']);
    expect(await later(id, '1 hour')).toEqual(['customers']);
    await requests.request(workspaceId, id, 0);
    expect(await run(id)).toEqual(['charges', 'customers']);
    await sources.schedule(id, { everyMinutes: new Map([['charges', null]]) });
    expect(await later(id, '1 hour')).toEqual(['charges', 'customers']);
  });

  it('counts from a run that tried the collection, and the source is as fresh as its oldest collection', async () => {
    const id = await make({ schedule: { everyMinutes: new Map([['charges', 1_440]]) } });
    await run(id);
    const first = (await source(id)).lastSuccessAt;
    const readAt = async () => (await sources.collections([id])).get(id)!.map(({ collection, readAt: at }) => [collection, at!.getTime()] as const);
    const before = Object.fromEntries(await readAt());
    expect(await later(id, '1 hour')).toEqual(['customers']);
    const after = Object.fromEntries(await readAt());
    expect([after.charges === before.charges, after.customers! > before.customers!]).toEqual([true, true]);
    expect((await source(id)).lastSuccessAt).toEqual(first);
    await rows(database, `update source_collections set tried_at = now() - interval '2 days' where source_id = $1`, [id]);
    await due(id);
    await schedule.queueDue(10);
    expect(await run(id, 'cancelled')).toEqual(['charges', 'customers']);
    await due(id);
    await schedule.queueDue(10);
    expect(await run(id)).toEqual(['charges', 'customers']);
  });

  it('stays the same for a run that goes on after it was lost', async () => {
    const id = await make({ schedule: { everyMinutes: new Map([['charges', 1_440]]) } });
    await run(id);
    await due(id);
    await schedule.queueDue(10);
    const waiting = (await runsOf(id)).find((one) => one.state === 'queued')!;
    await runs().claim(waiting.id, 'spec', HOUR);
    await rows(database, `update runs set lease_expires_at = now() - interval '1 second' where id = $1`, [waiting.id]);
    expect((await runs().claim(waiting.id, 'other', HOUR))!.collections.map(({ collection }) => collection)).toEqual(['customers']);
  });
});
