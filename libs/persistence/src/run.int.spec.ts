import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '#testing';
import type { ApiCall } from '#connector-kit';
import { AccessRepository } from './access.repository.js';
import { migrate, newId, openDatabase, rows } from './database.js';
import { RunRepository } from './run.repository.js';
import { RunRequestRepository } from './run-request.repository.js';
import { ScheduleRepository } from './schedule.repository.js';
import { SourceRepository } from './source.repository.js';
import { SupportRepository } from './support.repository.js';
import { UsageRepository } from './usage.repository.js';

const HOUR = 3_600_000;
const call = (collection: string, startedAt = Date.now()): ApiCall => ({ collection, method: 'GET', request: `/v1/${collection}?limit=100`, status: 200, startedAt, durationMs: 12.4, bytes: 345 });

let test: TestDatabase;
let database: DataSource;
let runs: RunRepository;
let requests: RunRequestRepository;
let sources: SourceRepository;
let schedule: ScheduleRepository;
let workspaceId: string;
let sourceId: string;
let runId: string;

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec', poolSize: 4 });
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  [{ id: workspaceId }] = await rows<{ id: string }>(database, 'select id from workspaces') as [{ id: string }];
  [runs, requests, sources, schedule] = [new RunRepository(database), new RunRequestRepository(database), new SourceRepository(database), new ScheduleRepository(database)];
});
afterAll(async () => { await database.destroy(); await test.drop(); });

beforeEach(async () => {
  sourceId = newId();
  await sources.create({
    id: sourceId, workspaceId, connector: 'stripe', name: 'Payments', slug: `s_${sourceId.replaceAll('-', '_')}`, warehouseId: null, configuration: { base_url: 'http://127.0.0.1' },
    startDate: new Date('2026-01-01T00:00:00Z'), intervalMinutes: 60, sealedCredentials: 'v1.k1.sealed', collections: ['customers', 'charges'],
  });
  [{ id: runId }] = await rows<{ id: string }>(database, 'select id from runs where source_id = $1', [sourceId]) as [{ id: string }];
});

const state = async () => (await requests.get(workspaceId, runId))!;
const expire = () => rows(database, `update runs set lease_expires_at = now() - interval '1 second' where id = $1`, [runId]);
const commands = async () => (await rows<{ value: string }>(database, `select value from outbox where topic = 'sync.commands.stripe' and key = $1 order by id`, [sourceId])).map(({ value }) => JSON.parse(value) as { runId: string });

describe('claim', () => {
  it('gives a queued run, with all that it needs, to one fetcher only', async () => {
    const claims = await Promise.all(['a', 'b', 'c'].map((owner) => runs.claim(runId, owner, HOUR)));
    const taken = claims.filter((claim) => claim !== undefined);
    expect(taken).toHaveLength(1);
    expect(taken[0]).toEqual({
      runId, token: 1, workspaceId, sourceId, connector: 'stripe', slug: `s_${sourceId.replaceAll('-', '_')}`, trigger: 'first', extent: null, sealedCredentials: 'v1.k1.sealed', credentialsVersion: 1,
      startDate: new Date('2026-01-01T00:00:00Z'), losses: 0, checkpoints: {}, found: [],
      collections: [{ collection: 'charges', state: 'queued', records: 0, apiCalls: 0 }, { collection: 'customers', state: 'queued', records: 0, apiCalls: 0 }],
    });
    expect((await state()).state).toBe('running');
  });

  it('gives a run whose lease expired to another one, who goes on where the first one was', async () => {
    const first = (await runs.claim(runId, 'a', HOUR))!;
    await runs.saveProgress(runId, first.token, { collection: 'customers', checkpoint: { cursor: 'cus_1' }, addRecords: { customers: 100 } });
    await runs.collectionState(runId, first.token, 'charges', 'succeeded');
    expect(await runs.claim(runId, 'b', HOUR)).toBeUndefined();
    await expire();
    const second = (await runs.claim(runId, 'b', HOUR))!;
    expect(second.token).toBe(first.token + 1);
    expect(second.checkpoints).toEqual({ customers: { cursor: 'cus_1' } });
    expect(second.collections).toMatchObject([{ collection: 'charges', state: 'succeeded' }, { collection: 'customers', state: 'queued', records: 100 }]);
  });

  it('knows no foreign or malformed run', async () => {
    expect(await runs.claim(newId(), 'a', HOUR)).toBeUndefined();
    expect(await requests.get(newId(), runId)).toBeUndefined();
    expect(await requests.get(workspaceId, 'x')).toBeUndefined();
  });

  it('waits for the time of a deferred run', async () => {
    const { token } = (await runs.claim(runId, 'a', HOUR))!;
    await runs.collectionState(runId, token, 'customers', 'running');
    expect(await runs.finish(runId, token, 'deferred', { code: 'rate_limited', title: 't', remedy: 'r' }, new Date(Date.now() + HOUR))).toBe(true);
    expect(await runs.claim(runId, 'b', HOUR)).toBeUndefined();
    await rows(database, `update runs set resume_at = now() - interval '1 second' where id = $1`, [runId]);
    expect(await runs.claim(runId, 'b', HOUR)).toMatchObject({ token: token + 1, collections: [{ state: 'queued' }, { state: 'queued' }] });
  });
});

