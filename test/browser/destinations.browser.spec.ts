import { beforeAll, describe, expect, it } from '@jest/globals';
import { startEventCatcher, startStripeSimulator, type EventCatcher, type StripeSimulator } from '#testing';
import type { Source, Webhook } from '../e2e/support/api.js';
import { untilTrue } from '../e2e/support/eventually.js';
import { Product } from '../e2e/support/product.js';
import { posted, signedByStripe } from '../e2e/support/webhook.js';
import type { Person } from './browser.js';
import { looksWell, signedIn, stage } from './stage.js';

/** Events to a destination, as a person sets it up and watches it. */
const begins = stage();
let product: Product;
let partner: StripeSimulator;
let catcher: EventCatcher;
let owner: Person;
let webhook: Webhook;
let destinationPath: string;
let status = 204;
let sent = 0;

async function happens(): Promise<void> {
  sent += 1;
  const created = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ id: `evt_browser${sent}`, object: 'event', type: 'invoice.paid', created, api_version: '2026-08-26.dahlia', data: { object: { id: `in_${sent}`, object: 'invoice', customer: `cus_${sent}`, amount_paid: 4_900, currency: 'eur' } } });
  expect(await posted(webhook.url, body, signedByStripe(body, product.secrets.webhookSecret))).toMatchObject({ status: 200 });
}

beforeAll(async () => {
  product = await begins(Product.start({ services: ['gateway', 'scheduler', 'webhook-gateway', 'normalizer', 'event-forwarder'], env: { FORWARDER_RETRY_FIRST_MS: '500', FORWARDER_RETRY_MOST_MS: '1000', FORWARDER_POLL_MS: '200' } }));
  partner = await begins(startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 1, days: 1 } }));
  catcher = await begins(startEventCatcher({ answer: () => ({ status, body: status === 204 ? '' : '{"error":"no such plan"}' }) }));
  await product.connectWarehouse();
  const source = await product.createStripe(partner.url, { name: 'Shop', slug: 'shop', collections: ['invoice_events'], intervalMinutes: 1_440 });
  webhook = await product.api.put<Webhook>(`sources/${source.id}/webhook/secret`, { secret: product.secrets.webhookSecret });
  owner = await signedIn(begins, product);
}, 300_000);

describe('a destination in the console', () => {
  it('is chosen from the kinds, told what is wrong with its condition, and shows its secret once', async () => {
    const { page } = owner;
    await owner.goes('/');
    await page.getByRole('link', { name: 'Destinations' }).click();
    await page.getByText('No destination yet.').waitFor();
    await owner.picture('destinations-empty');
    await page.getByRole('link', { name: 'Add: Signed webhook' }).click();
    await page.getByLabel('Name').fill('Billing tool');
    await page.getByLabel('Endpoint URL').fill(`${catcher.url}/billing`);
    await page.getByLabel('Events', { exact: true }).first().fill('invoice_*');
    await page.keyboard.press('Enter');
    await page.getByLabel('Condition').fill('object.amount_paid >');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('at character 21: expected a value').waitFor();
    await owner.picture('destination-new');
    await page.getByLabel('Condition').fill('object.amount_paid > 0');
    await page.getByRole('button', { name: 'Create' }).click();
    expect(await page.getByRole('dialog').innerText()).toMatch(/whsec_[\w+/]{43}=/);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByText('Nothing was sent yet').waitFor();
    destinationPath = new URL(page.url()).pathname;
    expect(destinationPath).toMatch(/^\/destinations\/[0-9a-f-]{36}$/);
  }, 180_000);

  it('is tested at once, and shows what arrives without a reload', async () => {
    const { page } = owner;
    await page.getByRole('button', { name: 'Send a test event' }).click();
    await page.getByText(/The destination took it \(204/).waitFor();
    await owner.picture('destination-test');
    await happens();
    await page.getByRole('cell', { name: /^delivered/ }).waitFor();
    expect(catcher.requests.map(({ path, body }) => [path, (JSON.parse(body) as { type: string }).type])).toEqual([['/billing', 'test_event'], ['/billing', 'invoice_paid']]);
  }, 180_000);

  it('says why a delivery failed and what to do, and sends it again', async () => {
    const { page } = owner;
    status = 422;
    await happens();
    // The destination itself says it as well, before the list has the delivery
    await page.getByRole('row').filter({ hasText: 'The destination refused the event (422).' }).getByRole('button', { name: 'invoice_paid' }).click();
    await page.getByText('What to do: Its answer says why.').waitFor();
    await page.getByLabel('Event', { exact: true }).getByText('evt_browser2').waitFor();
    await owner.picture('delivery-failed');
    status = 204;
    await page.getByRole('button', { name: 'Retry all failed' }).click();
    await untilTrue('it arrived', () => catcher.requests.some(({ body, status: answered }) => body.includes('evt_browser2') && answered === 204), product);
    await page.getByRole('cell', { name: /^delivered/ }).nth(1).waitFor();
  }, 180_000);

  it('that is down says so, and that it goes on by itself', async () => {
    const { page } = owner;
    status = 503;
    await happens();
    await page.getByText('The destination failed (503).').first().waitFor();
    await page.getByText(/After three days without a delivery it is disabled/).waitFor();
    await owner.picture('destination-failing');
    await owner.goes('/destinations');
    await page.getByRole('cell', { name: /^failing/ }).waitFor();
    await owner.picture('destinations');
    status = 204;
    await page.getByRole('cell', { name: /^active/ }).waitFor();
  }, 180_000);

  it('is changed, gets a new secret, and ends when its name is typed', async () => {
    const { page } = owner;
    await owner.goes(`${destinationPath}/settings`);
    await page.getByLabel('Name').fill('Billing');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Billing', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Make a new secret' }).click();
    expect(await page.getByRole('dialog').innerText()).toMatch(/whsec_/);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('Disabled by a person.').waitFor();
  }, 180_000);
});

looksWell('every page of destinations', () => ({
  product, person: owner, paths: ['/destinations', '/destinations/new/webhook', '/destinations/new/segment', destinationPath, `${destinationPath}/settings`],
  opens: (path, { page }) => path !== destinationPath ? [] : [async () => {
    await page.getByRole('button', { name: 'invoice_paid' }).first().click();
    await page.getByRole('table', { name: 'Tries' }).waitFor();
  }],
}));

describe('the end of a destination', () => {
  it('is by keyboard alone', async () => {
    const { page } = owner;
    await owner.goes(`${destinationPath}/settings`);
    await page.getByRole('button', { name: 'Delete this destination' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Type Billing to go on').waitFor();
    await page.getByLabel('Type Billing to go on').focus();
    await page.keyboard.type('Billing');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === '/destinations');
    await page.getByText('No destination yet.').waitFor();
  }, 120_000);
});
