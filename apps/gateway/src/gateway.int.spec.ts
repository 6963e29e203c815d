import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { Global, Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicDefinitions, topicNames, type SyncEvent } from '#contracts';
import { RecordProducer, createKafka, ensureTopics, type Kafka } from '#kafka';
import { RunRepository, WebhookRepository, openDatabase, type DataSource } from '#persistence';
import { Health, Logger, Metrics, loadConfig } from '#platform';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { createVault, parseKeyRing, sealContext } from '#vault';
import { GatewayConfig } from './gateway.config.js';
import { GatewayModule } from './gateway.module.js';
import { configureHttp } from './http/configure-http.js';

const prefix = `${randomName()}.`;
const random = () => randomBytes(18).toString('hex');
const [ownerKey, password, goodKey] = [`cs_${random()}`, random(), `sk_test_${random()}`];
const vaultKeys = `k1:${randomBytes(32).toString('base64')}`;
const anyId = '018f0000-0000-7000-8000-000000000000';

let control: TestDatabase;
let warehouse: TestDatabase;
let database: DataSource;
let partner: Server;
let partnerCalls = 0;
let app: NestFastifyApplication;
let kafka: Kafka;
let baseUrl: string;
let url: string;

/** What the specs read of any answer. */
interface Body {
  readonly id: string; readonly name: string; readonly slug: string; readonly state: string; readonly code: string; readonly key: string; readonly url: string;
  readonly collections: readonly string[]; readonly selected: boolean; readonly warehouseId: string | null; readonly intervalMinutes: number; readonly nextRunAt: string; readonly createdAt: string;
  readonly enabled: boolean; readonly workspace: Body; readonly configuration: readonly Body[]; readonly secrets: readonly Body[]; readonly nextCursor: string | null;
  readonly errors: readonly [{ readonly field: string; readonly message: string }]; readonly data: readonly [Body, ...Body[]];
}
interface Answer { readonly status: number; readonly headers: Record<string, string>; readonly body: Body; readonly text: string }

async function call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, payload?: object, headers: Record<string, string> = { authorization: `Bearer ${ownerKey}` }): Promise<Answer> {
  return send(method, `/api/v1${path}`, { ...headers, ...(payload !== undefined && { 'content-type': 'application/json' }) }, payload === undefined ? null : JSON.stringify(payload));
}

/** An answer without a body: reading it is the spec's mistake. */
const NO_BODY = undefined as unknown as Body;

async function send(method: string, path: string, headers: Record<string, string>, payload: string | null): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, { method, headers, body: payload });
  const text = await answer.text();
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text, body: /json/.test(answer.headers.get('content-type') ?? '') && text !== '' ? JSON.parse(text) as Body : NO_BODY };
}

beforeAll(async () => {
  [control, warehouse] = await Promise.all([testDatabase(), testDatabase()]);
  partner = createServer((request, response) => {
    partnerCalls += 1;
    const right = request.headers.authorization === `Bearer ${goodKey}`;
    response.writeHead(right ? 200 : 401, { 'content-type': 'application/json' })
      .end(JSON.stringify(right ? { id: 'acct_1', object: 'account', email: 'a@example.com' } : { error: { type: 'invalid_request_error', message: 'Invalid API Key provided' } }));
  });
  await new Promise<void>((resolve) => { partner.listen(0, '127.0.0.1', resolve); });
  baseUrl = `http://127.0.0.1:${(partner.address() as AddressInfo).port}`;
  const brokers = await testKafka();
  kafka = createKafka({ brokers, clientId: 'spec' }, { debug: () => undefined, warn: () => undefined });
  await ensureTopics(kafka, topicDefinitions([], { prefix, rawPartitions: 1, recordPartitions: 1, rawRetentionMs: 3_600_000, eventRetentionMs: 3_600_000 }));

  const config = loadConfig(GatewayConfig, {
    KAFKA_BROKERS: brokers.join(','), TOPIC_PREFIX: prefix, DATABASE_URL: control.url, VAULT_KEYS: vaultKeys, ALLOW_PRIVATE_ADDRESSES: 'true', SECURE_COOKIES: 'false',
    BOOTSTRAP_OWNER_EMAIL: 'owner@example.com', BOOTSTRAP_OWNER_PASSWORD: password, BOOTSTRAP_API_KEY: ownerKey, WEBHOOK_PUBLIC_URL: 'https://hooks.example.com/',
  }, () => '');
  const metrics = new Metrics('gateway');
  const values = [{ provide: GatewayConfig, useValue: config }, { provide: Logger, useValue: Logger.create('gateway', 'silent') }, { provide: Metrics, useValue: metrics }, { provide: Health, useValue: new Health(metrics) }];
  @Global()
  @Module({ providers: values, exports: values.map(({ provide }) => provide) })
  class Platform {}
  const module = await Test.createTestingModule({ imports: [Platform, GatewayModule] }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  configureHttp(app);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  database = await openDatabase({ url: control.url, applicationName: 'spec' });
}, 60_000);

afterAll(async () => {
  await app.close();
  await database.destroy();
  partner.close();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: (await admin.listTopics()).filter((name) => name.startsWith(prefix)) });
  await admin.disconnect();
  await Promise.all([control.drop(), warehouse.drop()]);
}, 30_000);

