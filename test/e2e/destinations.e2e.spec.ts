import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startEventCatcher, startStripeSimulator, type CaughtRequest, type EventCatcher, type StripeSimulator } from '#testing';
import type { List, Source, Webhook } from './support/api.js';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';
import { posted, signedByStripe } from './support/webhook.js';

interface Destination { readonly id: string; readonly secret: string; readonly enabled: boolean; readonly state: string; readonly trouble: { readonly title: string; readonly remedy: string } | null; readonly deliveries: Readonly<Record<string, number>> }
interface Delivery { readonly id: string; readonly state: string; readonly reason: string | null; readonly attempts: number; readonly log: readonly { readonly status: number | null; readonly answer: string | null }[] }
interface Letter { readonly service: string; readonly reason: string; readonly state: string }

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let product: Product;
let partner: StripeSimulator;
let webhook: Webhook;
/** What the receiver answers, by what it is asked. */
let answer: (request: Pick<CaughtRequest, 'path' | 'headers' | 'body'>) => { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = () => ({ status: 204 });
let catcher: EventCatcher;
let source: Source;
let sent = 0;

/** A signed webhook of Stripe about this customer. */
async function happens(customer: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  sent += 1;
  const id = `evt_forwarded${sent}`;
  const created = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ id, object: 'event', type: 'customer.updated', created, api_version: '2026-08-26.dahlia', data: { object: { id: customer, object: 'customer', created, ...more } } });
  expect(await posted(webhook.url, body, signedByStripe(body, product.secrets.webhookSecret))).toMatchObject({ status: 200 });
  return id;
}

const create = (more: object): Promise<Destination> => product.api.post<Destination>('destinations', { kind: 'webhook', name: 'Receiver', secret: SECRET, ...more });
const shown = (id: string): Promise<Destination> => product.api.get<Destination>(`destinations/${id}`);
const log = async (id: string, query = ''): Promise<readonly Delivery[]> => (await product.api.get<List<Delivery>>(`destinations/${id}/deliveries?limit=200${query}`)).data;
const at = (path: string, status?: number): CaughtRequest[] => catcher.requests.filter((request) => request.path === path && (status === undefined || request.status === status));
const eventOf = ({ body }: CaughtRequest): string => (JSON.parse(body) as { data: { id: string } }).data.id;
const idOf = ({ headers }: CaughtRequest): string => String(headers['webhook-id']);
const done = (id: string): Promise<Destination> => product.api.post<Destination>(`destinations/${id}/disable`);

beforeAll(async () => {
  product = await Product.start({ services: ['gateway', 'scheduler', 'webhook-gateway', 'normalizer', 'event-forwarder'], env: { FORWARDER_RETRY_FIRST_MS: '200', FORWARDER_RETRY_MOST_MS: '400', FORWARDER_POLL_MS: '100', FORWARDER_TIMEOUT_MS: '2000', FORWARDER_SETTLE_MS: '1000' } });
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 1, days: 1 } });
  catcher = await startEventCatcher({ secret: SECRET, answer: (request) => answer(request) });
  await product.connectWarehouse();
  source = await product.createStripe(partner.url, { name: 'Forwarded', slug: 'forwarded', collections: ['customer_events'], intervalMinutes: 1_440 });
  webhook = await product.api.put<Webhook>(`sources/${source.id}/webhook/secret`, { secret: product.secrets.webhookSecret });
}, 300_000);
afterAll(async () => {
  await product?.stop();
  await catcher?.stop();
  await partner?.stop();
}, 120_000);

