import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CloudSourcesError } from '#contracts';
import { authorizationUrl, isRenewable, newPkce, tokenPart, withoutRefreshToken, type OAuth } from './oauth.js';
import { exchangeCode, refreshCredentials, type TokenRequestOptions } from './token-endpoint.js';

const NOW = 1_800_000_000_000;
const secret = (): string => randomBytes(16).toString('hex');
const client = { clientId: 'client-1', clientSecret: secret() };
const opened: { close(): unknown }[] = [];
afterEach(() => { for (const one of opened.splice(0)) one.close(); });

interface Asked { readonly headers: Record<string, unknown>; readonly body: string; readonly url: string }

/** A token endpoint that gives one answer, and what asks it. */
async function endpoint(status: number, body: unknown, oauth: Partial<OAuth> = {}) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      asked.push({ headers: request.headers, body: Buffer.concat(parts).toString(), url: request.url ?? '' });
      response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  opened.push({ close: () => { server.closeAllConnections(); server.close(); } });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options: TokenRequestOptions = {
    client, allowPrivateAddresses: true, clock: () => NOW,
    connector: {
      declaration: { name: 'acme', title: 'Acme', description: '', documentationUrl: '', auth: ['oauth2'], configuration: [], collections: [], limits: { text: '', requestsPerSecond: 0.001 } },
      oauth: { authorizeUrl: () => `${base}/authorize?tenant=1`, tokenUrl: () => `${base}/oauth/token`, hosts: ['127.0.0.1', 'acme.example'], scopes: ['read', 'offline'], ...oauth },
    },
  };
  return { options, asked, base };
}
const thrown = async (promise: Promise<unknown>, ...secrets: string[]): Promise<CloudSourcesError> => {
  const error: unknown = await promise.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof CloudSourcesError)) throw new Error(`expected an error of the taxonomy, got ${String(error)}`);
  for (const one of secrets) expect(JSON.stringify(error.report()) + String(error.stack)).not.toContain(one);
  return error;
};

describe('the authorize URL', () => {
  it('asks for a code with state and an S256 challenge, and keeps what the partner\'s own URL says', async () => {
    const { options: { connector: { oauth } } } = await endpoint(200, {});
    const { verifier, challenge } = newPkce();
    expect(verifier).toMatch(/^[\w-]{43}$/);
    expect(challenge).toBe(createHash('sha256').update(verifier).digest('base64url'));
    const url = new URL(authorizationUrl({ ...oauth!, authorizeParameters: { prompt: 'consent' } }, {}, { clientId: 'c', redirectUri: 'https://x.example/back?a=b', state: 's t', challenge, anyHost: true }));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      tenant: '1', prompt: 'consent', response_type: 'code', client_id: 'c', redirect_uri: 'https://x.example/back?a=b', state: 's t', code_challenge: challenge, code_challenge_method: 'S256', scope: 'read offline',
    });
    expect(url.href).not.toContain(verifier);
  });

  it.each(['http://acme.example/x', 'https://evil.example/x', 'https://notacme.example/x', 'https://acme.example.evil.example/', 'https://user:x@acme.example/', 'https://acme.example:8443/', 'nonsense'])('is not made of %s, nor is the client\'s secret sent there', async (url) => {
    const { options } = await endpoint(200, {}, { authorizeUrl: () => url });
    const asked = { clientId: 'c', redirectUri: 'r', state: 's', challenge: 'c', anyHost: false };
    const trusted = { ...options.connector.oauth!, authorizeUrl: () => 'https://login.acme.example/', tokenUrl: () => 'https://acme.example/token' };
    expect(authorizationUrl(trusted, {}, asked)).toContain('https://login.acme.example/?');
    expect(() => authorizationUrl({ ...trusted, authorizeUrl: () => url }, {}, asked)).toThrow('not one of the partner\'s');
    const wrong = { ...trusted, tokenUrl: () => url };
    expect(() => authorizationUrl(wrong, {}, asked)).toThrow('not one of the partner\'s');
    expect((await thrown(refreshCredentials({ ...options, allowPrivateAddresses: false, connector: { ...options.connector, oauth: wrong } }, { refreshToken: secret() }))).code).toBe('configuration_invalid');
  });
});

