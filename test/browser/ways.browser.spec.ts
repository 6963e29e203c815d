import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { startSalesforceSimulator, startStripeSimulator, startZendeskSimulator, type SalesforceSimulator, type StripeSimulator, type ZendeskSimulator } from '#testing';
import { compiled } from '../../deploy/local/src/project.js';
import { gatewayUrl } from '../../deploy/local/src/services.js';
import type { Source } from '../e2e/support/api.js';
import { eventually, untilTrue } from '../e2e/support/eventually.js';
import { Product } from '../e2e/support/product.js';
import type { Person } from './browser.js';
import { signedIn, stage } from './stage.js';

/** A person's ways to rows by sign-in at the partner's and by keyboard alone, and what the schedule lets them do. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const begins = stage();
let product: Product;
let stripe: StripeSimulator;
let zendesk: ZendeskSimulator;
let salesforce: SalesforceSimulator;
let person: Person;

beforeAll(async () => {
  product = await begins(Product.start({ services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'], env: { PARTNER_RATE_LIMITS: 'false' } }));
  await product.connectWarehouse();
  const redirectUris = [`${gatewayUrl(product.ports)}/api/v1/oauth/callback`];
  // In the past, so that exports, which leave the last minute out, have everything.
  zendesk = await begins(startZendeskSimulator({ startAt: Date.now() - 2 * HOUR, data: { tickets: 20 } }));
  const client = zendesk.addOAuthClient({ redirectUris });
  await product.api.put('oauth/zendesk/client', { clientId: client.clientId, clientSecret: client.clientSecret });
  salesforce = await begins(startSalesforceSimulator({ startAt: Date.now() - 72 * HOUR, data: { accounts: 10, days: 20 } }));
  salesforce.defineObject('Invoice__c', ['Amount__c:currency']);
  salesforce.create('Invoice__c', { Name: 'INV-1', Amount__c: 12 }, salesforce.now() - HOUR);
  const app = salesforce.addApp(true);
  await product.api.put('oauth/salesforce/client', { clientId: app.clientId, clientSecret: app.clientSecret });
  stripe = await begins(startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 8, days: 30 } }));
  person = await signedIn(begins, product);
}, 300_000);

const made = (name: string): Promise<Source> => eventually(`${name} is there`, async () => (await product.api.get<{ data: Source[] }>('sources')).data.find(({ slug }) => slug === name.toLowerCase()), product);

/** Signs in in the pop-up, where the partner asks whom to believe. */
async function agree(title: string): Promise<void> {
  const { page } = person;
  const opens = page.waitForEvent('popup');
  await page.getByRole('button', { name: `Sign in to ${title}` }).click();
  const popup = await opens;
  await popup.getByRole('link', { name: /^Allow, as (an|the) administrator/ }).click();
  await page.getByText('✓ readable').first().waitFor();
}

/** Only this collection of those in the list. */
async function chooses(...titles: readonly string[]): Promise<void> {
  const { page } = person;
  await page.getByText('Asking what may be read').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Deselect these' }).or(page.getByRole('button', { name: 'Select these' })).first().click();
  if (await page.getByRole('button', { name: 'Deselect these' }).isVisible()) await page.getByRole('button', { name: 'Deselect these' }).click();
  for (const title of titles) await page.getByRole('checkbox', { name: title, exact: true }).check();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('button', { name: 'Go on without' }).click();
}

async function creates(name: string): Promise<Source> {
  const { page } = person;
  await page.getByLabel(/^Name/).fill(name);
  await page.getByRole('button', { name: 'Create the source and sync' }).click();
  await page.getByText('Waiting for the first event').waitFor();
  await page.getByRole('link', { name: 'Go to the source' }).click();
  return made(name);
}

describe('a sign-in at the partner\'s', () => {
  it('leads from Zendesk\'s card to rows', async () => {
    const { page } = person;
    await person.goes('/catalog');
    await page.getByRole('link', { name: 'Connect Zendesk Support' }).click();
    await page.getByLabel(/^Subdomain/).fill('acme');
    await page.getByLabel(/^Base URL/).fill(zendesk.url);
    await agree('Zendesk Support');
    await chooses('Tickets', 'Users');
    const source = await creates('Support');
    await page.getByRole('row').nth(1).getByRole('link').click();
    await page.getByText('succeeded').first().waitFor();
    await untilTrue('every ticket has a row', async () => await product.warehouse.count(source.slug, 'tickets') === zendesk.ids('tickets').length, product);
  }, 5 * MINUTE);

  it('finds what only a Salesforce org has, and brings it', async () => {
    const { page } = person;
    await person.goes('/sources/new/salesforce');
    await page.getByLabel(/^Login URL/).fill(salesforce.url);
    await agree('Salesforce');
    await page.getByText('1 collection of your own found').waitFor();
    await person.picture('set-up-custom-objects');
    await chooses('Accounts', 'Invoices');
    const source = await creates('Sales');
    await untilTrue('the invoice has a row', async () => await product.warehouse.count(source.slug, 'invoice_c') === 1, product);
  }, 5 * MINUTE);
});

