import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deadLetterHeaders, rawHeaders, rawKey, topicNames, type RawRecordMeta } from '#contracts';
import { RecordProducer, createKafka } from '#kafka';
import { startStripeSimulator, type StripeSimulator } from '#testing';
import type { List, Source } from './support/api.js';
import { eventually, untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

interface Letter {
  readonly id: string; readonly service: string; readonly reason: string; readonly state: string; readonly sourceId: string; readonly collection: string; readonly recordIndex: number | null; readonly replayOf: string | null; readonly failedAgainAs: string | null;
  readonly replayable: boolean; readonly record: { readonly text: string | null; readonly base64: string | null; readonly bytes: number; readonly cut: boolean };
}

const MINUTE = 60_000;
const silent = { debug: () => undefined, warn: () => undefined };
let product: Product;
let partner: StripeSimulator;
let producer: RecordProducer;
let source: Source;

const letters = async (query = ''): Promise<readonly Letter[]> => (await product.api.get<List<Letter>>(`dead-letters?sourceId=${source.id}${query}`)).data;
const letter = (what: string, query: string, is: (letter: Letter) => boolean = () => true): Promise<Letter> => eventually(what, async () => (await letters(query)).find(is), product);
const meta = (id: string): RawRecordMeta => ({
  id, workspaceId: '', sourceId: source.id, connector: 'stripe', collection: 'customers', component: 'sync', receivedAt: '2026-05-06T07:08:09.123Z', observedAt: 1_778_000_000_000, recordsAt: 'data',
});
const send = (id: string, body: string): Promise<void> => producer.send(topicNames.raw(product.topicPrefix, 'stripe'), { key: rawKey(source.id, 'customers', 0), value: body, headers: rawHeaders(meta(id)) });
const customers = (where: string): Promise<number> => product.warehouse.count('shop', 'customers', where);

beforeAll(async () => {
  product = await Product.start({ services: ['gateway', 'scheduler', 'normalizer', 'warehouse-loader'] });
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 1, days: 1 } });
  await product.connectWarehouse();
  source = await product.createStripe(partner.url, { name: 'Shop', slug: 'shop', collections: ['customers'] });
  producer = new RecordProducer(createKafka({ brokers: product.brokers, clientId: 'e2e' }, silent));
  await producer.connect();
}, 300_000);
afterAll(async () => {
  await producer?.disconnect();
  await partner?.stop();
  await product?.stop();
}, 120_000);

