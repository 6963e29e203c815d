import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSalesforceSimulator, type SalesforceSimulator } from './index.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let simulator: SalesforceSimulator;
beforeEach(async () => { simulator = await startSalesforceSimulator({ startAt: Date.UTC(2026, 5, 1, 12), batchSize: 3 }); });
afterEach(() => simulator.stop());

async function call(path: string, init: RequestInit & { token?: string } = {}): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await fetch(simulator.url + path, { ...init, headers: { authorization: `Bearer ${init.token ?? simulator.accessToken}`, ...init.headers } });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) as unknown : text };
}
interface Batch { totalSize: number; done: boolean; nextRecordsUrl?: string; records: Record<string, unknown>[] }
const stamp = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');
const query = async (soql: string, all = false, token?: string): Promise<Batch> => (await call(`/services/data/v64.0/query${all ? 'All' : ''}?q=${encodeURIComponent(soql)}`, token === undefined ? {} : { token })).body as Batch;

describe('queries', () => {
  it('filter, sort and limit as SOQL says', async () => {
    const start = Math.floor(simulator.now() / 1_000) * 1_000;
    for (const [name, employees] of [['b', 2], ['a', 1], ['C', null], ["d'e", 4]] as const) { simulator.create('Account', { Name: name, NumberOfEmployees: employees }); simulator.advance(1_000); }
    const names = async (rest: string): Promise<unknown[]> => (await query(`SELECT Name FROM Account ${rest}`)).records.map(({ Name }) => Name);
    expect(await names('WHERE NumberOfEmployees >= 2 ORDER BY Name')).toEqual(['b', "d'e"]);
    expect(await names('WHERE NumberOfEmployees = null')).toEqual(['C']);
    expect(await names("WHERE Name IN ('a', 'D\\'E') ORDER BY Name DESC")).toEqual(["d'e", 'a']);
    expect(await names("WHERE (Name = 'a' OR Name LIKE 'B%') AND NumberOfEmployees != 1")).toEqual(['b']);
    const second = new Date(start + 1_000).toISOString();
    expect(await names(`WHERE SystemModstamp >= ${second} AND SystemModstamp < ${new Date(start + 3_000).toISOString().replace('.000Z', '+00:00')} ORDER BY SystemModstamp, Id`)).toEqual(['a', 'C']);
    expect(await names('ORDER BY NumberOfEmployees ASC NULLS FIRST LIMIT 1')).toEqual(['C']);
    expect(await query('SELECT COUNT() FROM Account')).toEqual({ totalSize: 4, done: true, records: [] });
    const [one] = (await query('SELECT Id, SystemModstamp FROM Account LIMIT 1')).records;
    expect(one).toMatchObject({ attributes: { type: 'Account', url: expect.stringMatching(/^\/services\/data\/v64\.0\/sobjects\/Account\/001\w{15}$/) }, SystemModstamp: stamp(start) });
  });

  it('come in batches whose locators live for two days, and a later one sees what was there at first', async () => {
    for (let i = 0; i < 7; i++) simulator.create('Contact', { LastName: String(i) });
    const first = await query('SELECT LastName FROM Contact ORDER BY LastName');
    simulator.create('Contact', { LastName: '9' });
    expect([first.totalSize, first.done, first.records.length]).toEqual([7, false, 3]);
    const second = (await call(first.nextRecordsUrl ?? '')).body as Batch;
    const third = (await call(second.nextRecordsUrl ?? '')).body as Batch;
    expect([...first.records, ...second.records, ...third.records].map(({ LastName }) => LastName)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    expect(third).toMatchObject({ done: true });
    expect(third).not.toHaveProperty('nextRecordsUrl');
    simulator.advance(2 * DAY + 1_000);
    expect(await call(second.nextRecordsUrl ?? '', { token: simulator.signIn(simulator.admin) })).toMatchObject({ status: 400, body: [{ errorCode: 'INVALID_QUERY_LOCATOR' }] });
  });

  it('show the recycle bin to queryAll only, and nothing once it is emptied', async () => {
    const id = simulator.create('Lead', { LastName: 'gone' });
    simulator.advance(60_000);
    simulator.delete('Lead', id);
    expect((await query('SELECT Id FROM Lead')).totalSize).toBe(0);
    expect((await query('SELECT Id, IsDeleted, SystemModstamp FROM Lead', true)).records).toMatchObject([{ Id: id, IsDeleted: true, SystemModstamp: expect.stringMatching(/^2026-06-01T12:01:.*\+0000$/) }]);
    simulator.purge('Lead', id);
    expect((await query('SELECT Id FROM Lead', true)).totalSize).toBe(0);
  });

  it('name what a profile hides as if it did not exist', async () => {
    const token = simulator.signIn(simulator.addUser('limited@example.com', ['Lead', 'Account.Phone']));
    expect(await query('SELECT Id FROM Lead', false, token)).toMatchObject([{ errorCode: 'INVALID_TYPE', message: expect.stringContaining("sObject type 'Lead' is not supported.") }]);
    expect(await query('SELECT Id, Phone FROM Account', false, token)).toMatchObject([{ errorCode: 'INVALID_FIELD', message: expect.stringMatching(/^\nSELECT Id, Phone FROM Account\n {11}\^\nERROR at Row:1:Column:12\nNo such column 'Phone' on entity 'Account'\./) }]);
    expect((await call('/services/data/v64.0/sobjects/Lead/describe/', { token })).status).toBe(404);
    const { fields } = (await call('/services/data/v64.0/sobjects/Account/describe', { token })).body as { fields: { name: string }[] };
    expect(fields.map(({ name }) => name)).toEqual(expect.arrayContaining(['Name', 'SystemModstamp']));
    expect(fields.map(({ name }) => name)).not.toContain('Phone');
    for (const [soql, errorCode] of [['SELECT FROM Account', 'MALFORMED_QUERY'], ['SELECT Id FROM Account WHERE', 'MALFORMED_QUERY'], ['SELECT Id FROM Name', 'INVALID_TYPE'], ['SELECT Id FROM Account WHERE Description = null', 'INVALID_FIELD']] as const) {
      expect(await query(soql)).toMatchObject([{ errorCode }]);
    }
  });

  it('see what a long transaction wrote only when it is committed, with the older stamp', async () => {
    const id = simulator.create('Account', { Name: 'before' });
    simulator.begin();
    simulator.update('Account', id, { Name: 'after' });
    simulator.advance(600_000);
    expect((await query('SELECT Name FROM Account')).records).toMatchObject([{ Name: 'before' }]);
    simulator.commit();
    expect((await query('SELECT Name, SystemModstamp FROM Account')).records).toMatchObject([{ Name: 'after', SystemModstamp: expect.stringMatching(/^2026-06-01T12:00:/) }]);
  });
});

describe('limits', () => {
  it('are told with every answer and by /limits', async () => {
    const { headers } = await call('/services/data/v64.0/sobjects');
    expect(headers.get('sforce-limit-info')).toBe('api-usage=1/15000');
    expect((await call('/services/data/v64.0/limits/')).body).toMatchObject({ DailyApiRequests: { Max: 15_000, Remaining: 14_998 } });
    simulator.server.use(15_000);
    expect(await call('/services/data/v64.0/sobjects')).toMatchObject({ status: 403, body: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }] });
    simulator.advance(DAY);
    expect((await call('/services/data/v64.0/sobjects', { token: simulator.signIn(simulator.admin) })).status).toBe(200);
  });

  it('refuse an address over 16,384 bytes, and headers above it', async () => {
    expect((await call(`/services/data/v64.0/query?q=${'x'.repeat(16_400)}`)).status).toBe(414);
    expect((await call(`/services/data/v64.0/query?q=${'x'.repeat(16_200)}`, { headers: { 'x-more': 'y'.repeat(200) } })).status).toBe(431);
  });
});

