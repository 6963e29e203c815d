import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attribute } from '#contracts';
import { startStripeSimulator, type StripeSimulator } from '#testing';
import { SERVICE_NAMES } from '../../deploy/local/src/services.js';
import type { List, ProblemDetails, RunDetail, Source, Webhook } from './support/api.js';
import { eventually, untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';
import { posted, signedByStripe } from './support/webhook.js';

/** The main way of issue and product: sign in, connect, sync, change, webhook, verify; the partner is a Stripe account of our own. */
interface Collection { readonly name: string; readonly kind: 'object' | 'event'; readonly callsPerSync: number }
interface Customer { readonly email: string | null; readonly balance: string; readonly is_deleted: boolean }
interface Entry { readonly collection: string; readonly runId: string | null; readonly calls: number }

const SLUG = 'shop';
const MINUTE = 60_000;
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

let product: Product;
let partner: StripeSimulator;
let warehouseId: string;
let source: Source;
let catalog: readonly Collection[];
let webhook: Webhook;
const wrongKey = `sk_test_${randomBytes(16).toString('hex')}`;
const hooks: string[] = [];

const asked = (): number => sum(Object.values(partner.requests()));
const used = (): Promise<{ readonly data: readonly Entry[]; readonly total: number }> => product.api.get(`sources/${source.id}/usage`);

async function customer(id: string): Promise<Customer | undefined> {
  if (await product.warehouse.count(SLUG, 'customers') === 0) return undefined;
  return (await product.warehouse.rows<Customer>(`select email, balance::text, is_deleted from ${SLUG}.customers where id = $1`, [id]))[0];
}

async function verify(...args: readonly string[]): Promise<void> {
  const verdict = await product.verify('--source', SLUG, ...args);
  expect(verdict.collections.filter(({ difference }) => difference !== 0)).toEqual([]);
  expect(verdict.collections).toHaveLength(catalog.length);
  expect(verdict.difference).toBe(0);
}

async function hook(url: string, body: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { status, text } = await posted(url, body, headers);
  hooks.push(text);
  return status;
}

const sign = (body: string, secret = product.secrets.webhookSecret): Record<string, string> => signedByStripe(body, secret);

beforeAll(async () => {
  product = await Product.start({ env: { LOG_LEVEL: 'debug' } });
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 40, days: 300 } });
}, 300_000);
afterAll(async () => {
  await partner?.stop();
  await product?.stop();
}, 120_000);