const source = (more: object = {}) => ({ connector: 'stripe', name: 'Stripe – Größe', configuration: { apiKey: goodKey, baseUrl }, ...more });
const eventOnly = { collections: ['customer_events'] };
const made = async (more: object = {}): Promise<string> => {
  const answer = await call('POST', '/sources', source({ ...eventOnly, ...more }));
  expect(answer.status).toBe(201);
  return answer.body.id;
};
const endRun = async (sourceId: string, state: 'succeeded' | 'failed', code?: 'authentication_failed') => {
  const runs = new RunRepository(database);
  const { data: [{ id }] } = (await call('GET', `/sources/${sourceId}/runs`)).body;
  const { token } = (await runs.claim(id, 'spec', 60_000))!;
  await runs.finish(id, token, state, code && { code, title: 'Refused.', remedy: 'Enter new credentials.' });
  return id;
};

describe('access', () => {
  it('refuses everything without a key, and what the role may not do', async () => {
    expect(await call('GET', '/sources', undefined, {})).toMatchObject({ status: 401, body: { code: 'unauthenticated', type: 'urn:cloud-sources:problem:unauthenticated' }, headers: { 'www-authenticate': expect.any(String) } });
    expect((await call('GET', '/sources', undefined, { authorization: 'Bearer cs_wrong' })).status).toBe(401);
    const { body: { key, id } } = await call('POST', '/api-keys', { name: 'reader', role: 'viewer' });
    const reader = { authorization: `Bearer ${key}` };
    expect((await call('GET', '/sources', undefined, reader)).status).toBe(200);
    expect(await call('POST', '/sources', source(), reader)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await call('GET', '/api-keys', undefined, reader)).status).toBe(403);
    expect((await call('DELETE', `/api-keys/${id}`)).status).toBe(204);
    expect((await call('GET', '/sources', undefined, reader)).status).toBe(401);
    expect((await call('GET', '/api-keys')).text).not.toContain(key);
  });

  it('signs in with a cookie that other sites and scripts can\'t use, and out again', async () => {
    expect(await call('POST', '/session', { email: 'owner@example.com', password: 'wrong' }, {})).toMatchObject({ status: 401 });
    const signedIn = await call('POST', '/session', { email: 'OWNER@example.com', password }, {});
    expect(signedIn.status).toBe(204);
    const cookie = String(signedIn.headers['set-cookie']);
    expect(cookie).toMatch(/^cs_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800$/);
    const session = { cookie: cookie.split(';')[0]! };
    expect((await call('GET', '/session', undefined, session)).body).toMatchObject({ email: 'owner@example.com', role: 'owner', workspace: { name: 'My workspace' } });
    expect(await call('POST', `/sources/${anyId}/pause`, undefined, { ...session, 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403, body: { title: 'The request came from another site.' } });
    expect((await call('DELETE', '/session', undefined, session)).status).toBe(204);
    expect((await call('GET', '/session', undefined, session)).status).toBe(401);
  });

  it('slows down who guesses passwords', async () => {
    let answer = await call('POST', '/session', { email: 'owner@example.com', password: 'wrong' }, {});
    for (let tries = 0; answer.status === 401 && tries < 20; tries += 1) answer = await call('POST', '/session', { email: 'owner@example.com', password: 'wrong' }, {});
    expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': expect.any(String) } });
    expect((await call('POST', '/session', { email: 'owner@example.com', password }, {})).status).toBe(429);
    await database.query('update users set failed_logins = 0');
  });
});

