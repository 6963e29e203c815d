import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunRepository, WebhookRepository } from '#persistence';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { createVault, parseKeyRing, sealContext } from '#vault';
import { eventOnly, random, startGateway, type Answer, type TestGateway } from './gateway.factory.js';

let control: TestDatabase;
let warehouse: TestDatabase;
let gateway: TestGateway;
let call: TestGateway['call'];

beforeAll(async () => {
  [control, warehouse] = await Promise.all([testDatabase(), testDatabase()]);
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`);
  ({ call } = gateway);
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await Promise.all([control.drop(), warehouse.drop()]);
});

describe('sources', () => {
  it('need a warehouse for objects, not for events', async () => {
    expect(await call('POST', '/sources', gateway.source())).toMatchObject({ status: 409, body: { code: 'warehouse_required', remedy: expect.stringContaining('POST /api/v1/warehouses') } });
    const before = gateway.partner.calls();
    const id = await gateway.made();
    expect(gateway.partner.calls()).toBe(before + 1);
    expect((await call('PUT', `/sources/${id}/collections`, { collections: ['customers'] })).body.code).toBe('warehouse_required');
  });

  it('are created with their first run queued; no answer, row or message holds a secret in clear', async () => {
    const answer = await call('POST', '/sources', gateway.source({ ...eventOnly, name: 'Stripe – Größe' }));
    expect(answer).toMatchObject({ status: 201, body: { connector: 'stripe', slug: expect.stringMatching(/^stripe_grosse|^stripe_gro_e/), state: 'active', intervalMinutes: 180, collections: ['customer_events'], configuration: { baseUrl: gateway.partner.baseUrl }, error: null, warehouseId: null } });
    const { id } = answer.body;
    expect((await call('GET', `/sources/${id}/runs`)).body.data).toMatchObject([{ state: 'queued', trigger: 'first', sourceId: id }]);
    expect(await gateway.database.query(`select topic from outbox where key = $1 order by id`, [id])).toEqual([{ topic: 'sync.commands.stripe' }, { topic: 'sync.events' }]);
    expect((await call('GET', `/sources/${id}/usage`)).body).toMatchObject({ total: 1, data: [{ collection: 'accounts', runId: null, calls: 1 }], limitPerDay: null, byDay: [{ calls: 1 }], byCollection: [{ collection: 'accounts', calls: 1 }], byRun: [{ runId: null, calls: 1 }],
      today: { calls: 1, accountCalls: expect.any(Number), resetsAt: expect.stringMatching(/T00:00:00/) }, budget: null, partner: { account: 'acct_1', reservePercent: 20, limits: [] } });
    const claim = (await new RunRepository(gateway.database).claim((await call('GET', `/sources/${id}/runs`)).body.data[0].id, 'spec', 60_000))!;
    expect(JSON.parse(createVault(parseKeyRing(gateway.vaultKeys)).open(claim.sealedCredentials, sealContext.credentials(id)))).toEqual({ apiKey: gateway.partner.key, baseUrl: gateway.partner.baseUrl });
    const tables = await gateway.database.query(`select table_name as name from information_schema.tables where table_schema = 'public'`) as { name: string }[];
    for (const { name } of tables) expect(JSON.stringify(await gateway.database.query(`select t::text from "${name}" t`))).not.toContain(gateway.partner.key);
    for (const path of [`/sources/${id}`, '/sources', `/sources/${id}/runs`]) expect((await call('GET', path)).text).not.toContain(gateway.partner.key);
  });

  it('are not saved when the partner refuses the credentials', async () => {
    const { body: { data } } = await call('GET', '/sources');
    const bad = `sk_test_${random()}`;
    const answer = await call('POST', '/sources', gateway.source({ ...eventOnly, configuration: { apiKey: bad, baseUrl: gateway.partner.baseUrl } }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'authentication_failed', title: expect.any(String), remedy: expect.any(String) } });
    expect(answer.text).not.toContain(bad);
    expect((await call('GET', '/sources')).body.data).toHaveLength(data.length);
    expect((await call('POST', '/sources/test', { connector: 'stripe', configuration: { apiKey: gateway.partner.key, baseUrl: gateway.partner.baseUrl }, collections: [] })).body).toEqual({ account: 'acct_1 (a@example.com)', access: [] });
  });

  it('are created once per Idempotency-Key', async () => {
    const headers = { authorization: `Bearer ${gateway.ownerKey}`, 'idempotency-key': random() };
    const body = gateway.source({ ...eventOnly, name: 'Once' });
    const [one, two] = await Promise.all([call('POST', '/sources', body, headers), call('POST', '/sources', body, headers)]);
    expect([one!.status, two!.status]).toEqual([201, 201]);
    expect(two!.body).toEqual(one!.body);
    expect((await call('POST', '/sources', { ...body, name: 'Twice' }, headers))).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect((await call('GET', '/sources')).body.data.filter(({ name }) => name === 'Once')).toHaveLength(1);
  });

  it('have a slug that is never given twice', async () => {
    const id = await gateway.made({ name: 'Shop', slug: 'shop' });
    expect(await call('POST', '/sources', gateway.source({ ...eventOnly, slug: 'shop' }))).toMatchObject({ status: 409, body: { code: 'slug_taken' } });
    expect((await call('DELETE', `/sources/${id}`)).status).toBe(204);
    expect((await call('GET', `/sources/${id}`)).status).toBe(404);
    expect((await call('POST', '/sources', gateway.source({ ...eventOnly, slug: 'shop' }))).status).toBe(409);
    expect((await call('POST', '/sources', gateway.source({ ...eventOnly, name: 'Shop' }))).body.slug).toBe('shop_2');
    expect((await call('POST', '/sources', gateway.source({ ...eventOnly, slug: 'pg_catalog' }))).body.errors[0].field).toBe('slug');
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
    const id = await gateway.made({ intervalMinutes: 1_440 });
    expect((await call('PATCH', `/sources/${id}`, { name: 'Renamed' })).body.name).toBe('Renamed');
    const rescheduled = (await call('PUT', `/sources/${id}/schedule`, { intervalMinutes: 60 })).body;
    expect(rescheduled.intervalMinutes).toBe(60);
    expect(Date.parse(rescheduled.nextRunAt) - Date.parse(rescheduled.createdAt)).toBeLessThanOrEqual(61 * 60_000);
    expect((await call('POST', `/sources/${id}/pause`)).body).toMatchObject({ state: 'paused', nextRunAt: null });
    expect(await call('POST', `/sources/${id}/sync`)).toMatchObject({ status: 409, body: { code: 'source_paused' } });
    expect((await call('POST', `/sources/${id}/resume`)).body).toMatchObject({ state: 'active', nextRunAt: rescheduled.nextRunAt });
    expect((await call('PUT', `/sources/${id}/collections`, { collections: ['charge_events', 'charge_events'] })).body.collections).toEqual(['charge_events']);
    expect((await call('GET', `/sources/${id}/collections`)).body.data.filter(({ selected }) => selected)).toMatchObject([{ name: 'charge_events', kind: 'event', selected: true, everyMinutes: null, readAt: null, failedRuns: 0, failingSince: null, warning: null, calculated: [], partnerName: null }]);
  });

  it('in error need new credentials, which are tested, and only then run again', async () => {
    const id = await gateway.made();
    await gateway.endRun(id, 'failed', 'authentication_failed');
    expect((await call('GET', `/sources/${id}`)).body).toMatchObject({ state: 'error', nextRunAt: null, error: { code: 'authentication_failed' } });
    expect((await call('POST', `/sources/${id}/sync`)).body.code).toBe('source_in_error');
    expect((await call('POST', `/sources/${id}/resume`)).body.code).toBe('source_in_error');
    expect((await call('PUT', `/sources/${id}/credentials`, { configuration: { apiKey: `sk_test_${random()}` } })).status).toBe(422);
    expect((await call('GET', `/sources/${id}`)).body.state).toBe('error');
    expect((await call('PUT', `/sources/${id}/credentials`, { configuration: { apiKey: gateway.partner.key } })).body).toMatchObject({ state: 'active', error: null, configuration: { baseUrl: gateway.partner.baseUrl } });
  });
});

describe('sync now', () => {
  it('answers 202, then 429 with the seconds left, 409 while one runs', async () => {
    const id = await gateway.made();
    expect(await call('POST', `/sources/${id}/sync`)).toMatchObject({ status: 409, body: { code: 'run_active' } });
    const first = await gateway.endRun(id, 'succeeded');
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
    const id = await gateway.made();
    const { body: { data: [{ id: runId }] } } = await call('GET', `/sources/${id}/runs`);
    const runs = new RunRepository(gateway.database);
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
    expect((await call('GET', `/runs/${runId}/log`)).body).toEqual({ data: [{ at: new Date(startedAt).toISOString(), level: 'warn', message: 'slow' }], nextCursor: null });
  });
});

describe('webhook', () => {
  it('has a URL that leads to the source, and secrets that rotate without a gap', async () => {
    const id = await gateway.made();
    const [first, second] = [`whsec_${random()}`, `whsec_${random()}`];
    const { body } = await call('GET', `/sources/${id}/webhook`);
    expect(body).toMatchObject({ url: expect.stringMatching(/^https:\/\/hooks\.example\.com\/hooks\/[\w-]{43}$/), secrets: [] });
    await call('PUT', `/sources/${id}/webhook/secret`, { secret: first });
    const rotated = await call('PUT', `/sources/${id}/webhook/secret`, { secret: second });
    expect(rotated.body.secrets).toMatchObject([{ notAfter: null }, { notAfter: expect.any(String) }]);
    expect(rotated.text).not.toContain(second);
    const target = (await new WebhookRepository(gateway.database).find(body.url.split('/').at(-1)!))!;
    expect(target).toMatchObject({ sourceId: id, connector: 'stripe', state: 'active', selected: ['customer_events'] });
    const vault = createVault(parseKeyRing(gateway.vaultKeys));
    expect(target.secrets.map(({ sealed }) => vault.open(sealed, sealContext.webhookSecret(id)))).toEqual([second, first]);
    await call('DELETE', `/sources/${id}`);
    expect(await new WebhookRepository(gateway.database).find(body.url.split('/').at(-1)!)).toBeUndefined();
  });
});

describe('a webhook\'s URL', () => {
  const tokenOf = (url: string): string => url.split('/').at(-1)!;

  it('rotates with an overlap; of many rotations at once one is the newest', async () => {
    const id = await gateway.made();
    const webhooks = new WebhookRepository(gateway.database);
    const { body: first } = await call('GET', `/sources/${id}/webhook`);
    expect(first.previousUntil).toBeNull();
    const { status, body: second } = await call('POST', `/sources/${id}/webhook/rotate-token`, {});
    expect([status, second.url !== first.url, second.url]).toEqual([200, true, expect.stringMatching(/\/hooks\/[\w-]{43}$/)]);
    expect(Math.round((Date.parse(second.previousUntil) - Date.now()) / 3_600_000)).toBe(24);
    for (const { url } of [first, second]) expect(await webhooks.find(tokenOf(url))).toMatchObject({ sourceId: id });

    const answers = await Promise.all(Array.from({ length: 5 }, () => call('POST', `/sources/${id}/webhook/rotate-token`, { overlapHours: 1 })));
    const { body: newest } = await call('GET', `/sources/${id}/webhook`);
    expect(answers.map(({ body }) => body.url as string)).toContain(newest.url);
    expect(await gateway.database.query('select count(*)::int as endless from webhook_endpoints where source_id = $1 and not_after is null', [id])).toEqual([{ endless: 1 }]);

    const { body: last } = await call('POST', `/sources/${id}/webhook/rotate-token`, { overlapHours: 0 });
    expect(last.previousUntil).toBeNull();
    for (const { url } of [first, second, newest]) expect(await webhooks.find(tokenOf(url))).toBeUndefined();
    expect(await webhooks.find(tokenOf(last.url))).toMatchObject({ sourceId: id });
    expect((await call('POST', `/sources/${id}/webhook/rotate-token`, { overlapHours: 200 })).status).toBe(400);
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
    expect((await call('POST', `/warehouses/${id}/test`)).body).toEqual({ ok: true, problems: [], sqlProblems: [] });
    const objects = await call('POST', '/sources', gateway.source({ name: 'Objects' }));
    expect(objects).toMatchObject({ status: 201, body: { warehouseId: id } });
    expect(objects.body.collections).toContain('customers');
    // Another workspace fills the same database: its schemas are its own
    await gateway.database.query(`with theirs as (insert into workspaces (id, name) values (gen_random_uuid(), 'Theirs') returning id),
      fills as (insert into warehouses (id, workspace_id, name, url_sealed, location) select gen_random_uuid(), theirs.id, 'Same', 'x', w.location from theirs, warehouses w where w.id = $1 returning id, workspace_id)
      insert into sources (id, workspace_id, connector, name, slug, warehouse_id, start_date, interval_minutes, next_run_at) select gen_random_uuid(), workspace_id, 'stripe', 'Theirs', 'theirs', id, now(), 60, now() + interval '1 day' from fills`, [id]);
    expect(await call('POST', '/sources', gateway.source({ slug: 'theirs' }))).toMatchObject({ status: 409, body: { code: 'slug_taken' } });
    const beside = await call('POST', '/sources', gateway.source({ name: 'Theirs' }));
    expect(beside.body.slug).toBe('theirs_2');
    await call('DELETE', `/sources/${beside.body.id}`);
    expect(await call('DELETE', `/warehouses/${id}`)).toMatchObject({ status: 409, body: { code: 'warehouse_in_use' } });
    expect((await call('PATCH', `/warehouses/${id}`, { enabled: false })).body.enabled).toBe(false);
    expect((await call('POST', '/sources', gateway.source({ warehouseId: id }))).body.code).toBe('warehouse_required');
    expect((await call('PATCH', `/sources/${objects.body.id}`, { warehouseId: null })).body.code).toBe('warehouse_required');
    await call('DELETE', `/sources/${objects.body.id}`);
    const events = (await call('GET', '/sources?limit=200')).body.data.filter(({ warehouseId }) => warehouseId === id);
    expect(events).toEqual([]);
    expect((await call('DELETE', `/warehouses/${id}`)).status).toBe(204);
    expect((await call('GET', '/warehouses')).body.data).toEqual([]);
  });
});
