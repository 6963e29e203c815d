import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectorNames } from '#connectors';
import { GatewayClient } from '../../deploy/local/src/gateway-client.js';
import { gatewayUrl } from '../../deploy/local/src/services.js';
import { COUNTED_PARTNERS } from '../bench/measure/counted-partners.js';
import { countCalls, type CountingProduct, type RunCalls } from '../bench/measure/partner-calls.js';
import { salesforceDay } from '../bench/measure/salesforce-day.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
/** Stripe tells what changed in a feed of events: it is read for all collections, once a sync. */
const FEEDS: Readonly<Record<string, string>> = { stripe: 'other_events' };
let product: Product;
let counting: CountingProduct & { readonly gateway: GatewayClient };

/** Collections whose counts aren't all the same. */
const apart = ({ collections }: RunCalls, but?: string): readonly object[] => collections.filter(({ collection, needed, ours, partners }) => ours !== partners || (needed !== ours && collection !== but));

beforeAll(async () => {
  product = await Product.start({ services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'], env: { PARTNER_RATE_LIMITS: 'false' } });
  await product.connectWarehouse();
  counting = { gateway: new GatewayClient(gatewayUrl(product.ports), product.secrets.apiKey), forgetSyncs: async () => { await product.control.rows('update sources set last_sync_requested_at = null', []); } };
}, 300_000);
afterAll(async () => { await product?.stop(); }, 120_000);

describe('calls to a partner', () => {
  it.each(connectorNames)('%s: each page once, as the simulator counts them, none for what is deselected', async (name) => {
    const partner = await COUNTED_PARTNERS[name]?.();
    if (partner === undefined) throw new Error(`${name} has no partner to count at`);
    try {
      const { first, unchanged, one } = await countCalls(counting, partner);
      for (const run of [first, unchanged, one]) expect(run).toMatchObject({ state: 'succeeded', unmatched: [] });
      expect(apart(first)).toEqual([]);
      expect(apart(unchanged)).toEqual([]);
      const feed = FEEDS[name];
      expect(apart(one, feed)).toEqual([]);
      expect(one.collections.filter(({ collection }) => collection === feed).map(({ ours }) => ours)).toEqual(feed === undefined ? [] : [1]);
    } finally {
      await partner.stop();
    }
  }, 8 * MINUTE);

  it('are at most 350 on a day of Salesforce at the default schedule', async () => {
    const day = await salesforceDay(counting);
    expect(day.map(({ state, renewals }) => [state, renewals])).toEqual(Array.from({ length: 8 }, () => ['succeeded', 1]));
    const total = day.reduce((sum, one) => sum + one.total, 0);
    expect(total).toBeLessThanOrEqual(350);
    expect(day.reduce((sum, { queries }) => sum + queries, 0)).toBe(8 * 31);
  }, 8 * MINUTE);
});
