import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStripeSimulator, type StripeSimulator } from './index.js';
import { RateLimiter, stripeRateLimits } from './rate-limit.js';

let simulator: StripeSimulator;
const ask = (path = 'customers', key = simulator.apiKey, signal?: AbortSignal): Promise<Response> =>
  fetch(`${simulator.url}/v1/${path}`, { headers: { authorization: `Bearer ${key}` }, ...signal === undefined ? {} : { signal } });
const outcome = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'answered', () => 'failed');

beforeEach(async () => { simulator = await startStripeSimulator(); });
afterEach(() => simulator.stop());

describe('faults', () => {
  it('happen as often as told, on the path told', async () => {
    simulator.fault({ path: '/v1/customers', kind: 'status', status: 500, times: 2 });
    expect((await ask('products')).status).toBe(200);
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([500, 500, 200]);
    expect(simulator.requests()).toEqual({ 'GET /v1/products': 1, 'GET /v1/customers': 3 });
  });

  it('cut, garble, reset, hang and rewrite', async () => {
    simulator.addCustomers(3);
    simulator.fault({ kind: 'cut_json' });
    expect(await outcome((await ask()).json())).toBe('failed');
    simulator.fault({ kind: 'html' });
    expect([(await ask()).status, (await ask()).status]).toEqual([502, 200]);
    simulator.fault({ kind: 'reset' });
    expect(await outcome(ask())).toBe('failed');
    simulator.fault({ kind: 'reset_body' });
    expect(await outcome(ask().then((response) => response.text()))).toBe('failed');
    simulator.fault({ kind: 'hang' });
    expect(await outcome(ask('customers', undefined, AbortSignal.timeout(50)))).toBe('failed');
    simulator.fault({ kind: 'rewrite', rewrite: (body) => body.replace('"has_more":false', '"has_more":true') });
    expect(await (await ask()).json()).toMatchObject({ has_more: true });
    simulator.fault({ kind: 'slow', delayMs: 1 });
    expect((await ask()).status).toBe(200);
  });
});

describe('limits and keys', () => {
  it('answers 429 above the rate of an endpoint, without a word on when to come back', async () => {
    simulator.setRateLimits({ perEndpoint: 0, global: 100 });
    const limited = await ask();
    expect(limited.status).toBe(429);
    expect(await limited.json()).toMatchObject({ error: { type: 'invalid_request_error', code: 'rate_limit' } });
    expect(limited.headers.get('retry-after')).toBeNull();
  });

  it('lets 25 a second through to an endpoint and 100 in all', () => {
    const limiter = new RateLimiter(stripeRateLimits);
    const allowed = (endpoint: string, at: number, times: number): number => Array.from({ length: times }, () => {
      try {
        limiter.take(endpoint, at);
        return 1;
      } catch {
        return 0;
      }
    }).reduce<number>((sum, one) => sum + one, 0);
    expect(allowed('a', 1000, 30)).toBe(25);
    expect(allowed('a', 1999, 30)).toBe(0);
    expect([allowed('b', 1999, 30), allowed('c', 1999, 30), allowed('d', 1999, 30), allowed('e', 1999, 30)]).toEqual([25, 25, 25, 0]);
    expect(allowed('a', 2000, 30)).toBe(25);
  });

  it('knows no key, a wrong key, a rolled key and what a restricted key may do', async () => {
    expect((await fetch(`${simulator.url}/v1/customers`)).status).toBe(401);
    expect(await (await ask('customers', 'sk_test_0123456789abcdef')).json()).toMatchObject({ error: { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_************cdef' } });
    const key = simulator.restrictedKey(['rak_plan_read', 'rak_charge_write']);
    expect(await Promise.all(['plans', 'prices', 'charges', 'refunds', 'customers', 'account', 'invoiceitems'].map(async (path) => (await ask(path, key)).status))).toEqual([200, 200, 200, 200, 403, 403, 403]);
    simulator.keys.revoke(simulator.apiKey);
    expect(await (await ask()).json()).toMatchObject({ error: { code: 'api_key_expired' } });
  });
});

describe('data', () => {
  it('may be what no write would make', async () => {
    simulator.put('customers', { id: 'cus_odd', object: 'customer', created: 5 }, '{"id":"cus_odd","object":"customer","created":5,"name":"a\\u0000b\\ud800","balance":9007199254740993}');
    expect(await (await ask()).text()).toContain('"name":"a\\u0000b\\ud800","balance":9007199254740993}');
  });

  it('is the same for the same seed and has rows in every collection', async () => {
    const startAt = Date.now();
    const twins = await Promise.all([1, 2].map(() => startStripeSimulator({ seed: 7, startAt, data: {} })));
    const [a, b] = twins;
    expect(a?.ids('charges')).toEqual(b?.ids('charges'));
    expect(Object.entries(a?.counts() ?? {}).filter(([, count]) => count === 0)).toEqual([]);
    await Promise.all(twins.map((twin) => twin.stop()));
  });

  it('goes on from its journal, also when the last line was cut', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stripe-simulator-'));
    const journal = join(folder, 'account.ndjson');
    const first = await startStripeSimulator({ journal, data: { customers: 5 } });
    first.step(40);
    const gone = first.ids('customers')[0] ?? '';
    first.delete(`customers/${gone}`);
    const before = { counts: first.counts(), account: first.accountId, charges: first.snapshot('charges') };
    await first.stop();
    writeFileSync(journal, `${readFileSync(journal, 'utf8')}["put","customers","cus_cut",1,`);
    const second = await startStripeSimulator({ journal, data: { customers: 5 } });
    expect({ counts: second.counts(), account: second.accountId, charges: second.snapshot('charges') }).toEqual(before);
    expect(second.deletedIds('customers')).toContain(gone);
    second.step(5);
    await second.stop();
    rmSync(folder, { recursive: true });
  });

  it('changes by itself when told to', () => {
    simulator.seed({ customers: 10 });
    const before = simulator.ids('events').length;
    simulator.step(200);
    expect(simulator.ids('events').length).toBeGreaterThan(before + 200);
    expect(simulator.counts().refunds).toBeGreaterThan(0);
  });
});

describe('the control paths', () => {
  it('are there only when asked for, and drive the simulator from another process', async () => {
    expect((await fetch(`${simulator.url}/_simulator/counts`)).status).toBe(401);
    const open = await startStripeSimulator({ control: true });
    const post = (path: string, body: object): Promise<unknown> => fetch(`${open.url}/_simulator/${path}`, { method: 'POST', body: JSON.stringify(body) }).then((response) => response.json());
    await post('write', { path: 'customers', parameters: { name: 'Ada' } });
    await post('customers', { count: 5 });
    expect(await (await fetch(`${open.url}/_simulator/counts`)).json()).toMatchObject({ customers: 6, events: 1 });
    await post('faults', { path: '/v1/customers', kind: 'status', status: 503 });
    expect((await fetch(`${open.url}/v1/customers`)).status).toBe(503);
    await open.stop();
  });
});