describe('the keyboard alone', () => {
  /** Tabs until what has the focus fits. */
  async function tabTo(what: RegExp, backwards = false): Promise<void> {
    for (let presses = 0; presses < 250; presses += 1) {
      await person.page.keyboard.press(backwards ? 'Shift+Tab' : 'Tab');
      const focused = await person.page.evaluate<string>('(() => { const e = document.activeElement; const label = e.labels?.[0]?.innerText ?? ""; return `${e.tagName} ${e.getAttribute("aria-label") ?? ""} ${label} ${e.tagName === "BODY" ? "" : e.innerText ?? ""}`; })()');
      if (what.test(focused)) return;
    }
    throw new Error(`Nothing that fits ${what.source} takes the focus.`);
  }

  it('connects Stripe', async () => {
    const { page } = person;
    const { keyboard } = page;
    await person.goes('/catalog');
    await tabTo(/^A .*Connect Stripe/);
    await keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === '/sources/new/stripe');
    await page.getByLabel(/^API key/).waitFor();
    await tabTo(/^INPUT .*API key/);
    await keyboard.type(product.secrets.simulatorKey);
    await tabTo(/^INPUT .*Base URL/);
    await keyboard.type(stripe.url);
    await keyboard.press('Enter');
    await page.getByText('✓ readable').first().waitFor();
    await page.getByText('Asking what may be read').waitFor({ state: 'detached' });
    await tabTo(/Deselect these/);
    await keyboard.press('Enter');
    await tabTo(/^INPUT .*Customers/);
    await keyboard.press('Space');
    await tabTo(/^BUTTON .*Go on/);
    await keyboard.press('Enter');
    await page.getByRole('button', { name: 'Go on without' }).waitFor();
    await tabTo(/^BUTTON .*Go on without/);
    await keyboard.press('Enter');
    await page.getByLabel(/^Name/).waitFor();
    await tabTo(/^INPUT .*Name/);
    await keyboard.press('Control+A');
    await keyboard.type('Keys');
    await keyboard.press('Enter');
    const source = await made('Keys');
    expect(source.collections).toEqual(['customers']);
    await untilTrue('customers have rows', async () => await product.warehouse.count(source.slug, 'customers') >= 8, product);
  }, 5 * MINUTE);

  it('moves a source on the schedule, and so does dragging', async () => {
    const { page } = person;
    const { id } = await made('Keys');
    const next = async (): Promise<number> => Date.parse((await product.api.get<Source>(`sources/${id}`)).nextRunAt ?? '');
    await product.api.put(`sources/${id}/schedule`, { intervalMinutes: 720, startAt: new Date(Date.now() + 6 * HOUR).toISOString().slice(11, 16) });
    const before = await next();
    await person.goes('/schedule');
    const lane = page.getByRole('slider', { name: 'Start of Keys' });
    await lane.focus();
    for (let presses = 0; presses < 6; presses += 1) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await untilTrue('it is half an hour later', async () => Math.round((await next() - before) / MINUTE) === 30, product);
    await page.getByText('Keys is moved.').first().waitFor();
    await person.goes('/schedule');
    await person.picture('schedule');
    const box = await lane.boundingBox();
    if (box === null) throw new Error('the lane is not there');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + box.width / 24, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await untilTrue('it is an hour later still', async () => Math.abs((await next() - before) / MINUTE - 90) <= 5, product);
  }, 3 * MINUTE);
});

describe('the first load', () => {
  it('stays under 250 KB of compressed JavaScript', async () => {
    const visitor = await person.other();
    const scripts: string[] = [];
    visitor.page.on('response', (response) => { if (response.url().endsWith('.js')) scripts.push(basename(response.url())); });
    await visitor.signsIn(product.owner, product.secrets.ownerPassword);
    const bytes = scripts.map((name) => readFileSync(compiled('console', 'assets', `${name}.gz`)).length).reduce((sum, size) => sum + size, 0);
    expect(scripts.length).toBeGreaterThan(2);
    expect(bytes).toBeLessThan(250 * 1024);
    await visitor.context.close();
  }, MINUTE);
});
