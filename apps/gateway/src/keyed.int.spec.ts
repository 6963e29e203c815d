import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeadLetterRepository } from '#persistence';
import { randomName, startEventCatcher, testDatabase, testKafka, type EventCatcher, type TestDatabase } from '#testing';
import { operationsOf, sampleBody } from './docs/operations.factory.js';
import { anyId, startGateway, type Answer, type TestGateway } from './gateway.factory.js';

let control: TestDatabase;
let own: TestDatabase;
let gateway: TestGateway;
let catcher: EventCatcher;
let warehouseId: string;
let source: string;
let audience: string;
let letter: string;
let destination: string;

const keyed = (key: string, path: string, body?: object): Promise<Answer> => gateway.call('POST', path, body, { authorization: `Bearer ${gateway.ownerKey}`, 'idempotency-key': key });
const count = async (what: string): Promise<number> => (await gateway.database.query(`select count(*)::int as n from ${what}`) as { n: number }[])[0]?.n ?? 0;

beforeAll(async () => {
  control = await testDatabase();
  own = await testDatabase();
  catcher = await startEventCatcher({ secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` });
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`, { env: { RATE_LIMIT_PER_MINUTE: '0' } });
  warehouseId = (await gateway.call('POST', '/warehouses', { name: 'Main', url: own.url })).body.id;
  source = (await gateway.call('POST', '/sources', gateway.source({ name: 'Shop', collections: ['customers'] }))).body.id;
  await gateway.endRun(source, 'succeeded');
  destination = (await gateway.call('POST', '/destinations', { kind: 'webhook', name: 'Receiver', url: `${catcher.url}/hook` })).body.id;
  [{ id: audience }] = await gateway.database.query(`insert into models (id, workspace_id, warehouse_id, kind, name, slug, statement, author) select uuid_v7(), workspace_id, id, 'audience', 'All', 'everybody', 'select 1', 'owner' from warehouses where id = $1 returning id`, [warehouseId]) as [{ id: string }];
  const [{ id: workspaceId }] = await gateway.database.query('select id from workspaces') as [{ id: string }];
  await new DeadLetterRepository(gateway.database).keep('cs.dead-letter.normalizer', 0, [{
    letter: { service: 'normalizer', reason: 'not_json', message: 'not JSON', topic: 'cs.raw.stripe', partition: 0, offset: '0', workspaceId, connector: 'stripe', collection: 'customers' },
    at: new Date(), key: null, value: Buffer.from('x'), headers: {}, offset: '0',
  }], '1');
  letter = (await gateway.call('GET', '/dead-letters')).body.data[0].id;
}, 60_000);
afterAll(async () => {
  // Logins are the whole server's, so they don't go with the database.
  expect((await gateway.call('DELETE', `/sources/${source}`)).status).toBe(204);
  await gateway.database.query('delete from models');
  expect((await gateway.call('DELETE', `/warehouses/${warehouseId}`)).status).toBe(204);
  await gateway.close();
  await catcher.stop();
  await own.drop();
  await control.drop();
}, 30_000);

describe('a request under an Idempotency-Key', () => {
  /** Each with what must be there once more, not twice. */
  const kinds = [
    ['a sync', () => `/sources/${source}/sync`, undefined, 'runs', async () => { await gateway.endRun(source, 'succeeded'); await gateway.database.query('update sources set last_sync_requested_at = null'); }],
    ['a resync', () => `/sources/${source}/resync`, {}, 'runs', () => gateway.endRun(source, 'succeeded')],
    ['a verification', () => `/sources/${source}/verify`, undefined, 'verifications', undefined],
    ['a computation', () => `/audiences/${audience}/compute`, undefined, 'model_runs', undefined],
    ['a metric', () => '/metrics', () => ({ warehouseId, name: 'Customers', sql: 'select 1 as value' }), 'measures', undefined],
    ['a segment', () => '/segments', () => ({ warehouseId, name: 'Customers', sql: 'select 1 as id' }), 'measures', undefined],
    ['a replay of a dead letter', () => `/dead-letters/${letter}/replay`, undefined, `dead_letters where state <> 'open'`, undefined],
    ['a new webhook URL', () => `/sources/${source}/webhook/rotate-token`, {}, 'webhook_endpoints', undefined],
    ['an API key', () => '/api-keys', { name: 'program', role: 'viewer' }, 'api_keys', undefined],
    ['an invitation', () => '/invitations', { email: 'invited@example.com', role: 'viewer' }, 'invitations', undefined],
  ] as const;

  it.each(kinds)('does %s once, however often and at once it is sent', async (_, path, given, what, after) => {
    const [key, before] = [randomUUID(), await count(what)];
    const body = typeof given === 'function' ? given() : given;
    const both = await Promise.all([keyed(key, path(), body), keyed(key, path(), body)]);
    expect(both.map(({ status, text }) => (status < 300 ? status : text))).toEqual([both[0]?.status, both[0]?.status]);
    await after?.();
    const third = await keyed(key, path(), body);
    expect([third.status, await count(what)]).toEqual([both[0]?.status, before + 1]);
    expect(third.body.id).toBe(both[0]?.body.id);
    // Whatever the request was, its key is no other one's.
    expect(await keyed(key, '/workspaces', { name: 'Other' })).toMatchObject({ status: 403 });
    expect(await keyed(key, `/sources/${source}/pause`)).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect(await keyed(key, '/destinations', { kind: 'webhook', name: 'Other', url: catcher.url })).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  }, 30_000);

  it('is answered with the same secret, which is kept sealed', async () => {
    const [first, second] = [await keyed('secret', `/destinations/${destination}/rotate-secret`, { overlapHours: 1 }), await keyed('secret', `/destinations/${destination}/rotate-secret`, { overlapHours: 1 })];
    const { secret } = first.body as unknown as { secret: string };
    expect(secret).toMatch(/^whsec_/);
    expect(second.body).toEqual(first.body);
    expect(await count(`idempotency_keys where answer_sealed like 'v1.%'`)).toBeGreaterThan(0);
    expect(await count(`idempotency_keys where answer_sealed like '%whsec%' or answer_sealed like '%{%'`)).toBe(0);
  });

  it('sends one test event, and another body under its key is refused', async () => {
    const before = catcher.requests.length;
    expect((await keyed('test', `/destinations/${destination}/test`)).status).toBe(200);
    expect((await keyed('test', `/destinations/${destination}/test`)).status).toBe(200);
    expect(catcher.requests.length).toBe(before + 1);
    expect((await keyed('body', '/metrics', { warehouseId, name: 'A', sql: 'select 1 as value' })).status).toBe(201);
    expect(await keyed('body', '/metrics', { warehouseId, name: 'B', sql: 'select 1 as value' })).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  it('that was refused can be sent again', async () => {
    await gateway.database.query('update models set enabled = false');
    expect(await keyed('later', `/audiences/${audience}/compute`)).toMatchObject({ status: 409 });
    await gateway.database.query('update models set enabled = true');
    expect(await keyed('later', `/audiences/${audience}/compute`)).toMatchObject({ status: 202 });
  });

  it('is taken over when the gateway that had it died', async () => {
    const path = `/sources/${source}/verify`;
    expect((await keyed('dead', path)).status).toBe(202);
    await gateway.database.query(`update idempotency_keys set status = null, answer_sealed = null, running_until = now() - interval '1 second' where key = 'dead'`);
    expect((await keyed('dead', path)).status).toBeLessThan(300);
    expect(await count(`idempotency_keys where key = 'dead' and status is not null`)).toBe(1);
  });

  it('means something to every POST that makes or begins something, the next one too', async () => {
    const operations = operationsOf((await gateway.send('GET', '/api/docs-json', {}, null)).text).filter(({ method, asks, ...one }) => method === 'POST' && !one.public && !asks);
    expect(operations.length).toBeGreaterThan(30);
    const session = await gateway.session();
    const wrong: string[] = [];
    for (const { template, schema } of operations) {
      const { status, body } = await gateway.call('POST', template.slice('/api/v1'.length).replace(/\{\w+\}/g, anyId), schema === undefined ? undefined : sampleBody(schema) as object, { ...session, 'idempotency-key': 'two words' });
      if (status !== 400 || body.errors[0].field !== 'Idempotency-Key') wrong.push(`${template}: ${status}`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);
});
