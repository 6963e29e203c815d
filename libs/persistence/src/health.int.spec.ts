import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '#testing';
import { AccessRepository } from './access.repository.js';
import { migrate, newId, openDatabase, rows } from './database.js';
import { HealthRepository } from './health.repository.js';
import { RunRepository } from './run.repository.js';
import { RunRequestRepository } from './run-request.repository.js';
import { SourceRepository } from './source.repository.js';

const HOUR = 3_600_000;
const RULE = { warnAfter: 3, pauseAfter: 5, minHours: 24, pauseAfterDays: 7 };
const DENIED = { code: 'partner_unavailable', title: 'away', remedy: 'Wait.' } as const;

let test: TestDatabase;
let database: DataSource;
let runs: RunRepository;
let requests: RunRequestRepository;
let sources: SourceRepository;
let health: HealthRepository;
let workspaceId: string;
let sourceId: string;

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec', poolSize: 4 });
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  [{ id: workspaceId }] = await rows<{ id: string }>(database, 'select id from workspaces') as [{ id: string }];
  [runs, requests, sources, health] = [new RunRepository(database), new RunRequestRepository(database), new SourceRepository(database), new HealthRepository(database)];
}, 60_000);
afterAll(async () => { await database.destroy(); await test.drop(); }, 60_000);

beforeEach(async () => {
  sourceId = newId();
  await sources.create({
    id: sourceId, workspaceId, connector: 'stripe', name: 'Payments', slug: `s_${sourceId.replaceAll('-', '_')}`, warehouseId: null, configuration: {},
    startDate: new Date('2026-01-01T00:00:00Z'), intervalMinutes: 60, sealedCredentials: 'v1.k1.sealed', collections: ['customers'],
  });
});

const source = async () => (await sources.get(workspaceId, sourceId))!;
const collection = async () => (await sources.health([sourceId]))[0];

/** A whole run of the source; its id. */
async function run(end: 'succeeded' | 'failed', { records = 0, fullPass = false } = {}): Promise<string> {
  let [active] = await rows<{ id: string }>(database, `select id from runs where source_id = $1 and state = 'queued'`, [sourceId]);
  if (active === undefined) {
    await rows(database, 'update sources set last_sync_requested_at = null where id = $1', [sourceId]);
    const answer = await requests.request(workspaceId, sourceId, 0, 0);
    if (!('run' in answer)) throw new Error(`no run: ${answer.refused}`);
    active = answer.run;
  }
  const { token } = (await runs.claim(active.id, 'a', HOUR))!;
  await runs.collectionState(active.id, token, 'customers', 'running', undefined, fullPass);
  if (records > 0) await runs.saveProgress(active.id, token, { collection: 'customers', checkpoint: { at: active.id }, addRecords: { customers: records } });
  await runs.collectionState(active.id, token, 'customers', end, end === 'failed' ? DENIED : undefined);
  await runs.finish(active.id, token, end, end === 'failed' ? DENIED : undefined);
  return active.id;
}
const fail = async (times: number): Promise<void> => { for (let time = 0; time < times; time += 1) await run('failed'); };
const age = (hours: number) => rows(database, `update sources set failing_since = now() - $2 * interval '1 hour' where id = $1`, [sourceId, hours]);

describe('a source that keeps failing', () => {
  it('is warned of, then paused with a reason, and begins anew when it is resumed', async () => {
    await fail(2);
    expect(await health.judge(RULE)).toEqual({ warned: 0, paused: 0 });
    await fail(1);
    expect(await health.judge(RULE)).toEqual({ warned: 1, paused: 0 });
    expect(await source()).toMatchObject({ state: 'active', failedRuns: 3, warning: { code: 'failing_repeatedly', title: expect.stringMatching(/at least 3/), remedy: expect.stringMatching(/paused by itself/) } });
    expect(await collection()).toMatchObject({ collection: 'customers', failedRuns: 3, failingSince: expect.any(Date) });
    await fail(3);
    expect(await health.judge(RULE)).toEqual({ warned: 0, paused: 0 }); // not for a bad night
    await age(25);
    expect(await health.judge(RULE)).toEqual({ warned: 0, paused: 1 });
    expect(await source()).toMatchObject({ state: 'paused', warning: null, pausedReason: { code: 'paused_automatically', title: expect.stringMatching(/6 runs in a row/), remedy: expect.stringMatching(/resume/) } });
    expect(await requests.request(workspaceId, sourceId, 0, 0)).toEqual({ refused: 'state', state: 'paused' });
    expect(await sources.resume(sourceId)).toBe(true);
    expect(await source()).toMatchObject({ state: 'active', failedRuns: 0, failingSince: null, pausedReason: null });
    expect(await health.judge(RULE)).toEqual({ warned: 0, paused: 0 });
  });

  it('is paused after a week however seldom it runs, and never without having been warned of', async () => {
    await fail(3);
    await age(8 * 24);
    expect(await health.judge({ ...RULE, warnAfter: 4 })).toEqual({ warned: 0, paused: 0 });
    expect(await health.judge(RULE)).toEqual({ warned: 1, paused: 1 });
  });

  it('is well again after one success', async () => {
    await fail(3);
    await health.judge(RULE);
    await run('succeeded', { records: 1 });
    expect(await source()).toMatchObject({ failedRuns: 0, failingSince: null, warning: null });
    expect(await collection()).toBeUndefined();
  });
});

