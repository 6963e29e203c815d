import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStripeMock, type StripeMock } from '#testing';
import type { List, RunDetail, Source } from './support/api.js';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
const SLUG = 'mock';
type Json = Record<string, unknown>;

let mock: StripeMock;
let proxy: Server;
let product: Product;
let source: Source;
let objects: readonly string[];

/**
 * stripe-mock's customer pays by bank account, and its balance transaction has no fee. Its own card is put beside the one, and a
 * fee as Stripe's documentation shows it into the other; all else, above all every verdict on a request, is stripe-mock's.
 */
async function completed(path: string, text: string, authorization: string): Promise<string> {
  if (!['/v1/customers', '/v1/balance_transactions'].includes(path)) return text;
  const list = JSON.parse(text) as { data: Json[] };
  if (path === '/v1/customers') {
    const cards = await (await fetch(`${mock.url}/v1/customers/cus_123/cards`, { headers: { authorization } })).json() as { data: Json[] };
    for (const customer of list.data) (customer['sources'] as { data: Json[] }).data.push(...cards.data);
  } else {
    for (const transaction of list.data) transaction['fee_details'] = [{ amount: 30, application: null, currency: 'usd', description: 'Stripe processing fees', type: 'stripe_fee' }];
  }
  return JSON.stringify(list);
}

function passOn(): Server {
  return createServer((request, response) => {
    void (async () => {
      const { host: _host, connection: _connection, ...headers } = request.headers;
      const answer = await fetch(`${mock.url}${request.url ?? ''}`, { method: request.method ?? 'GET', headers: headers as Record<string, string> });
      const text = await answer.text();
      const body = answer.ok ? await completed((request.url ?? '').split('?')[0] ?? '', text, request.headers.authorization ?? '') : text;
      response.writeHead(answer.status, { 'content-type': 'application/json', 'request-id': answer.headers.get('request-id') ?? '' }).end(body);
    })().catch(() => response.destroy());
  });
}

async function synced(runId: string): Promise<RunDetail> {
  const run = await product.runEnds(runId);
  expect(run).toMatchObject({ state: 'succeeded', error: null });
  expect(run.collections.filter(({ state }) => state !== 'succeeded')).toEqual([]);
  expect(run.calls).toHaveLength(run.apiCalls);
  expect(run.calls.filter(({ status }) => status !== 200)).toEqual([]);
  return run;
}

beforeAll(async () => {
  [mock, product] = await Promise.all([startStripeMock(), Product.start({ services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'] })]);
  proxy = passOn();
  await new Promise<void>((resolve) => { proxy.listen(0, '127.0.0.1', resolve); });
}, 600_000);
afterAll(async () => {
  await product?.stop();
  proxy?.closeAllConnections();
  proxy?.close();
  mock?.stop();
}, 120_000);

describe('a source whose partner is stripe-mock', () => {
  it('is read in full without a request that is refused', async () => {
    await product.connectWarehouse();
    const { data } = await product.api.get<List<{ name: string; collections: { name: string; kind: string }[] }>>('catalog');
    const catalog = data.find(({ name }) => name === 'stripe')?.collections ?? [];
    objects = catalog.filter(({ kind }) => kind === 'object').map(({ name }) => name);
    expect(objects.length).toBeGreaterThan(25);
    source = await product.createStripe(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, { name: 'Mock', slug: SLUG });
    const [first] = await product.runsOf(source.id);
    const run = await synced(first?.id ?? '');
    expect(run.collections).toHaveLength(catalog.length);
  }, 5 * MINUTE);

  it('has a row in the table of every object collection', async () => {
    let without: string[] = [];
    await untilTrue('every object collection has a row', async () => {
      without = [];
      for (const name of objects) if (await product.warehouse.count(SLUG, name, 'not is_deleted') === 0) without.push(name);
      return without.length === 0;
    }, { context: () => `without a row: ${without.join(', ')}\n${product.troubles()}` });
    expect(await product.topics.deadLetters()).toEqual(new Map());
  }, 3 * MINUTE);

  it('is read again for what changed without a request that is refused', async () => {
    const { status, body } = await product.api.ask<RunDetail>('POST', `sources/${source.id}/sync`);
    expect(status).toBe(202);
    await synced(body.id);
  }, 5 * MINUTE);
});
