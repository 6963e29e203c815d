import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { startMailCatcher, startStripeSimulator, type StripeSimulator } from '#testing';
import type { RunDetail, Source } from '../e2e/support/api.js';
import { untilTrue } from '../e2e/support/eventually.js';
import { Product } from '../e2e/support/product.js';
import type { Person } from './browser.js';
import { looksWell, signedIn, stage } from './stage.js';

/** What the run pane says of a run that doesn't go as it should: what happened, to what, and what to do or what happens by itself. */
const MINUTE = 60_000;
const COLLECTIONS = ['customers', 'products', 'coupons'];

const begins = stage();
let product: Product;
let partner: StripeSimulator;
let owner: Person;
let source: Source;
/** The runs that were watched. */
const seen: string[] = [];

beforeAll(async () => {
  const mail = await begins(startMailCatcher());
  product = await begins(Product.start({
    services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'],
    env: {
      SUPPORT_SMTP_URL: mail.smtpUrl, SUPPORT_MAIL_TO: 'support@example.com', RUN_HANG_SECONDS: '15', RUN_LEASE_SECONDS: '3', RUN_MAX_MEMORY_MB: '64', SCHEDULER_TICK_MS: '200', PARTNER_RATE_LIMITS: 'false',
      NODE_OPTIONS: `--import=${new URL('../e2e/support/worker-faults.mjs', import.meta.url).href}`,
    },
  }));
  partner = await begins(startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 20, days: 30 } }));
  await product.connectWarehouse();
  source = await product.createStripe(partner.url, { name: 'Shop', slug: 'shop', intervalMinutes: 1_440, collections: COLLECTIONS });
  expect(await product.newestRunEnds(source.id)).toMatchObject({ state: 'succeeded' });
  await untilTrue('every customer has a row', async () => await product.warehouse.count(source.slug, 'customers') === partner.ids('customers').length, product);
  owner = await signedIn(begins, product);
}, 300_000);

afterEach(() => { partner.clearFaults(); });

/** Sync now, however soon after the last one, with its pane open. */
async function watched(): Promise<string> {
  await product.control.rows('update sources set last_sync_requested_at = null where id = $1', [source.id]);
  const { id } = await product.api.post<RunDetail>(`sources/${source.id}/sync`);
  seen.push(id);
  await owner.goes(`/runs/${id}`);
  return id;
}

/** The run's state, beside its title. */
const heading = (state: string): Locator => owner.page.locator('h1 + *').getByText(state, { exact: true });
const line = (collection: string): Locator => owner.page.getByRole('row').filter({ has: owner.page.getByText(collection, { exact: true }) });
const says = (text: string | RegExp): Promise<void> => owner.page.locator('main').getByText(text).first().waitFor();
/** What the run's worker does when it reads this. */
const broken = (fault: 'memory' | 'throw'): void => partner.fault({ kind: 'rewrite', path: '/v1/customers', times: 99, rewrite: (body) => body.replace('{', `{"about":"worker-fault:${fault}",`) });

describe('a run whose partner is down', () => {
  it('says which collection it stopped, that the rest is loaded, and when it is tried again', async () => {
    partner.fault({ kind: 'status', status: 503, path: '/v1/customers', times: 99 });
    const id = await watched();
    await heading('partly done').waitFor();
    await line('customers').getByText('failed').waitFor();
    await line('products').getByText('succeeded').waitFor();
    await says(/Stripe.* 503/);
    await says(/status page/);
    await says(/The next run is due/);
    await owner.picture('run-partner-down');
    expect(await product.runEnds(id)).toMatchObject({ state: 'partial', error: { code: 'partner_unavailable' } });
  }, 3 * MINUTE);
});

describe('a run whose partner answers nonsense', () => {
  it('shows what came instead', async () => {
    partner.fault({ kind: 'html', status: 200, path: '/v1/coupons', times: 99 });
    await watched();
    await heading('partly done').waitFor();
    await line('coupons').getByText('failed').waitFor();
    await owner.page.getByRole('button', { name: /own words/ }).click();
    await says(/<html/i);
    await owner.picture('run-nonsense');
  }, 3 * MINUTE);
});

