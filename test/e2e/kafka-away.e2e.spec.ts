import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, stripeSignature, type StripeSimulator } from '#testing';
import type { RunDetail, Source, Webhook } from './support/api.js';
import { eventually, untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
const SLUG = 'away';
/** What a partner may be kept waiting, in ms, by us: a machine that is busy with other things comes on top. */
const LONGEST_ANSWER_MS = 2_500;
/** Once it is known that Kafka is away: far below the 2 s that the first ones wait for it. */
const KNOWN_AWAY_MS = 1_000;

let product: Product;
let partner: StripeSimulator;
let source: Source;
let webhook: Webhook;
let sent = 0;

interface Hook { readonly id: string; readonly body: string }
interface Taken { readonly status: number; readonly retryAfter: string | null; readonly ms: number }

/** A customer's event as Stripe would send it. */
function event(): Hook {
  sent += 1;
  const id = `evt_away${sent}`;
  const created = Math.floor(Date.now() / 1000);
  return { id, body: JSON.stringify({ id, object: 'event', type: 'customer.created', created, api_version: '2026-08-26.dahlia', data: { object: { id: `cus_away${sent}`, object: 'customer', created, email: `${sent}@example.com` } } }) };
}

async function send({ body }: Hook): Promise<Taken> {
  const signature = stripeSignature(body, [product.secrets.webhookSecret], Math.floor(Date.now() / 1000));
  const begin = performance.now();
  const answer = await fetch(webhook.url, { method: 'POST', body, headers: { 'content-type': 'application/json', 'stripe-signature': signature } });
  await answer.arrayBuffer();
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), ms: performance.now() - begin };
}

const landed = async ({ id }: Hook): Promise<boolean> =>
  await product.warehouse.count(SLUG, 'customer_events', `id = '${id}'`) === 1 && await product.warehouse.count(SLUG, 'customers', `id = '${id.replace('evt', 'cus')}'`) === 1;

/** How long this machine keeps somebody waiting whose request needs no broker: the longest while `work` goes on, in ms. */
async function longestBeside<T>(work: Promise<T>): Promise<readonly [T, number]> {
  let over = false;
  const done = work.finally(() => { over = true; });
  let longest = 0;
  while (!over) {
    const begin = performance.now();
    expect((await fetch(`${product.webhooksUrl}/hooks/nobody`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status).toBe(404);
    longest = Math.max(longest, performance.now() - begin);
    await sleep(20);
  }
  return [await done, longest];
}

/** While the broker is away: every webhook is refused in time, whatever number of them comes, and at once when it is known. */
async function refused(): Promise<Hook[]> {
  return [...await refusedWithin(LONGEST_ANSWER_MS), ...await refusedWithin(KNOWN_AWAY_MS)];
}

async function refusedWithin(limitMs: number): Promise<Hook[]> {
  const hooks = Array.from({ length: 20 }, event);
  const [answers, machine] = await longestBeside(Promise.all(hooks.map(send)));
  for (const { status, retryAfter, ms } of answers) {
    expect([status, Number(retryAfter) > 0]).toEqual([503, true]);
    expect(ms - machine).toBeLessThan(limitMs);
  }
  return hooks;
}

/** The partner sends again, as it was told to: what was refused is taken, and lands once. */
async function takenAgain(hooks: readonly Hook[]): Promise<void> {
  for (const hook of hooks) await eventually(`${hook.id} is taken`, async () => ((await send(hook)).status === 200 ? true : undefined), product);
  await untilTrue('what was refused has its rows', async () => (await Promise.all(hooks.map(landed))).every(Boolean), product);
}

beforeAll(async () => {
  product = await Product.start({ ownBroker: true });
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 3, days: 20 } });
  await product.connectWarehouse();
  source = await product.createStripe(partner.url, { name: 'Away', slug: SLUG, collections: ['customers', 'customer_events'], intervalMinutes: 1_440 });
  webhook = await product.api.put<Webhook>(`sources/${source.id}/webhook/secret`, { secret: product.secrets.webhookSecret });
  expect(await product.newestRunEnds(source.id)).toMatchObject({ state: 'succeeded' });
}, 300_000);
afterAll(async () => {
  if (product?.runs('kafka')) product.signal('kafka', 'SIGCONT'); // a stopped process can't end
  await partner?.stop();
  await product?.stop();
}, 120_000);

describe('Kafka is away', () => {
  it('takes webhooks while it is there', async () => {
    await takenAgain([event()]);
  }, 3 * MINUTE);

  it('answers 503 in time while the broker hangs, and takes the same webhooks when it goes on', async () => {
    product.signal('kafka', 'SIGSTOP');
    const hooks = await refused();
    product.signal('kafka', 'SIGCONT');
    await takenAgain(hooks);
  }, 3 * MINUTE);

  it('answers 503 in time while the broker is gone, and takes the same webhooks when it is back', async () => {
    product.signal('kafka', 'SIGKILL');
    const hooks = await refused();
    await takenAgain(hooks);
  }, 4 * MINUTE);

  it('syncs and is the same everywhere afterwards', async () => {
    partner.post('customers', { email: 'afterwards@example.com' });
    const { status, body } = await product.api.ask<RunDetail>('POST', `sources/${source.id}/sync`);
    expect(status).toBe(202);
    expect(await product.runEnds(body.id)).toMatchObject({ state: 'succeeded' });
    await untilTrue('the new customer has a row', async () => await product.warehouse.count(SLUG, 'customers', `email = 'afterwards@example.com'`) === 1, product);
    const [doubled] = await product.warehouse.rows<{ n: string }>(`select count(*) - count(distinct id) as n from ${SLUG}.customer_events`);
    expect(doubled?.n).toBe('0');
  }, 4 * MINUTE);
});