describe('a lost lease', () => {
  it('can write nothing at all', async () => {
    const { token } = (await runs.claim(runId, 'a', HOUR))!;
    await expire();
    await runs.claim(runId, 'b', HOUR);
    expect(await runs.heartbeat(runId, token, HOUR)).toBe(false);
    expect(await runs.saveProgress(runId, token, { collection: 'customers', checkpoint: { cursor: 'x' }, addRecords: { customers: 1 }, calls: [call('customers')] })).toBe(false);
    expect(await runs.collectionState(runId, token, 'customers', 'succeeded')).toBe(false);
    expect(await runs.finish(runId, token, 'succeeded')).toBe(false);
    expect(await rows(database, 'select 1 from checkpoints where source_id = $1', [sourceId])).toEqual([]);
    expect(await requests.calls(runId, 10)).toEqual([]);
    expect(await state()).toMatchObject({ state: 'running', records: 0, apiCalls: 0, leaseOwner: 'b' });
  });
});

describe('saveProgress', () => {
  it('counts records and calls per collection, also of those not selected, and keeps the last checkpoint', async () => {
    const { token } = (await runs.claim(runId, 'a', HOUR))!;
    const late = Date.parse('2026-02-28T23:59:59.500Z');
    expect(await runs.saveProgress(runId, token, { collection: 'customers', checkpoint: { cursor: 1 }, addRecords: { customers: 100, charges: 2 }, calls: [call('customers', late), call('other_events')] })).toBe(true);
    expect(await runs.saveProgress(runId, token, { collection: 'customers', addRecords: { customers: 5 }, calls: [call('customers', late + 1000)] })).toBe(true);
    expect(await state()).toMatchObject({ records: 107, apiCalls: 3 });
    expect(await requests.collections(runId)).toMatchObject([
      { collection: 'charges', state: 'running', records: 2, apiCalls: 0 }, { collection: 'customers', state: 'running', records: 105, apiCalls: 2 }, { collection: 'other_events', records: 0, apiCalls: 1 },
    ]);
    expect(await new UsageRepository(database).list(sourceId, '2026-02-01', '2026-03-31')).toEqual([
      { day: '2026-03-01', collection: 'customers', runId, calls: 1 }, { day: '2026-02-28', collection: 'customers', runId, calls: 1 },
    ]);
    expect(await requests.calls(runId, 10)).toMatchObject([{ collection: 'customers', durationMs: 12, bytes: 345, startedAt: new Date(late) }, { collection: 'other_events' }, { collection: 'customers' }]);
    expect(await rows(database, 'select checkpoint, fencing_token from checkpoints where source_id = $1', [sourceId])).toEqual([{ checkpoint: { cursor: 1 }, fencing_token: String(token) }]);
  });

  it('keeps the first 2,000 calls of a run that ended, and counts all of them', async () => {
    const { token } = (await runs.claim(runId, 'a', HOUR))!;
    const many = Array.from({ length: 1_999 }, () => call('customers'));
    await runs.saveProgress(runId, token, { collection: 'customers', addRecords: {}, calls: many });
    await runs.recordCalls(runId, [{ ...call('charges'), request: '/kept' }, { ...call('charges'), request: '/not-kept' }]);
    expect((await state()).apiCalls).toBe(2_001);
    expect(await requests.calls(runId, 5_000)).toHaveLength(2_001);
    await runs.finish(runId, token, 'succeeded');
    const kept = await requests.calls(runId, 5_000);
    expect(kept).toHaveLength(2_000);
    expect(kept.at(-1)!.request).toBe('/kept');
  });
});

describe('finish', () => {
  const source = async () => (await sources.get(workspaceId, sourceId))!;

  it('puts the source in error when authentication failed, and skips what was not begun', async () => {
    const { token } = (await runs.claim(runId, 'a', HOUR))!;
    const error = { code: 'authentication_failed', title: 'Stripe refused the key.', remedy: 'Enter a new one.', details: 'bad \u0000 key \ud800' } as const;
    await runs.collectionState(runId, token, 'charges', 'failed', error);
    expect(await runs.finish(runId, token, 'failed', error)).toBe(true);
    expect(await requests.collections(runId)).toMatchObject([{ collection: 'charges', state: 'failed', error: { code: 'authentication_failed', details: 'bad \ufffd key \ufffd' } }, { collection: 'customers', state: 'skipped' }]);
    expect(await source()).toMatchObject({ state: 'error', lastRunState: 'failed', lastSuccessAt: null, error: { code: 'authentication_failed' } });
    expect(await requests.request(workspaceId, sourceId, 0)).toEqual({ refused: 'state', state: 'error' });
    await sources.replaceCredentials(sourceId, 'v1.k1.new', {});
    expect(await source()).toMatchObject({ state: 'active', error: null });
    expect(await requests.request(workspaceId, sourceId, 0)).toMatchObject({ run: { state: 'queued', trigger: 'manual' } });
  });

  it('makes the source as fresh as the run began', async () => {
    const { token } = (await runs.claim(runId, 'a', HOUR))!;
    await runs.finish(runId, token, 'succeeded');
    const run = await state();
    expect(await source()).toMatchObject({ state: 'active', lastRunState: 'succeeded', lastRunAt: run.startedAt, lastSuccessAt: run.startedAt, error: null });
    expect(await requests.collections(runId)).toMatchObject([{ state: 'succeeded' }, { state: 'succeeded' }]);
    expect(await runs.finish(runId, token, 'failed')).toBe(false);
  });
});

