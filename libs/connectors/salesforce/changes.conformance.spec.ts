import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPartnerHttp, createRunScope, planReads, recordSlices, type ApiCall, type Checkpoint, type DescribedFields, type NormalizedRecord, type ReadCollection } from '#connector-kit';
import { startSalesforceSimulator, type SalesforceSimulator } from '#testing';
import { connector } from './src/index.js';
import { OBJECTS } from './src/objects.js';
import { objectReader } from './src/reader.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const defaults = connector.declaration.collections.filter(({ selectedByDefault }) => selectedByDefault).map(({ name }) => name);

describe('the Salesforce connector, run after run', () => {
  let simulator: SalesforceSimulator;
  let rows: Map<string, NormalizedRecord>;
  let checkpoints: Record<string, Checkpoint | undefined>;
  let calls: ApiCall[];
  let warnings: string[];
  let described: Record<string, DescribedFields>;
  const urls = (): string[] => calls.map(({ request }) => decodeURIComponent(request));

  beforeEach(async () => {
    simulator = await startSalesforceSimulator({ startAt: Date.now() - 200 * DAY, data: { accounts: 30 } });
    [rows, checkpoints, calls, warnings, described] = [new Map(), {}, [], [], {}];
  });
  afterEach(() => simulator.stop());

  interface SyncOptions { readonly readers?: Readonly<Record<string, ReadCollection>>; readonly startDate?: number; readonly stopAfter?: number; readonly accessToken?: string; readonly fullReadDays?: string; /** How far our clock is ahead until Salesforce answers, ms. */ readonly ahead?: number }
  /** One run, in which the warehouse keeps the newest version of each record. @returns what was thrown, by collection */
  async function sync(selected: readonly string[], { readers = connector.readers, startDate = 0, stopAfter = Infinity, accessToken = simulator.signIn(simulator.admin), fullReadDays = '', ahead = 0 }: SyncOptions = {}): Promise<Record<string, unknown>> {
    const credentials = { instanceUrl: simulator.url, accessToken, fullReadDays };
    const http = createPartnerHttp({ connector, credentials, limits: {}, allowPrivateAddresses: true, onCall: (call) => { calls.push(call); }, wait: () => Promise.resolve() });
    const run = createRunScope();
    const thrown: Record<string, unknown> = {};
    calls = [];
    for (const { reader } of planReads(connector, new Set(selected))) {
      try {
        let pages = 0;
        for await (const page of readers[reader]?.({
          http, credentials, checkpoint: checkpoints[reader], checkpoints, startDate, selected: new Set(selected), run,
          now: () => simulator.now() + ahead, signal: new AbortController().signal, warn: (message) => { warnings.push(message); },
        }) ?? []) {
          for (const { start, end } of recordSlices(page.body, page.recordsAt)) {
            for (const record of connector.normalize(JSON.parse(page.body.toString('utf8', start, end)) as Record<string, unknown>, {
              id: page.request, workspaceId: 'w', sourceId: 's', connector: 'salesforce', collection: reader, component: 'sync', receivedAt: '', observedAt: page.observedAt, recordsAt: page.recordsAt,
            })) {
              if ('failure' in record) throw new Error(record.failure.message);
              const key = `${record.collection}/${record.id}`;
              if (record.version >= (rows.get(key)?.version ?? 0)) rows.set(key, record);
            }
          }
          if (page.fields !== undefined) described[reader] = page.fields;
          checkpoints[reader] = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
          if (++pages === stopAfter) break;
        }
      } catch (error) {
        thrown[reader] = error;
      }
    }
    await http.close();
    return thrown;
  }
  const live = (collection: string): NormalizedRecord[] => [...rows.values()].filter((row) => row.collection === collection && row.deleted !== true);
  const ids = (collection: string): string[] => live(collection).map(({ id }) => id).sort();

  it('follows creations, changes, deletions and undeletions with one query each', async () => {
    await sync(['accounts']);
    expect(urls().map((url) => url.split('?')[0])).toEqual(['/services/data/v64.0/sobjects/Account/describe', '/services/data/v64.0/queryAll']);
    expect(ids('accounts')).toEqual(simulator.ids('Account').sort());
    simulator.advance(3 * HOUR);
    const [changed = '', gone = '', back = ''] = simulator.ids('Account');
    simulator.update('Account', changed, { Name: 'Renamed' });
    simulator.delete('Account', gone);
    simulator.delete('Account', back);
    const created = simulator.create('Account', { Name: 'New' });
    simulator.advance(3 * HOUR);
    await sync(['accounts']);
    expect(calls).toHaveLength(1);
    expect(urls()[0]).toMatch(/ WHERE SystemModstamp >= \S+Z AND SystemModstamp < \S+Z ORDER BY SystemModstamp, Id$/);
    expect(ids('accounts')).toEqual(simulator.ids('Account').sort());
    expect(ids('accounts')).toContain(created);
    expect(rows.get(`accounts/${gone}`)).toMatchObject({ deleted: true, data: { is_deleted: true } });
    expect(rows.get(`accounts/${changed}`)?.data).toMatchObject({ name: 'Renamed', billing_city: 'Oslo', score_c: expect.any(Number), system_modstamp: expect.stringMatching(/Z$/) });
    expect(rows.get(`accounts/${changed}`)?.data).not.toHaveProperty('billing_address');
    simulator.undelete('Account', back);
    simulator.advance(3 * HOUR);
    await sync(['accounts']);
    expect(ids('accounts')).toContain(back);
  }, 60_000);

  it('reads what a long transaction stamped before the last window ended', async () => {
    await sync(['accounts']);
    const [id = ''] = simulator.ids('Account');
    simulator.advance(HOUR);
    simulator.begin();
    simulator.update('Account', id, { Name: 'late' });
    simulator.advance(8 * MINUTE);
    await sync(['accounts']);
    simulator.commit();
    simulator.advance(HOUR);
    await sync(['accounts']);
    expect(rows.get(`accounts/${id}`)?.data).toMatchObject({ name: 'late' });
  }, 60_000);

  it('loses nothing when our clock is ahead', async () => {
    await sync(['accounts']);
    simulator.advance(HOUR);
    await sync(['accounts'], { ahead: 5 * HOUR });
    simulator.advance(HOUR);
    const id = simulator.create('Account', { Name: 'between' });
    simulator.advance(6 * HOUR);
    await sync(['accounts']);
    expect(ids('accounts')).toContain(id);
  }, 60_000);

  it('costs within 350 calls a day at the default schedule, one query per collection and run', async () => {
    await sync(defaults);
    simulator.advance(DAY);
    const before = simulator.used;
    expect(before).toBe(0);
    let all = 0;
    for (let run = 0; run < 8; run++) {
      expect(await sync(defaults)).toEqual({});
      all += calls.length;
      expect(calls.filter(({ request }) => request.includes('/queryAll'))).toHaveLength(defaults.length);
      simulator.advance(3 * HOUR - 1);
    }
    expect(simulator.requestLog.filter(({ url }) => url.startsWith('/services/data')).length - 2 * defaults.length).toBe(all);
    expect(all).toBe(9 * defaults.length);
    expect(all).toBeLessThanOrEqual(350);
  }, 60_000);

  it('goes on behind a batch, and from the last record when the locator is void', async () => {
    simulator.cursors.batchSize = 7;
    await sync(['contacts'], { stopAfter: 3 });
    expect(ids('contacts')).toHaveLength(21);
    await sync(['contacts'], { stopAfter: 2 });
    expect(urls().every((url) => /^\/services\/data\/v64\.0\/query\/01g\w{15}-\d+$/.test(url))).toBe(true);
    simulator.cursors.expire();
    simulator.advance(3 * DAY);
    await sync(['contacts']);
    expect(ids('contacts')).toEqual(simulator.ids('Contact').sort());
    // The void locator, then the rest of the same window: the 25 records after 35, the last of them again.
    expect(calls.filter(({ request }) => !request.includes('describe'))).toHaveLength(1 + 4);
    expect(calls.filter(({ status }) => status >= 400)).toHaveLength(1);
  }, 60_000);

  it('gives up when each locator is void at once and it comes no further', async () => {
    simulator.cursors.batchSize = 7;
    const at = simulator.now() - DAY;
    for (let i = 0; i < 20; i++) simulator.create('Lead', { LastName: `${i}` }, at);
    simulator.fault({ path: '/services/data/v64.0/query', kind: 'status', status: 400, code: 'INVALID_QUERY_LOCATOR', times: 1_000 });
    expect(await sync(['leads'])).toMatchObject({ leads: { code: 'partner_unavailable' } });
    expect(calls.length).toBeLessThan(10);
  }, 60_000);

  it('describes again when a field is gone, and takes a new one the next day', async () => {
    simulator.addField('Account', 'Tier__c:picklist');
    await sync(['accounts']);
    simulator.removeField('Account', 'Tier__c');
    simulator.addField('Account', 'Rank__c:double');
    simulator.advance(HOUR);
    expect(await sync(['accounts'])).toEqual({});
    expect(urls().map((url) => /describe|queryAll/.exec(url)?.[0])).toEqual(['queryAll', 'describe', 'queryAll']);
    expect(warnings).toEqual([expect.stringContaining('Account has no Tier__c any more')]);
    expect(described['accounts']).toMatchObject({ types: { rank_c: 'number', annual_revenue: 'number', number_of_employees: 'integer', name: 'string', system_modstamp: 'timestamp', is_deleted: 'boolean' }, calculated: ['score_c'] });
    simulator.addField('Account', 'Late__c:double');
    simulator.advance(DAY);
    const id = simulator.create('Account', { Name: 'x', Late__c: 2.5, Rank__c: 3 });
    simulator.advance(HOUR);
    await sync(['accounts']);
    expect(rows.get(`accounts/${id}`)?.data).toMatchObject({ late_c: 2.5, rank_c: 3 });
  }, 60_000);

  it('sees a formula change only in a full reading, which comes every so many days where a person asks for it', async () => {
    const [id = ''] = simulator.ids('Account');
    const score = (): unknown => rows.get(`accounts/${id}`)?.data['score_c'];
    const windows = (): number => urls().filter((url) => url.includes('queryAll') && url.includes(' >= ')).length;
    await sync(['accounts', 'contacts'], { fullReadDays: '7' });
    simulator.recalculate('Account', id, { Score__c: 4711 });
    for (const days of [1, 3]) {
      simulator.advance(days * DAY);
      await sync(['accounts', 'contacts'], { fullReadDays: '7' });
      expect([score() === 4711, windows()]).toEqual([false, 2]);
    }
    simulator.advance(4 * DAY);
    await sync(['accounts', 'contacts'], { fullReadDays: '7' });
    // Contacts have no formula: only what changed.
    expect([score(), windows()]).toEqual([4711, 1]);
    simulator.advance(DAY);
    await sync(['accounts'], { fullReadDays: '7' });
    expect(windows()).toBe(1);
    simulator.recalculate('Account', id, { Score__c: 1 });
    simulator.advance(30 * DAY);
    await sync(['accounts']);
    expect(score()).toBe(4711);
  }, 60_000);

  it('reports a denied object by collection and goes on', async () => {
    const accessToken = simulator.signIn(simulator.addUser('limited@example.com', ['Lead', 'Account.Phone']));
    const thrown = await sync(['accounts', 'leads', 'contacts'], { accessToken });
    expect(thrown).toEqual({ leads: expect.objectContaining({ code: 'permission_denied' }) });
    expect(live('accounts')[0]?.data).not.toHaveProperty('phone');
    const http = createPartnerHttp({ connector, credentials: { instanceUrl: simulator.url, accessToken }, limits: {}, allowPrivateAddresses: true });
    const { account, access } = await connector.check({ http, credentials: {}, signal: new AbortController().signal }, ['accounts', 'leads']);
    await http.close();
    expect(account).toBe(`${simulator.organizationId} (Simulated Org)`);
    expect(access).toMatchObject([{ collection: 'accounts', readable: true }, { collection: 'leads', readable: false, error: { code: 'permission_denied', details: expect.stringContaining("sObject type 'Lead' is not supported") } }]);
  }, 60_000);

  it('joins the parts of a field list that does not fit into an address', async () => {
    for (let i = 0; i < 700; i++) simulator.addField('Opportunity', `A_custom_field_with_a_long_name_${i}__c:double`);
    const wide = simulator.create('Opportunity', { Name: 'wide', A_custom_field_with_a_long_name_0__c: 1, A_custom_field_with_a_long_name_699__c: 699 }, simulator.now() - HOUR);
    simulator.cursors.batchSize = 20;
    expect(await sync(['opportunities'])).toEqual({});
    expect(ids('opportunities')).toEqual(simulator.ids('Opportunity').sort());
    expect(rows.get(`opportunities/${wide}`)?.data).toMatchObject({ name: 'wide', a_custom_field_with_a_long_name_0_c: 1, a_custom_field_with_a_long_name_699_c: 699 });
    expect(Object.keys(live('opportunities')[0]?.data ?? {}).length).toBeGreaterThan(700);
    expect(Math.max(...calls.map(({ request }) => request.length))).toBeLessThan(14_000);
  }, 60_000);

  it('reads by another time where there is no SystemModstamp, and in full where there is no time', async () => {
    await sync(['campaign_shares', 'opportunity_field_history', 'user_login']);
    expect(urls().filter((url) => url.includes('queryAll')).map((url) => /ORDER BY (\w+)/.exec(url)?.[1]).sort()).toEqual(['CreatedDate', 'LastModifiedDate', 'LastModifiedDate']);
    for (const field of ['SystemModstamp', 'LastModifiedDate', 'CreatedDate']) simulator.removeField('Note', field);
    for (let i = 0; i < 9; i++) simulator.create('Note', { Title: `${i}` });
    simulator.cursors.batchSize = 4;
    await sync(['notes'], { stopAfter: 1 });
    simulator.cursors.expire();
    await sync(['notes']);
    expect(urls().at(-1)).toContain('01g');
    expect(ids('notes')).toEqual(simulator.ids('Note').sort());
    simulator.advance(HOUR);
    await sync(['notes']);
    expect(calls).toHaveLength(3);
  }, 60_000);

  it('starts at the sync start date', async () => {
    const old = simulator.create('Lead', { LastName: 'old' }, simulator.now() - 300 * DAY);
    const recent = simulator.create('Lead', { LastName: 'recent' }, simulator.now() - DAY);
    await sync(['leads'], { startDate: simulator.now() - 2 * DAY });
    expect(ids('leads')).toContain(recent);
    expect(ids('leads')).not.toContain(old);
  }, 60_000);

  it('leaves the rest of the day to a full org', async () => {
    simulator.server.use(15_000);
    expect(await sync(['accounts'])).toMatchObject({ accounts: { code: 'rate_limited', retryAfterMs: HOUR, details: 'REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded.' } });
  }, 60_000);

  describe('with a bulk job', () => {
    const bulk = (bulkAbove = 20) => ({ readers: Object.fromEntries(OBJECTS.map((object) => [object.collection, objectReader(object, { bulkAbove, longestPollMs: 5 })])) });
    beforeEach(() => {
      simulator.cursors.batchSize = 10;
      simulator.bulk.pageSize = 8;
      simulator.create('Account', { Name: '"Quoted",\nand more', Phone: '', AnnualRevenue: 1.5 }, simulator.now() - HOUR);
      const [id = ''] = simulator.ids('Account');
      simulator.delete('Account', id);
      simulator.advance(HOUR);
    });

    it('reads the same rows as with queries', async () => {
      await sync(['accounts']);
      const wanted = [...rows.values()].map(({ data, ...rest }) => ({ ...rest, data: Object.fromEntries(Object.entries(data).filter(([, value]) => value !== '')) }));
      rows.clear();
      checkpoints = {};
      expect(await sync(['accounts'], bulk())).toEqual({});
      // What was read is taken away again.
      expect([calls.at(-1)?.method, simulator.bulk.jobs.size]).toEqual(['DELETE', 0]);
      expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
      expect([...rows.values()].map(({ id, data }) => [id, data.phone])).toEqual(expect.arrayContaining([[expect.any(String), null]]));
      const found = [...rows.values()].map(({ data, ...rest }) => ({ ...rest, data: Object.fromEntries(Object.entries(data).filter(([name]) => name !== 'phone' || data.phone !== null)) }));
      const order = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
      const comparable = (list: typeof wanted) => list.map(({ data: { phone: _phone, ...data }, ...rest }) => ({ ...rest, data })).sort(order);
      expect(comparable(found)).toEqual(comparable(wanted));
    }, 60_000);

    it('goes on behind a page, and starts anew when the job is gone', async () => {
      await sync(['accounts'], { ...bulk(), stopAfter: 1 });
      expect(checkpoints.accounts).toMatchObject({ slice: { job: { id: expect.stringMatching(/^750/) } } });
      await sync(['accounts'], { ...bulk(), stopAfter: 2 });
      expect(calls.filter(({ method }) => method === 'POST')).toEqual([]);
      expect(checkpoints.accounts).toMatchObject({ slice: { job: { id: expect.stringMatching(/^750/), locator: expect.any(String) } } });
      await sync(['accounts'], { ...bulk(), stopAfter: 1 });
      expect(calls.map(({ method }) => method)).toEqual(['GET', 'GET']);
      simulator.bulk.jobs.clear();
      expect(await sync(['accounts'], bulk())).toEqual({});
      expect(ids('accounts')).toEqual(simulator.ids('Account').sort());
    }, 60_000);

    it('falls back to queries where bulk can\'t, and says when a job failed', async () => {
      for (let i = 0; i < 25; i++) simulator.create('CampaignShare', { CampaignAccessLevel: 'Read' }, simulator.now() - HOUR);
      expect(await sync(['campaign_shares'], bulk())).toEqual({});
      expect(ids('campaign_shares')).toEqual(simulator.ids('CampaignShare').sort());
      simulator.bulk.failNext = 'QUERY_TIMEOUT';
      expect(await sync(['accounts'], bulk())).toMatchObject({ accounts: { code: 'partner_unavailable', details: 'QUERY_TIMEOUT' } });
      // The next run finds the failed job in its checkpoint, and starts another.
      expect(await sync(['accounts'], bulk())).toEqual({});
      expect(ids('accounts')).toEqual(simulator.ids('Account').sort());
    }, 60_000);

    it('doesn\'t start jobs for ever', async () => {
      simulator.fault({ method: 'GET', path: '/services/data/v64.0/jobs', kind: 'rewrite', rewrite: () => '{"state":"Aborted"}', times: 1_000 });
      expect(await sync(['accounts'], bulk())).toMatchObject({ accounts: { code: 'partner_unavailable' } });
      expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
    }, 60_000);
  });
});
