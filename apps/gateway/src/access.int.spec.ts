import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectorNames } from '#connectors';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { anyId, eventOnly, random, startGateway, type TestGateway } from './gateway.factory.js';

let control: TestDatabase;
let gateway: TestGateway;
let call: TestGateway['call'];
let send: TestGateway['send'];

beforeAll(async () => {
  control = await testDatabase();
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`);
  ({ call, send } = gateway);
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await control.drop();
});

describe('access', () => {
  it('refuses everything without a key, and what the role may not do', async () => {
    expect(await call('GET', '/sources', undefined, {})).toMatchObject({ status: 401, body: { code: 'unauthenticated', type: 'urn:cloud-sources:problem:unauthenticated' }, headers: { 'www-authenticate': expect.any(String) } });
    expect((await call('GET', '/sources', undefined, { authorization: 'Bearer cs_wrong' })).status).toBe(401);
    const { body: { key, id } } = await call('POST', '/api-keys', { name: 'reader', role: 'viewer' });
    const reader = { authorization: `Bearer ${key}` };
    expect((await call('GET', '/sources', undefined, reader)).status).toBe(200);
    expect(await call('POST', '/sources', gateway.source(), reader)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await call('GET', '/api-keys', undefined, reader)).status).toBe(403);
    expect((await call('DELETE', `/api-keys/${id}`)).status).toBe(204);
    expect((await call('GET', '/sources', undefined, reader)).status).toBe(401);
    expect((await call('GET', '/api-keys')).text).not.toContain(key);
  });

  it('signs in with a cookie that other sites and scripts can\'t use, and out again', async () => {
    expect(await call('POST', '/session', { email: 'owner@example.com', password: 'wrong' }, {})).toMatchObject({ status: 401 });
    const signedIn = await call('POST', '/session', { email: 'OWNER@example.com', password: gateway.password }, {});
    expect(signedIn.status).toBe(204);
    const cookie = String(signedIn.headers['set-cookie']);
    expect(cookie).toMatch(/^cs_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800$/);
    const session = { cookie: cookie.split(';')[0]! };
    expect((await call('GET', '/session', undefined, session)).body).toMatchObject({ email: 'owner@example.com', role: 'owner', workspace: { name: 'My workspace' } });
    expect(await call('POST', `/sources/${anyId}/pause`, undefined, { ...session, 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403, body: { title: 'The request came from another site.' } });
    expect((await call('DELETE', '/session', undefined, session)).status).toBe(204);
    expect((await call('GET', '/session', undefined, session)).status).toBe(401);
  });

  it('slows down who guesses passwords, whether the account is there or not', async () => {
    for (const email of ['owner@example.com', 'nobody@example.com']) {
      const guess = () => call('POST', '/session', { email, password: 'wrong' }, {});
      let answer = await guess();
      for (let tries = 0; answer.status === 401 && tries < 20; tries += 1) answer = await guess();
      expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/^[1-9]\d*$/) } });
    }
    await gateway.database.query('update throttles set failures = 100, failed_at = now()'); // a slow machine may have waited long enough
    // The right password waits as well: otherwise the wait would tell which one is right.
    expect((await call('POST', '/session', { email: 'owner@example.com', password: gateway.password }, {})).status).toBe(429);
    await gateway.database.query('delete from throttles');
  });
});

describe('refusals', () => {
  it('are problem details that name fields and never values', async () => {
    const secret = `sk_live-${random()}`;
    const answer = await call('POST', '/sources', gateway.source({ configuration: { apiKey: secret, nonsense: 'x' }, startDate: '2001-01-01' }));
    expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json' }, body: { code: 'validation_failed', errors: [{ field: 'configuration.nonsense' }, { field: 'configuration.apiKey' }] } });
    expect(answer.text).not.toContain(secret);
    expect((await call('POST', '/sources', { ...gateway.source(), surprise: 1 })).body.errors).toEqual([{ field: 'surprise', message: expect.any(String) }]);
    expect((await call('POST', '/sources', gateway.source({ connector: 'nope' }))).body.errors[0].field).toBe('connector');
    expect((await call('POST', '/sources', gateway.source({ startDate: '2001-01-01' }))).body.errors[0].field).toBe('startDate');
    expect((await call('POST', '/sources', gateway.source({ intervalMinutes: 59 }))).body.errors[0].field).toBe('intervalMinutes');
    expect((await call('POST', '/sources', gateway.source({ collections: ['nope'] }))).body.errors[0].field).toBe('collections');
    expect(await call('GET', '/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await call('GET', '/sources?limit=0')).status).toBe(400);
    const malformed = await send('POST', '/api/v1/sources', { authorization: `Bearer ${gateway.ownerKey}`, 'content-type': 'application/json' }, '{"a":');
    expect([malformed.status, malformed.headers['content-type']]).toEqual([400, 'application/problem+json']);
  });

  it('say which methods a path takes, which type of body, and how large', async () => {
    const owner = { authorization: `Bearer ${gateway.ownerKey}` };
    expect(await call('PUT', '/sources', {})).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, POST', 'content-type': 'application/problem+json' }, body: { code: 'method_not_allowed' } });
    expect(await call('GET', '/account/password')).toMatchObject({ status: 405, headers: { allow: 'PUT' } });
    for (const path of [`/api/v1/sources/${'x'.repeat(500)}`, '/api/v1/sources/%ff']) expect(await send('GET', path, owner, null)).toMatchObject({ status: 404, headers: { 'content-type': 'application/problem+json' } });
    expect(await call('DELETE', '/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await send('POST', '/api/v1/sources', { ...owner, 'content-type': 'text/csv' }, 'a,b')).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    expect(await send('POST', '/api/v1/sources', { ...owner, 'content-type': 'application/json' }, JSON.stringify({ name: 'x'.repeat(2_000_000) }))).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  });

  it('know nothing of another workspace', async () => {
    const id = await gateway.made();
    await gateway.database.query(`insert into workspaces (id, name) values ($1, 'Other')`, [anyId]);
    const otherKey = `cs_${random()}`;
    await gateway.database.query(`insert into api_keys (id, workspace_id, name, prefix, key_hash, role) values ($1, $1, 'x', 'x', encode(sha256($2), 'hex'), 'owner')`, [anyId, Buffer.from(otherKey)]);
    const other = { authorization: `Bearer ${otherKey}` };
    const { body: { data: [run] } } = await call('GET', `/sources/${id}/runs`);
    const paths = [`/sources/${id}`, `/sources/${id}/runs`, `/sources/${id}/usage`, `/sources/${id}/collections`, `/sources/${id}/webhook`, `/runs/${run.id}`, `/runs/${run.id}/log`];
    for (const path of paths) {
      expect([path, (await call('GET', path)).status]).toEqual([path, 200]);
      expect([path, (await call('GET', path, undefined, other)).status]).toEqual([path, 404]);
    }
    for (const [method, path, body] of [
      ['POST', `/sources/${id}/sync`], ['POST', `/sources/${id}/pause`], ['DELETE', `/sources/${id}`], ['PATCH', `/sources/${id}`, { name: 'x' }], ['PUT', `/sources/${id}/schedule`, { intervalMinutes: 60 }],
      ['PUT', `/sources/${id}/collections`, eventOnly], ['PUT', `/sources/${id}/credentials`, { configuration: {} }], ['PUT', `/sources/${id}/webhook/secret`, { secret: 'whsec_12345678' }], ['POST', `/sources/${id}/webhook/rotate-token`, {}], ['POST', `/runs/${run.id}/cancel`],
    ] as const) expect([path, (await call(method, path, body, other)).status]).toEqual([path, 404]);
    expect((await call('GET', '/sources', undefined, other)).body).toEqual({ data: [], nextCursor: null });
  });
});

describe('catalog and documents', () => {
  it('show what a connector brings before anything is connected', async () => {
    const { body } = await call('GET', '/catalog/stripe');
    expect(body).toMatchObject({ name: 'stripe', sync: true, streaming: true, kinds: ['object', 'event'], auth: ['api_key'] });
    expect(body.configuration.find(({ name }) => name === 'apiKey')).toMatchObject({ type: 'secret', required: true });
    expect((await call('GET', '/catalog')).body.data.map(({ name }: { name: string }) => name)).toEqual(connectorNames);
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

describe('limits', () => {
  it('count each caller and each address on their own, say what is left, and refuse with the seconds to wait', async () => {
    const limited = await startGateway(control.url, await testKafka(), `${randomName()}.`, { env: { RATE_LIMIT_PER_MINUTE: '3', RATE_LIMIT_ANONYMOUS_PER_MINUTE: '2' } });
    try {
      // The bootstrap is over, so the first gateway's key is the one that counts.
      const headers = { authorization: `Bearer ${gateway.ownerKey}` };
      const ask = () => limited.call('GET', '/workspaces', undefined, headers);
      const answers = await Promise.all(Array.from({ length: 8 }, ask));
      expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(3);
      expect(answers[0]?.headers).toMatchObject({ 'ratelimit-policy': '"caller";q=3;w=60', ratelimit: expect.stringMatching(/^"caller";r=\d;t=\d+$/) });
      expect(answers.find(({ status }) => status !== 200)).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/^(1?\d|20)$/) }, body: { code: 'too_many_requests' } });
      const nobody = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => limited.call('GET', '/workspaces', undefined, { authorization: `Bearer cs_${key}` })));
      expect(new Set(nobody.map(({ status }) => status))).toEqual(new Set([401, 429]));
    } finally {
      await limited.close();
    }
  }, 60_000);

  it('count who sends passwords and links for all gateways together', async () => {
    const env = { RATE_LIMIT_ANONYMOUS_PER_MINUTE: '50' };
    const [one, two] = [await startGateway(control.url, await testKafka(), `${randomName()}.`, { env }), await startGateway(control.url, await testKafka(), `${randomName()}.`, { env })];
    try {
      expect((await one.call('POST', '/invitations/look-up', { token: 'x' }, {})).status).toBe(404);
      // All that the address has left, for an hour: the other gateway never heard of it.
      await gateway.database.query(`update request_counts set tokens = 0, at = now() + interval '1 hour'`);
      expect(await gateway.database.query('select tokens from request_counts')).toContainEqual({ tokens: 0 });
      const refused = { status: 429, headers: { 'retry-after': expect.stringMatching(/^[1-9]\d*$/) }, body: { code: 'too_many_requests' } };
      for (const [path, body] of [['/invitations/look-up', { token: 'x' }], ['/invitations/accept', { token: 'x' }], ['/session', { email: 'a@example.com', password: 'x' }]] as const) expect(await two.call('POST', path, body, {})).toMatchObject(refused);
      expect((await two.call('GET', '/sign-in-options', undefined, {})).status).toBe(200);
    } finally {
      await gateway.database.query('delete from request_counts');
      await Promise.all([one.close(), two.close()]);
    }
  }, 60_000);
});
