import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, type Fault, type StripeSimulator } from '#testing';
import type { ProblemDetails, RunDetail, Source } from './support/api.js';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

/** Everything that a partner may do wrong: each ends with the same records at the partner, in the topics and in the warehouse. */
const MINUTE = 60_000;
const SLUG = 'faults';
const COLLECTIONS = ['customers', 'products', 'customer_events'];

let product: Product;
let partner: StripeSimulator;
let source: Source;

beforeAll(async () => {
  product = await Product.start();
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 20, days: 100 } });
  await product.connectWarehouse();
  source = await product.createStripe(partner.url, { name: 'Faults', slug: SLUG, intervalMinutes: 1_440, collections: COLLECTIONS });
  const [first] = await product.runsOf(source.id);
  expect(await product.runEnds(first?.id ?? '')).toMatchObject({ state: 'succeeded' });
}, 300_000);
afterEach(() => { partner.clearFaults(); });
afterAll(async () => {
  await partner?.stop();
  await product?.stop();
}, 120_000);

/** Sync now, however soon after the last one, to its end. */
async function sync(): Promise<RunDetail> {
  await product.control.rows('update sources set last_sync_requested_at = null where id = $1', [source.id]);
  return product.runEnds((await product.api.post<RunDetail>(`sources/${source.id}/sync`)).id);
}

/** The fault is over: one more sync, and nothing is missing, doubled or left over. */
async function isWhole(): Promise<void> {
  partner.clearFaults();
  expect(await sync()).toMatchObject({ state: 'succeeded' });
  const verdict = await product.verify('--source', SLUG);
  expect(verdict.collections.filter(({ difference }) => difference !== 0)).toEqual([]);
  expect(verdict.collections.map(({ collection }) => collection).sort()).toEqual([...COLLECTIONS].sort());
}

const add = (count = 3): string[] => Array.from({ length: count }, (_, index) => partner.post('customers', { email: `${Date.now()}.${index}@example.com` }).id);
const ofList = (change: (list: { data: Record<string, unknown>[]; has_more: boolean }) => void) => (body: string): string => {
  const list = JSON.parse(body) as { data: Record<string, unknown>[]; has_more: boolean };
  change(list);
  return JSON.stringify(list);
};
/** A customer of now, with these fields more; `text` where JSON.stringify can't write it. */
function put(id: string, more: Record<string, unknown>, text?: (json: string) => string): void {
  const object = { id, object: 'customer', created: Math.floor(partner.now() / 1000), ...more };
  partner.put('customers', object, text?.(JSON.stringify(object)));
}
const row = async (id: string): Promise<Record<string, unknown>> => {
  await untilTrue(`${id} has a row`, async () => await product.warehouse.count(SLUG, 'customers', `id = '${id}'`) === 1, product);
  return (await product.warehouse.rows<Record<string, unknown>>(`select * from ${SLUG}.customers where id = $1`, [id]))[0] ?? {};
};

describe('a partner that is away for a moment', () => {
  it.each<[string, readonly Fault[]]>([
    ['answers 429', [{ kind: 'status', status: 429, path: '/v1/customers', times: 2, headers: { 'retry-after': '1' } }]],
    ['answers 500', [{ kind: 'status', status: 500, path: '/v1/customers', times: 2 }]],
    ['resets connections, also in the middle of a body', [{ kind: 'reset', path: '/v1/customers' }, { kind: 'reset_body', path: '/v1/customers' }]],
    ['sends a proxy\'s page instead', [{ kind: 'html', status: 502, path: '/v1/customers', times: 2 }]],
  ])('%s: is asked again', async (_, faults) => {
    add();
    for (const fault of faults) partner.fault(fault);
    expect(await sync()).toMatchObject({ state: 'succeeded', error: null });
    await isWhole();
  }, 3 * MINUTE);
});

