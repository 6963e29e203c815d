import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { Connector } from '#connector-kit';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { createVault, parseKeyRing, sealContext } from '#vault';
import { Catalog } from './catalog/catalog.js';
import { anyId, random, startGateway, type TestGateway } from './gateway.factory.js';

const token = (): string => `tok_${randomBytes(15).toString('hex')}`;
const operator = { clientId: 'operator-client', clientSecret: token() };

/** A partner with an authorize page that always agrees, single-use codes and refresh tokens, and an API. */
class Partner {
  readonly server: Server;
  readonly secrets: string[] = [operator.clientSecret];
  private readonly codes = new Map<string, { challenge: string; redirectUri: string }>();
  private access = '';
  private refresh = '';
  refuses = false;
  redemptions = 0;

  constructor() {
    this.server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
        const right = request.headers.authorization === `Bearer ${this.access}`;
        const [status, body] = request.url === '/token' ? this.token(new URLSearchParams(Buffer.concat(parts).toString())) : [right ? 200 : 401, {}];
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
  }

  get url(): string { return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`; }

  /** The person agrees: what the browser is sent back with. */
  agree(authorizeUrl: string): URLSearchParams {
    const { searchParams } = new URL(authorizeUrl);
    const code = token();
    this.secrets.push(code);
    this.codes.set(code, { challenge: searchParams.get('code_challenge') ?? '', redirectUri: searchParams.get('redirect_uri') ?? '' });
    return new URLSearchParams({ code, state: searchParams.get('state') ?? '' });
  }

  expire(): void { this.access = ''; }

  private token(form: URLSearchParams): [number, object] {
    if (form.get('grant_type') === 'authorization_code') {
      const code = this.codes.get(form.get('code') ?? '');
      this.codes.delete(form.get('code') ?? '');
      const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
      if (this.refuses || code?.challenge !== challenge || code.redirectUri !== form.get('redirect_uri')) return [400, { error: 'invalid_grant', error_description: 'bad <code>' }];
    } else {
      this.redemptions += 1;
      if (form.get('refresh_token') !== this.refresh) return [400, { error: 'invalid_grant' }];
    }
    [this.access, this.refresh] = [token(), token()];
    this.secrets.push(this.access, this.refresh);
    return [200, { access_token: this.access, refresh_token: this.refresh, expires_in: 1_800, instance: `${this.url}/instance` }];
  }
}

const partner = new Partner();
const connector: Connector = {
  declaration: {
    name: 'acme', title: 'Acme', description: '', documentationUrl: 'https://acme.example', auth: ['oauth2'], limits: { text: '' },
    configuration: [
      { name: 'subdomain', type: 'string', title: 'Subdomain', help: '', required: true, pattern: '^[a-z]+$' },
      { name: 'accessToken', type: 'secret', title: 'Token', help: '', required: true },
      { name: 'instance', type: 'url', title: 'Instance', help: '', required: true },
    ],
    collections: [{ name: 'things', kind: 'event', title: '', description: '', components: ['sync'], permissions: [], fields: {}, selectedByDefault: true, callsPerSync: 1 }],
  },
  oauth: { authorizeUrl: ({ subdomain }) => `${partner.url}/${subdomain}/authorize`, tokenUrl: () => `${partner.url}/token`, hosts: [], scopes: ['read'], provides: ['instance'], credentials: ({ instance }) => ({ instance: String(instance) }) },
  authenticate: ({ accessToken }) => ({ authorization: `Bearer ${accessToken}` }),
  baseUrl: ({ instance }) => String(instance),
  check: async ({ http }) => { await http.send({ path: '/me', collection: 'things' }); return { account: 'me', access: [] }; },
  readers: {}, normalize: () => [],
};

const createApp = async (root: Type): Promise<NestFastifyApplication> => (await Test.createTestingModule({ imports: [root] }).overrideProvider(Catalog).useValue(new Catalog([connector])).compile())
  .createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });

let control: TestDatabase;
let gateway: TestGateway;
let call: TestGateway['call'];
beforeAll(async () => {
  await new Promise<void>((done) => { partner.server.listen(0, '127.0.0.1', done); });
  control = await testDatabase();
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`, { create: createApp, env: { PUBLIC_URL: 'https://cloud.example.com', OAUTH_CLIENTS: JSON.stringify({ acme: operator }) } });
  ({ call } = gateway);
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await control.drop();
  partner.server.closeAllConnections();
  partner.server.close();
});
beforeEach(() => { partner.refuses = false; partner.redemptions = 0; });

