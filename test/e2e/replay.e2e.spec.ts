import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicNames } from '#contracts';
import { startStripeSimulator, type StripeSimulator } from '#testing';
import type { RunDetail, Source, Webhook } from './support/api.js';
import { compiled } from '../../deploy/local/src/project.js';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
const SLUG = 'shop';

interface Progress { readonly done: number; readonly total: number; readonly pages: number; readonly oldest?: string }
type Replay = RunDetail & { readonly retainedFrom: string; readonly progress: Progress | null; readonly extent: { readonly collections: readonly string[] } };

let product: Product;
let partner: StripeSimulator;
let source: Source;

const calls = (): number => partner.requestLog.length;

/** Every row as it is to be again. When it was loaded, and which of two equal states came last, is nobody's concern. */
async function rows(): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { name } of await product.warehouse.rows<{ name: string }>(`select tablename as name from pg_tables where schemaname = $1 order by 1`, [SLUG])) {
    const all = await product.warehouse.rows<{ line: string }>(
      `select (to_jsonb(t) - 'uuid_ts' - 'received_at' - '_run_id' - case when to_jsonb(t) ? 'event_text' then '_version' else '' end)::text as line from "${SLUG}"."${name}" t order by 1`);
    found[name] = all.map(({ line }) => line);
  }
  return found;
}

async function rawMessages(): Promise<number> {
  let messages = 0;
  await product.topics.read(({ topic }) => { if (topic === topicNames.raw(product.topicPrefix, 'stripe')) messages += 1; });
  return messages;
}

async function verify(): Promise<void> { expect(await product.verify('--source', SLUG, '--sync')).toMatchObject({ slug: SLUG, difference: 0 }); }

const replay = (body: object = {}): Promise<Replay> => product.api.post<Replay>(`sources/${source.id}/replay`, body);

/** Rows that are gone, and rows that are wrong, of objects and events. */
async function damage(): Promise<void> {
  await product.warehouse.rows(`delete from ${SLUG}.customers`);
  await product.warehouse.rows(`update ${SLUG}.products set name = 'wrong'`);
  await product.warehouse.rows(`delete from ${SLUG}.customer_events where id in (select id from ${SLUG}.customer_events order by id limit 5)`);
  await product.warehouse.rows(`update ${SLUG}.customer_events set event_text = 'wrong'`);
}

async function isBack(before: Record<string, string[]>): Promise<void> {
  let now: Record<string, string[]> = {};
  await untilTrue('the warehouse is as it was', async () => JSON.stringify(now = await rows()) === JSON.stringify(before), {
    context: () => `${Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name])).map((name) => `${name}: expected ${before[name]?.length}, found ${now[name]?.length}; ${before[name]?.find((line) => !now[name]?.includes(line))} | ${now[name]?.find((line) => !before[name]?.includes(line))}`).join('\n')}\n${product.troubles()}`,
  });
}

beforeAll(async () => {
  product = await Product.start({ env: { PARTNER_RATE_LIMITS: 'false', RUN_LEASE_SECONDS: '3' } });
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 40, days: 60 } });
  await product.connectWarehouse();
}, 300_000);
afterAll(async () => {
  await partner?.stop();
  await product?.stop();
}, 120_000);

