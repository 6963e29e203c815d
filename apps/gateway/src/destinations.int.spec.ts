import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeliveryRepository, newId, type NewDelivery } from '#persistence';
import { randomName, startEventCatcher, testDatabase, testKafka, type EventCatcher, type TestDatabase } from '#testing';
import { anyId, startGateway, type Body, type TestGateway } from './gateway.factory.js';

let control: TestDatabase;
let gateway: TestGateway;
let catcher: EventCatcher;
let answer = { status: 204, body: '' };

const OWN = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const create = (more: object = {}) => gateway.call('POST', '/destinations', { kind: 'webhook', name: 'Receiver', url: `${catcher.url}/hooks?a=1`, ...more });
const made = async (more: object = {}): Promise<string> => {
  const { status, body, text } = await create(more);
  if (status !== 201) throw new Error(text);
  return body.id;
};
const delivery = (destinationId: string, n: number): NewDelivery => ({
  destinationId, messageId: `evt_${n}`, event: 'customer_updated', sourceId: anyId, connector: 'stripe', collection: 'customer_events', orderKey: `k${n}`, topic: 't', partition: 0, offset: String(n), headers: {}, key: null, payload: Buffer.from(`{"n":${n}}`), again: false, arrivedAt: new Date(),
});

beforeAll(async () => {
  control = await testDatabase();
  catcher = await startEventCatcher({ secret: OWN, answer: () => answer });
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`);
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await catcher.stop();
  await control.drop();
});

describe('a destination', () => {
  it('shows the secret that was made for it once, and never again', async () => {
    const created = (await create()).body as Body & { secret: string };
    expect(created.secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(created).toMatchObject({ kind: 'webhook', enabled: true, state: 'active', trouble: null, deliveries: { waiting: 0, delivered: 0, failed: 0 } });
    for (const path of [`/destinations/${created.id}`, '/destinations']) expect((await gateway.call('GET', path)).text).not.toContain('whsec_');
    const rotated = (await gateway.call('POST', `/destinations/${created.id}/rotate-secret`, { overlapHours: 1 })).body as Body & { secret: string };
    expect(rotated.secret).toMatch(/^whsec_/);
    expect(rotated.secret).not.toBe(created.secret);
    await gateway.call('POST', `/destinations/${created.id}/test`);
    expect(String(catcher.requests.at(-1)?.headers['webhook-signature']).split(' ')).toHaveLength(2);
    await gateway.call('POST', `/destinations/${created.id}/rotate-secret`, { overlapHours: 0, secret: OWN });
    await gateway.call('POST', `/destinations/${created.id}/test`);
    expect(catcher.requests.at(-1)).toMatchObject({ path: '/hooks?a=1', signed: true });
    expect(String(catcher.requests.at(-1)?.headers['webhook-signature']).split(' ')).toHaveLength(1);
    expect((await gateway.database.query('select sealed from destination_secrets') as { sealed: string }[]).every(({ sealed }) => sealed.startsWith('v1.'))).toBe(true);
  });

  it('is made once for one Idempotency-Key', async () => {
    const again = () => gateway.call('POST', '/destinations', { kind: 'webhook', name: 'Once', url: catcher.url }, { authorization: `Bearer ${gateway.ownerKey}`, 'idempotency-key': 'one' });
    const [first, second] = [await again(), await again()];
    expect([first.status, second.status, second.body.id]).toEqual([201, 201, first.body.id]);
    expect((second.body as Body & { secret: string | null }).secret).toBeNull();
  });

  it.each([
    [{ url: 'nonsense' }, 'url'], [{ url: 'ftp://example.com' }, 'url'], [{ url: 'https://user:secret@example.com/' }, 'url'], [{ kind: 'mail' }, 'kind'], [{ secret: 'short' }, 'secret'], [{ kind: 'segment' }, 'secret'],
    [{ filter: { condition: 'amount =' } }, 'filter.condition'], [{ filter: { events: ['<script>'] } }, 'filter.events'], [{ filter: { sources: ['x'] } }, 'filter.sources'], [{ filter: { other: 1 } }, 'filter.other'], [{ filter: 1 }, 'filter'], [{ subject: ['a b'] }, 'subject'], [{ subject: [] }, 'subject'],
  ])('is refused with %j', async (more, field) => {
    const { status, body } = await create(more);
    expect([status, body.errors.map((error) => error.field)]).toEqual([400, expect.arrayContaining([field])]);
  });

  it('is changed, disabled, enabled and deleted', async () => {
    const id = await made({ filter: { events: ['a_*'] } });
    expect((await gateway.call('PATCH', `/destinations/${id}`, { name: 'Renamed', filter: { condition: 'amount > 1' } })).body).toMatchObject({ name: 'Renamed', filter: { condition: 'amount > 1' } });
    expect((await gateway.call('PATCH', `/destinations/${id}`, { filter: { condition: 'amount >' } })).status).toBe(400);
    expect((await gateway.call('POST', `/destinations/${id}/disable`)).body).toMatchObject({ enabled: false, state: 'disabled', trouble: { title: 'Disabled by a person.', remedy: expect.any(String) } });
    expect((await gateway.call('POST', `/destinations/${id}/enable`)).body).toMatchObject({ enabled: true, state: 'active', trouble: null });
    expect((await gateway.call('DELETE', `/destinations/${id}`)).status).toBe(204);
    expect((await gateway.call('GET', `/destinations/${id}`)).status).toBe(404);
    for (const [method, path] of [['GET', ''], ['PATCH', ''], ['DELETE', ''], ['POST', '/enable'], ['POST', '/test'], ['POST', '/rotate-secret'], ['GET', '/deliveries'], ['POST', '/deliveries/retry'], ['POST', `/deliveries/${anyId}/retry`]] as const) {
      expect([path, (await gateway.call(method, `/destinations/${id}${path}`, method === 'GET' || method === 'DELETE' ? undefined : {})).status]).toEqual([path, 404]);
    }
  });

  it('shows what it answers to a test event', async () => {
    const id = await made({ secret: OWN });
    const test = async () => (await gateway.call('POST', `/destinations/${id}/test`)).body as Body & { sent: string };
    expect(await test()).toMatchObject({ ok: true, attempt: { status: 204, explanation: null }, sent: expect.stringContaining('"type":"test_event"') });
    expect(catcher.requests.at(-1)).toMatchObject({ signed: true });
    answer = { status: 401, body: 'who are you?' };
    expect(await test()).toMatchObject({ ok: false, attempt: { status: 401, answer: 'who are you?', explanation: { title: expect.stringContaining('401'), remedy: expect.stringContaining('secret') } } });
    answer = { status: 204, body: '' };
    await gateway.call('PATCH', `/destinations/${id}`, { url: 'http://127.0.0.1:1/' });
    expect(await test()).toMatchObject({ ok: false, attempt: { status: null, error: 'ECONNREFUSED', explanation: { remedy: expect.any(String) } } });
  });
});

describe('the delivery log', () => {
  it('is paged and filtered, and sends failed ones again', async () => {
    const deliveries = new DeliveryRepository(gateway.database);
    const id = await made();
    expect(await deliveries.park([1, 2, 3].map((n) => delivery(id, n)), 0)).toBe(3);
    expect(await deliveries.park([delivery(id, 3), delivery(id, 4)], 0)).toBe(1);
    const [one, two] = await deliveries.take(id, anyId, 2, 1_000, 60_000);
    const attempt = { at: new Date().toISOString(), status: 400, durationMs: 12, error: null, answer: 'no\0pe' };
    await deliveries.record(anyId, [{ id: one!.id, state: 'delivered', waitMs: 0, attempt: { ...attempt, status: 200 } }, { id: two!.id, state: 'failed', waitMs: 0, attempt, reason: 'refused_by_destination' }]);
    const list = async (query = '') => (await gateway.call('GET', `/destinations/${id}/deliveries?${query}`)).body;
    const first = await list('limit=3');
    expect(first.data.map((row) => (row as Body & { messageId: string }).messageId)).toEqual(['evt_4', 'evt_3', 'evt_2']);
    expect((await list(`limit=3&cursor=${first.nextCursor ?? ''}`)).data).toMatchObject([{ messageId: 'evt_1', state: 'delivered', attempts: 1, nextTryAt: null, log: [{ status: 200, explanation: null }] }]);
    expect((await list('state=failed')).data).toMatchObject([{ messageId: 'evt_2', reason: 'refused_by_destination', log: [{ status: 400, answer: 'no\ufffdpe', explanation: { title: expect.any(String), remedy: expect.any(String) } }] }]);
    expect((await gateway.call('GET', `/destinations/${id}`)).body).toMatchObject({ deliveries: { waiting: 2, delivered: 1, failed: 1 } });
    expect((await gateway.call('GET', `/destinations/${id}/deliveries/${two!.id}`)).body).toMatchObject({ payload: '{"n":2}' });
    expect((await gateway.call('GET', `/destinations/${id}/deliveries/${one!.id}`)).body).toMatchObject({ payload: null });
    expect((await gateway.call('POST', `/destinations/${id}/deliveries/${one!.id}/retry`)).status).toBe(409);
    expect((await gateway.call('POST', `/destinations/${id}/deliveries/retry`)).body).toEqual({ count: 1 });
    expect((await gateway.call('POST', `/destinations/${id}/deliveries/retry`)).body).toEqual({ count: 0 });
    expect((await list('state=waiting')).data).toHaveLength(3);
    expect((await gateway.call('GET', `/destinations/${id}/deliveries?state=lost`)).status).toBe(400);
  });

  it('belongs to its workspace', async () => {
    const theirs = newId();
    await gateway.database.query(`insert into workspaces (id, name) values ($1, 'Other')`, [theirs]);
    const id = await made();
    await gateway.database.query('update destinations set workspace_id = $2 where id = $1', [id, theirs]);
    for (const path of ['', '/deliveries']) expect((await gateway.call('GET', `/destinations/${id}${path}`)).status).toBe(404);
    expect((await gateway.call('GET', '/destinations?limit=200')).text).not.toContain(id);
  });
});
