import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, type StripeSimulator } from './index.js';

interface Answer { status: number; data: { id: string; created: number }[]; has_more: boolean; url: string; error: { code?: string; param?: string; message: string; type: string }; [field: string]: unknown }
let simulator: StripeSimulator;
const T0 = 1_700_000_000;

async function get(path: string): Promise<Answer> {
  const response = await fetch(`${simulator.url}/v1/${path}`, { headers: { authorization: `Basic ${Buffer.from(`${simulator.apiKey}:`).toString('base64')}` } });
  return { status: response.status, ...await response.json() as object } as Answer;
}
const ids = ({ data }: Answer): string[] => data.map(({ id }) => id);
const created = (at: number, name: string): string => simulator.inPast(at * 1000, () => simulator.post('customers', { name }).id);

beforeEach(async () => { simulator = await startStripeSimulator(); });
afterEach(() => simulator.stop());

describe('a list', () => {
  it('is newest first and stable among objects of one second', async () => {
    const [a, b, c] = [created(T0, 'a'), created(T0 + 5, 'b'), created(T0, 'c')];
    expect(ids(await get('customers'))).toEqual([b, c, a]);
    simulator.post(`customers/${a}`, { name: 'changed' });
    expect(ids(await get('customers'))).toEqual([b, c, a]);
  });

  it('gives 10 by default, at most 100, and says whether there are more', async () => {
    simulator.addCustomers(12);
    const first = await get('customers');
    expect([first.data.length, first.has_more, first.url]).toEqual([10, true, '/v1/customers']);
    const rest = await get(`customers?limit=100&starting_after=${ids(first).at(-1)}`);
    expect([rest.data.length, rest.has_more]).toEqual([2, false]);
    expect(await get('customers?limit=101')).toMatchObject({ status: 400, error: { code: 'parameter_invalid_integer', param: 'limit' } });
    expect(await get('customers?limit=x')).toMatchObject({ status: 400, error: { code: 'parameter_invalid_integer', message: 'Invalid integer: x' } });
  });

  it('walks backwards with ending_before', async () => {
    const all = [1, 2, 3, 4, 5].map((i) => created(T0 + i, String(i)));
    const page = await get(`customers?limit=2&ending_before=${all[0]}`);
    expect([ids(page), page.has_more]).toEqual([[all[2], all[1]], true]);
    expect(await get(`customers?starting_after=${all[0]}&ending_before=${all[1]}`)).toMatchObject({ status: 400 });
  });

  it('keeps its place while objects are added, and loses it when the anchor is deleted', async () => {
    const [a, b] = [created(T0, 'a'), created(T0 + 1, 'b')];
    created(T0 + 2, 'later');
    expect(ids(await get(`customers?starting_after=${b}`))).toEqual([a]);
    simulator.delete(`customers/${b}`);
    expect(await get(`customers?starting_after=${b}`)).toMatchObject({ status: 400, error: { code: 'resource_missing', param: 'starting_after', message: `No such customer: '${b}'` } });
  });

  it.each([
    ['gt', T0 + 1, [3, 2]], ['gte', T0 + 1, [3, 2, 1]], ['lt', T0 + 2, [1, 0]], ['lte', T0 + 2, [2, 1, 0]],
  ])('filters created[%s]', async (operator, bound, expected) => {
    const all = [0, 1, 2, 3].map((i) => created(T0 + i, String(i)));
    expect(ids(await get(`customers?created[${operator}]=${bound}`))).toEqual(expected.map((i) => all[i]));
    expect(ids(await get(`customers?created%5B${operator}%5D=${bound}`))).toEqual(expected.map((i) => all[i]));
  });

  it('refuses parameters that Stripe does not know', async () => {
    expect(await get('customers?updated[gte]=1')).toMatchObject({ status: 400, error: { type: 'invalid_request_error', code: 'parameter_unknown', param: 'updated', message: 'Received unknown parameter: updated' } });
    expect(await get('payment_methods?created[gte]=1')).toMatchObject({ status: 400, error: { code: 'parameter_unknown' } });
    expect(await get('customers?__proto__=1')).toMatchObject({ status: 400, error: { code: 'parameter_unknown' } });
    expect(await get('skus')).toMatchObject({ status: 404, error: { message: expect.stringContaining('Unrecognized request URL') } });
  });

  it('needs the subscription for items, and hides ended subscriptions unless asked', async () => {
    expect(await get('subscription_items')).toMatchObject({ status: 400, error: { code: 'parameter_missing', param: 'subscription' } });
    simulator.seed({ customers: 20 });
    const canceled = simulator.snapshot('subscriptions').filter(({ status }) => status === 'canceled');
    expect(canceled.length).toBeGreaterThan(0);
    expect((await get('subscriptions?limit=100')).data.filter((one) => canceled.some(({ id }) => id === one.id))).toEqual([]);
    expect((await get('subscriptions?limit=100&status=canceled')).data).toHaveLength(canceled.length);
    expect((await get('subscriptions?limit=100&status=all')).data).toHaveLength(simulator.counts().subscriptions);
    const items = await get(`subscription_items?subscription=${simulator.ids('subscriptions')[0]}`);
    expect(items.data).toMatchObject([{ object: 'subscription_item', subscription: simulator.ids('subscriptions')[0] }]);
  });

  it('lists sources below their customer and expands them', async () => {
    const customer = simulator.post('customers', { source: 'tok_visa' }).id;
    simulator.post(`customers/${customer}/sources`, { source: 'btok_us_verified' });
    expect((await get(`customers/${customer}/sources`)).data).toMatchObject([{ object: 'bank_account' }, { object: 'card' }]);
    expect((await get(`customers/${customer}/sources?object=card`)).data).toHaveLength(1);
    expect((await get('customers')).data[0]).not.toHaveProperty('sources');
    expect((await get('customers?expand[]=data.sources')).data[0]).toMatchObject({ sources: { data: [{ object: 'bank_account' }, { object: 'card' }], has_more: false } });
    expect(await get('customers?expand[]=data.nothing')).toMatchObject({ status: 400, error: { message: 'This property cannot be expanded (nothing).' } });
  });

  it('shows 10 of a sub-list and pages through the rest', async () => {
    const customer = simulator.post('customers').id;
    for (let i = 0; i < 23; i++) simulator.post('invoiceitems', { customer, amount: i, currency: 'usd' });
    const invoice = simulator.post('invoices', { customer, pending_invoice_items_behavior: 'include' });
    expect(await get(`invoices/${invoice.id}`)).toMatchObject({ total: 253, lines: { has_more: true, url: `/v1/invoices/${invoice.id}/lines` } });
    const embedded = (await get(`invoices/${invoice.id}`)).lines as Answer;
    const first = await get(`invoices/${invoice.id}/lines`);
    expect(ids(embedded)).toEqual(ids(first));
    const rest = await get(`invoices/${invoice.id}/lines?limit=100&starting_after=${ids(first).at(-1)}`);
    expect(new Set([...ids(first), ...ids(rest)]).size).toBe(23);
  });

  it('answers deleted objects as Stripe does', async () => {
    const customer = simulator.post('customers').id;
    const product = simulator.post('products', { name: 'x' }).id;
    simulator.delete(`customers/${customer}`);
    simulator.delete(`products/${product}`);
    expect(await get(`customers/${customer}`)).toEqual({ status: 200, id: customer, object: 'customer', deleted: true });
    expect(await get(`customers/${customer}/sources`)).toMatchObject({ status: 404 });
    expect(await get(`products/${product}`)).toMatchObject({ status: 404, error: { code: 'resource_missing' } });
  });
});