describe('exchanging a code', () => {
  it('sends the verifier and the client in a form, and keeps what came with the tokens', async () => {
    const { options, asked } = await endpoint(200, { access_token: 'a1', refresh_token: 'r1', expires_in: 1_800, instance_url: 'https://acme.example' }, { provides: ['instanceUrl'], credentials: ({ instance_url: url }) => ({ instanceUrl: String(url), nothing: undefined }) });
    const credentials = await exchangeCode(options, { subdomain: 'acme' }, { code: 'c1', verifier: 'v1', redirectUri: 'https://x.example/back' });
    expect(credentials).toEqual({ subdomain: 'acme', accessToken: 'a1', refreshToken: 'r1', expiresAt: String(NOW + 1_800_000), instanceUrl: 'https://acme.example', oauthClientId: 'client-1' });
    expect(asked[0]).toMatchObject({ url: '/oauth/token', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect(Object.fromEntries(new URLSearchParams(asked[0]!.body))).toEqual({ grant_type: 'authorization_code', code: 'c1', code_verifier: 'v1', redirect_uri: 'https://x.example/back', client_id: client.clientId, client_secret: client.clientSecret });
    expect(tokenPart(options.connector.oauth!, credentials)).not.toHaveProperty('subdomain');
    expect(tokenPart(options.connector.oauth!, credentials)).toHaveProperty('instanceUrl');
    expect([isRenewable(credentials), isRenewable(withoutRefreshToken(credentials)), isRenewable({ accessToken: 'x' })]).toEqual([true, false, false]);
  });

  it('may be JSON with a Basic header, and parameters of the partner\'s', async () => {
    const { options, asked } = await endpoint(200, { access_token: 'a1' }, { tokenRequest: 'json', clientAuthentication: 'basic', tokenParameters: { expires_in: '60' } });
    await exchangeCode(options, {}, { code: 'c1', verifier: 'v1', redirectUri: 'https://x.example/back' });
    expect(asked[0]!.headers['authorization']).toBe(`Basic ${Buffer.from(`client-1:${client.clientSecret}`).toString('base64')}`);
    expect(JSON.parse(asked[0]!.body)).toEqual({ grant_type: 'authorization_code', code: 'c1', code_verifier: 'v1', redirect_uri: 'https://x.example/back', expires_in: '60' });
  });
});

describe('refreshing', () => {
  it('takes the new refresh token, or keeps the old one; the end is known, assumed or unknown', async () => {
    const old = { subdomain: 'acme', accessToken: 'a1', refreshToken: 'r1', expiresAt: '5', oauthClientId: 'client-1' };
    const rotating = await endpoint(200, { access_token: 'a2', refresh_token: 'r2', expires_in: '60' });
    expect(await refreshCredentials(rotating.options, old)).toEqual({ ...old, accessToken: 'a2', refreshToken: 'r2', expiresAt: String(NOW + 60_000) });
    expect(Object.fromEntries(new URLSearchParams(rotating.asked[0]!.body))).toEqual({ grant_type: 'refresh_token', refresh_token: 'r1', client_id: client.clientId, client_secret: client.clientSecret });
    expect(await refreshCredentials((await endpoint(200, { access_token: 'a2' }, { accessTokenMs: 7_200_000 })).options, old)).toEqual({ ...old, accessToken: 'a2', expiresAt: String(NOW + 7_200_000) });
    const { expiresAt: _, ...endless } = old;
    expect(await refreshCredentials((await endpoint(200, { access_token: 'a2' })).options, old)).toEqual({ ...endless, accessToken: 'a2' });
  });

  it.each([
    [400, { error: 'invalid_grant', error_description: 'expired access/refresh token' }, 'authentication_failed'],
    [401, { error: 'invalid_client' }, 'configuration_invalid'],
    [400, { error: 'server_error' }, 'partner_unavailable'],
    [400, { error: 'invalid_request' }, 'partner_contract'],
    [400, '<html>', 'partner_contract'],
    [429, {}, 'rate_limited'],
    [503, '', 'partner_unavailable'],
    [302, '', 'configuration_invalid'],
    [200, 'access_token=a2', 'partner_contract'],
    [200, { token_type: 'Bearer' }, 'partner_contract'],
  ])('%d %j is %s, asked once', async (status, body, code) => {
    const refreshToken = secret();
    const { options, asked } = await endpoint(status, body);
    expect(await thrown(refreshCredentials(options, { refreshToken }), refreshToken, client.clientSecret)).toMatchObject({ code });
    expect(asked).toHaveLength(1);
  });

  it('lets the connector know better what is for good', async () => {
    const { options } = await endpoint(400, { error: 'invalid_grant', error_description: 'token request is already being processed' }, { permanent: (_, description) => description.includes('already') ? false : undefined });
    expect((await thrown(refreshCredentials(options, { refreshToken: secret() }))).code).toBe('partner_contract');
  });

  it('never shows a secret that the partner repeats, nor an answer that holds tokens', async () => {
    const refreshToken = secret();
    const { options } = await endpoint(400, { error: 'invalid_grant', error_description: `${refreshToken} of ${client.clientSecret} is used up` });
    await thrown(refreshCredentials(options, { refreshToken }), refreshToken, client.clientSecret);
    const token = secret();
    await thrown(refreshCredentials((await endpoint(200, `{"access_token":"${token}"`)).options, { refreshToken }), token, refreshToken);
  });

  it('is never sent to a private address, unless that is allowed', async () => {
    const { options, asked } = await endpoint(200, { access_token: 'a2' });
    expect((await thrown(refreshCredentials({ ...options, allowPrivateAddresses: false }, { refreshToken: secret() }))).code).toBe('configuration_invalid');
    expect(asked).toEqual([]);
    expect((await thrown(refreshCredentials(options, {}))).code).toBe('authentication_failed');
  });
});