describe('request', () => {
  it('refuses a second run while one is active, then within the minute', async () => {
    expect(await requests.request(workspaceId, sourceId, 60_000)).toEqual({ refused: 'active', runId });
    await requests.cancel(workspaceId, runId);
    const both = await Promise.all([requests.request(workspaceId, sourceId, 60_000), requests.request(workspaceId, sourceId, 60_000)]);
    expect(both.filter((answer) => 'run' in answer)).toHaveLength(1);
    const refused = both.find((answer) => 'refused' in answer);
    expect(refused).toMatchObject({ refused: 'too_soon' });
    expect((refused as { retryAfterMs: number }).retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(await requests.request(newId(), sourceId, 0)).toEqual({ refused: 'not_found' });
    expect((await commands()).map((command) => command.runId)).toEqual([runId, (both.find((answer) => 'run' in answer) as { run: { id: string } }).run.id]);
  });

  it('cancel takes the lease away and closes the collections', async () => {
    const { token } = (await runs.claim(runId, 'a', HOUR))!;
    await runs.collectionState(runId, token, 'customers', 'running');
    expect(await requests.cancel(newId(), runId)).toBeUndefined();
    expect(await requests.cancel(workspaceId, runId)).toMatchObject({ state: 'cancelled' });
    expect(await runs.heartbeat(runId, token, HOUR)).toBe(false);
    expect(await requests.collections(runId)).toMatchObject([{ collection: 'charges', state: 'skipped' }, { collection: 'customers', state: 'cancelled' }]);
  });
});

describe('the watchdog', () => {
  it('queues a run again whose lease expired, and gives it up after three losses in a row', async () => {
    for (const loss of [1, 2, 3]) {
      expect(await runs.claim(runId, 'a', HOUR)).toMatchObject({ losses: loss - 1 });
      expect(await schedule.takeBackExpired(100)).toBe(0);
      await expire();
      expect(await schedule.takeBackExpired(100)).toBe(1);
    }
    expect(await state()).toMatchObject({ state: 'running', losses: 3, error: null, support: { state: 'pending' } }); // support first
    expect(await new SupportRepository(database).settle(false, 0, 100)).toBeGreaterThan(0);
    expect(await state()).toMatchObject({ state: 'failed', losses: 3, error: { code: 'internal', supportReference: runId }, support: { state: 'unconfigured' } });
    expect(await commands()).toHaveLength(3);
    expect(await sources.get(workspaceId, sourceId)).toMatchObject({ state: 'active', lastRunState: 'failed' });
  });

  it('a saved checkpoint begins the count anew', async () => {
    const { token } = (await runs.claim(runId, 'a', HOUR))!;
    await expire();
    await schedule.takeBackExpired(100);
    const again = (await runs.claim(runId, 'a', HOUR))!;
    expect(again.token).toBeGreaterThan(token);
    await runs.saveProgress(runId, again.token, { collection: 'customers', addRecords: { customers: 1 } });
    expect((await state()).losses).toBe(1);
    await runs.saveProgress(runId, again.token, { collection: 'customers', checkpoint: {}, addRecords: {} });
    expect((await state()).losses).toBe(0);
  });

  it('sends unclaimed commands again, less and less often', async () => {
    const back = (seconds: number) => rows(database, `update runs set command_sent_at = now() - $2 * interval '1 second' where id = $1`, [runId, seconds]);
    expect(await schedule.resendUnclaimed(30_000, 100)).toBe(0);
    await back(31);
    expect(await schedule.resendUnclaimed(30_000, 100)).toBe(1);
    await back(31);
    expect(await schedule.resendUnclaimed(30_000, 100)).toBe(0);
    await back(61);
    expect(await schedule.resendUnclaimed(30_000, 100)).toBe(1);
    expect(await commands()).toEqual([1, 2, 3].map(() => expect.objectContaining({ runId })));
    await requests.cancel(workspaceId, runId);
  });

  it('queues a deferred run when its time has come', async () => {
    const { token } = (await runs.claim(runId, 'a', HOUR))!;
    await runs.finish(runId, token, 'deferred', undefined, new Date(Date.now() + HOUR));
    expect(await schedule.resumeDeferred(100)).toBe(0);
    await rows(database, `update runs set resume_at = now() where id = $1`, [runId]);
    expect(await schedule.resumeDeferred(100)).toBe(1);
    expect(await state()).toMatchObject({ state: 'queued' });
  });
});