describe('a run that is killed', () => {
  /** With the words for a person, and for support. */
  async function isKilled(name: string, why: RegExp): Promise<void> {
    await heading('killed').waitFor();
    await says(why);
    await says(/they already have the complete log/);
    await says(/Support has had the complete log since/);
    expect(await owner.page.getByText('Support reference:').count()).toBe(1);
    await owner.picture(name);
  }

  it('because the partner never answers', async () => {
    partner.fault({ kind: 'hang', path: '/v1/customers', times: 99 });
    await watched();
    await isKilled('run-hung', /made no progress for 15 s and was killed: GET \/v1\/customers had no answer yet/);
    for (const collection of ['customers', 'other_events']) await line(collection).getByText('killed').waitFor();
    await says('Concerns customers, other_events.');
    await owner.page.getByRole('list', { name: 'Calls to the partner' }).getByRole('listitem').filter({ hasText: 'no answer' }).getByText('customers').waitFor();
    await line('products').getByText('skipped').waitFor();
  }, 3 * MINUTE);

  it('because it eats memory', async () => {
    broken('memory');
    await watched();
    await isKilled('run-out-of-memory', /64 MiB/);
  }, 3 * MINUTE);

  it('by what nobody handles', async () => {
    broken('throw');
    await watched();
    await isKilled('run-broken', /An unhandled TypeError stopped the run/);
  }, 3 * MINUTE);
});

describe('a run whose fetcher dies', () => {
  it('waits for another one, is resumed from its checkpoint, and says so', async () => {
    partner.fault({ kind: 'hang', path: '/v1/products', times: 99 });
    const id = await watched();
    await line('products').getByText('running').waitFor();
    await product.killed('fetcher');
    partner.clearFaults();
    await says(/Resumed .* after its fetcher went silent/);
    await heading('succeeded').waitFor();
    expect(await owner.page.locator('main').getByText('skipped').count()).toBe(0);
    await owner.picture('run-resumed');
    expect((await product.runEnds(id)).attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
  }, 3 * MINUTE);

  it('says that no fetcher takes it', async () => {
    await product.gone('fetcher');
    const id = await watched();
    await heading('queued').waitFor();
    await says(/Waiting for a fetcher/);
    await owner.picture('run-queued');
    await product.back('fetcher');
    await heading('succeeded').waitFor();
    expect(await product.runEnds(id)).toMatchObject({ state: 'succeeded' });
  }, 3 * MINUTE);
});

describe('a run that waits', () => {
  it('for a limit that resets in an hour, says when it goes on, and goes on', async () => {
    partner.fault({ kind: 'status', status: 429, path: '/v1/customers', headers: { 'retry-after': '3600' } });
    const id = await watched();
    await heading('waiting').waitFor();
    await says(/It goes on by itself in (59:\d\d|1:00:00), from where it stopped/);
    await owner.picture('run-deferred');
    await product.control.rows('update runs set resume_at = now() where id = $1', [id]); // the hour is over
    await heading('succeeded').waitFor();
  }, 3 * MINUTE);

  it('for its daily budget, which a person can raise', async () => {
    expect((await product.api.ask('PATCH', `sources/${source.id}`, { dailyCallBudget: 2 })).status).toBe(200);
    const id = await watched();
    await heading('waiting').waitFor();
    await says(/2 API calls a day/);
    await says(/Raise the daily budget/);
    await owner.picture('run-budget');
    await product.api.ask('PATCH', `sources/${source.id}`, { dailyCallBudget: null });
    await heading('succeeded').waitFor();
    expect(await product.runEnds(id)).toMatchObject({ state: 'succeeded' });
  }, 3 * MINUTE);
});

describe('what a run has read', () => {
  it('is followed through the normaliser into the warehouse', async () => {
    product.signal('normalizer', 'SIGSTOP');
    await product.gone('warehouse-loader');
    partner.post('customers', { email: 'late@example.com' });
    await watched();
    await heading('succeeded').waitFor();
    await says(/normalising: at most \d+ pages? to go/);
    await owner.picture('run-normalising');
    product.signal('normalizer', 'SIGCONT');
    await says('all normalised');
    await says(/at most \d+ records? on the way into Warehouse/);
    await owner.picture('run-loading');
    await product.back('warehouse-loader');
    await says('all in Warehouse');
    await owner.picture('run-arrived');
  }, 3 * MINUTE);
});

describe('after all that', () => {
  it('nothing is missing', async () => {
    await untilTrue('every customer has a row', async () => await product.warehouse.count(source.slug, 'customers') === partner.ids('customers').length, product);
    await owner.goes(`/sources/${source.id}`);
    await owner.picture('runs');
    expect(owner.troubles).toEqual([]);
  }, 2 * MINUTE);
});

// Partly done, with the partner's own words, killed
looksWell('the pane of a run that went wrong', () => ({ product, person: owner, paths: seen.slice(0, 3).map((id) => `/runs/${id}`) }));