describe('bulk query jobs', () => {
  const jobs = '/services/data/v64.0/jobs/query';
  const start = (soql: string) => call(jobs, { method: 'POST', body: JSON.stringify({ operation: 'queryAll', query: soql }) });

  it('go through their states and give pages of CSV by locator', async () => {
    for (let i = 0; i < 5; i++) simulator.create('Account', { Name: `"${i}", Ltd` });
    simulator.bulk.pageSize = 2;
    const { id, state } = (await start('SELECT Id, Name, Phone FROM Account ORDER BY Name')).body as { id: string; state: string };
    expect(state).toBe('UploadComplete');
    expect(await call(`${jobs}/${id}/results`)).toMatchObject({ status: 412, body: [{ errorCode: 'JOB_NOT_COMPLETE' }] });
    expect((await call(`${jobs}/${id}`)).body).toMatchObject({ state: 'InProgress' });
    expect((await call(`${jobs}/${id}`)).body).toMatchObject({ state: 'JobComplete', numberRecordsProcessed: 5 });
    const pages: string[] = [];
    for (let locator: string | null = ''; locator !== 'null';) {
      const { body, headers } = await call(`${jobs}/${id}/results${locator === '' ? '' : `?locator=${locator}`}`);
      pages.push(String(body));
      locator = headers.get('sforce-locator');
    }
    expect(pages.map((page) => page.trim().split('\n').length)).toEqual([3, 3, 2]);
    expect(pages[0]).toMatch(/^"Id","Name","Phone"\n"001\w{15}","""0"", Ltd",""\n/);
    expect((await call(`/services/data/v58.0/jobs/query/${id}/results`)).status).toBe(409);
  });

  it('are refused for what bulk does not do', async () => {
    expect(await start('SELECT Id FROM CampaignShare')).toMatchObject({ status: 400, body: [{ errorCode: 'INVALIDENTITY' }] });
    expect(await start('SELECT Id, BillingAddress FROM Account')).toMatchObject({ status: 400, body: [{ message: expect.stringContaining('Selecting compound data not supported') }] });
    simulator.bulk.limit = 0;
    expect(await start('SELECT Id FROM Account')).toMatchObject({ status: 400, body: [{ errorCode: 'LIMIT_EXCEEDED' }] });
  });
});