const start = async (body: object = { configuration: { subdomain: 'shop' } }, headers?: Record<string, string>) => call('POST', '/oauth/acme/start', body, headers);
const back = (query: URLSearchParams, headers: Record<string, string> = {}) => gateway.send('GET', `/api/v1/oauth/callback?${query}`, headers, null);
const granted = async (body?: object): Promise<string> => {
  const { body: { authorizeUrl, grantId } } = await start(body);
  expect((await back(partner.agree(authorizeUrl))).status).toBe(200);
  return grantId;
};
const create = (more: object) => call('POST', '/sources', { connector: 'acme', name: `Acme ${random()}`, ...more });
const stored = async (id: string) => {
  const [{ sealed }] = await gateway.database.query('select sealed from source_credentials where source_id = $1', [id]) as [{ sealed: string }];
  return JSON.parse(createVault(parseKeyRing(gateway.vaultKeys)).open(sealed, sealContext.credentials(id))) as Record<string, string>;
};

describe('a source by OAuth', () => {
  it('is begun, agreed to at the partner\'s, and made of the grant; no secret is anywhere in clear', async () => {
    const started = await start();
    expect(started).toMatchObject({ status: 200, body: { authorizeUrl: expect.stringContaining(`${partner.url}/shop/authorize?`), grantId: expect.any(String), expiresAt: expect.any(String) } });
    expect(Object.fromEntries(new URL(started.body.authorizeUrl).searchParams)).toMatchObject({ client_id: 'operator-client', redirect_uri: 'https://cloud.example.com/api/v1/oauth/callback', scope: 'read', response_type: 'code', code_challenge_method: 'S256' });
    expect((await create({ grantId: started.body.grantId })).body.errors[0].field).toBe('grantId');
    const page = await back(partner.agree(started.body.authorizeUrl));
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': expect.stringContaining('script-src \'sha256-'), 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } });
    expect(page.text).toContain('Acme is connected');
    const made = await create({ grantId: started.body.grantId });
    expect(made).toMatchObject({ status: 201, body: { configuration: { subdomain: 'shop', instance: `${partner.url}/instance` }, state: 'active' } });
    expect(await stored(made.body.id)).toEqual({ subdomain: 'shop', instance: `${partner.url}/instance`, accessToken: expect.any(String), refreshToken: expect.any(String), expiresAt: expect.any(String), oauthClientId: 'operator-client' });
    // A grant works once.
    expect((await create({ grantId: started.body.grantId })).body.errors[0].field).toBe('grantId');
    await granted();
    await start();
    const tables = await gateway.database.query(`select table_name as name from information_schema.tables where table_schema = 'public'`) as { name: string }[];
    const rows = await Promise.all(tables.map(({ name }) => gateway.database.query(`select t::text from "${name}" t`)));
    const seen = JSON.stringify(rows) + page.text + made.text + started.text;
    expect(partner.secrets.length).toBeGreaterThan(5);
    for (const secret of partner.secrets) expect(seen).not.toContain(secret);
  });

  it('is connected again by a grant for it, which ends the error state', async () => {
    const { body: { id } } = await create({ grantId: await granted() });
    await gateway.endRun(id, 'failed', 'authentication_failed');
    const forIt = await granted({ sourceId: id });
    const before = await stored(id);
    expect((await create({ grantId: forIt })).body.errors[0].field).toBe('grantId');
    expect((await call('PUT', `/sources/${id}/credentials`, { grantId: forIt })).body).toMatchObject({ state: 'active', error: null, configuration: { subdomain: 'shop' } });
    expect((await stored(id))['refreshToken']).not.toBe(before['refreshToken']);
    expect((await call('PUT', `/sources/${id}/credentials`, {})).status).toBe(400);
  });

  it('keeps its tokens when something else changes, renewed where they ended', async () => {
    const { body: { id } } = await create({ grantId: await granted() });
    expect((await call('PUT', `/sources/${id}/credentials`, { configuration: { subdomain: 'other' } })).body.configuration).toMatchObject({ subdomain: 'other' });
    expect(partner.redemptions).toBe(0);
    partner.expire();
    expect((await call('PUT', `/sources/${id}/credentials`, { configuration: { subdomain: 'third' } })).body.configuration).toMatchObject({ subdomain: 'third' });
    expect(partner.redemptions).toBe(1);
    expect(await stored(id)).toMatchObject({ subdomain: 'third', refreshToken: expect.any(String) });
    // A token that a person enters is all there is then.
    const { accessToken } = await stored(id);
    expect((await call('PUT', `/sources/${id}/credentials`, { configuration: { accessToken } })).status).toBe(200);
    expect(Object.keys(await stored(id)).sort()).toEqual(['accessToken', 'instance', 'subdomain']);
  });
});

