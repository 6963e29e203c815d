import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createPartnerHttp, type Connector, type Credentials } from '#connector-kit';
import { AccessRepository, CredentialRepository, OAuthRepository, SourceRepository, migrate, newId, openDatabase, type DataSource } from '#persistence';
import { testDatabase, type TestDatabase } from '#testing';
import { createVault, sealContext } from '#vault';
import { sealClient } from './client.js';
import { Renewer } from './renewer.js';

/** An API behind access tokens, and a token endpoint whose refresh tokens work once: one that comes back ends them all. */
class Partner {
  readonly server: Server;
  redemptions = 0;
  calls = 0;
  status = 200;
  private access = '';
  private refresh = '';
  private spent = new Set<string>();

  constructor() {
    this.server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
        const answer = request.url === '/token' ? this.token(new URLSearchParams(Buffer.concat(parts).toString())) : this.api(request.headers.authorization);
        // Long enough for others to meet it.
        setTimeout(() => response.writeHead(answer[0], { 'content-type': 'application/json' }).end(JSON.stringify(answer[1])), 20);
      });
    });
  }

  get url(): string { return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`; }

  /** A new pair, as if a person had just agreed. */
  agree(): { accessToken: string; refreshToken: string } {
    this.spent = new Set();
    [this.access, this.refresh] = [`at-${randomBytes(12).toString('hex')}`, `rt-${randomBytes(12).toString('hex')}`];
    return { accessToken: this.access, refreshToken: this.refresh };
  }

  /** Access tokens given out so far end. */
  expire(): void { this.access = ''; }

  private token(form: URLSearchParams): [number, object] {
    this.redemptions += 1;
    if (this.status !== 200) return [this.status, {}];
    if (form.get('assertion') !== null) return form.get('assertion') === 'good' ? [200, { access_token: this.agree().accessToken }] : [400, { error: 'invalid_grant' }];
    if (form.get('client_secret') !== 'spec secret') return [401, { error: 'invalid_client' }];
    const token = form.get('refresh_token') ?? '';
    if (this.spent.has(token)) { this.access = this.refresh = ''; }
    if (token !== this.refresh) return [400, { error: 'invalid_grant' }];
    const spent = new Set(this.spent).add(token);
    const { accessToken, refreshToken } = this.agree();
    this.spent = spent;
    return [200, { access_token: accessToken, refresh_token: refreshToken, expires_in: 1_800 }];
  }

  private api(authorization: string | undefined): [number, object] {
    this.calls += 1;
    return this.access !== '' && authorization === `Bearer ${this.access}` ? [200, { ok: true }] : [401, {}];
  }
}

const vault = createVault({ current: 'k1', keys: { k1: randomBytes(32) } });
const partner = new Partner();
let test: TestDatabase;
let processes: DataSource[];
let workspaceId: string;
let sourceId: string;
let source: { sourceId: string; workspaceId: string; connector: string };
let connector: Connector;
const [database, sources] = [() => processes[0]!, () => new SourceRepository(processes[0]!)];

beforeAll(async () => {
  test = await testDatabase();
  await new Promise<void>((done) => { partner.server.listen(0, '127.0.0.1', done); });
  processes = await Promise.all([1, 2, 3, 4, 5].map((n) => openDatabase({ url: test.url, applicationName: `spec ${n}`, poolSize: 3 })));
  await migrate(database());
  await new AccessRepository(database()).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  [{ id: workspaceId }] = await database().query('select id from workspaces') as [{ id: string }];
  connector = {
    declaration: { name: 'acme', title: 'Acme', description: '', documentationUrl: '', auth: ['oauth2'], configuration: [{ name: 'accessToken', type: 'secret', title: '', help: '', required: false }], collections: [], limits: { text: '' } },
    oauth: { authorizeUrl: () => `${partner.url}/authorize`, tokenUrl: () => `${partner.url}/token`, hosts: [], scopes: ['read'], refreshTokenMs: 1_000_000, grant: ({ privateKey }) => (privateKey === undefined ? undefined : { grant_type: 'jwt', assertion: privateKey }) },
    authenticate: ({ accessToken }) => ({ authorization: `Bearer ${accessToken}` }),
    baseUrl: () => partner.url, check: () => Promise.reject(new Error('unused')), readers: {}, normalize: () => [],
  };
  await sealClient(new OAuthRepository(database()), vault, 'acme', null, { clientId: 'client', clientSecret: 'spec secret' });
});
afterAll(async () => {
  partner.server.closeAllConnections();
  partner.server.close();
  await Promise.all(processes.map((one) => one.destroy()));
  await test.drop();
});

let first: Credentials;
beforeEach(async () => {
  sourceId = newId();
  source = { sourceId, workspaceId, connector: 'acme' };
  first = { ...partner.agree(), oauthClientId: 'client' };
  await sources().create({
    id: sourceId, workspaceId, connector: 'acme', name: 'A', slug: `s_${sourceId.replaceAll('-', '_')}`, warehouseId: null, configuration: {}, startDate: new Date(), intervalMinutes: 60,
    sealedCredentials: vault.seal(JSON.stringify(first), sealContext.credentials(sourceId)), collections: [],
  });
  partner.status = 200;
  partner.redemptions = partner.calls = 0;
});

const renewer = (one: DataSource): Renewer => new Renewer(new CredentialRepository(one), new OAuthRepository(one), vault, () => Promise.resolve(connector), true);
const worker = (one: DataSource) => createPartnerHttp({ connector, credentials: first, allowPrivateAddresses: true, maxAttempts: 1, renew: renewer(one).during(source, 1) });
const get = { path: '/things', collection: 'things' };

describe('five processes that meet a 401 at once', () => {
  it('redeem the single-use refresh token once, and all go on', async () => {
    partner.expire();
    const workers = processes.map(worker);
    // Several requests in each of them.
    const answers = await Promise.all(workers.flatMap((http) => [http.send(get), http.send(get), http.send(get)]));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 15 }, () => 200));
    expect([partner.redemptions, partner.calls]).toEqual([1, 30]);
    // And once more, when the new one ends too.
    partner.expire();
    await Promise.all(workers.map((http) => http.send(get)));
    expect(partner.redemptions).toBe(2);
    await Promise.all(workers.map((http) => http.close()));
    const [kept] = await database().query('select sealed, version::int, keep_alive_at > now() as alive from source_credentials where source_id = $1', [sourceId]) as [{ sealed: string; version: number; alive: boolean }];
    expect(kept).toMatchObject({ version: 3, alive: true });
    expect(Object.keys(JSON.parse(vault.open(kept.sealed, sealContext.credentials(sourceId))) as object).sort()).toEqual(['accessToken', 'expiresAt', 'oauthClientId', 'refreshToken']);
  });

  it('ask once when the partner refuses, and never again; the source is in error', async () => {
    partner.agree();
    const workers = processes.map(worker);
    const failures = await Promise.all(workers.map((http) => http.send(get).then(() => undefined, (error: unknown) => error)));
    for (const failure of failures) expect(failure).toMatchObject({ code: 'authentication_failed', message: expect.stringContaining('invalid_grant') });
    await expect(workers[0]!.send(get)).rejects.toMatchObject({ code: 'authentication_failed' });
    expect(partner.redemptions).toBe(1);
    expect(await sources().get(workspaceId, sourceId)).toMatchObject({ state: 'error', error: { code: 'authentication_failed' } });
    await Promise.all(workers.map((http) => http.close()));
  });

  it('ask once when the token endpoint is away, and not again for a while; the source stays as it is', async () => {
    partner.expire();
    partner.status = 503;
    const workers = processes.map(worker);
    const failures = await Promise.all(workers.map((http) => http.send(get).then(() => undefined, (error: unknown) => error)));
    for (const failure of failures) expect(failure).toMatchObject({ code: 'partner_unavailable', retryAfterMs: expect.any(Number) });
    expect(partner.redemptions).toBe(1);
    expect((await sources().get(workspaceId, sourceId))?.state).toBe('active');
    await Promise.all(workers.map((http) => http.close()));
  });
});

describe('what a crash between the answer and its write loses', () => {
  it('ends in one more try and an error that says so', async () => {
    // A process that redeemed the token and died: what it got is nowhere.
    await database().query('update source_credentials set renewal_began_at = now() where source_id = $1', [sourceId]);
    await fetch(`${partner.url}/token`, { method: 'POST', body: new URLSearchParams({ refresh_token: first['refreshToken'] ?? '', client_secret: 'spec secret' }) });
    expect(await renewer(processes[1]!).renew(source, 1)).toMatchObject({ error: { code: 'authentication_failed', remedy: expect.stringContaining('never ended') } });
    expect(await renewer(processes[2]!).renew(source, 1)).toMatchObject({ error: { code: 'authentication_failed' } });
    expect(partner.redemptions).toBe(2);
  });
});

describe('an access that needs no person and has no refresh token', () => {
  const own = async (privateKey: string): Promise<void> => {
    first = { accessToken: partner.agree().accessToken, privateKey, renewedBy: 'grant' };
    await database().query('update source_credentials set sealed = $2 where source_id = $1', [sourceId, vault.seal(JSON.stringify(first), sealContext.credentials(sourceId))]);
  };

  it('is asked for again once, when five processes meet its end at once', async () => {
    await own('good');
    partner.expire();
    const workers = processes.map(worker);
    expect((await Promise.all(workers.map((http) => http.send(get)))).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(partner.redemptions).toBe(1);
    await Promise.all(workers.map((http) => http.close()));
  });

  it('is not asked for again once it is refused: the source is in error', async () => {
    await own('bad');
    partner.expire();
    for (const one of processes) expect(await renewer(one).renew(source, 1)).toMatchObject({ error: { code: 'authentication_failed' } });
    expect(partner.redemptions).toBe(1);
    expect((await sources().get(workspaceId, sourceId))?.state).toBe('error');
  });
});

describe('a client whose secret was changed at the partner', () => {
  it('is told as such, leaves the source as it is, and works again as soon as it is corrected', async () => {
    partner.expire();
    const clients = new OAuthRepository(database());
    await sealClient(clients, vault, 'acme', null, { clientId: 'client', clientSecret: 'an older one' });
    expect(await renewer(database()).renew(source, 1)).toMatchObject({ error: { code: 'configuration_invalid', remedy: expect.stringContaining('Correct the id or the secret') } });
    expect(await renewer(processes[1]!).renew(source, 1)).toMatchObject({ error: { code: 'configuration_invalid' } });
    expect([partner.redemptions, (await sources().get(workspaceId, sourceId))?.state]).toEqual([1, 'active']);
    await sealClient(clients, vault, 'acme', null, { clientId: 'client', clientSecret: 'spec secret' });
    expect(await renewer(database()).renew(source, 1)).toMatchObject({ version: 2 });
  });
});

describe('what can\'t be renewed', () => {
  it('is neither asked for nor put in error when the client was taken away: setting it again is enough', async () => {
    partner.expire();
    await database().query(`update oauth_clients set client_id = 'another'`);
    expect(await renewer(database()).renew(source, 1)).toMatchObject({ error: { code: 'configuration_invalid', remedy: expect.stringContaining('Set it again') } });
    await database().query(`update oauth_clients set client_id = 'client'`);
    expect(partner.redemptions).toBe(0);
    expect((await sources().get(workspaceId, sourceId))?.state).toBe('active');
  });

  it('stays a plain 401 without a refresh token', async () => {
    first = { accessToken: 'at-unknown' };
    const http = worker(database());
    await expect(http.send(get)).rejects.toMatchObject({ code: 'authentication_failed' });
    expect(partner.redemptions).toBe(0);
    await http.close();
  });
});
