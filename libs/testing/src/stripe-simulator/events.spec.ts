import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, type StripeSimulator } from './index.js';

interface StripeEvent { id: string; type: string; api_version: string; created: number; data: { object: Record<string, unknown>; previous_attributes?: Record<string, unknown> }; [field: string]: unknown }
const DAY = 86_400_000;
let simulator: StripeSimulator;

async function get<T = Record<string, unknown>>(path: string, version?: string): Promise<T> {
  const response = await fetch(`${simulator.url}/v1/${path}`, { headers: { authorization: `Bearer ${simulator.apiKey}`, ...version === undefined ? {} : { 'stripe-version': version } } });
  return await response.json() as T;
}
const events = async (query = ''): Promise<StripeEvent[]> => (await get<{ data: StripeEvent[] }>(`events?limit=100${query}`)).data;
const types = async (query?: string): Promise<string[]> => (await events(query)).map(({ type }) => type);

async function subscribe(): Promise<{ customer: string; subscription: string }> {
  const customer = simulator.post('customers', { source: 'tok_visa' }).id;
  const product = simulator.post('products', { name: 'Plan' }).id;
  const price = simulator.post('prices', { product, currency: 'usd', unit_amount: 1000, recurring: { interval: 'month' } }).id;
  return { customer, subscription: simulator.post('subscriptions', { customer, items: [{ price }] }).id };
}

beforeEach(async () => { simulator = await startStripeSimulator({ apiVersion: '2026-08-26.dahlia' }); });
afterEach(() => simulator.stop());

