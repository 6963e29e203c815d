import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '#testing';
import { AccessRepository } from './access.repository.js';
import { PartnerAccountRepository, type CallRequest } from './partner-account.repository.js';
import { migrate, newId, openDatabase, rows } from './database.js';
import { RunRepository } from './run.repository.js';
import { SourceRepository, type NewSource } from './source.repository.js';
import { UsageRepository } from './usage.repository.js';

let test: TestDatabase;
let database: DataSource;
let elsewhere: DataSource;
let sources: SourceRepository;
let accounts: PartnerAccountRepository;
let workspaceId: string;

async function source(more: Partial<NewSource> = {}): Promise<string> {
  const id = newId();
  await sources.create({
    id, workspaceId, connector: 'zendesk', name: 'Support', slug: `s_${id.replaceAll('-', '_')}`, warehouseId: null, configuration: {}, startDate: new Date(),
    intervalMinutes: 60, sealedCredentials: 'v1.k1.sealed', collections: ['tickets'], ...more,
  });
  return id;
}
const call = (sourceId: string, more: Partial<CallRequest> = {}): CallRequest => ({ sourceId, endpoint: '/a', maxWaitMs: 0, limits: {}, quotas: [], ...more });
const admitted = (answers: readonly object[]): number => answers.filter((answer) => 'waitMs' in answer && answer.waitMs === 0).length;

beforeAll(async () => {
  test = await testDatabase();
  [database, elsewhere] = [await openDatabase({ url: test.url, applicationName: 'spec', poolSize: 6 }), await openDatabase({ url: test.url, applicationName: 'spec, another process', poolSize: 6 })];
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  [{ id: workspaceId }] = await rows<{ id: string }>(database, 'select id from workspaces') as [{ id: string }];
  [sources, accounts] = [new SourceRepository(database), new PartnerAccountRepository(database)];
});
afterAll(async () => { await elsewhere.destroy(); await database.destroy(); await test.drop(); });