describe('refusals', () => {
  it('are problem details that name fields and never values', async () => {
    const secret = `sk_live-${random()}`;
    const answer = await call('POST', '/sources', source({ configuration: { apiKey: secret, nonsense: 'x' }, startDate: '2001-01-01' }));
    expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json' }, body: { code: 'validation_failed', errors: [{ field: 'configuration.nonsense' }, { field: 'configuration.apiKey' }] } });
    expect(answer.text).not.toContain(secret);
    expect((await call('POST', '/sources', { ...source(), surprise: 1 })).body.errors).toEqual([{ field: 'surprise', message: expect.any(String) }]);
    expect((await call('POST', '/sources', source({ connector: 'nope' }))).body.errors[0].field).toBe('connector');
    expect((await call('POST', '/sources', source({ startDate: '2001-01-01' }))).body.errors[0].field).toBe('startDate');
    expect((await call('POST', '/sources', source({ intervalMinutes: 59 }))).body.errors[0].field).toBe('intervalMinutes');
    expect((await call('POST', '/sources', source({ collections: ['nope'] }))).body.errors[0].field).toBe('collections');
    expect(await call('GET', '/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await call('GET', '/sources?limit=0')).status).toBe(400);
    const malformed = await send('POST', '/api/v1/sources', { authorization: `Bearer ${ownerKey}`, 'content-type': 'application/json' }, '{"a":');
    expect([malformed.status, malformed.headers['content-type']]).toEqual([400, 'application/problem+json']);
  });

  it('know nothing of another workspace', async () => {
    const id = await made();
    await database.query(`insert into workspaces (id, name) values ($1, 'Other')`, [anyId]);
    const otherKey = `cs_${random()}`;
    await database.query(`insert into api_keys (id, workspace_id, name, prefix, key_hash, role) values ($1, $1, 'x', 'x', encode(sha256($2), 'hex'), 'owner')`, [anyId, Buffer.from(otherKey)]);
    const other = { authorization: `Bearer ${otherKey}` };
    const { body: { data: [run] } } = await call('GET', `/sources/${id}/runs`);
    const paths = [`/sources/${id}`, `/sources/${id}/runs`, `/sources/${id}/usage`, `/sources/${id}/collections`, `/sources/${id}/webhook`, `/runs/${run.id}`, `/runs/${run.id}/log`];
    for (const path of paths) {
      expect([path, (await call('GET', path)).status]).toEqual([path, 200]);
      expect([path, (await call('GET', path, undefined, other)).status]).toEqual([path, 404]);
    }
    for (const [method, path, body] of [
      ['POST', `/sources/${id}/sync`], ['POST', `/sources/${id}/pause`], ['DELETE', `/sources/${id}`], ['PATCH', `/sources/${id}`, { name: 'x' }], ['PUT', `/sources/${id}/schedule`, { intervalMinutes: 60 }],
      ['PUT', `/sources/${id}/collections`, eventOnly], ['PUT', `/sources/${id}/credentials`, { configuration: {} }], ['PUT', `/sources/${id}/webhook/secret`, { secret: 'whsec_12345678' }], ['POST', `/runs/${run.id}/cancel`],
    ] as const) expect([path, (await call(method, path, body, other)).status]).toEqual([path, 404]);
    expect((await call('GET', '/sources', undefined, other)).body).toEqual({ data: [], nextCursor: null });
  });
});

describe('sources', () => {
  it('need a warehouse for objects, not for events', async () => {
    expect(await call('POST', '/sources', source())).toMatchObject({ status: 409, body: { code: 'warehouse_required', remedy: expect.stringContaining('POST /api/v1/warehouses') } });
    const before = partnerCalls;
    const id = await made();
    expect(partnerCalls).toBe(before + 1);
    expect((await call('PUT', `/sources/${id}/collections`, { collections: ['customers'] })).body.code).toBe('warehouse_required');
  });

  it('are created with their first run queued; no answer, row or message holds a secret in clear', async () => {
    const answer = await call('POST', '/sources', source({ ...eventOnly, name: 'Stripe – Größe' }));
    expect(answer).toMatchObject({ status: 201, body: { connector: 'stripe', slug: expect.stringMatching(/^stripe_grosse|^stripe_gro_e/), state: 'active', intervalMinutes: 180, collections: ['customer_events'], configuration: { baseUrl }, error: null, warehouseId: null } });
    const { id } = answer.body;
    expect((await call('GET', `/sources/${id}/runs`)).body.data).toMatchObject([{ state: 'queued', trigger: 'first', sourceId: id }]);
    expect(await database.query(`select topic from outbox where key = $1 order by id`, [id])).toEqual([{ topic: 'sync.commands.stripe' }, { topic: 'sync.events' }]);
    expect((await call('GET', `/sources/${id}/usage`)).body).toMatchObject({ total: 1, data: [{ collection: 'accounts', runId: null, calls: 1 }], limitPerDay: null });
    const claim = (await new RunRepository(database).claim((await call('GET', `/sources/${id}/runs`)).body.data[0].id, 'spec', 60_000))!;
    expect(JSON.parse(createVault(parseKeyRing(vaultKeys)).open(claim.sealedCredentials, sealContext.credentials(id)))).toEqual({ apiKey: goodKey, baseUrl });
    const tables = await database.query(`select table_name as name from information_schema.tables where table_schema = 'public'`) as { name: string }[];
    for (const { name } of tables) expect(JSON.stringify(await database.query(`select t::text from "${name}" t`))).not.toContain(goodKey);
    for (const path of [`/sources/${id}`, '/sources', `/sources/${id}/runs`]) expect((await call('GET', path)).text).not.toContain(goodKey);
  });

  it('are not saved when the partner refuses the credentials', async () => {
    const { body: { data } } = await call('GET', '/sources');
    const bad = `sk_test_${random()}`;
    const answer = await call('POST', '/sources', source({ ...eventOnly, configuration: { apiKey: bad, baseUrl } }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'authentication_failed', title: expect.any(String), remedy: expect.any(String) } });
    expect(answer.text).not.toContain(bad);
    expect((await call('GET', '/sources')).body.data).toHaveLength(data.length);
    expect((await call('POST', '/sources/test', { connector: 'stripe', configuration: { apiKey: goodKey, baseUrl }, collections: [] })).body).toEqual({ account: 'acct_1 (a@example.com)', access: [] });
  });

  it('are created once per Idempotency-Key', async () => {
    const headers = { authorization: `Bearer ${ownerKey}`, 'idempotency-key': random() };
    const body = source({ ...eventOnly, name: 'Once' });
    const [one, two] = await Promise.all([call('POST', '/sources', body, headers), call('POST', '/sources', body, headers)]);
    expect([one!.status, two!.status]).toEqual([201, 201]);
    expect(two!.body).toEqual(one!.body);
    expect((await call('POST', '/sources', { ...body, name: 'Twice' }, headers))).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect((await call('GET', '/sources')).body.data.filter(({ name }) => name === 'Once')).toHaveLength(1);
  });

  it('have a slug that is never given twice', async () => {
    const id = await made({ name: 'Shop', slug: 'shop' });
    expect(await call('POST', '/sources', source({ ...eventOnly, slug: 'shop' }))).toMatchObject({ status: 409, body: { code: 'slug_taken' } });
    expect((await call('DELETE', `/sources/${id}`)).status).toBe(204);
    expect((await call('GET', `/sources/${id}`)).status).toBe(404);
    expect((await call('POST', '/sources', source({ ...eventOnly, slug: 'shop' }))).status).toBe(409);
    expect((await call('POST', '/sources', source({ ...eventOnly, name: 'Shop' }))).body.slug).toBe('shop_2');
    expect((await call('POST', '/sources', source({ ...eventOnly, slug: 'pg_catalog' }))).body.errors[0].field).toBe('slug');
  });

  it('are paged', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { body }: Answer = await call('GET', `/sources?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      expect(body.data.length).toBeLessThanOrEqual(2);
      seen.push(...body.data.map(({ id }) => id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual((await call('GET', '/sources?limit=200')).body.data.map(({ id }) => id));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('are renamed, rescheduled, paused and resumed', async () => {
    const id = await made({ intervalMinutes: 1_440 });
    expect((await call('PATCH', `/sources/${id}`, { name: 'Renamed' })).body.name).toBe('Renamed');
    const rescheduled = (await call('PUT', `/sources/${id}/schedule`, { intervalMinutes: 60 })).body;
    expect(rescheduled.intervalMinutes).toBe(60);
    expect(Date.parse(rescheduled.nextRunAt) - Date.parse(rescheduled.createdAt)).toBeLessThanOrEqual(61 * 60_000);
    expect((await call('POST', `/sources/${id}/pause`)).body).toMatchObject({ state: 'paused', nextRunAt: null });
    expect(await call('POST', `/sources/${id}/sync`)).toMatchObject({ status: 409, body: { code: 'source_paused' } });
    expect((await call('POST', `/sources/${id}/resume`)).body).toMatchObject({ state: 'active', nextRunAt: rescheduled.nextRunAt });
    expect((await call('PUT', `/sources/${id}/collections`, { collections: ['charge_events', 'charge_events'] })).body.collections).toEqual(['charge_events']);
    expect((await call('GET', `/sources/${id}/collections`)).body.data.filter(({ selected }) => selected)).toEqual([{ name: 'charge_events', kind: 'event', selected: true }]);
  });

  it('in error need new credentials, which are tested, and only then run again', async () => {
    const id = await made();
    await endRun(id, 'failed', 'authentication_failed');
    expect((await call('GET', `/sources/${id}`)).body).toMatchObject({ state: 'error', nextRunAt: null, error: { code: 'authentication_failed' } });
    expect((await call('POST', `/sources/${id}/sync`)).body.code).toBe('source_in_error');
    expect((await call('POST', `/sources/${id}/resume`)).body.code).toBe('source_in_error');
    expect((await call('PUT', `/sources/${id}/credentials`, { configuration: { apiKey: `sk_test_${random()}` } })).status).toBe(422);
    expect((await call('GET', `/sources/${id}`)).body.state).toBe('error');
    expect((await call('PUT', `/sources/${id}/credentials`, { configuration: { apiKey: goodKey } })).body).toMatchObject({ state: 'active', error: null, configuration: { baseUrl } });
  });
});

describe('sync now', () => {
  it('answers 202, then 429 with the seconds left, 409 while one runs', async () => {
    const id = await made();
    expect(await call('POST', `/sources/${id}/sync`)).toMatchObject({ status: 409, body: { code: 'run_active' } });
    const first = await endRun(id, 'succeeded');
    const accepted = await call('POST', `/sources/${id}/sync`);
    expect(accepted).toMatchObject({ status: 202, body: { state: 'queued', trigger: 'manual', sourceId: id } });
    const again = await call('POST', `/sources/${id}/sync`);
    expect(again).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(Number(again.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(again.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect((await call('POST', `/runs/${accepted.body.id}/cancel`)).body.state).toBe('cancelled');
    expect((await call('GET', `/sources/${id}/runs?limit=1`)).body).toMatchObject({ data: [{ id: accepted.body.id, state: 'cancelled' }], nextCursor: accepted.body.id });
    expect((await call('GET', `/sources/${id}/runs?limit=1&cursor=${accepted.body.id}`)).body).toMatchObject({ data: [{ id: first, state: 'succeeded' }], nextCursor: null });
  });

  it('shows a run with its collections, calls, errors and log', async () => {
    const id = await made();
    const { body: { data: [{ id: runId }] } } = await call('GET', `/sources/${id}/runs`);
    const runs = new RunRepository(database);
    const { token } = (await runs.claim(runId, 'spec', 60_000))!;
    const startedAt = Date.now();
    await runs.saveProgress(runId, token, { collection: 'customer_events', checkpoint: { c: 1 }, addRecords: { customer_events: 3 }, calls: [{ collection: 'customer_events', method: 'GET', request: '/v1/events?limit=100', status: 200, startedAt, durationMs: 5, bytes: 10 }] });
    await runs.appendLog(runId, [{ at: new Date(startedAt), level: 'warn', message: 'slow' }]);
    await runs.collectionState(runId, token, 'customer_events', 'failed', { code: 'permission_denied', title: 'No.', remedy: 'Allow it.' });
    await runs.finish(runId, token, 'partial');
    expect((await call('GET', `/runs/${runId}`)).body).toMatchObject({
      state: 'partial', records: 3, apiCalls: 1, collections: [{ collection: 'customer_events', state: 'failed', records: 3, apiCalls: 1, error: { code: 'permission_denied', remedy: 'Allow it.' } }],
      calls: [{ request: '/v1/events?limit=100', status: 200, startedAt: new Date(startedAt).toISOString() }],
    });
    expect((await call('GET', `/runs/${runId}/log`)).body).toEqual({ data: [{ at: new Date(startedAt).toISOString(), level: 'warn', message: 'slow' }] });
  });
});

describe('webhook', () => {
  it('has a URL that leads to the source, and secrets that rotate without a gap', async () => {
    const id = await made();
    const [first, second] = [`whsec_${random()}`, `whsec_${random()}`];
    const { body } = await call('GET', `/sources/${id}/webhook`);
    expect(body).toMatchObject({ url: expect.stringMatching(/^https:\/\/hooks\.example\.com\/hooks\/[\w-]{43}$/), secrets: [] });
    await call('PUT', `/sources/${id}/webhook/secret`, { secret: first });
    const rotated = await call('PUT', `/sources/${id}/webhook/secret`, { secret: second });
    expect(rotated.body.secrets).toMatchObject([{ notAfter: null }, { notAfter: expect.any(String) }]);
    expect(rotated.text).not.toContain(second);
    const target = (await new WebhookRepository(database).find(body.url.split('/').at(-1)!))!;
    expect(target).toMatchObject({ sourceId: id, connector: 'stripe', state: 'active', selected: ['customer_events'] });
    const vault = createVault(parseKeyRing(vaultKeys));
    expect(target.secrets.map(({ sealed }) => vault.open(sealed, sealContext.webhookSecret(id)))).toEqual([second, first]);
    await call('DELETE', `/sources/${id}`);
    expect(await new WebhookRepository(database).find(body.url.split('/').at(-1)!)).toBeUndefined();
  });
});

describe('warehouses', () => {
  it('are tested before they are saved; their URL is never shown', async () => {
    const hangsUp = createTcpServer((socket) => { socket.destroy(); });
    await new Promise<void>((resolve) => { hangsUp.listen(0, '127.0.0.1', resolve); });
    const away = new URL(warehouse.url);
    away.port = String((hangsUp.address() as AddressInfo).port);
    expect(await call('POST', '/warehouses', { name: 'Away', url: away.href })).toMatchObject({ status: 422, body: { code: 'warehouse_unavailable' } });
    hangsUp.close();
    const wrong = new URL(warehouse.url);
    wrong.password = random();
    const refused = await call('POST', '/warehouses/test', { url: wrong.href });
    expect(refused.status === 422 ? refused.body.code : refused.body).toBe('warehouse_refused');
    expect(refused.text).not.toContain(wrong.password);
    expect((await call('POST', '/warehouses', { name: 'Bad', url: 'postgres://' })).status).toBe(400);

    const answer = await call('POST', '/warehouses', { name: 'Main', url: warehouse.url });
    expect(answer).toMatchObject({ status: 201, body: { name: 'Main', kind: 'postgres', enabled: true } });
    expect(answer.text).not.toContain(new URL(warehouse.url).password + '@');
    const { id } = answer.body;
    expect((await call('POST', `/warehouses/${id}/test`)).body).toEqual({ ok: true, problems: [] });
    const objects = await call('POST', '/sources', source({ name: 'Objects' }));
    expect(objects).toMatchObject({ status: 201, body: { warehouseId: id } });
    expect(objects.body.collections).toContain('customers');
    expect(await call('DELETE', `/warehouses/${id}`)).toMatchObject({ status: 409, body: { code: 'warehouse_in_use' } });
    expect((await call('PATCH', `/warehouses/${id}`, { enabled: false })).body.enabled).toBe(false);
    expect((await call('POST', '/sources', source({ warehouseId: id }))).body.code).toBe('warehouse_required');
    expect((await call('PATCH', `/sources/${objects.body.id}`, { warehouseId: null })).body.code).toBe('warehouse_required');
    await call('DELETE', `/sources/${objects.body.id}`);
    const events = (await call('GET', '/sources?limit=200')).body.data.filter(({ warehouseId }) => warehouseId === id);
    expect(events).toEqual([]);
    expect((await call('DELETE', `/warehouses/${id}`)).status).toBe(204);
    expect((await call('GET', '/warehouses')).body.data).toEqual([]);
  });
});

describe('catalog and documents', () => {
  it('show what a connector brings before anything is connected', async () => {
    const { body } = await call('GET', '/catalog/stripe');
    expect(body).toMatchObject({ name: 'stripe', sync: true, streaming: true, kinds: ['object', 'event'], auth: ['api_key'] });
    expect(body.configuration.find(({ name }) => name === 'apiKey')).toMatchObject({ type: 'secret', required: true });
    expect((await call('GET', '/catalog')).body.data).toHaveLength(1);
    expect((await call('GET', '/catalog/nope')).status).toBe(404);
  });

  it('are public at /, /api/docs and /api/docs-json', async () => {
    for (const [path, holds] of [['/', '/api/docs'], ['/api/docs', 'swagger-ui'], ['/api/docs-json', '"openapi":"3.1.0"'], ['/api/docs/ui/swagger-ui-bundle.js', 'SwaggerUIBundle'], ['/api/docs/ui/start.js', '/api/docs-json']] as const) {
      const answer = await send('GET', path, {}, null);
      expect([path, answer.status, answer.text.includes(holds)]).toEqual([path, 200, true]);
    }
    expect((await send('GET', '/api/docs/ui/..%2f..%2fpackage.json', {}, null)).status).toBe(404);
  });
});

describe('live', () => {
  it('streams the events of one\'s own workspace only', async () => {
    const id = await made();
    const workspaceId = (await call('GET', '/session')).body.workspace.id;
    const controller = new AbortController();
    const response = await fetch(`${url}/api/v1/live?sourceId=${id}`, { headers: { authorization: `Bearer ${ownerKey}` }, signal: controller.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const producer = new RecordProducer(kafka);
    await producer.connect();
    const event = (sourceId: string, workspace: string): SyncEvent => ({ type: 'run.changed', runId: anyId, sourceId, workspaceId: workspace, at: new Date().toISOString(), state: 'running' });
    const tell = (value: string) => producer.send(topicNames.syncEvents(prefix), { key: id, value, headers: {} });
    let text = '';
    const reader = response.body!.getReader();
    // The feed begins at the topic's end at some moment after the start; until then nothing is heard.
    const speaking = setInterval(() => {
      void tell('not json').then(() => tell(JSON.stringify(event(anyId, workspaceId)))).then(() => tell(JSON.stringify(event(id, anyId)))).then(() => tell(JSON.stringify(event(id, workspaceId))));
    }, 200);
    while (!text.includes('"state":"running"')) text += Buffer.from((await reader.read()).value ?? []).toString();
    clearInterval(speaking);
    controller.abort();
    expect(text).toContain('event: run.changed');
    expect(text).toContain(id);
    expect(text.match(new RegExp(`"sourceId":"${anyId}"|"workspaceId":"${anyId}"`))).toBeNull();
    await producer.disconnect();
  }, 30_000);
});
