import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, type StripeSimulator } from '#testing';
import type { List, RunDetail, Source, Webhook } from './support/api.js';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
const CUSTOMERS = 20_000;
const PAGES = CUSTOMERS / 100;
const SLUG = 'busy';
const COLLECTIONS = ['customers', 'customer_events', 'subscriptions', 'subscription_events', 'subscription_items'];
const EVENTS = COLLECTIONS.filter((name) => name.endsWith('_events'));

let product: Product;
let partner: StripeSimulator;
let source: Source;

/** Webhooks that the partner was told of as taken, by event, and those that it still tries. */
function deliveries(): { readonly taken: Set<string>; readonly open: number } {
  const taken = new Set<string>();
  const tried = new Set<string>();
  for (const { eventId, status } of partner.webhooks.deliveries) {
    tried.add(eventId);
    if (status === 200) taken.add(eventId);
  }
  return { taken, open: tried.size - taken.size };
}

beforeAll(async () => {
  product = await Product.start({ env: { RUN_LEASE_SECONDS: '4', LOADER_BATCH_ROWS: '2000', NORMALIZER_TRANSACTION_RECORDS: '1000' } });
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 10, days: 300 } });
  partner.addCustomers(CUSTOMERS);
  partner.webhooks.behaviour = { retryDelaysMs: [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000] };
}, 300_000);
afterAll(async () => {
  await partner?.stop();
  await product?.stop();
}, 120_000);

describe('kill -9 in the middle of a sync, with webhooks flowing', () => {
  it('goes on with the run from its checkpoint, whoever is killed', async () => {
    await product.connectWarehouse();
    source = await product.createStripe(partner.url, { name: 'Busy', slug: SLUG, collections: COLLECTIONS, intervalMinutes: 1_440 });
    const { url } = await product.api.put<Webhook>(`sources/${source.id}/webhook/secret`, { secret: product.secrets.webhookSecret });
    partner.addWebhookEndpoint({ url, secret: product.secrets.webhookSecret });
    partner.traffic.run(4);

    const [first] = await product.runsOf(source.id);
    const runId = first?.id ?? '';
    const durable = (records: number): Promise<void> => untilTrue(`${records} records are durable`, async () => (await product.api.get<RunDetail>(`runs/${runId}`)).records >= records, product);
    await durable(3_000);
    await product.killed('normalizer');
    await durable(5_000);
    await product.killed('warehouse-loader');
    await durable(7_000);
    await product.killed('fetcher', 'webhook-gateway');
    await durable(11_000); // only possible once another fetcher has the run
    await product.killed('normalizer', 'warehouse-loader');
    await durable(14_000);
    await product.killed('fetcher', 'scheduler');

    const run = await product.runEnds(runId);
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    const log = await product.api.get<List<{ message: string }>>(`runs/${runId}/log`);
    const messages = log.data.map(({ message }) => message);
    expect([messages[0], messages.at(-1)]).toEqual(['The run begins.', 'The run is done.']);
    expect(messages.filter((message) => message.startsWith('The run begins again')).length).toBeGreaterThanOrEqual(2);
    // Every page once, and those under way at a kill again: far from beginning anew.
    const pages = partner.requests()['GET /v1/customers'] ?? 0;
    expect(pages).toBeGreaterThanOrEqual(PAGES);
    expect(pages).toBeLessThan(PAGES * 1.4);
    expect(product.said.filter((line) => line.includes('SIGKILL')).length).toBe(8);
  }, 6 * MINUTE);

  it('loses nothing and doubles nothing', async () => {
    partner.traffic.run(0);
    await untilTrue('every webhook was taken', () => deliveries().taken.size > 0 && deliveries().open === 0, product);
    await partner.webhooks.idle();
    const accepted = await product.api.ask<RunDetail>('POST', `sources/${source.id}/sync`);
    expect(accepted.status).toBe(202);
    expect(await product.runEnds(accepted.body.id)).toMatchObject({ state: 'succeeded' });

    const verdict = await product.verify('--source', SLUG);
    expect(verdict.collections.filter(({ difference }) => difference !== 0)).toEqual([]);
    expect(verdict.collections.map(({ collection }) => collection).sort()).toEqual([...COLLECTIONS].sort());
    expect(verdict.collections.find(({ collection }) => collection === 'customers')?.warehouse).toBeGreaterThan(CUSTOMERS);
    for (const table of EVENTS) {
      const [counted] = await product.warehouse.rows<{ n: string; ids: string }>(`select count(*) as n, count(distinct id) as ids from ${SLUG}.${table}`);
      expect(counted?.n).toBe(counted?.ids);
    }
    const inWarehouse = await product.warehouse.rows<{ id: string }>(EVENTS.map((table) => `select id from ${SLUG}.${table}`).join(' union all '));
    const arrived = new Set(inWarehouse.map(({ id }) => id));
    const wanted = partner.webhooks.deliveries.filter(({ type }) => /^(customer\.|subscription_schedule\.)/.test(type)).map(({ eventId }) => eventId);
    expect(wanted.length).toBeGreaterThan(50);
    expect(wanted.filter((id) => !arrived.has(id))).toEqual([]);
  }, 6 * MINUTE);

  it('normalised every raw record exactly once', async () => {
    const { expected, found } = await product.topics.normalised();
    expect(expected.size).toBeGreaterThan(CUSTOMERS);
    const wrong = [...new Set([...expected.keys(), ...found.keys()])].filter((what) => expected.get(what) !== found.get(what));
    expect(wrong.slice(0, 10).map((what) => ({ what, expected: expected.get(what), found: found.get(what) }))).toEqual([]);
    expect(await product.topics.deadLetters()).toEqual(new Map());
  }, 3 * MINUTE);
});