describe('the callback', () => {
  it('takes a state once, and no other', async () => {
    const { body: { authorizeUrl } } = await start();
    const query = partner.agree(authorizeUrl);
    expect((await back(query)).status).toBe(200);
    for (const bad of [query, new URLSearchParams({ state: random(), code: 'x' }), new URLSearchParams({ code: 'x' }), new URLSearchParams('state=a&state=b')]) {
      const answer = await back(bad);
      expect([answer.status, answer.text.includes('is not known')]).toEqual([422, true]);
    }
  });

  it('shows what the partner refused, escaped, and gives no second try', async () => {
    partner.refuses = true;
    const { body: { authorizeUrl, grantId } } = await start();
    const query = partner.agree(authorizeUrl);
    const refused = await back(query);
    expect(refused.status).toBe(422);
    expect(refused.text).not.toContain('bad <code>');
    partner.refuses = false;
    expect((await back(query)).status).toBe(422);
    const denied = new URLSearchParams({ state: new URL((await start()).body.authorizeUrl).searchParams.get('state') ?? '', error: 'access_denied', error_description: '<script>alert(1)</script>' });
    const answer = await back(denied);
    expect(answer.text).toContain('access_denied');
    expect(answer.text).not.toContain('<script>alert');
    expect((await create({ grantId })).status).toBe(400);
  });

  it('goes on to a path of the console, never elsewhere', async () => {
    for (const returnTo of ['https://evil.example/', '//evil.example', '/\\evil.example', 'x']) expect((await start({ configuration: { subdomain: 'shop' }, returnTo })).body.errors[0].field).toBe('returnTo');
    const { body: { authorizeUrl, grantId } } = await start({ configuration: { subdomain: 'shop' }, returnTo: '/sources/new?step=2' });
    expect(await back(partner.agree(authorizeUrl))).toMatchObject({ status: 302, headers: { location: `/sources/new?step=2&grantId=${grantId}` } });
    partner.refuses = true;
    const other = await start({ configuration: { subdomain: 'shop' }, returnTo: '/x' });
    expect((await back(partner.agree(other.body.authorizeUrl))).headers['location']).toMatch(/^\/x\?oauthError=Acme/);
  });

  it('is for the session that began it; its grant for that user', async () => {
    const signedIn = await call('POST', '/session', { email: 'owner@example.com', password: gateway.password }, {});
    const session = { cookie: String(signedIn.headers['set-cookie']).split(';')[0]! };
    const { body: { authorizeUrl, grantId } } = await start({ configuration: { subdomain: 'shop' } }, session);
    const query = partner.agree(authorizeUrl);
    expect((await back(query)).status).toBe(422);
    // The state is still there for the one it belongs to.
    expect((await back(query, session)).status).toBe(200);
    expect((await create({ grantId })).body.errors[0].field).toBe('grantId');
    expect((await call('POST', '/sources', { connector: 'acme', name: 'Mine', grantId }, session)).status).toBe(201);
  });
});

describe('beginning', () => {
  it('names what is wrong', async () => {
    expect((await start({})).body.errors[0].field).toBe('configuration.subdomain');
    expect((await start({ configuration: { subdomain: 'shop', accessToken: 'x' } })).body.errors[0].field).toBe('configuration.accessToken');
    expect((await start({ sourceId: anyId })).status).toBe(404);
    expect((await call('POST', '/oauth/nope/start', {})).status).toBe(404);
  });

  it('goes by the workspace\'s client, then the operator\'s, then not at all', async () => {
    expect((await call('GET', '/catalog/acme')).body).toMatchObject({ oauth: { provides: ['accessToken', 'instance'], scopes: ['read'] } });
    expect((await call('GET', '/oauth/acme/client')).body).toEqual({ clientId: 'operator-client', origin: 'operator', redirectUri: 'https://cloud.example.com/api/v1/oauth/callback', scopes: ['read'] });
    const own = await call('PUT', '/oauth/acme/client', { clientId: 'own-client', clientSecret: token() });
    expect(own.body).toMatchObject({ clientId: 'own-client', origin: 'workspace' });
    expect(new URL((await start()).body.authorizeUrl).searchParams.get('client_id')).toBe('own-client');
    expect((await call('DELETE', '/oauth/acme/client')).status).toBe(204);
    await gateway.database.query('delete from oauth_clients');
    expect(await start()).toMatchObject({ status: 409, body: { code: 'oauth_client_missing', remedy: expect.stringContaining('https://cloud.example.com/api/v1/oauth/callback') } });
  });
});
