import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSalesforceSimulator, startStripeSimulator, startZendeskSimulator, type SalesforceSimulator, type StripeSimulator, type ZendeskSimulator } from '#testing';
import type { RunDetail, Source } from './support/api.js';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
let stripe: StripeSimulator;
let zendesk: ZendeskSimulator;
let salesforce: SalesforceSimulator;
let product: Product;

/** One connector's part of the same story. */
interface Story {
  readonly source: string;
  readonly create: () => object;
  readonly collections: readonly string[];
  /** What is read anew, and its table. */
  readonly collection: string;
  /** One that isn't, whose rows must not be missed. */
  readonly other: string;
  readonly calls: () => number;
  readonly paths: () => readonly string[];
  /** Requests of the collection that is read anew, and of no other. */
  readonly only: RegExp;
  /** Makes a record of `other`, which the run doesn't see, and one of `collection`; their ids. */
  readonly change: () => readonly [other: string, own: string];
}

const stories: readonly Story[] = [
  {
    source: 'shop', collections: ['customers', 'products', 'customer_events'], collection: 'customers', other: 'products', only: /^\/v1\/customers/,
    create: () => ({ connector: 'stripe', configuration: { apiKey: stripe.apiKey, baseUrl: stripe.url } }),
    calls: () => stripe.requestLog.length, paths: () => stripe.requestLog.map(({ url }) => url),
    change: () => [stripe.post('products', { name: 'New' }).id, stripe.post('customers', { email: 'new@example.com' }).id],
  },
  {
    source: 'desk', collections: ['tickets', 'users', 'groups'], collection: 'tickets', other: 'users', only: /^\/api\/v2\/incremental\/tickets/,
    create: () => ({ connector: 'zendesk', configuration: { subdomain: 'acme', accessToken: zendesk.accessToken, baseUrl: zendesk.url } }),
    calls: () => zendesk.requestLog.length, paths: () => zendesk.requestLog.map(({ url }) => url),
    change: () => {
      const user = zendesk.create('users', { name: 'New', email: 'new@customer.example.com' }).id;
      const ticket = zendesk.create('tickets', { subject: 'New', requester_id: user, comment: { body: 'New', author_id: user } }).id;
      zendesk.advance(2 * MINUTE); // exports leave the last minute out
      return [String(user), String(ticket)];
    },
  },
  {
    source: 'crm', collections: ['accounts', 'contacts'], collection: 'accounts', other: 'contacts', only: /query.*FROM(%20|\+)Account(%20|\+|$)|describe|limits/i,
    create: () => ({ connector: 'salesforce', configuration: { instanceUrl: salesforce.url, accessToken: salesforce.accessToken } }),
    calls: () => salesforce.requestLog.length, paths: () => salesforce.requestLog.map(({ url }) => url),
    change: () => {
      const ids = [salesforce.create('Contact', { LastName: 'New' }), salesforce.create('Account', { Name: 'New' })] as const;
      salesforce.advance(5 * MINUTE); // the newest two minutes are left for later
      return ids;
    },
  },
];

async function sync(id: string): Promise<RunDetail> {
  await product.control.rows('update sources set last_sync_requested_at = null', []);
  return product.runEnds((await product.api.post<{ id: string }>(`sources/${id}/sync`)).id);
}
const checkpoints = async (id: string): Promise<string> => JSON.stringify(await product.control.rows('select collection, checkpoint from checkpoints where source_id = $1 order by 1', [id]));