describe('a partner that answers nonsense', () => {
  /** Two pages, each of which says that the other one follows. */
  const cycle = (): Fault => {
    let first: string | undefined;
    let turn = 0;
    return {
      kind: 'rewrite', path: '/v1/customers', times: 500,
      rewrite: (body) => ofList((list) => { turn += 1; list.data = list.data.slice(turn % 2, turn % 2 + 1); list.has_more = true; })(first ??= body),
    };
  };

  it.each<[string, () => Fault, string]>([
    ['sends cut JSON', () => ({ kind: 'cut_json', path: '/v1/customers', times: 20 }), 'partner_contract'],
    ['sends a web page as if all were well', () => ({ kind: 'html', status: 200, path: '/v1/customers', times: 20 }), 'partner_contract'],
    ['says that the same page goes on for ever', () => ({ kind: 'rewrite', path: '/v1/customers', times: 500, rewrite: (body) => body.replace('"has_more":false', '"has_more":true') }), 'partner_contract'],
    ['leads in a circle', cycle, 'partner_contract'],
  ])('%s: its collection fails in words, the rest loads, the next run has all', async (_, fault, code) => {
    add();
    partner.fault(fault());
    const run = await sync();
    expect(run).toMatchObject({ state: 'partial', error: { code, title: expect.stringMatching(/\w{3}/), remedy: expect.stringMatching(/\w{3}/) } });
    const states = Object.fromEntries(run.collections.map(({ collection, state }) => [collection, state]));
    expect(states).toEqual({ customer_events: 'succeeded', customers: 'failed', products: 'succeeded', other_events: 'succeeded' }); // the last is the change feed
    await isWhole();
  }, 3 * MINUTE);

  it('sends records out of order, twice, from the future, and one without an id', async () => {
    add();
    partner.fault({
      kind: 'rewrite', path: '/v1/customers', rewrite: ofList((list) => {
        const [one] = list.data;
        list.data.reverse();
        list.data = [{ object: 'customer', created: 1, email: 'nobody@example.com' }, ...(one === undefined ? [] : [one, { ...one, created: 4_102_444_800 }]), ...list.data, ...(one === undefined ? [] : [one])];
      }),
    });
    expect(await sync()).toMatchObject({ state: 'succeeded' });
    add(); // were the next run to begin in the future, these would never be read
    await isWhole();
    await untilTrue('the one without an id is kept for a person', async () => ((await product.topics.deadLetters()).get('normalizer') ?? 0) > 0, product);
  }, 3 * MINUTE);
});

describe('records that are hard to keep', () => {
  it('of 10 MB, with U+0000, lone surrogates, integers above 2^53 and names in any script', async () => {
    put('cus_big', { description: 'x'.repeat(10_000_000) });
    put('cus_odd', { description: 'nul:NUL lone:LONE', balance: 1, 'größe': 'ß', '名前': '山田', 'اسم': 'x', 'emoji 🎈': 1, 'a"b\'c;--': 1, SELECT: 1 },
      (json) => json.replace('NUL', '\\u0000').replace('LONE', '\\ud800').replace('"balance":1', '"balance":9007199254740993'));
    expect(await sync()).toMatchObject({ state: 'succeeded' });
    expect(String((await row('cus_big'))['description']).length).toBe(10_000_000);
    const odd = await row('cus_odd');
    expect(String(odd['balance'])).toBe('9007199254740993');
    expect(Object.values(odd)).toEqual(expect.arrayContaining(['ß', '山田']));
    await isWhole();
  }, 4 * MINUTE);

  it('with 3,000 columns', async () => {
    put('cus_wide', Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`wide_${index}`, index])));
    expect(await sync()).toMatchObject({ state: 'succeeded' });
    await row('cus_wide');
    await isWhole();
  }, 4 * MINUTE);

  it('whose types change from run to run', async () => {
    for (const [index, value] of [5, 'five', 5.5, { five: 5 }, [5], true, null, '2026-01-01T00:00:00Z'].entries()) {
      put(`cus_type_${index}`, { changing: value, ...(index % 2 === 0 && { other: value }) });
      if (index % 3 === 2) expect(await sync()).toMatchObject({ state: 'succeeded' });
    }
    await isWhole();
    await row('cus_type_7');
  }, 4 * MINUTE);
});

describe('a key that is revoked in the middle of a run', () => {
  it('quits at once: access denied, nothing else is called, the source in error until the key changes; then nothing is missing', async () => {
    add(120); // two pages
    partner.fault({ kind: 'rewrite', path: '/v1/customers', rewrite: (body) => {
      partner.fault({ kind: 'status', status: 401, code: 'api_key_expired', times: 99 });
      return body;
    } });
    const run = await sync();
    expect(partner.requestLog.filter(({ status }) => status === 401)).toEqual(partner.requestLog.slice(-1));
    expect(run).toMatchObject({ state: 'failed', error: { code: 'authentication_failed', title: expect.stringMatching(/access denied/i) } });
    const states = Object.fromEntries(run.collections.map(({ collection, state }) => [collection, state]));
    expect(states).toMatchObject({ customers: 'failed', products: 'skipped' });
    expect(run.collections.find(({ collection }) => collection === 'customers')).toMatchObject({ records: 100, error: { code: 'authentication_failed', details: expect.stringMatching(/\w/) } });
    expect(await product.api.get<Source>(`sources/${source.id}`)).toMatchObject({ state: 'error', nextRunAt: null });
    const calls = partner.requestLog.length;
    await product.control.rows(`update sources set next_run_at = now() - interval '1 minute' where id = $1`, [source.id]);
    expect((await product.api.ask<ProblemDetails>('POST', `sources/${source.id}/sync`)).body).toMatchObject({ code: 'source_in_error' });
    expect(partner.requestLog.length).toBe(calls);
    partner.clearFaults();
    expect(await product.api.put<Source>(`sources/${source.id}/credentials`, { configuration: { apiKey: product.secrets.simulatorKey } })).toMatchObject({ state: 'active' });
    await untilTrue('the schedule goes on', async () => (await product.runsOf(source.id))[0]?.id !== run.id, product);
    expect(await product.newestRunEnds(source.id)).toMatchObject({ state: 'succeeded', trigger: 'schedule' });
    await isWhole();
  }, 3 * MINUTE);
});
