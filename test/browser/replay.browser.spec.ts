import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { deadLetterHeaders, rawHeaders, rawKey, topicNames, type RawRecordMeta } from '#contracts';
import { RecordProducer, createKafka } from '#kafka';
import { startStripeSimulator, type StripeSimulator } from '#testing';
import type { Source } from '../e2e/support/api.js';
import { untilTrue } from '../e2e/support/eventually.js';
import { Product } from '../e2e/support/product.js';
import type { Person } from './browser.js';
import { looksWell, signedIn, stage } from './stage.js';

/** What a person makes again of what is there: rows from what is retained, and single records that could not be processed. */
const MINUTE = 60_000;
const silent = { debug: () => undefined, warn: () => undefined };

const begins = stage();
let product: Product;
let partner: StripeSimulator;
let owner: Person;
let source: Source;
let producer: RecordProducer;
let replayPath: string;

beforeAll(async () => {
  product = await begins(Product.start({ services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'], env: { PARTNER_RATE_LIMITS: 'false' } }));
  partner = await begins(startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 20, days: 30 } }));
  await product.connectWarehouse();
  source = await product.createStripe(partner.url, { name: 'Shop', slug: 'shop', collections: ['customers', 'products'], intervalMinutes: 1_440 });
  expect(await product.newestRunEnds(source.id)).toMatchObject({ state: 'succeeded' });
  producer = new RecordProducer(createKafka({ brokers: product.brokers, clientId: 'browser' }, silent));
  await begins(producer.connect().then(() => ({ stop: () => producer.disconnect() })));
  owner = await signedIn(begins, product);
}, 300_000);

const meta = (id: string): RawRecordMeta => ({
  id, workspaceId: '', sourceId: source.id, connector: 'stripe', collection: 'customers', component: 'sync', receivedAt: '2026-05-06T07:08:09.123Z', observedAt: 1_778_000_000_000, recordsAt: 'data',
});
const send = (id: string, body: string): Promise<void> => producer.send(topicNames.raw(product.topicPrefix, 'stripe'), { key: rawKey(source.id, 'customers', 0), value: body, headers: rawHeaders(meta(id)) });
const customers = (where = 'true'): Promise<number> => product.warehouse.count('shop', 'customers', where);

