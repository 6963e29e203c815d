import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { startStripeSimulator, type StripeSimulator } from './index.js';

let simulator: StripeSimulator;
const client = (apiKey = simulator.apiKey, options: Partial<Stripe.StripeConfig> = {}): Stripe => {
  const { hostname, port } = new URL(simulator.url);
  return new Stripe(apiKey, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0, telemetry: false, ...options });
};
const rejection = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);

beforeEach(async () => { simulator = await startStripeSimulator(); });
afterEach(() => simulator.stop());

describe("Stripe's own client", () => {
  it('pages through every customer, newest first, each one once', async () => {
    simulator.addCustomers(730);
    const stripe = client();
    const all = await stripe.customers.list({ limit: 100 }).autoPagingToArray({ limit: 10_000 });
    expect(all.map(({ id }) => id)).toEqual(simulator.ids('customers').reverse());
    expect(simulator.requests()).toEqual({ 'GET /v1/customers': 8 });
  });

  it('pages through a busy account, every resource', async () => {
    simulator.seed();
    const stripe = client();
    const invoice = simulator.snapshot('invoices').find(({ lines }) => (lines as { has_more: boolean }).has_more);
    const lines = await stripe.invoices.listLineItems(invoice?.id ?? '', { limit: 10 }).autoPagingToArray({ limit: 1000 });
    expect(lines).toHaveLength(27);
    const events = await stripe.events.list({ limit: 100 }).autoPagingToArray({ limit: 10_000 });
    expect(events).toHaveLength(simulator.counts().events);
    const subscriptions = await stripe.subscriptions.list({ limit: 3, status: 'all' }).autoPagingToArray({ limit: 1000 });
    expect(subscriptions).toHaveLength(simulator.counts().subscriptions);
    const active = await stripe.subscriptions.list({ limit: 100 }).autoPagingToArray({ limit: 1000 });
    expect(active.length).toBeLessThan(subscriptions.length);
  });

  it('creates, retrieves, updates and deletes', async () => {
    const stripe = client();
    const created = await stripe.customers.create({ email: 'ada@example.com', metadata: { 'User Id': '7', gone: 'soon' }, address: { city: 'Oslo' } });
    await stripe.customers.update(created.id, { name: 'Ada', metadata: { gone: '', tier: 'pro' } });
    const read = await stripe.customers.retrieve(created.id) as Stripe.Customer;
    expect(read).toMatchObject({ email: 'ada@example.com', name: 'Ada', metadata: { 'User Id': '7', tier: 'pro' }, address: { city: 'Oslo', line1: null } });
    expect(read.metadata).not.toHaveProperty('gone');
    expect(await stripe.customers.del(created.id)).toEqual({ id: created.id, object: 'customer', deleted: true });
    expect(await stripe.customers.retrieve(created.id)).toMatchObject({ id: created.id, deleted: true });
    expect((await stripe.customers.list()).data).toEqual([]);
    expect((await stripe.events.list()).data.map(({ type }) => type)).toEqual(['customer.deleted', 'customer.updated', 'customer.created']);
  });

  it('subscribes a customer, which bills and charges', async () => {
    const stripe = client();
    const customer = await stripe.customers.create({ source: 'tok_visa' });
    const product = await stripe.products.create({ name: 'Plan' });
    const price = await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 1200, recurring: { interval: 'month' } });
    const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id, quantity: 3 }], expand: ['latest_invoice'] });
    expect(subscription.items.data[0]).toMatchObject({ quantity: 3, price: { id: price.id } });
    expect(subscription.latest_invoice).toMatchObject({ status: 'paid', total: 3600, parent: { subscription_details: { subscription: subscription.id } } });
    const [charge] = (await stripe.charges.list({ customer: customer.id, expand: ['data.balance_transaction'] })).data;
    expect(charge).toMatchObject({ amount: 3600, balance_transaction: { net: 3600 - 134, fee_details: [{ amount: 134 }] } });
    expect(await stripe.subscriptions.cancel(subscription.id)).toMatchObject({ status: 'canceled' });
    expect((await stripe.subscriptions.list()).data).toEqual([]);
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ status: 'canceled' });
  });

  it('gets the classes of errors that it knows', async () => {
    const wrong = await rejection(client('sk_test_wrong').customers.list());
    expect(wrong).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
    expect(wrong).toMatchObject({ statusCode: 401, message: expect.stringContaining('Invalid API Key provided: sk_test') });
    const restricted = await rejection(client(simulator.restrictedKey(['rak_customer_read'])).subscriptions.list());
    expect(restricted).toBeInstanceOf(Stripe.errors.StripePermissionError);
    expect(restricted).toMatchObject({ statusCode: 403, message: expect.stringContaining("Having the 'rak_subscription_read' permission would allow this request to continue.") });
    const unknown = await rejection(client().customers.retrieve('cus_none'));
    expect(unknown).toMatchObject({ statusCode: 404, code: 'resource_missing', param: 'id' });
    simulator.setRateLimits({ perEndpoint: 0, global: 100 });
    expect(await rejection(client().products.list())).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
  });

  it('replays a write under the same idempotency key', async () => {
    const stripe = client();
    const first = await stripe.customers.create({ email: 'a@example.com' }, { idempotencyKey: 'one' });
    const again = await stripe.customers.create({ email: 'a@example.com' }, { idempotencyKey: 'one' });
    expect(again.id).toBe(first.id);
    const other = await rejection(stripe.customers.create({ email: 'b@example.com' }, { idempotencyKey: 'one' }));
    expect(other).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    expect(simulator.counts().customers).toBe(1);
  });

  it('verifies the signature of a webhook', async () => {
    const bodies: { body: string; header: string }[] = [];
    const receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => { body += part.toString(); });
      request.on('end', () => {
        bodies.push({ body, header: String(request.headers['stripe-signature']) });
        response.end();
      });
    });
    await new Promise<void>((resolve) => { receiver.listen(0, '127.0.0.1', resolve); });
    const endpoint = simulator.addWebhookEndpoint({ url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook` });
    const customer = simulator.post('customers', { name: 'Zoë' });
    await simulator.webhooks.idle();
    receiver.close();
    const [sent] = bodies;
    const event = client().webhooks.constructEvent(sent?.body ?? '', sent?.header ?? '', String(endpoint.secret));
    expect(event).toMatchObject({ type: 'customer.created', data: { object: { id: customer.id, name: 'Zoë' } } });
    expect(() => client().webhooks.constructEvent(`${sent?.body} `, sent?.header ?? '', String(endpoint.secret))).toThrow(Stripe.errors.StripeSignatureVerificationError);
  });
});