describe('events', () => {
  it('tell what a change was before', async () => {
    const { id } = simulator.post('customers', { name: 'Ada', metadata: { tier: 'free', old: '1' } });
    simulator.post(`customers/${id}`, { name: 'Ada L.', metadata: { tier: 'pro', fresh: 'x' } });
    simulator.post(`customers/${id}`, { name: 'Ada L.' });
    const [updated, first, ...more] = await events();
    expect(more).toEqual([]);
    expect(updated).toMatchObject({ type: 'customer.updated', data: { object: { name: 'Ada L.', metadata: { tier: 'pro', old: '1', fresh: 'x' } } } });
    expect(updated?.data.previous_attributes).toEqual({ name: 'Ada', metadata: { tier: 'free', fresh: null } });
    expect(first?.data).not.toHaveProperty('previous_attributes');
  });

  it('are told for every step of a subscription', async () => {
    const { customer, subscription } = await subscribe();
    simulator.delete(`subscriptions/${subscription}`);
    simulator.delete(`customers/${customer}`);
    expect((await types()).reverse()).toEqual([
      'customer.source.created', 'customer.created', 'product.created', 'price.created', 'plan.created', 'customer.subscription.created', 'customer.updated', 'invoice.created', 'invoice.finalized', 'payment_intent.created',
      'charge.succeeded', 'payment_intent.succeeded', 'invoice.paid', 'invoice.payment_succeeded', 'customer.subscription.updated', 'customer.subscription.deleted', 'customer.source.deleted', 'customer.deleted',
    ]);
  });

  it('can be asked for by type, by wildcard and by up to 20 types', async () => {
    await subscribe();
    expect(await types('&type=customer.subscription.created')).toEqual(['customer.subscription.created']);
    expect((await types('&type=invoice.*')).every((type) => type.startsWith('invoice.'))).toBe(true);
    expect(await types('&types[]=price.created&types[]=plan.created')).toEqual(['plan.created', 'price.created']);
    const many = Array.from({ length: 21 }, (_, i) => `&types[]=a${i}`).join('');
    expect(await get(`events?${many}`)).toMatchObject({ error: { type: 'invalid_request_error', param: 'types' } });
    expect(await get('events?type=a&types[]=b')).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('are gone after 30 days of the simulator\'s clock', async () => {
    const { id } = simulator.post('customers');
    const [event] = await events();
    simulator.advance(29 * DAY);
    simulator.post(`customers/${id}`, { name: 'later' });
    expect(await types()).toEqual(['customer.updated', 'customer.created']);
    simulator.advance(2 * DAY);
    expect(await types()).toEqual(['customer.updated']);
    expect(await get(`events/${event?.id}`)).toMatchObject({ error: { code: 'resource_missing' } });
    const response = await fetch(simulator.url);
    expect(Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.now() - 31 * DAY)).toBeLessThan(10_000);
  });

  it('are rendered in the version of their birth, whatever is asked for', async () => {
    simulator.setApiVersion('2022-11-15');
    await subscribe();
    simulator.setApiVersion('2026-08-26.dahlia');
    const { customer } = await subscribe();
    const charges = (await get<{ data: StripeEvent[] }>('events?type=charge.succeeded', '2022-11-15')).data;
    expect(charges.map(({ api_version: version }) => version)).toEqual(['2026-08-26.dahlia', '2022-11-15']);
    expect(charges[0]?.data.object).not.toHaveProperty('invoice');
    expect(charges[1]?.data.object).toHaveProperty('invoice', expect.stringMatching(/^in_/));
    const current = await get<{ data: Record<string, unknown>[] }>(`charges?customer=${customer}`, '2022-11-15');
    expect(current.data[0]).toHaveProperty('invoice', expect.stringMatching(/^in_/));
  });
});

describe('a pinned version', () => {
  it.each([
    ['2022-11-15', true], ['2025-03-31.basil', false], ['2026-08-26.dahlia', false],
  ])('%s has the fields of its time', async (version, classic) => {
    const { subscription, customer } = await subscribe();
    const has = (object: Record<string, unknown> | undefined, fields: string): boolean[] => fields.split(' ').map((field) => object !== undefined && field in object);
    const all = (count: number, value: boolean): boolean[] => Array.from({ length: count }, () => value);
    const sub = await get<Record<string, unknown> & { items: { data: Record<string, unknown>[] } }>(`subscriptions/${subscription}`, version);
    expect(has(sub, 'plan quantity discount current_period_start current_period_end')).toEqual(all(5, classic));
    expect(has(sub.items.data[0], 'current_period_start current_period_end')).toEqual(all(2, !classic));
    const [invoice] = (await get<{ data: (Record<string, unknown> & { lines: { data: Record<string, unknown>[] } })[] }>(`invoices?customer=${customer}`, version)).data;
    expect(has(invoice, 'charge payment_intent subscription paid tax application_fee_amount')).toEqual(all(6, classic));
    expect(has(invoice, 'parent total_taxes')).toEqual(all(2, !classic));
    expect(has(invoice?.lines.data[0], 'plan price type proration')).toEqual(all(4, classic));
    expect(has(invoice?.lines.data[0], 'pricing parent')).toEqual(all(2, !classic));
    simulator.post('invoiceitems', { customer, amount: 5, currency: 'usd' });
    const [item] = (await get<{ data: Record<string, unknown>[] }>('invoiceitems', version)).data;
    expect(has(item, 'plan price unit_amount')).toEqual(all(3, classic));
    expect(has(item, 'parent pricing')).toEqual(all(2, !classic));
  });

  it('decides how a discount names its coupon', async () => {
    simulator.post('coupons', { id: 'TEN', percent_off: 10 });
    const { id } = simulator.post('customers', { coupon: 'TEN' });
    const discount = async (version: string): Promise<unknown> => (await get(`customers/${id}`, version)).discount;
    expect(await discount('2025-08-27.basil')).toMatchObject({ object: 'discount', customer: id, coupon: { id: 'TEN', percent_off: 10, times_redeemed: 1 } });
    expect(await discount('2025-09-30.clover')).toMatchObject({ source: { coupon: 'TEN', type: 'coupon' } });
    expect(await discount('2025-09-30.clover')).not.toHaveProperty('coupon');
    expect(await get('customers', 'yesterday')).toMatchObject({ error: { message: 'Invalid Stripe API version: yesterday' } });
  });

  it('leaves metadata alone that is called like a field', async () => {
    const { subscription } = await subscribe();
    simulator.post(`subscriptions/${subscription}`, { metadata: { object: 'invoice', charge: 'x', plan: 'y' } });
    expect(await get(`subscriptions/${subscription}`)).toMatchObject({ metadata: { object: 'invoice', charge: 'x', plan: 'y' } });
  });
});