describe('a replay', () => {
  it('is begun where the source is, watched while it goes, and makes the rows again without a call', async () => {
    const { page } = owner;
    const all = partner.ids('customers').length;
    await untilTrue('every customer has a row', async () => await customers() === all, product);
    await product.warehouse.rows('delete from shop.customers');
    const called = partner.requestLog.length;
    await owner.goes(`/sources/${source.id}/settings`);
    await page.getByText(/What came since .* is retained/).waitFor();
    await owner.picture('replay');
    product.signal('normalizer', 'SIGSTOP'); // so that it is seen under way
    await page.getByRole('button', { name: 'Replay', exact: true }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/'));
    replayPath = new URL(page.url()).pathname;
    await page.getByText('as a replay').waitFor();
    await page.getByText(/pages? normalised again/).waitFor();
    await page.getByRole('progressbar', { name: 'Replay' }).waitFor();
    await owner.picture('replay-running');
    product.signal('normalizer', 'SIGCONT');
    await page.locator('h1 + *').getByText('succeeded', { exact: true }).waitFor();
    await page.getByText(/^[1-9]\d* pages? normalised again, the oldest of/).waitFor();
    await owner.picture('replay-done');
    await untilTrue('the rows are back', async () => await customers() === all, product);
    expect(partner.requestLog.length).toBe(called);
  }, 4 * MINUTE);

  it('takes only the collections that were chosen', async () => {
    const { page } = owner;
    await owner.goes(`/sources/${source.id}/settings`);
    await page.getByRole('combobox', { name: 'Collections to replay' }).click();
    await page.getByRole('option', { name: 'products' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Replay', exact: true }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/'));
    await page.locator('h1 + *').getByText('succeeded', { exact: true }).waitFor();
    await page.getByRole('cell', { name: 'products' }).waitFor();
    expect(await page.getByRole('cell', { name: 'customers' }).count()).toBe(0);
  }, 3 * MINUTE);
});

describe('dead letters', () => {
  /** As a normaliser left it that could not read this record yet. */
  const mended = (n: number): Promise<void> => producer.send(topicNames.deadLetter(product.topicPrefix, 'normalizer'), {
    key: rawKey(source.id, 'customers', 0), value: JSON.stringify({ object: 'customer', id: `cus_mended${n}`, created: 1_777_000_000, email: `${n}@example.com` }),
    headers: {
      ...deadLetterHeaders({ service: 'normalizer', reason: 'unknown_field', message: 'this version does not know the field yet', topic: topicNames.raw(product.topicPrefix, 'stripe'), partition: 0, offset: String(n), recordIndex: n, sourceId: source.id, connector: 'stripe', collection: 'customers' }, new Date()),
      ...Object.fromEntries(Object.entries(rawHeaders(meta(`mended-${n}`))).map(([name, value]) => [`original_${name}`, value])),
    },
  });
  const letters = (reason: string): Locator => owner.page.getByRole('article', { name: `${reason}, Shop` });
  const reason = (name: string): Locator => owner.page.getByRole('table').getByRole('button', { name, exact: true });

  it('are listed by reason, each with its record', async () => {
    const { page } = owner;
    await owner.goes('/dead-letters');
    await page.getByText('No open dead letter').waitFor();
    await send('page-1', '{"data":[{"object":"customer","email":"nobody@example.com"}]}');
    await send('page-2', 'no JSON');
    for (const n of [1, 2, 3]) await mended(n);
    await letters('not json').getByLabel('Record').getByText('no JSON').waitFor(); // by itself: nobody reloads
    await untilTrue('all five are there', async () => await page.getByRole('article').count() === 5, product);
    await page.getByLabel('Record').getByText('nobody@example.com').waitFor();
    await owner.picture('dead-letters');
    await reason('unknown field').click();
    await untilTrue('only those with this reason are shown', async () => await page.getByRole('article').count() === 3, product);
  }, 3 * MINUTE);

  it('are replayed one by one: what was mended is loaded', async () => {
    const { page } = owner;
    await letters('unknown field').filter({ hasText: 'cus_mended1' }).getByRole('button', { name: 'Replay' }).click();
    await page.getByText('It goes through again. If it fails again, it comes back as a new one.').waitFor();
    await untilTrue('it is loaded', async () => await customers(`id = 'cus_mended1'`) === 1, product);
    await untilTrue('it is no open one any more', async () => await letters('unknown field').count() === 2, product);
  }, 2 * MINUTE);

  it('are replayed all at once, as they are shown', async () => {
    const { page } = owner;
    await page.getByRole('button', { name: 'Replay all' }).click();
    await untilTrue('they are loaded', async () => await customers(`id like 'cus_mended%'`) === 3, product);
    await page.getByText('No open dead letter').waitFor();
    expect((await product.control.rows<{ n: number }>(`select count(*)::int as n from dead_letters where state = 'open'`))[0]?.n).toBe(2);
  }, 2 * MINUTE);

  it('come back when they fail again', async () => {
    const { page } = owner;
    await owner.goes('/dead-letters');
    await letters('not json').getByRole('button', { name: 'Replay' }).click();
    await letters('not json').getByText('failed again').waitFor();
    await owner.picture('dead-letter-again');
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Replayed' }).click();
    await letters('not json').getByText('its replay failed too').waitFor();
  }, 2 * MINUTE);

  it('are discarded, one or all', async () => {
    const { page } = owner;
    await owner.goes('/dead-letters');
    await letters('not json').getByRole('button', { name: 'Discard' }).click();
    await letters('not json').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Discard all' }).click();
    await page.getByRole('dialog').getByText('Discard 1 record?').waitFor();
    expect([await owner.violations(), await owner.overflow()]).toEqual([[], 0]);
    await page.getByRole('dialog').getByRole('button', { name: 'Discard all' }).click();
    await page.getByText('No open dead letter').waitFor();
    await page.getByRole('combobox', { name: 'State' }).click();
    await page.getByRole('option', { name: 'Discarded' }).click();
    await untilTrue('both are discarded', async () => await page.getByRole('article').count() === 2, product);
    expect(owner.troubles).toEqual([]);
  }, 2 * MINUTE);
});

looksWell('a replay and dead letters', async () => {
  await send('page-3', 'no JSON either');
  return { product, person: owner, paths: [replayPath, '/dead-letters'], opens: (path, { page }) => path === '/dead-letters' ? [() => page.getByRole('article').first().waitFor()] : [] };
});
