import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Notice } from '#contracts';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '#testing';
import { AccessRepository } from './access.repository.js';
import { migrate, newId, openDatabase, rows } from './database.js';
import type { KnownChange } from './known-records.js';
import { RunRepository } from './run.repository.js';
import { RunRequestRepository } from './run-request.repository.js';
import { SourceRepository } from './source.repository.js';

const HOUR = 3_600_000;
const notice: Notice = { code: 'records_gone', collection: 'groups', title: 'gone', remedy: 'look', at: '2026-11-22T00:00:00.000Z' };
let test: TestDatabase;
let database: DataSource;
let runs: RunRepository;
let sources: SourceRepository;
let workspaceId: string;
const sourceId = newId();

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec', poolSize: 4 });
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  [{ id: workspaceId }] = await rows<{ id: string }>(database, 'select id from workspaces') as [{ id: string }];
  [runs, sources] = [new RunRepository(database), new SourceRepository(database)];
  await sources.create({
    id: sourceId, workspaceId, connector: 'zendesk', name: 'Desk', slug: 'desk', warehouseId: null, configuration: {}, startDate: new Date('2026-01-01T00:00:00Z'), intervalMinutes: 60,
    sealedCredentials: 'v1.k1.sealed', collections: ['groups', 'brands'],
  });
});
afterAll(async () => { await database.destroy(); await test.drop(); });

interface Held { readonly id: string; readonly token: number }
async function claim(id: string): Promise<Held> { return { id, token: (await runs.claim(id, 'a', HOUR))?.token ?? 0 }; }
const first = async (): Promise<Held> => claim((await rows<{ id: string }>(database, 'select id from runs'))[0]?.id ?? '');
async function next(): Promise<Held> {
  const asked = await new RunRequestRepository(database).request(workspaceId, sourceId, 0, 0);
  return claim('run' in asked ? asked.run.id : '');
}
const keep = ({ id, token }: Held, change: Partial<KnownChange>): Promise<boolean> => runs.keepKnown(id, token, 'groups', { added: [], gone: [], doubted: [], back: [], newest: 0, ...change });
const known = async ({ id, token }: Held) => runs.knownRecords(id, token, 'groups');
const warnings = async (): Promise<readonly unknown[]> => (await sources.health([sourceId])).map(({ warning }) => warning);

describe('what complete passes found', () => {
  it('is kept by collection, and belongs to the lease', async () => {
    const run = await first();
    expect(await known(run)).toEqual({ ids: new Map(), newest: 0 });
    expect(await keep(run, { added: ['1', '2', '3'], newest: 1_700_000_000_123 })).toBe(true);
    expect(await known(run)).toEqual({ ids: new Map([['1', false], ['2', false], ['3', false]]), newest: 1_700_000_000_123 });
    expect((await runs.knownRecords(run.id, run.token, 'brands'))?.ids.size).toBe(0);
    const lost = { ...run, token: run.token - 1 };
    expect(await known(lost)).toBeUndefined();
    expect(await keep(lost, { gone: ['1'] })).toBe(false);
    expect((await known(run))?.ids.size).toBe(3);
    await runs.finish(run.id, run.token, 'succeeded');
    expect(await keep(run, { gone: ['1'] })).toBe(false);
  });

  it('is doubted by one run and confirmed by another only', async () => {
    const run = await next();
    await runs.collectionState(run.id, run.token, 'groups', 'running');
    expect(await keep(run, { doubted: ['1', '2'], newest: 5, notice })).toBe(true);
    expect(await keep(run, { doubted: ['1', '2'], newest: 5, notice })).toBe(true); // the same pass once more, after a crash
    expect((await known(run))?.ids).toEqual(new Map([['1', false], ['2', false], ['3', false]]));
    await runs.saveProgress(run.id, run.token, { collection: 'groups', addRecords: { groups: 1 } });
    await runs.collectionState(run.id, run.token, 'groups', 'succeeded');
    await runs.finish(run.id, run.token, 'succeeded');
    expect(await rows(database, 'select r.warnings, c.warning from runs r join collection_runs c on c.run_id = r.id where r.id = $1 and c.collection = $2', [run.id, 'groups'])).toEqual([{ warnings: [notice], warning: notice }]);
    expect(await warnings()).toEqual([notice]); // although records came

    const later = await next();
    expect((await known(later))?.ids).toEqual(new Map([['1', true], ['2', true], ['3', false]]));
    expect(await keep(later, { gone: ['1'], back: ['2'], newest: 6 })).toBe(true);
    expect((await known(later))?.ids).toEqual(new Map([['2', false], ['3', false]]));
    expect(await warnings()).toEqual([]);
    await runs.finish(later.id, later.token, 'succeeded');
  });

  it('goes with the source', async () => {
    await rows(database, 'delete from sources where id = $1', [sourceId]);
    expect(await rows(database, 'select 1 from known_records union all select 1 from full_passes')).toEqual([]);
  });
});
