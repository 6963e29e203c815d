import { randomUUID } from 'node:crypto';
import { rawHeaders, rawKey } from '#contracts';
import type { OutgoingMessage } from '#kafka';

export const PAGE_RECORDS = 100;
const SHARDS = 6;

/** As the simulator's customers look: nested, about 600 bytes. */
function customer(index: number): string {
  const id = `cus_${(index * 7_368_787 % 100_000_000).toString(36).padStart(14, '0')}`;
  return JSON.stringify({
    id, object: 'customer', address: { city: 'Oslo', country: 'US', line1: `${index % 999} Main St`, line2: null, postal_code: String(10_000 + index % 90_000), state: 'CA' },
    balance: index % 5000, created: 1_750_000_000 + index, currency: 'usd', default_source: null, delinquent: index % 10 === 0, description: `Customer ${index}`, discount: null,
    email: `user${index}@example.com`, invoice_prefix: id.slice(-8).toUpperCase(), invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false, metadata: { tier: 'plus', seats: String(index % 50) }, name: `Ada Abel ${index}`, next_invoice_sequence: 1, phone: null, preferred_locales: [], shipping: null, tax_exempt: 'none', test_clock: null,
  });
}

/** Raw pages of a sync, as the fetcher sends them. */
export function* rawPages(pages: number): Generator<OutgoingMessage> {
  const [sourceId, workspaceId, runId] = [randomUUID(), randomUUID(), randomUUID()];
  for (let page = 0; page < pages; page++) {
    const records = Array.from({ length: PAGE_RECORDS }, (_, index) => customer(page * PAGE_RECORDS + index));
    const now = Date.now();
    const headers = rawHeaders({
      id: `${runId}/customers/${page}`, workspaceId, sourceId, runId, connector: 'stripe', collection: 'customers', component: 'sync', selected: ['customers'],
      receivedAt: new Date(now).toISOString(), observedAt: now, recordsAt: 'data', request: '/v1/customers?limit=100',
    });
    yield { key: rawKey(sourceId, 'customers', page % SHARDS), value: Buffer.from(`{"object":"list","url":"/v1/customers","has_more":true,"data":[${records.join(',')}]}`), headers };
  }
}
