import { beforeAll, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, type StripeSimulator } from '#testing';
import type { Source } from '../e2e/support/api.js';
import { eventually } from '../e2e/support/eventually.js';
import { Product } from '../e2e/support/product.js';
import type { Person } from './browser.js';
import { looksWell, stage, visitor } from './stage.js';

/** A person's way from the first sign-in to rows in the warehouse, in a real browser against the running product. */
const begins = stage();
let product: Product;
let partner: StripeSimulator;
let owner: Person;
let source: Source;

beforeAll(async () => {
  product = await begins(Product.start());
  await product.api.signIn(product.owner, product.secrets.ownerPassword);
  partner = await begins(startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 25, days: 60 } }));
  owner = await visitor(begins, product);
}, 300_000);

describe('the console, from first start to rows', () => {
  it('refuses a wrong password in words, and lets the owner in to the page that was asked for', async () => {
    const { page } = owner;
    await owner.goes('/catalog');
    await page.waitForURL((url) => url.pathname === '/sign-in');
    await page.getByLabel('E-mail').fill(product.owner);
    await page.locator('input[type=password]').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(await page.getByRole('alert').innerText()).toMatch(/E-mail or password is wrong/);
    await page.locator('input[type=password]').fill(product.secrets.ownerPassword);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL((url) => url.pathname === '/catalog');
  }, 120_000);

  it('says that an object source needs a warehouse first, leads there and back', async () => {
    const { page } = owner;
    await owner.goes('/sources/new/stripe');
    await page.getByRole('link', { name: 'Connect one' }).click();
    await page.getByLabel(/^Connection URL/).fill(product.warehouseUrl);
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByText('Every privilege that loading needs is there.').waitFor();
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.waitForURL((url) => url.pathname === '/sources/new/stripe');
  }, 180_000);

  it('tests the key live, shows what each collection costs, and creates a source that syncs', async () => {
    const { page } = owner;
    await page.getByLabel(/^API key/).fill('sk_test_wrong0000000000000000');
    await page.getByLabel(/^Base URL/).fill(partner.url);
    await page.getByRole('button', { name: 'Test and go on' }).click();
    await page.getByRole('alert').filter({ hasText: 'Stripe' }).waitFor();
    await page.getByLabel(/^API key/).fill(product.secrets.simulatorKey);
    await page.getByRole('button', { name: 'Test and go on' }).click();
    await page.getByText('✓ readable').first().waitFor();
    await page.getByText('Asking what may be read').waitFor({ state: 'detached' });
    await owner.picture('set-up-collections');
    // What was chosen and learnt survives a reload; the key is asked for again.
    await page.reload();
    await page.getByText('✓ readable').first().waitFor();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('checkbox', { name: /^New customers/ }).check();
    await page.getByRole('checkbox', { name: /^Churned customers/ }).check();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByLabel(/^API key/).fill(product.secrets.simulatorKey);
    await page.getByLabel(/^Name/).fill('Shop');
    await page.getByRole('button', { name: 'Create the source and sync' }).click();
    await page.getByText('Waiting for the first event').waitFor();
    await owner.picture('set-up-webhook');
    await page.getByRole('link', { name: 'Go to the source' }).click();
    await page.waitForURL((url) => /^\/sources\/[0-9a-f-]{36}/.test(url.pathname));
    [source] = (await product.api.get<{ data: Source[] }>('sources')).data as [Source];
    expect(source.slug).toBe('shop');
    // A run of its schedule would meet those that the next tests ask for
    await product.api.put(`sources/${source.id}/schedule`, { intervalMinutes: 1_440, startAt: new Date(Date.now() + 43_200_000).toISOString().slice(11, 16) });
    await eventually('rows are in the warehouse', async () => (await product.warehouse.count(source.slug, 'customers') >= 25 ? true : undefined));
  }, 300_000);

  it('shows the run to its end without a reload', async () => {
    const { page } = owner;
    await owner.goes(`/sources/${source.id}`);
    await page.getByRole('row').nth(1).getByRole('link').click();
    await page.getByText('succeeded').first().waitFor();
    await page.getByRole('cell', { name: 'customers', exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Calls' }).waitFor();
    await owner.picture('run');
  }, 180_000);

  it('counts the minute of "Sync now" down', async () => {
    const { page } = owner;
    await owner.goes(`/sources/${source.id}`);
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/'));
    expect((await product.newestRunEnds(source.id)).state).toBe('succeeded');
    await owner.goes(`/sources/${source.id}`);
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.getByRole('button', { name: /Sync again in \d+ s/ }).waitFor();
  }, 240_000);

  it('says of a run what may not be read, counts a wait down, and ends when a person cancels', async () => {
    const { page } = owner;
    partner.fault({ kind: 'status', status: 403, path: '/v1/coupons', times: 100 });
    partner.fault({ kind: 'status', status: 429, path: '/v1/customers', times: 100, headers: { 'retry-after': '40' } });
    await product.control.rows('update sources set last_sync_requested_at = null', []);
    const { id } = await product.api.post<{ id: string }>(`sources/${source.id}/sync`);
    await owner.goes(`/runs/${id}`);
    const row = (collection: string) => page.getByRole('row').filter({ has: page.getByText(collection, { exact: true }) });
    await row('coupons').getByText('failed').waitFor();
    expect(await page.getByText(/Nothing else is affected|Restricted key|permission/i).count()).toBeGreaterThan(0);
    await page.getByText(/asks us to wait \d+:\d\d/).first().waitFor();
    await owner.picture('run-waits');
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByText('cancelled').first().waitFor();
    expect((await product.runEnds(id)).state).toBe('cancelled');
    partner.clearFaults();
  }, 180_000);

  it('has measured the metric that was chosen at set-up, which can be changed', async () => {
    const { page } = owner;
    await owner.goes('/metrics');
    await page.getByRole('link', { name: 'New customers' }).click();
    await page.getByRole('button', { name: 'Measure now' }).click();
    await page.getByText(/measured/).first().waitFor();
    await page.getByRole('img', { name: /chart/i }).or(page.locator('.recharts-surface')).first().waitFor();
    await owner.picture('metric');
    await page.getByLabel(/^Name/).fill('Customers by day');
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByText(/values?; the newest/).waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { level: 1, name: 'Customers by day' }).waitFor();
  }, 120_000);

  it('shows an access that the partner refuses, and what to do', async () => {
    const { page } = owner;
    partner.keys.revoke(product.secrets.simulatorKey);
    await product.control.rows('update sources set last_sync_requested_at = null', []);
    await owner.goes(`/sources/${source.id}`);
    await page.getByRole('button', { name: 'Sync now' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/'));
    await page.getByText('failed').first().waitFor();
    await owner.picture('access-denied');
    await owner.goes('/');
    await page.getByRole('link', { name: 'Reconnect' }).waitFor();
  }, 240_000);
});

const PAGES = ['/', '/sources', '/catalog', '/schedule', '/usage', '/metrics', '/metrics/new', '/segments', '/templates', '/notifications', '/dead-letters', '/warehouses', '/warehouses/new', '/topics', '/settings', '/sources/new/stripe', '/sources/new/zendesk'];
const TABS = ['', '/collections', '/schedule', '/usage', '/webhook', '/verify', '/settings'];

looksWell('every page', async () => {
  const [run] = await product.runsOf(source.id);
  return { product, person: owner, paths: [...PAGES, ...TABS.map((tab) => `/sources/${source.id}${tab}`), `/runs/${run?.id ?? ''}`] };
});
