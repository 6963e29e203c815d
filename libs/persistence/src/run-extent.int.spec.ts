import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '#testing';
import { AccessRepository } from './access.repository.js';
import { migrate, newId, openDatabase, rows } from './database.js';
import { RunRepository } from './run.repository.js';
import { RunRequestRepository, type RunRequest } from './run-request.repository.js';
import { SourceRepository } from './source.repository.js';

const HOUR = 3_600_000;
let test: TestDatabase;
let database: DataSource;
let runs: RunRepository;
let requests: RunRequestRepository;
let workspaceId: string;
const sourceId = newId();

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec', poolSize: 4 });
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  [{ id: workspaceId }] = await rows<{ id: string }>(database, 'select id from workspaces') as [{ id: string }];
  [runs, requests] = [new RunRepository(database), new RunRequestRepository(database)];
  await new SourceRepository(database).create({
    id: sourceId, workspaceId, connector: 'stripe', name: 'Payments', slug: 'payments', warehouseId: null, configuration: {}, startDate: new Date('2026-01-01T00:00:00Z'), intervalMinutes: 60,
    sealedCredentials: 'v1.k1.sealed', collections: ['customers', 'charges', 'refunds'],
  });
  const [{ id: first }] = await rows<{ id: string }>(database, 'select id from runs') as [{ id: string }];
  const claim = await runs.claim(first, 'a', HOUR);
  for (const collection of ['customers', 'charges']) await runs.saveProgress(first, claim?.token ?? 0, { collection, checkpoint: { through: 10 }, addRecords: { [collection]: 5 } });
  await runs.finish(first, claim?.token ?? 0, 'succeeded');
});
afterAll(async () => { await database.destroy(); await test.drop(); });

const again = (collections: readonly string[]): Promise<RunRequest> => requests.again(workspaceId, sourceId, 'resync', { collections });
const own = async (): Promise<unknown> => rows(database, 'select collection, checkpoint from checkpoints where source_id = $1 order by 1', [sourceId]);
const id = (answer: RunRequest): string => { if ('run' in answer) return answer.run.id; throw new Error(answer.refused); };

describe('a run with an extent', () => {
  it('is one of the source\'s runs: never two at a time, whoever asks', async () => {
    const answers = await Promise.all([again(['customers']), again(['charges']), requests.request(workspaceId, sourceId, 0, 0)]);
    expect(answers.filter((answer) => 'run' in answer)).toHaveLength(1);
    expect(answers.filter((answer) => 'refused' in answer && answer.refused === 'active')).toHaveLength(2);
    const [{ run }] = answers.filter((answer): answer is Extract<RunRequest, { run: unknown }> => 'run' in answer) as [Extract<RunRequest, { run: unknown }>];
    await requests.cancel(workspaceId, run.id);
  });

  it('reads its collections only, from checkpoints of its own, and leaves the source\'s where they are', async () => {
    const before = await own();
    const runId = id(await again(['customers']));
    const claim = await runs.claim(runId, 'a', HOUR);
    expect(claim).toMatchObject({ trigger: 'resync', checkpoints: {}, collections: [{ collection: 'customers', state: 'queued' }], extent: { collections: ['customers'] } });
    // A call for a selected collection that isn't part of it doesn't make it one.
    await runs.recordCalls(runId, [{ collection: 'charges', method: 'GET', request: '/v1/charges', status: 200, startedAt: Date.now(), durationMs: 1, bytes: 1 }]);
    expect(await runs.saveProgress(runId, claim?.token ?? 0, { collection: 'customers', checkpoint: { through: 3 }, addRecords: { customers: 2 } })).toBe(true);
    expect(await own()).toEqual(before);

    await rows(database, `update runs set lease_expires_at = now() - interval '1 second' where id = $1`, [runId]);
    const next = await runs.claim(runId, 'b', HOUR);
    expect(next).toMatchObject({ checkpoints: { customers: { through: 3 } }, collections: [{ collection: 'customers', records: 2 }] });
    expect(await runs.saveProgress(runId, claim?.token ?? 0, { collection: 'customers', checkpoint: { through: 99 }, addRecords: {} })).toBe(false);
    await runs.finish(runId, next?.token ?? 0, 'succeeded');
    expect(await own()).toEqual(before);
    expect(await rows(database, 'select checkpoint from run_checkpoints where run_id = $1', [runId])).toEqual([{ checkpoint: { through: 3 } }]);
  });

  it('begins anew each time, and the sync after it goes on where the source was', async () => {
    const runId = id(await again(['customers']));
    const claim = await runs.claim(runId, 'a', HOUR);
    expect(claim?.checkpoints).toEqual({});
    await runs.finish(runId, claim?.token ?? 0, 'succeeded');
    const sync = id(await requests.request(workspaceId, sourceId, 0, 0));
    const normal = await runs.claim(sync, 'a', HOUR);
    expect(normal).toMatchObject({ extent: null, checkpoints: { customers: { through: 10 }, charges: { through: 10 } } });
    expect(normal?.collections.map(({ collection }) => collection)).toEqual(['charges', 'customers', 'refunds']);
    await runs.finish(sync, normal?.token ?? 0, 'succeeded');
  });

  it('as a replay says nothing of the source and its partner, and doesn\'t wait for their being well', async () => {
    const state = (): Promise<unknown> => rows(database, `select state, error, last_run_at, last_run_state, last_success_at, failed_runs, (select json_agg(c order by collection) from source_collections c where source_id = $1) as collections from sources where id = $1`, [sourceId]);
    await rows(database, `update sources set state = 'error', error = '{"code": "authentication_failed"}', failed_runs = 3 where id = $1`, [sourceId]);
    const before = await state();
    expect(await again(['customers'])).toMatchObject({ refused: 'state' });
    const runId = id(await requests.again(workspaceId, sourceId, 'replay', { collections: ['customers', 'refunds'] }));
    const claim = await runs.claim(runId, 'a', HOUR);
    expect(await runs.showProgress(runId, claim?.token ?? 0, { done: 3, total: 9, pages: 1 })).toBe(true);
    expect(await runs.showProgress(runId, 99, { done: 4, total: 9, pages: 1 })).toBe(false);
    await runs.finish(runId, claim?.token ?? 0, 'succeeded');
    expect(await requests.get(workspaceId, runId)).toMatchObject({ state: 'succeeded', progress: { done: 3, total: 9, pages: 1 } });
    expect((await requests.collections(runId)).map(({ collection, state: ended }) => [collection, ended])).toEqual([['customers', 'succeeded'], ['refunds', 'succeeded']]);
    expect(await state()).toEqual(before);
  });
});