describe('dead letters', () => {
  it('are listed with record and reason, while their neighbours are loaded', async () => {
    await send('page-1', '{"data":[{"object":"customer","id":"cus_1","created":1777000000,"email":"one@example.com"},{"object":"customer","email":"näh@example.com"}]}');
    await send('page-2', 'no JSON');
    const bad = await letter('the record is listed', '&state=open', ({ recordIndex }) => recordIndex === 1);
    expect(bad).toMatchObject({ service: 'normalizer', sourceId: source.id, connector: 'stripe', collection: 'customers', state: 'open', replayable: true, replayOf: null, record: { text: '{"object":"customer","email":"näh@example.com"}', base64: null, cut: false } });
    expect(await letter('the page is listed', '&reason=not_json')).toMatchObject({ recordIndex: null, record: { text: 'no JSON', bytes: 7 } });
    await untilTrue('its neighbour is loaded', async () => (await customers(`id = 'cus_1'`)) === 1, product);
    const { data } = await product.api.get<List<{ reason: string; open: number }>>(`dead-letters/counts?sourceId=${source.id}`);
    expect(data.map(({ reason, open }) => [reason, open]).sort()).toEqual([['not_json', 1], [bad.reason, 1]].sort());
  }, 3 * MINUTE);

  it('become new ones, linked to the old, when they fail again', async () => {
    const old = await letter('the record', '&state=open', ({ recordIndex }) => recordIndex === 1);
    expect(await product.api.post(`dead-letters/${old.id}/replay`)).toMatchObject({ state: 'replayed' });
    const again = await letter('it fails again', '&state=open', ({ replayOf }) => replayOf === old.id);
    expect(again).toMatchObject({ reason: old.reason, collection: 'customers', record: old.record });
    const twice = await product.api.ask('POST', `dead-letters/${old.id}/replay`);
    expect([twice.status, twice.body.code, twice.body.remedy]).toEqual([409, 'conflict', expect.stringContaining(again.id)]);
    // A replay of a replay keeps what it is about.
    expect(await product.api.post(`dead-letters/${again.id}/replay`)).toMatchObject({ state: 'replayed' });
    const third = await letter('and again', '&state=open', ({ replayOf }) => replayOf === again.id);
    expect(third).toMatchObject({ recordIndex: 0, record: old.record });
    expect(await product.api.post(`dead-letters/${third.id}/discard`)).toMatchObject({ state: 'discarded' });
  }, 3 * MINUTE);

  it('are loaded once what stood in their way is mended, by a filter', async () => {
    // As a normaliser would have left them that could not read these records yet, and a loader that could not load one.
    const at = new Date();
    const original = (headers: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(headers).map(([name, value]) => [`original_${name}`, value]));
    const about = { reason: 'mended', message: 'a record of customers', partition: 0, sourceId: source.id, connector: 'stripe', collection: 'customers' };
    for (const n of [2, 3]) {
      await producer.send(topicNames.deadLetter(product.topicPrefix, 'normalizer'), {
        key: rawKey(source.id, 'customers', 0), value: JSON.stringify({ object: 'customer', id: `cus_${n}`, created: 1777000000, email: `${n}@example.com` }),
        headers: { ...deadLetterHeaders({ ...about, service: 'normalizer', topic: topicNames.raw(product.topicPrefix, 'stripe'), offset: String(n), recordIndex: 5 }, at), ...original(rawHeaders(meta(`page-${n}`))) },
      });
    }
    const record = { ce_id: 'x', ce_type: 'cloud-sources.object.v1', ce_workspaceid: 'w', ce_sourceid: source.id, ce_connector: 'stripe', ce_collection: 'customers', ce_recordid: 'cus_4', ce_recordversion: '4' };
    await producer.send(topicNames.deadLetter(product.topicPrefix, 'warehouse-loader'), {
      key: `${source.id}/cus_4`, value: JSON.stringify({ id: 'cus_4', version: '4', deleted: false, receivedAt: at.toISOString(), data: { email: '4@example.com' } }),
      headers: { ...deadLetterHeaders({ ...about, service: 'warehouse-loader', topic: topicNames.objects(product.topicPrefix, 'stripe', 'customers'), offset: '4' }, at), ...original(record) },
    });
    await untilTrue('they are listed', async () => (await letters('&reason=mended&state=open')).length === 3, product);
    expect(await product.api.post('dead-letters/replay', { sourceId: source.id, reason: 'mended' })).toEqual({ count: 3 });
    await untilTrue('they are loaded', async () => (await customers(`id in ('cus_2', 'cus_3', 'cus_4')`)) === 3, product);
    expect(await product.warehouse.rows(`select id, email, _version::text as version from shop.customers where id in ('cus_1', 'cus_2') order by 1`))
      .toEqual([expect.objectContaining({ email: 'one@example.com' }), expect.objectContaining({ id: 'cus_2', email: '2@example.com' })]);
    const [one, two] = await product.warehouse.rows<{ version: string }>(`select _version::text as version from shop.customers where id in ('cus_1', 'cus_2')`);
    expect(two?.version).toBe(one?.version); // as if it had been read with its page
    expect(await product.api.post('dead-letters/discard', { sourceId: source.id })).toEqual({ count: 1 });
    expect(await letters('&state=open')).toEqual([]);
  }, 3 * MINUTE);

  it('are kept once, however often the index is read from the beginning', async () => {
    const count = async (): Promise<number> => Number((await product.control.rows<{ n: string }>('select count(*) as n from dead_letters'))[0]?.n);
    const before = await count();
    await product.killed('scheduler');
    await send('page-9', 'still no JSON');
    await letter('a new one is listed', '&reason=not_json&state=open');
    expect(await count()).toBe(before + 1);
  }, 3 * MINUTE);
});
