import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, type StripeSimulator } from '#testing';
import type { RunDetail, Source } from './support/api.js';
import { eventually } from './support/eventually.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
const BUDGET = 5;
const PAGES = 12;
interface Usage { readonly total: number; readonly data: readonly { readonly collection: string; readonly runId: string | null; readonly calls: number }[] }

let partner: StripeSimulator;
let product: Product;
let source: Source;
let run: RunDetail;

const asked = (): number => Object.values(partner.requests()).reduce((sum, calls) => sum + calls, 0);
const usage = (): Promise<Usage> => product.api.get(`sources/${source.id}/usage`);
const waiting = (runId: string): Promise<RunDetail> => eventually('the run waits', async () => {
  const now = await product.api.get<RunDetail>(`runs/${runId}`);
  return now.state === 'deferred' ? now : undefined;
}, product);

beforeAll(async () => {
  partner = await startStripeSimulator();
  partner.addCustomers(100 * PAGES - 50);
  // Without the partner's rates: a budget holds all the same.
  product = await Product.start({ services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'], env: { PARTNER_RATE_LIMITS: 'false' } });
  await product.connectWarehouse();
}, 300_000);
afterAll(async () => {
  await product?.stop();
  await partner?.stop();
}, 120_000);

describe('a daily budget', () => {
  it('defers the run when it is used up, to the next day, and not one call later', async () => {
    source = await product.api.post<Source>('sources', {
      connector: 'stripe', name: 'Shop', slug: 'shop', configuration: { apiKey: partner.apiKey, baseUrl: partner.url }, collections: ['customers'], dailyCallBudget: BUDGET,
    });
    const [first] = await product.runsOf(source.id);
    run = await waiting(first!.id);
    expect(run).toMatchObject({ error: { code: 'budget_exhausted', title: expect.stringContaining(`${BUDGET} API calls a day`) }, apiCalls: BUDGET - 1 });
    expect(asked()).toBe(BUDGET);
    expect((await usage()).total).toBe(BUDGET);
    expect((await product.api.get<Source>(`sources/${source.id}`)).state).toBe('active');
  }, 3 * MINUTE);

  it('lets the run go on at once, from its checkpoint, when it is raised', async () => {
    await product.api.ask('PATCH', `sources/${source.id}`, { dailyCallBudget: BUDGET + 3 });
    await eventually('three more calls are made', async () => asked() === BUDGET + 3 ? true : undefined, product);
    expect((await waiting(run.id)).apiCalls).toBe(BUDGET + 2);
    await product.api.ask('PATCH', `sources/${source.id}`, { dailyCallBudget: null });
    run = await product.runEnds(run.id);
    expect(run).toMatchObject({ state: 'succeeded', error: null, apiCalls: PAGES });
    // The test of the key, and each page once.
    expect(asked()).toBe(PAGES + 1);
    expect((await usage()).total).toBe(PAGES + 1);
  }, 3 * MINUTE);

  it('counts what verify asks, too', async () => {
    expect(await product.verify()).toMatchObject({ difference: 0 });
    expect((await usage()).total).toBe(asked());
  }, 3 * MINUTE);
});