beforeAll(async () => {
  const startAt = Date.now() - 2 * HOUR;
  [stripe, zendesk, salesforce] = await Promise.all([
    startStripeSimulator({ startAt, data: { customers: 30 } }), startZendeskSimulator({ startAt, data: { tickets: 30 } }), startSalesforceSimulator({ startAt, data: { accounts: 20 } }),
  ]);
  product = await Product.start({ services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'], env: { PARTNER_RATE_LIMITS: 'false' } });
  await product.connectWarehouse();
}, 600_000);
afterAll(async () => {
  await product?.stop();
  await Promise.all([stripe?.stop(), zendesk?.stop(), salesforce?.stop()]);
}, 120_000);

describe.each(stories)('a re-sync of $source', (story) => {
  const { source: slug, collection, other } = story;
  let source: Source;
  const verify = async (): Promise<void> => { expect(await product.verify('--source', slug)).toMatchObject({ slug, difference: 0 }); };

  it('reads one collection anew, without a call or a checkpoint for the rest', async () => {
    source = await product.api.post<Source>('sources', { ...story.create(), name: slug, slug, collections: story.collections });
    expect((await product.newestRunEnds(source.id)).state).toBe('succeeded');
    await untilTrue('the first sync is loaded', async () => (await product.warehouse.count(slug, collection)) > 0, product);
    await verify();

    // Lost where it should be, and a change that the next normal sync must bring.
    await product.warehouse.rows(`delete from "${slug}"."${collection}" where not is_deleted`); // of deletions only Stripe's events know
    const [missed, fresh] = story.change();
    const before = { calls: story.calls(), checkpoints: await checkpoints(source.id) };
    const asked = await product.api.post<RunDetail & { extent: object }>(`sources/${source.id}/resync`, { collections: [collection] });
    expect(asked).toMatchObject({ trigger: 'resync', extent: { collections: [collection] } });
    const second = await product.api.ask('POST', `sources/${source.id}/resync`, { collections: [collection] });
    expect([second.status, second.body.code]).toEqual([409, 'run_active']);
    const run = await product.runEnds(asked.id);
    expect(run).toMatchObject({ state: 'succeeded', collections: [{ collection, state: 'succeeded' }] });
    expect(run.apiCalls).toBe(story.calls() - before.calls);
    expect(story.paths().slice(before.calls).filter((path) => !story.only.test(path))).toEqual([]);
    expect(await checkpoints(source.id)).toBe(before.checkpoints);
    await untilTrue('the collection is back', async () => (await product.warehouse.count(slug, collection, `id = '${fresh}'`)) === 1, product);

    expect((await sync(source.id)).state).toBe('succeeded');
    await untilTrue('the change that the re-sync passed over', async () => (await product.warehouse.count(slug, other, `id = '${missed}'`)) === 1, product);
    await verify();
  }, 5 * MINUTE);

  it('reads a window of time, and refuses what it can\'t', async () => {
    const [from, to] = [new Date(Date.now() - 20 * DAY).toISOString(), new Date(Date.now() - 10 * DAY).toISOString()];
    const whole = (await product.api.get<{ data: readonly RunDetail[] }>(`sources/${source.id}/runs`)).data.find(({ trigger }) => trigger === 'resync')?.records ?? 0;
    const { id } = await product.api.post<RunDetail>(`sources/${source.id}/resync`, { collections: [collection], from, to });
    const run = await product.runEnds(id);
    expect(run.state).toBe('succeeded');
    expect(run.records).toBeLessThan(whole);
    const early = await product.api.ask('POST', `sources/${source.id}/resync`, { from: '2001-01-01' });
    expect([early.status, early.body.errors?.[0]?.field]).toEqual([400, 'from']);
    await verify();
  }, 5 * MINUTE);
});

describe('a re-sync that is interrupted', () => {
  it('goes on from its own checkpoints after kill -9 of its fetcher', async () => {
    const { data } = await product.api.get<{ data: readonly Source[] }>('sources');
    const desk = data.find(({ slug }) => slug === 'desk');
    const before = await checkpoints(desk?.id ?? '');
    zendesk.fault({ kind: 'slow', path: '/api/v2/incremental/users', delayMs: 5_000 });
    const { id } = await product.api.post<RunDetail>(`sources/${desk?.id}/resync`, {});
    await untilTrue('it has a checkpoint of its own', async () => (await product.control.rows('select 1 from run_checkpoints where run_id = $1', [id])).length > 0, product);
    await product.killed('fetcher');
    zendesk.clearFaults();
    expect(await product.runEnds(id)).toMatchObject({ state: 'succeeded', trigger: 'resync' });
    expect(await checkpoints(desk?.id ?? '')).toBe(before);
    expect(await product.verify('--source', 'desk')).toMatchObject({ difference: 0 });
  }, 5 * MINUTE);
});
