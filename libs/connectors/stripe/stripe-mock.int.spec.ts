import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPartnerHttp, createRunScope, parentsOf, recordSlices, type ApiCall, type Checkpoint, type NormalizedRecord, type Page, type PartnerClient, type RunScope,
} from '#connector-kit';
import { startStripeMock, type StripeMock } from '#testing';
import { connector } from './src/index.js';
import { fetchPage } from './src/collections/list.js';
import { RESOURCES } from './src/collections/resources.js';

const names = connector.declaration.collections.map(({ name }) => name);
const objects = connector.declaration.collections.filter(({ kind }) => kind === 'object').map(({ name }) => name);

describe('the Stripe connector against stripe-mock', () => {
  let mock: StripeMock;
  let baseUrl: string;
  const apiKey = `sk_test_${randomBytes(12).toString('hex')}`;
  const calls: ApiCall[] = [];
  let http: PartnerClient;

  beforeAll(async () => {
    mock = await startStripeMock();
    baseUrl = mock.url;
    http = createPartnerHttp({ connector, credentials: { apiKey, baseUrl }, limits: {}, allowPrivateAddresses: true, onCall: (call) => { calls.push(call); } });
  }, 600_000);
  afterAll(async () => {
    await http.close();
    mock.stop();
  });

  async function read(reader: string, run: RunScope, checkpoints: Record<string, Checkpoint> = {}): Promise<Page[]> {
    const pages: Page[] = [];
    const context = {
      http, credentials: { apiKey, baseUrl }, checkpoint: checkpoints[reader], checkpoints, startDate: 0, selected: new Set(names), run,
      now: () => http.now(), signal: new AbortController().signal, warn: () => undefined,
    };
    for await (const page of connector.readers[reader]?.(context) ?? []) pages.push(page);
    return pages;
  }

  const normalized = (reader: string, pages: readonly Page[], component: 'sync' | 'webhook' = 'sync'): NormalizedRecord[] => pages.flatMap((page) => recordSlices(page.body, page.recordsAt).flatMap(({ start, end }) => {
    const meta = {
      id: page.request, workspaceId: 'w', sourceId: 's', connector: 'stripe', collection: page.rawCollection ?? reader, component, receivedAt: new Date(page.observedAt).toISOString(),
      observedAt: page.observedAt, recordsAt: page.recordsAt, request: page.request,
    };
    return connector.normalize(JSON.parse(page.body.toString('utf8', start, end)) as Record<string, unknown>, meta).map((result) => {
      if ('failure' in result) throw new Error(`${reader}: ${result.failure.message}`);
      return result;
    });
  }));

  it('checks the credentials and every collection', async () => {
    const result = await connector.check({ http, credentials: { apiKey, baseUrl }, signal: new AbortController().signal });
    expect(result.account).toMatch(/^acct_/);
    expect(result.access.filter(({ readable }) => !readable)).toEqual([]);
    expect(result.access.map(({ collection }) => collection).sort()).toEqual([...names].sort());
  });

  it('reads in full: every request is taken and every object collection has a record', async () => {
    const run = createRunScope();
    const found = new Map<string, number>();
    calls.length = 0;
    for (const reader of Object.keys(connector.readers)) {
      for (const { collection } of normalized(reader, await read(reader, run))) found.set(collection, (found.get(collection) ?? 0) + 1);
    }
    expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
    // stripe-mock's customer has a bank account for a source, and its balance transaction an empty list of fees: see the next test.
    expect(objects.filter((name) => !found.has(name))).toEqual(['balance_transaction_fee_details', 'cards']);
  });

  it('takes the card and the fee that stripe-mock serves elsewhere', async () => {
    type Row = Record<string, unknown>;
    const page = async (path: string, change: (row: Row) => Row = (row) => row): Promise<Page> => {
      const response = await http.send({ path, collection: 'customers' });
      const list = response.json<{ data: Row[] }>();
      return { body: Buffer.from(JSON.stringify({ ...list, data: list.data.map(change) })), request: response.request, observedAt: response.observedAt, recordsAt: 'data', counts: {} };
    };
    const cards = normalized('customers', [await page('/v1/customers/cus_123/cards')]);
    expect(cards).toMatchObject([{ collection: 'cards', data: { last4: expect.any(String), exp_year: expect.any(Number) } }]);
    const fee = { amount: 30, application: null, currency: 'usd', description: 'Stripe processing fees', type: 'stripe_fee' };
    const transactions = normalized('balance_transactions', [await page('/v1/balance_transactions', (row) => ({ ...row, fee_details: [fee] }))]);
    expect(transactions.map(({ collection }) => collection)).toEqual(['balance_transactions', 'balance_transaction_fee_details']);
  });

  it('reads every sub-list, and the parts come out of it', async () => {
    const found = new Set<string>();
    calls.length = 0;
    for (const { collection, parts } of RESOURCES) {
      for (const { all, collections } of parts) {
        if (all === undefined) continue;
        const { path, endpoint, query = {} } = all('id_123');
        for (const after of [undefined, 'id_456']) {
          const page = await fetchPage(http, { path, endpoint, collection, query }, after);
          if (page === undefined) throw new Error(`${path}: no page`);
          const { body, request, observedAt } = page.response;
          for (const record of normalized(collection, [{ body, request, observedAt, recordsAt: 'data', counts: {} }])) {
            expect(collections).toContain(record.collection);
            found.add(record.collection);
          }
        }
      }
    }
    expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
    expect([...found].sort()).toEqual(expect.arrayContaining(['application_fee_refunds', 'invoice_lines', 'subscription_items', 'transfer_reversals']));
  });

  it('reads changes: every object by id, every list from a point in time', async () => {
    const now = Math.floor(Date.now() / 1_000);
    const byCollection = new Map(RESOURCES.filter(({ eventTypes }) => eventTypes.length > 0).map(({ collection }) => [collection, new Map([['id_123', now]])]));
    const run = createRunScope();
    await run.once('stripe.events', () => Promise.resolve({ through: now, byCollection }));
    calls.length = 0;
    for (const { collection, eventTypes, path } of RESOURCES) {
      const pages = await read(collection, run, { [collection]: { through: now - 60, eventsThrough: now - 60, size: 1_000 } });
      expect(pages.map(({ request }) => request.split('?')[0])).toEqual(eventTypes.length === 0 ? [path] : [path, `${path}/id_123`]);
      expect(pages.at(-1)?.checkpoint).toMatchObject({ through: expect.any(Number) });
      expect(normalized(collection, pages).map((record) => record.collection)).toContain(collection);
    }
    expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('asks for events by type when few collections are selected', async () => {
    const now = Math.floor(Date.now() / 1_000);
    calls.length = 0;
    const context = {
      http, credentials: { apiKey, baseUrl }, checkpoint: undefined, checkpoints: { charges: { through: now - 60, eventsThrough: now - 60 } }, startDate: 0, selected: new Set(['charges']),
      run: createRunScope(), now: () => now * 1_000, signal: new AbortController().signal, warn: () => undefined,
    };
    for await (const page of connector.readers.other_events?.(context) ?? []) expect(page.rawCollection).toBe('events');
    expect(calls.map(({ status }) => status)).toEqual([200]);
    expect(calls[0]?.request).toContain('types[]=charge.updated');
  });
});
