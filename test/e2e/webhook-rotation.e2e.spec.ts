import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, type StripeSimulator } from '#testing';
import type { Source, Webhook } from './support/api.js';
import { eventually, untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';
import { posted, signedByStripe } from './support/webhook.js';

const SLUG = 'rotated';

let product: Product;
let partner: StripeSimulator;
let source: Source;
/** What the partner was told: where to send, and what to sign with. */
const told = { url: '', secret: '' };
/** Statuses of all that was sent. */
const answers: number[] = [];
let sent = 0;

const newSecret = (): string => `whsec_${randomBytes(24).toString('hex')}`;

async function send(url: string, secret: string): Promise<number> {
  sent += 1;
  const created = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ id: `evt_rotated${sent}`, object: 'event', type: 'customer.created', created, api_version: '2026-08-26.dahlia', data: { object: { id: `cus_rotated${sent}`, object: 'customer', created } } });
  return (await posted(url, body, signedByStripe(body, secret))).status;
}

/** Several senders, without a pause, each with what the partner was told when it sends, until `work` is done. */
async function whileSending(work: () => Promise<void>): Promise<void> {
  let over = false;
  const senders = Array.from({ length: 4 }, async () => {
    while (!over) {
      answers.push(await send(told.url, told.secret));
      await sleep(5);
    }
  });
  await work().finally(() => { over = true; });
  await Promise.all(senders);
}

/** So many more were sent, so that what comes next doesn't come all at once. */
const sentMore = (count: number): Promise<void> => { const until = sent + count; return untilTrue(`${count} more were sent`, () => sent >= until, product); };

beforeAll(async () => {
  product = await Product.start();
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 2, days: 5 } });
  await product.connectWarehouse();
  source = await product.createStripe(partner.url, { name: 'Rotated', slug: SLUG, collections: ['customers', 'customer_events'], intervalMinutes: 1_440 });
  told.secret = newSecret();
  told.url = (await product.api.put<Webhook>(`sources/${source.id}/webhook/secret`, { secret: told.secret })).url;
  expect(await product.newestRunEnds(source.id)).toMatchObject({ state: 'succeeded' });
}, 300_000);
afterAll(async () => {
  await partner?.stop();
  await product?.stop();
}, 120_000);

describe('webhooks while their secret and their URL rotate', () => {
  it('are all taken, signed with the new secret from the moment it is stored and with the old one for a while', async () => {
    await whileSending(async () => {
      for (let round = 0; round < 3; round++) {
        await sentMore(20);
        const [before, secret] = [told.secret, newSecret()];
        await product.api.put(`sources/${source.id}/webhook/secret`, { secret });
        told.secret = secret;
        answers.push(await send(told.url, secret), await send(told.url, before));
      }
      await sentMore(20);
    });
    expect(answers.filter((status) => status !== 200)).toEqual([]);
  }, 120_000);

  it('are all taken at the new URL from the moment it is made and at the old one for a while', async () => {
    await whileSending(async () => {
      for (let round = 0; round < 3; round++) {
        await sentMore(20);
        const before = told.url;
        const { url } = await product.api.post<Webhook>(`sources/${source.id}/webhook/rotate-token`, { overlapHours: 1 });
        expect(url).not.toBe(before);
        told.url = url;
        answers.push(await send(url, told.secret), await send(before, told.secret));
      }
      await sentMore(20);
    });
    expect(answers.filter((status) => status !== 200)).toEqual([]);
  }, 120_000);

  it('have all landed, once', async () => {
    await untilTrue(`${sent} events and customers have their rows`, async () =>
      await product.warehouse.count(SLUG, 'customer_events', `id like 'evt_rotated%'`) === sent && await product.warehouse.count(SLUG, 'customers', `id like 'cus_rotated%'`) === sent, product);
    const [doubled] = await product.warehouse.rows<{ n: string }>(`select count(*) - count(distinct id) as n from ${SLUG}.customer_events`);
    expect(doubled?.n).toBe('0');
  }, 120_000);

  it('are not taken at a URL without an overlap, nor with a secret that was never stored', async () => {
    const before = told.url;
    told.url = (await product.api.post<Webhook>(`sources/${source.id}/webhook/rotate-token`, { overlapHours: 0 })).url;
    await eventually('the URL before ends', async () => (await send(before, told.secret) === 404 ? true : undefined), product);
    expect([await send(told.url, told.secret), await send(told.url, newSecret())]).toEqual([200, 401]);
  }, 60_000);
});