describe('a replay', () => {
  let before: Record<string, string[]>;

  it('makes the warehouse again from what is retained, without a call', async () => {
    source = await product.createStripe(partner.url, { name: 'Shop', slug: SLUG, intervalMinutes: 1_440 });
    expect((await product.newestRunEnds(source.id)).state).toBe('succeeded');
    const webhook = await product.api.put<Webhook>(`sources/${source.id}/webhook/secret`, { secret: product.secrets.webhookSecret });
    partner.addWebhookEndpoint({ url: webhook.url, secret: product.secrets.webhookSecret });
    const [changed = '', deleted = ''] = partner.ids('customers');
    partner.post(`customers/${changed}`, { email: 'changed@example.com' });
    partner.delete(`customers/${deleted}`);
    partner.step(15);
    await partner.webhooks.idle();
    await verify();
    before = await rows();
    expect(before['customer_events']?.length).toBeGreaterThan(5);
    const [called, raw, checkpoints] = [calls(), await rawMessages(), await product.control.rows('select collection, checkpoint from checkpoints order by 1')];

    await damage();
    const asked = await replay();
    expect(asked).toMatchObject({ trigger: 'replay', state: 'queued', progress: null });
    expect(Math.abs(Date.parse(asked.retainedFrom) - Date.parse((await product.control.rows<{ at: Date }>('select created_at as at from sources'))[0]?.at.toISOString() ?? ''))).toBeLessThan(1_000);
    const run = await product.runEnds(asked.id) as Replay;
    expect(run).toMatchObject({ state: 'succeeded', apiCalls: 0, calls: [], error: null });
    expect(run.progress).toMatchObject({ pages: raw, oldest: expect.stringMatching(/^20/) });
    expect(run.progress?.done).toBe(run.progress?.total);
    expect(run.records).toBeGreaterThan(100);
    await isBack(before);
    expect([calls(), await rawMessages(), await product.control.rows('select collection, checkpoint from checkpoints order by 1')]).toEqual([called, raw, checkpoints]);

    const told: unknown[] = [];
    await product.topics.read(({ topic, value }) => { if (topic === topicNames.syncEvents(product.topicPrefix)) told.push(JSON.parse(String(value))); });
    expect(told).toContainEqual(expect.objectContaining({ type: 'run.changed', runId: run.id, progress: run.progress }));
    await verify();
  }, 5 * MINUTE);

  it('takes the collections that are named, and refuses others', async () => {
    await damage();
    const run = await product.runEnds((await replay({ collections: ['products'] })).id);
    expect(run).toMatchObject({ state: 'succeeded', apiCalls: 0, collections: [{ collection: 'products', state: 'succeeded' }] });
    await untilTrue('the products are right again', async () => JSON.stringify((await rows())['products']) === JSON.stringify(before['products']), product);
    expect(await product.warehouse.count(SLUG, 'customers')).toBe(0);
    const unknown = await product.api.ask('POST', `sources/${source.id}/replay`, { collections: ['nothing'] });
    expect([unknown.status, unknown.body.errors?.[0]?.field]).toEqual([400, 'collections']);
    const future = await product.api.ask('POST', `sources/${source.id}/replay`, { from: new Date(Date.now() + MINUTE).toISOString() });
    expect([future.status, future.body.errors?.[0]?.field]).toEqual([400, 'from']);
  }, 5 * MINUTE);

  it('survives kill -9 of its fetcher, works for a paused source, and brings what came meanwhile', async () => {
    await product.api.post(`sources/${source.id}/pause`);
    product.signal('normalizer', 'SIGSTOP');
    const called = calls();
    const { id } = await replay();
    await untilTrue('it has a position', async () => (await product.control.rows('select 1 from run_checkpoints where run_id = $1', [id])).length > 0, product);
    const second = await product.api.ask('POST', `sources/${source.id}/replay`, {});
    expect([second.status, second.body.code]).toEqual([409, 'run_active']);
    partner.step(5);
    await partner.webhooks.idle();
    await product.killed('fetcher');
    product.signal('normalizer', 'SIGCONT');
    const run = await product.runEnds(id) as Replay;
    expect(run).toMatchObject({ state: 'succeeded', apiCalls: 0 });
    expect(run.attempts.map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
    expect(calls()).toBe(called);
    expect(await product.warehouse.count(SLUG, 'products', `name = 'wrong'`)).toBe(0);
    await product.api.post(`sources/${source.id}/resume`);
    await verify();
  }, 5 * MINUTE);

  it('brings a changed mapping to everything that is retained, and back', async () => {
    // A deleted row keeps the last values that were known of it
    const mapped = (): Promise<number[]> => Promise.all([product.warehouse.count(SLUG, 'customers', `mapped_by = 'a later release' and not is_deleted`), product.warehouse.count(SLUG, 'customer_events', `mapped_by = 'a later release'`)]);
    const all = await Promise.all([product.warehouse.count(SLUG, 'customers', 'not is_deleted'), product.warehouse.count(SLUG, 'customer_events')]);
    const called = calls();
    const module = pathToFileURL(compiled('test', 'e2e', 'support', 'changed-mapping.js')).href;
    await product.another('normalizer', { NODE_OPTIONS: `--import=${module}` });
    await product.gone('normalizer');
    expect(await product.runEnds((await replay()).id)).toMatchObject({ state: 'succeeded', apiCalls: 0 });
    const column = async (): Promise<boolean> => (await product.warehouse.rows(`select 1 from information_schema.columns where table_schema = $1 and column_name = 'mapped_by'`, [SLUG])).length >= 2;
    await untilTrue('every row has the new column', async () => await column() && (await mapped()).every((count, at) => count === all[at]), { context: product.context, timeoutMs: 2 * MINUTE });
    expect(calls()).toBe(called);
    await product.back('normalizer');
    await product.gone('normalizer-2');
    expect(await product.runEnds((await replay()).id)).toMatchObject({ state: 'succeeded' });
    await untilTrue('no row has the later column', async () => (await mapped()).every((count) => count === 0), { context: product.context, timeoutMs: 2 * MINUTE });
    await verify();
  }, 5 * MINUTE);

  it('can be cancelled', async () => {
    product.signal('normalizer', 'SIGSTOP');
    const { id } = await replay();
    await untilTrue('it has a position', async () => (await product.control.rows('select 1 from run_checkpoints where run_id = $1', [id])).length > 0, product);
    expect((await product.api.post<RunDetail>(`runs/${id}/cancel`)).state).toBe('cancelled');
    product.signal('normalizer', 'SIGCONT');
    expect(await product.runEnds((await replay()).id)).toMatchObject({ state: 'succeeded' });
    await verify();
  }, 5 * MINUTE);
});