describe('events on their way to destinations', () => {
  it('reach both kinds, signed and named, those that arrived before and those that are filtered out don\'t', async () => {
    const before = await happens('cus_before');
    await untilTrue('it is on its topic', async () => {
      let there = false;
      await product.topics.read(({ value }) => { there ||= String(value).includes(before); }, [`${product.topicPrefix}events.stripe.customer_events`]);
      return there;
    }, product);
    const signed = await create({ url: `${catcher.url}/signed`, filter: { sources: [source.id], events: ['customer_*'], condition: 'object.plan = "gold"' } });
    const tracking = await create({ kind: 'segment', name: 'Tracking', url: `${catcher.url}/tracking`, secret: 'write-key-of-the-spec' });
    const [first, other] = [await happens('cus_1', { plan: 'gold', balance: 12 }), await happens('cus_1', { plan: 'silver' })];
    await untilTrue('both have what they want', () => at('/signed').length >= 1 && at('/tracking/v1/batch').flatMap(({ body }) => (JSON.parse(body) as { batch: unknown[] }).batch).length >= 2, product);

    expect(at('/signed').map((request) => [eventOf(request), request.signed])).toEqual([[first, true]]);
    expect(JSON.parse(at('/signed')[0]?.body ?? '')).toMatchObject({ type: 'customer_updated', source: { id: source.id, connector: 'stripe', collection: 'customer_events' }, data: { event: 'customer_updated', data: { object: { id: 'cus_1', balance: 12 } } } });
    const batches = at('/tracking/v1/batch');
    expect(batches.map(({ headers }) => headers.authorization)).toEqual(batches.map(() => `Basic ${Buffer.from('write-key-of-the-spec:').toString('base64')}`));
    const messages = batches.flatMap(({ body }) => (JSON.parse(body) as { batch: { messageId: string; properties: { id?: string } }[] }).batch);
    expect(messages.sort((a, b) => (idOf(at('/signed')[0] as CaughtRequest) === a.messageId ? -1 : idOf(at('/signed')[0] as CaughtRequest) === b.messageId ? 1 : 0))).toEqual([expect.objectContaining({ type: 'track', event: 'customer_updated', userId: 'cus_1', messageId: idOf(at('/signed')[0] as CaughtRequest) }), expect.objectContaining({ type: 'track', userId: 'cus_1' })]);
    expect(catcher.requests.some(({ body }) => body.includes(before))).toBe(false);
    await untilTrue('the log says so', async () => (await log(signed.id, '&state=delivered')).length === 1 && (await log(tracking.id, '&state=delivered')).length === 2, product);
    expect(catcher.requests.some(({ body }) => body.includes(other))).toBe(true);
    await Promise.all([done(signed.id), done(tracking.id)]);
  }, 120_000);

  it('all reach a destination while another is down, and the other once it is back', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => { closed.listen(0, '127.0.0.1', resolve); });
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => { closed.close(resolve); });
    const [up, down] = [await create({ url: `${catcher.url}/up` }), await create({ url: `http://127.0.0.1:${port}/down` })];
    const events = await Promise.all(Array.from({ length: 20 }, (_, index) => happens(`cus_down${index}`)));
    await untilTrue('the one that is up has all', () => at('/up', 204).length >= 20, product);
    await untilTrue('the other one is failing', async () => (await shown(down.id)).state === 'failing', product);
    expect((await shown(down.id)).trouble?.title).toContain('ECONNREFUSED');
    const back = await startEventCatcher({ port, secret: SECRET });
    await untilTrue('it has all', () => back.requests.length >= 20, product);
    expect(new Set(back.requests.map(eventOf))).toEqual(new Set(events));
    await untilTrue('it is healthy', async () => (await shown(down.id)).state === 'active', product);
    await Promise.all([done(up.id), done(down.id)]);
    await back.stop();
  }, 120_000);

  it('keep their order by key while one of a key fails; another key goes on', async () => {
    const destination = await create({ url: `${catcher.url}/ordered` });
    let mended = false;
    answer = ({ path, body }) => ({ status: path === '/ordered' && body.includes('"bad":true') && !mended ? 500 : 204 });
    const held: string[] = [];
    for (const more of [{ bad: true }, {}, {}]) {
      held.push(await happens('cus_held', more));
      await untilTrue('it has arrived', async () => (await log(destination.id)).length === held.length, product);
    }
    const free = await happens('cus_free');
    await untilTrue('the other key is through, and the first was tried again', () => at('/ordered', 204).length >= 1 && at('/ordered', 500).length >= 2, product);
    expect(at('/ordered', 204).map(eventOf)).toEqual([free]);
    mended = true;
    await untilTrue('all are through', () => at('/ordered', 204).length >= 4, product);
    expect(at('/ordered', 204).map(eventOf)).toEqual([free, ...held]);
    expect(new Set(at('/ordered').filter((request) => eventOf(request) === held[0]).map(idOf)).size).toBe(1);
    answer = () => ({ status: 204 });
    await done(destination.id);
  }, 120_000);

  it('wait when the destination asks for it (429), end in the log and as dead letter when they are refused (400), and go again from there', async () => {
    const destination = await create({ url: `${catcher.url}/strict` });
    let [slowed, mended] = [0, false];
    answer = ({ path, body }) => {
      if (path !== '/strict') return { status: 204 };
      if (body.includes('"bad":true') && !mended) return { status: 400, body: `no: ${SECRET}` };
      return slowed++ === 0 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 204 };
    };
    const slow = await happens('cus_slow');
    await untilTrue('it is through', () => at('/strict', 204).length >= 1, product);
    const [refusedAt, takenAt] = [at('/strict', 429)[0]?.at.getTime() ?? 0, at('/strict', 204)[0]?.at.getTime() ?? 0];
    expect(takenAt - refusedAt).toBeGreaterThanOrEqual(900);
    const bad = await happens('cus_bad', { bad: true });
    await untilTrue('it is refused', async () => (await log(destination.id, '&state=failed')).length === 1, product);
    const [failed] = await log(destination.id, '&state=failed');
    expect(failed).toMatchObject({ reason: 'refused_by_destination', attempts: 1, log: [{ status: 400, answer: 'no: [secret]' }] });
    const letters = async (): Promise<readonly Letter[]> => (await product.api.get<List<Letter>>('dead-letters?service=event-forwarder')).data;
    await untilTrue('it is among the dead letters', async () => (await letters()).length === 1, product);
    mended = true;
    expect(await product.api.post(`destinations/${destination.id}/deliveries/retry`)).toEqual({ count: 1 });
    await untilTrue('it is through, too', () => at('/strict', 204).length >= 2, product);
    expect(at('/strict', 204).map(eventOf)).toEqual([slow, bad]);
    expect((await letters()).map(({ state }) => state)).toEqual(['replayed']);
    answer = () => ({ status: 204 });
    await done(destination.id);
  }, 120_000);

  it('go no more to a destination that is gone (410), and on when it is enabled again', async () => {
    const destination = await create({ url: `${catcher.url}/gone` });
    answer = ({ path }) => ({ status: path === '/gone' ? 410 : 204 });
    const event = await happens('cus_gone');
    await untilTrue('it is disabled', async () => !(await shown(destination.id)).enabled, product);
    expect(await shown(destination.id)).toMatchObject({ state: 'disabled', trouble: { title: expect.stringContaining('410') }, deliveries: { waiting: 1 } });
    answer = () => ({ status: 204 });
    await product.api.post(`destinations/${destination.id}/enable`);
    await untilTrue('it is through', () => at('/gone', 204).length >= 1, product);
    expect(at('/gone').map(eventOf)).toEqual([event, event]);
    await done(destination.id);
  }, 120_000);

  it('are all there, with stable ids, after the forwarder was killed in the middle', async () => {
    const destination = await create({ url: `${catcher.url}/killed` });
    let count = 0;
    answer = ({ path }) => ({ status: path === '/killed' && count++ % 7 === 0 ? 503 : 204 });
    const events: string[] = [];
    const sending = (async () => { for (let n = 0; n < 120; n++) events.push(await happens(`cus_killed${n % 30}`)); })();
    await untilTrue('some are through', () => at('/killed', 204).length > 10, product);
    await product.killed('event-forwarder');
    await sending;
    await untilTrue('all are through', () => new Set(at('/killed', 204).map(eventOf)).size === events.length, product);
    const ids = new Map<string, Set<string>>();
    for (const request of at('/killed')) ids.set(eventOf(request), (ids.get(eventOf(request)) ?? new Set()).add(idOf(request)));
    expect([...ids.values()].filter(({ size }) => size !== 1)).toEqual([]);
    await untilTrue('nothing waits', async () => (await shown(destination.id)).deliveries['waiting'] === 0, product);
    expect((await shown(destination.id)).deliveries).toEqual({ waiting: 0, failed: 0, delivered: 120 });
    answer = () => ({ status: 204 });
    await done(destination.id);
  }, 180_000);
});