describe('an account', () => {
  it('lets its sources call no more often than the partner allows, whichever process they are in', async () => {
    const [one, two] = [await source({ account: 'acme' }), await source({ account: 'acme' })];
    const limits = { endpoints: { '/a': { requests: 8, windowMs: 60_000 } } };
    const other = new PartnerAccountRepository(elsewhere);
    const answers = await Promise.all(Array.from({ length: 20 }, (_unused, index) => (index % 2 === 0 ? accounts : other).admit(call(index % 3 === 0 ? one : two, { limits }))));
    expect(admitted(answers)).toBe(8);
    expect((await accounts.view(one)).today.account).toBe(8);
    expect(await accounts.view(one)).toMatchObject({ account: 'acme', sources: expect.arrayContaining([expect.any(String), expect.any(String)]) });
    expect((await accounts.view(one)).today.source + (await accounts.view(two)).today.source).toBe(8);
    expect(admitted([await accounts.admit(call(await source({ account: 'another' }), { limits }))])).toBe(1);
  });

  it('goes on where another process left it, however often they take turns', async () => {
    const [one, two] = [await source({ account: 'turns' }), await source({ account: 'turns' })];
    const other = new PartnerAccountRepository(elsewhere);
    const limits = { endpoints: { '/a': { requests: 7, windowMs: 60_000 } } };
    const answers = [];
    for (let turn = 0; turn < 9; turn++) answers.push(await (turn % 4 === 3 ? other : accounts).admit(call(turn % 2 === 0 ? one : two, { limits })));
    expect(admitted(answers)).toBe(7);
    expect((await accounts.view(one)).today.account).toBe(7);
  });

  it('keeps to a budget and a pause that come between two calls', async () => {
    const id = await source({ account: 'between' });
    for (let turn = 0; turn < 3; turn++) expect(admitted([await accounts.admit(call(id))])).toBe(1);
    await new PartnerAccountRepository(elsewhere).pause(id, {}, '/a', 60_000);
    expect(admitted([await accounts.admit(call(id)), await accounts.admit(call(id, { endpoint: '/b' }))])).toBe(1);
    await sources.change(id, { dailyCallBudget: 5 });
    expect(admitted([await accounts.admit(call(id, { endpoint: '/b' })), await accounts.admit(call(id, { endpoint: '/b' }))])).toBe(1);
    expect((await accounts.view(id)).today.source).toBe(5);
  });

  it('pauses for all of its sources, and of no other workspace\'s', async () => {
    const [one, two] = [await source({ account: 'paused' }), await source({ account: 'paused' })];
    const foreign = newId();
    await rows(database, `insert into workspaces (id, name) values ($1, 'Foreign')`, [foreign]);
    const theirs = await source({ workspaceId: foreign, account: 'paused' });
    await accounts.pause(one, {}, '/a', 60_000);
    expect(admitted([await accounts.admit(call(two))])).toBe(0);
    expect(admitted([await accounts.admit(call(theirs))])).toBe(1);
    expect((await accounts.view(one)).today.account).toBe(0);
  });

  it('never lets more calls through than a source\'s budget, however many ask at once', async () => {
    const id = await source({ account: 'budget', dailyCallBudget: 5 });
    const other = new PartnerAccountRepository(elsewhere);
    await new UsageRepository(database).add(id, ['tickets', 'users']);
    const answers = await Promise.all(Array.from({ length: 12 }, (_unused, index) => (index % 2 === 0 ? accounts : other).admit(call(id))));
    expect(admitted(answers)).toBe(3);
    expect(answers.find((answer) => 'refused' in answer)).toMatchObject({ refused: { code: 'budget_exhausted', retryAfterMs: expect.any(Number) } });
    expect(admitted([await accounts.admit(call(await source({ account: 'budget' })))])).toBe(1);
  });

  it('knows what others used of the partner\'s limit', async () => {
    const id = await source({ account: 'org' });
    for (let repeat = 0; repeat < 3; repeat++) await accounts.admit(call(id));
    await accounts.note(id, [{ name: 'api', windowMs: 86_400_000, limit: 15_000, used: 103 }]);
    await accounts.admit(call(id));
    expect((await accounts.view(id)).quotas).toMatchObject([{ name: 'api', limit: 15_000, used: 103, since: 1, ours: 3 }]);
  });

  it('is the source\'s own where the credentials may not tell, also for a source from before there were accounts', async () => {
    const id = await source();
    await rows(database, 'update sources set account_id = null where id = $1', [id]);
    expect(admitted([await accounts.admit(call(id))])).toBe(1);
    expect(await accounts.view(id)).toMatchObject({ account: undefined, today: { source: 1, account: 1 } });
  });

  it('stays the same: new credentials of another one, or of one that they may not tell, are refused', async () => {
    const id = await source({ account: 'first' });
    for (const account of ['second', undefined]) {
      await expect(sources.replaceCredentials(id, 'v1.k1.new', { baseUrl: 'new' }, account === undefined ? {} : { account })).rejects.toMatchObject({ known: 'first' });
    }
    expect(await rows(database, 'select configuration, sealed, version::int from sources join source_credentials on source_id = id where id = $1', [id])).toEqual([{ configuration: {}, sealed: 'v1.k1.sealed', version: 1 }]);
    expect((await accounts.view(id)).account).toBe('first');
    expect(await sources.replaceCredentials(id, 'v1.k1.new', {}, { account: 'first' })).toBe(true);
  });

  it('is that of the first credentials that tell', async () => {
    const id = await source();
    expect(await sources.replaceCredentials(id, 'v1.k1.new', {})).toBe(true);
    expect((await accounts.view(id)).account).toBeUndefined();
    expect(await sources.replaceCredentials(id, 'v1.k1.new', {}, { account: 'told' })).toBe(true);
    expect((await accounts.view(id)).account).toBe('told');
    await expect(sources.replaceCredentials(id, 'v1.k1.new', {}, { account: 'another' })).rejects.toMatchObject({ known: 'told' });
  });
});

describe('a run that waits for calls', () => {
  it('may go on at once when the budget is raised', async () => {
    const id = await source({ dailyCallBudget: 1 });
    const runs = new RunRepository(database);
    const [{ runId }] = await rows<{ runId: string }>(database, 'select id as "runId" from runs where source_id = $1', [id]) as [{ runId: string }];
    const { token } = (await runs.claim(runId, 'spec', 60_000))!;
    await runs.finish(runId, token, 'deferred', { code: 'budget_exhausted', title: 'used up', remedy: 'wait' }, new Date(Date.now() + 3_600_000));
    await sources.change(id, { name: 'Renamed' });
    expect(await runs.claim(runId, 'spec', 60_000)).toBeUndefined();
    await sources.change(id, { dailyCallBudget: 100 });
    expect(await runs.claim(runId, 'spec', 60_000)).toMatchObject({ runId });
  });
});