describe('Stripe into topics and the warehouse', () => {
  it('lets in who knows the password', async () => {
    const refused = await product.api.signIn(product.owner, 'not the password');
    expect([refused.status, refused.headers.get('content-type'), refused.body.code]).toEqual([401, 'application/problem+json', 'unauthenticated']);
    expect((await product.api.ask('GET', 'sources')).status).toBe(401);
    warehouseId = await product.connectWarehouse();
    expect(await product.api.get('session')).toMatchObject({ email: product.owner, role: 'owner', workspace: { name: 'Demo' } });
    const [entry] = (await product.api.get<List<{ name: string; collections: Collection[] }>>('catalog')).data.filter(({ name }) => name === 'stripe');
    catalog = entry?.collections ?? [];
    expect(catalog.length).toBeGreaterThan(30);
  });

  it('refuses a key that the partner refuses, in words, and saves nothing', async () => {
    const { status, headers, body } = await product.api.ask<ProblemDetails>('POST', 'sources', { connector: 'stripe', name: 'Shop', configuration: { apiKey: wrongKey, baseUrl: partner.url } });
    expect([status, headers.get('content-type')]).toEqual([422, 'application/problem+json']);
    expect(body).toMatchObject({ code: 'authentication_failed', title: expect.stringMatching(/\w/), remedy: expect.stringMatching(/\w/) });
    expect((await product.api.get<List<Source>>('sources')).data).toEqual([]);
    partner.resetRequests();
  });

  it('reads everything in the first sync, which begins by itself and can be watched', async () => {
    partner.fault({ kind: 'slow', path: '/v1/payouts', delayMs: 2_000 }); // so that the run is there to be met
    source = await product.createStripe(partner.url, { name: 'Shop', slug: SLUG, intervalMinutes: 1_440 });
    expect(source).toMatchObject({ state: 'active', warehouseId, configuration: { baseUrl: partner.url } });
    expect(Object.keys(source.configuration)).not.toContain('apiKey');

    const [first] = await eventually('the first run is listed', async () => ((found) => (found.length > 0 ? found : undefined))(await product.runsOf(source.id)), product);
    expect(first?.trigger).toBe('first');
    const repeated = await product.api.ask('POST', `sources/${source.id}/sync`);
    expect([repeated.status, repeated.body.code]).toEqual([409, 'run_active']);

    const run = await product.runEnds(first?.id ?? '');
    expect(run).toMatchObject({ state: 'succeeded', error: null });
    expect(run.collections.map(({ collection }) => collection)).toEqual(catalog.map(({ name }) => name).sort());
    expect(run.collections.filter(({ state }) => state !== 'succeeded')).toEqual([]);
    expect(sum(run.collections.map(({ records }) => records))).toBe(run.records);
    expect(sum(run.collections.map(({ apiCalls }) => apiCalls))).toBe(run.apiCalls);
    expect(run.calls).toHaveLength(run.apiCalls);
    expect(run.calls.filter(({ status }) => status !== 200)).toEqual([]);
    expect((await product.api.get<List<{ message: string }>>(`runs/${run.id}/log`)).data.map(({ message }) => message)).toEqual(['The run begins.', 'The run is done.']);
  }, 5 * MINUTE);

  it('has a row for every object of the partner', async () => {
    const counts: Readonly<Record<string, number>> = partner.counts();
    const expected = Object.fromEntries(catalog.filter(({ kind, name }) => kind === 'object' && counts[name] !== undefined)
      .map(({ name }) => [name, (counts[name] ?? 0) + (name === 'accounts' ? 1 : 0)])); // its own account beside the connected ones
    expect(Object.keys(expected).filter((name) => expected[name] === 0)).toEqual([]);
    let found: Record<string, number> = {};
    await untilTrue('the warehouse has all rows', async () => {
      found = {};
      for (const name of Object.keys(expected)) found[name] = await product.warehouse.count(SLUG, name, 'not is_deleted');
      return JSON.stringify(found) === JSON.stringify(expected);
    }, { context: () => `expected ${JSON.stringify(expected)}\nfound    ${JSON.stringify(found)}\n${product.troubles()}` });
  }, 3 * MINUTE);

  it('counts API calls as the partner does, and verify finds no difference', async () => {
    expect((await used()).total).toBe(asked());
    await verify();
  }, 3 * MINUTE);

  it('reads only what is new in the second sync, with one call per list', async () => {
    const before = asked();
    const accepted = await product.api.ask<RunDetail>('POST', `sources/${source.id}/sync`);
    expect(accepted.status).toBe(202);
    const run = await product.runEnds(accepted.body.id);
    expect(run).toMatchObject({ state: 'succeeded', trigger: 'manual' });
    expect(run.apiCalls).toBe(sum(catalog.map(({ callsPerSync }) => callsPerSync)));
    expect(run.apiCalls).toBe(asked() - before);
    expect(sum((await used()).data.filter(({ runId }) => runId === run.id).map(({ calls }) => calls))).toBe(run.apiCalls);

    const again = await product.api.ask('POST', `sources/${source.id}/sync`);
    expect([again.status, again.body.code]).toEqual([429, 'too_many_requests']);
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(again.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  }, 3 * MINUTE);

  it('changes its schedule, fires when it is due, and brings what was changed, deleted and created', async () => {
    const [changed = '', deleted = ''] = partner.ids('customers');
    partner.post(`customers/${changed}`, { email: 'changed@example.com', balance: 4_200 });
    partner.delete(`customers/${deleted}`);
    const created = partner.post('customers', { email: 'created@example.com' }).id;

    const tooOften = await product.api.ask('PUT', `sources/${source.id}/schedule`, { intervalMinutes: 5 });
    expect([tooOften.status, tooOften.body.code]).toEqual([400, 'validation_failed']);
    const { nextRunAt, lastRunAt, intervalMinutes } = await product.api.put<Source>(`sources/${source.id}/schedule`, { intervalMinutes: 60 });
    expect(intervalMinutes).toBe(60);
    const wait = Date.parse(nextRunAt ?? '') - Date.parse(lastRunAt ?? '');
    expect(wait).toBeGreaterThanOrEqual(60 * MINUTE);
    expect(wait).toBeLessThanOrEqual(61 * MINUTE); // up to a minute later, so that not all sources begin at once

    await product.control.rows('update sources set next_run_at = now() where id = $1', [source.id]); // the hour is over
    const due = await eventually('the schedule fires', async () => (await product.runsOf(source.id)).find(({ trigger }) => trigger === 'schedule'), product);
    expect(await product.runEnds(due.id)).toMatchObject({ state: 'succeeded' });
    await untilTrue('the changes are in the warehouse', async () => {
      const [one, other, gone] = await Promise.all([changed, created, deleted].map(customer));
      return one?.email === 'changed@example.com' && other?.email === 'created@example.com' && gone?.is_deleted === true;
    }, product);
    expect(await customer(changed)).toMatchObject({ balance: '4200', is_deleted: false });
    expect(Date.parse((await product.api.get<Source>(`sources/${source.id}`)).nextRunAt ?? '')).toBeGreaterThan(Date.now() + 50 * MINUTE);
    expect((await used()).total).toBe(asked());
  }, 5 * MINUTE);

  it('takes webhooks: the event and the object that it refreshes are in the warehouse without a sync', async () => {
    webhook = await product.api.put<Webhook>(`sources/${source.id}/webhook/secret`, { secret: product.secrets.webhookSecret });
    expect(webhook.url.startsWith(`${product.webhooksUrl}/hooks/`)).toBe(true);
    partner.addWebhookEndpoint({ url: webhook.url, secret: product.secrets.webhookSecret });
    const runs = (await product.runsOf(source.id)).length;
    const calls = asked();

    const id = partner.post('customers', { email: 'hooked@example.com' }).id;
    await untilTrue('the new customer has a row', async () => (await customer(id))?.email === 'hooked@example.com', product);
    partner.post(`customers/${id}`, { email: 'hooked.again@example.com' });
    await untilTrue('the row has the change', async () => (await customer(id))?.email === 'hooked.again@example.com', product);
    partner.delete(`customers/${id}`);
    await untilTrue('the row is marked as deleted', async () => (await customer(id))?.is_deleted === true, product);

    await partner.webhooks.idle();
    expect(partner.webhooks.deliveries.map(({ status }) => status)).toEqual([200, 200, 200]);
    const events = await eventually('the events have rows', async () => {
      const rows = await product.warehouse.rows<{ event: string; event_text: string }>(`select event, event_text from ${SLUG}.customer_events where id = any($1) order by 1`, [partner.webhooks.deliveries.map(({ eventId }) => eventId)]);
      return rows.length === 3 ? rows : undefined;
    }, product);
    expect(events).toEqual(['created', 'deleted', 'updated'].map((what) => ({ event: `customer_${what}`, event_text: `customer.${what}` })));
    expect([(await product.runsOf(source.id)).length, asked()]).toEqual([runs, calls]);
  }, 3 * MINUTE);

  it('refuses webhooks that are not the partner\'s', async () => {
    const id = `evt_${randomBytes(8).toString('hex')}`;
    const body = JSON.stringify({ id, object: 'event', type: 'customer.created', created: Math.floor(Date.now() / 1000), api_version: '2026-08-26.dahlia', data: { object: { id: 'cus_forged', object: 'customer' } } });
    expect(await hook(webhook.url, body, sign(body, `whsec_${randomBytes(16).toString('hex')}`))).toBe(401);
    expect(await hook(webhook.url, body, {})).toBe(401);
    expect(await hook(webhook.url, `${body} `, sign(body))).toBe(401);
    expect(await hook(`${product.webhooksUrl}/hooks/${randomBytes(32).toString('base64url')}`, body, sign(body))).toBe(404);
    expect(await hook(webhook.url, body, { ...sign(body), 'content-type': 'text/plain' })).toBe(415);
    expect(await hook(webhook.url, body, sign(body))).toBe(200);
    await untilTrue('the one that is has a row', async () => (await product.warehouse.count(SLUG, 'customer_events', `id = '${id}'`)) === 1, product);
    expect(await customer('cus_forged')).toBeDefined();
    partner.put('customers', { id: 'cus_forged', object: 'customer', created: Math.floor(Date.now() / 1000) }); // it is the partner's now, for verify
  }, 3 * MINUTE);

  it('is the same everywhere in the end', async () => {
    partner.step(20);
    await partner.webhooks.idle();
    await verify('--sync');
    expect((await used()).total).toBe(asked());
    // three webhooks were refused for their signatures: kept, so that a wrong secret can be mended without loss
    expect(await product.topics.deadLetters()).toEqual(new Map([['webhook-gateway', 3]]));
    expect(product.said.length === 0 ? '' : product.troubles()).toBe(''); // no service had to be restarted
  }, 5 * MINUTE);

  it('keeps every secret to itself', async () => {
    const { simulatorKey, webhookSecret, ownerPassword, apiKey, vaultKey } = product.secrets;
    const secrets = Object.entries({ simulatorKey, webhookSecret, ownerPassword, apiKey, vaultKey, wrongKey });
    const places: Record<string, { readonly text: string; readonly holds: string }> = {
      // each with something that must be found, so that an empty place can't pass
      logs: { text: product.lines.map(({ line }) => line).join('\n'), holds: 'A run is taken.' },
      answers: { text: [...product.api.answers, ...hooks].join('\n'), holds: source.id },
      'control database': { text: await product.control.dump(), holds: source.id },
      warehouse: { text: await product.warehouse.dump(), holds: 'created@example.com' },
    };
    const parts: string[] = [];
    await product.topics.read(({ topic, key, headers, value }) => { parts.push(topic, String(key), JSON.stringify(Object.keys(headers).map((name) => [name, attribute(headers, name.replace(/^ce_/, '')) ?? String(headers[name])])), String(value)); });
    places['topics'] = { text: parts.join('\n'), holds: 'created@example.com' };
    for (const [place, { text, holds }] of Object.entries(places)) {
      expect([place, text.includes(holds)]).toEqual([place, true]);
      for (const [name, secret] of secrets) {
        const spellings = [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), Buffer.from(secret).toString('hex'), encodeURIComponent(secret)];
        expect([place, name, spellings.some((spelling) => text.includes(spelling))]).toEqual([place, name, false]);
      }
    }
    expect(new Set(product.lines.map(({ service }) => service))).toEqual(new Set(SERVICE_NAMES));
  }, 3 * MINUTE);
});
