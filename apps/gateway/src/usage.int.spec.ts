import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { PartnerAccountRepository, RunRepository, newId } from '#persistence';
import { startGateway, type TestGateway } from './gateway.factory.js';

const DAY = 86_400_000;
const SLOW = 30_000;
let control: TestDatabase;
let gateway: TestGateway;

beforeAll(async () => {
  control = await testDatabase();
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`);
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await control.drop();
});

const usage = async (id: string, query = ''): Promise<object> => (await gateway.call('GET', `/sources/${id}/usage${query}`)).body;

/** A run of the source, with so many calls for each collection. @returns its id */
async function run(sourceId: string, calls: Readonly<Record<string, number>>, fullPass: boolean): Promise<string> {
  const runs = new RunRepository(gateway.database);
  const id = newId();
  await gateway.database.query(`insert into runs (id, workspace_id, source_id, connector, trigger) select $1, workspace_id, id, connector, 'schedule' from sources where id = $2`, [id, sourceId]);
  const { token } = (await runs.claim(id, 'spec', 60_000))!;
  for (const [collection, count] of Object.entries(calls)) {
    const call = { collection, method: 'GET', request: '/', status: 200, startedAt: Date.now(), durationMs: 1, bytes: 1 };
    await runs.recordCalls(id, Array.from({ length: count }, () => call));
    await runs.collectionState(id, token, collection, 'succeeded', undefined, fullPass);
  }
  await runs.finish(id, token, 'succeeded');
  return id;
}

describe('the usage of a source', () => {
  it('has calls per day, collection and run, and their totals', async () => {
    const id = await gateway.made({ collections: ['customer_events', 'other_events'] });
    await gateway.endRun(id, 'succeeded');
    const [first, second] = [await run(id, { other_events: 4 }, true), await run(id, { other_events: 2, customer_events: 1 }, false)];
    expect(await usage(id)).toMatchObject({
      total: 8, byDay: [{ calls: 8 }], byCollection: [{ collection: 'other_events', calls: 6 }, { collection: 'accounts', calls: 1 }, { collection: 'customer_events', calls: 1 }],
      byRun: [{ runId: second, calls: 3 }, { runId: first, calls: 4 }, { runId: null, calls: 1 }],
    });
    expect(await usage(id, '?from=2020-01-01&to=2020-01-31')).toMatchObject({ data: [], total: 0, byDay: [], byCollection: [], byRun: [], today: { calls: 1 } });
  }, SLOW);

  it('has what is left of the budget and of the partner\'s own limit, and what others used of that', async () => {
    const id = await gateway.made({ dailyCallBudget: 10, partnerReservePercent: 10 });
    const accounts = new PartnerAccountRepository(gateway.database);
    const ask = () => accounts.admit({ sourceId: id, endpoint: '/a', maxWaitMs: 0, limits: {}, quotas: [] });
    await ask();
    const shared = (await accounts.view(id)).today.account;
    await accounts.note(id, [{ name: 'api', windowMs: DAY, limit: 1_000, used: 500 }, { name: 'minute', windowMs: 60_000, limit: 100, used: 40, resetsInMs: 0 }]);
    await ask();
    expect(await usage(id)).toMatchObject({
      limitPerDay: 1_000, today: { calls: 3, accountCalls: shared + 1 }, budget: { perDay: 10, used: 3, left: 7, resetsAt: expect.stringMatching(/T00:00:00/) },
      partner: { reservePercent: 10, limits: [
        { name: 'api', windowSeconds: 86_400, limit: 1_000, used: 500, ours: shared, others: 500 - shared, since: 1, left: 499, leftForUs: 399, readAt: expect.any(String), resetsAt: null },
        { name: 'minute', limit: 100, used: 40, ours: null, others: null, left: 100, leftForUs: 100 },
      ] },
    });
  }, SLOW);
});

describe('the forecast', () => {
  it('is there before a source is, from the declaration and without a call', async () => {
    const before = gateway.partner.calls();
    const answer = await gateway.call('POST', '/sources/forecast', { connector: 'salesforce', collections: ['accounts', 'contacts', 'invoice_c'], schedule: { intervalMinutes: 360, collections: [{ collection: 'contacts', everyMinutes: 1_440 }] }, configuration: { fullReadDays: '7' }, dailyCallBudget: 10 });
    expect([answer.status, gateway.partner.calls()]).toEqual([200, before]);
    expect(answer.body).toMatchObject({
      runsPerDay: 4, callsPerSync: 3, callsPerDay: 12, firstSync: { calls: null, atLeast: 6, basis: 'unknown', explanation: expect.any(String) },
      limits: [{ kind: 'budget', available: 10, percent: 120 }], warnings: [{ code: 'over_budget' }, { code: 'full_reads_unknown' }],
    });
    expect((await gateway.call('POST', '/sources/forecast', { connector: 'stripe' })).body).toMatchObject({ runsPerDay: 8, warnings: [], limits: [] });
    for (const [wrong, field] of [[{ connector: 'nothing' }, 'connector'], [{ connector: 'stripe', collections: ['invoice_c'] }, 'collections'], [{ connector: 'stripe', schedule: { intervalMinutes: 1 } }, 'intervalMinutes'], [{ connector: 'salesforce', configuration: { fullReadDays: 'x' } }, 'configuration.fullReadDays']] as const) {
      expect(await gateway.call('POST', '/sources/forecast', wrong)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
    }
  }, SLOW);

  it('is of a source by what its syncs have cost', async () => {
    const id = await gateway.made({ collections: ['customer_events'], dailyCallBudget: 100 });
    const forecast = async (): Promise<object> => (await gateway.call('GET', `/sources/${id}/forecast`)).body;
    expect(await forecast()).toMatchObject({ callsPerSync: 1, callsPerDay: 8, firstSync: { basis: 'unknown' } });
    await gateway.endRun(id, 'succeeded');
    await run(id, { other_events: 30 }, true);
    for (const calls of [2, 3]) await run(id, { other_events: calls }, false);
    expect(await forecast()).toMatchObject({
      callsPerSync: 2.5, callsPerDay: 20, firstSync: { calls: 30, basis: 'measured' }, limits: expect.arrayContaining([expect.objectContaining({ kind: 'budget', percent: 20 })]),
      collections: expect.arrayContaining([
        expect.objectContaining({ collection: 'other_events', selected: false, readFor: ['customer_events'], basis: 'measured', measuredRuns: 2, callsPerSync: 2.5, callsPerDay: 20, fullReadCalls: 30 }),
        expect.objectContaining({ collection: 'customer_events', selected: true, callsPerSync: 0, callsPerDay: 0 }),
      ]),
    });
  }, SLOW);
});