describe('a run that suddenly reads nothing', () => {
  const flagged = { code: 'reads_nothing', collection: 'customers', remedy: expect.stringMatching(/Look at the partner/) };

  it('is flagged when a full pass found records before: run, collection and source, and not failed', async () => {
    await run('succeeded', { records: 40, fullPass: true });
    const id = await run('succeeded', { fullPass: true });
    expect(await requests.get(workspaceId, id)).toMatchObject({ state: 'succeeded', warnings: [{ ...flagged, title: expect.stringMatching(/before it had 40/) }] });
    expect((await requests.collections(id))[0]).toMatchObject({ state: 'succeeded', warning: flagged });
    expect(await collection()).toMatchObject({ failedRuns: 0, warning: flagged });
    await run('succeeded');
    expect(await collection()).toMatchObject({ warning: flagged });
    await run('succeeded', { records: 1 });
    expect(await collection()).toBeUndefined();
  });

  it('is not flagged when it asked for what is new only, nor on the first time', async () => {
    await run('succeeded', { fullPass: true });
    await run('succeeded', { records: 40, fullPass: true });
    for (let time = 0; time < 3; time += 1) await run('succeeded');
    expect(await collection()).toBeUndefined();
  });

  it('is flagged when every run of a week found something', async () => {
    for (let time = 0; time < 11; time += 1) await run('succeeded', { records: 2 });
    const early = await run('succeeded');
    expect((await requests.get(workspaceId, early))?.warnings).toEqual([]); // ten runs, but of one day
    for (let time = 0; time < 11; time += 1) await run('succeeded', { records: 2 });
    await rows(database, `update collection_health set streak_since = now() - interval '8 days' where source_id = $1`, [sourceId]);
    const id = await run('succeeded');
    expect((await requests.get(workspaceId, id))?.warnings).toMatchObject([{ ...flagged, title: expect.stringMatching(/after 11 runs in a row/) }]);
    expect((await requests.get(workspaceId, await run('succeeded')))?.warnings).toEqual([]);
  });
});

describe('attempts', () => {
  it('are counted with and without progress: a run that gets further between deaths goes on', async () => {
    const [{ id }] = await rows<{ id: string }>(database, 'select id from runs where source_id = $1', [sourceId]) as [{ id: string }];
    for (let death = 0; death < 5; death += 1) {
      const { token, losses } = (await runs.claim(id, 'a', HOUR))!;
      expect(losses).toBeLessThan(2);
      await runs.saveProgress(id, token, { collection: 'customers', checkpoint: { death }, addRecords: { customers: 1 } });
      await rows(database, `update runs set lease_expires_at = now() - interval '1 second' where id = $1`, [id]);
    }
    const { token } = (await runs.claim(id, 'a', HOUR))!;
    await runs.saveProgress(id, token, { collection: 'customers', checkpoint: { death: 4 }, addRecords: {} });
    expect((await requests.get(workspaceId, id))?.losses).toBe(1); // the same checkpoint again is no progress
    expect(await runs.release(id, token)).toBe(true);
    expect(await requests.get(workspaceId, id)).toMatchObject({ state: 'queued', losses: 1 });
    expect((await requests.attempts(id)).map(({ outcome, progressed, records }) => [outcome, progressed, records])).toEqual([
      ...Array.from({ length: 5 }, () => ['lost', true, 1]), ['released', false, 0],
    ]);
  });
});
