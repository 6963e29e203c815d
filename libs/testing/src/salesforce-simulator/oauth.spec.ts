import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSalesforceSimulator, type SalesforceSimulator } from './index.js';

let simulator: SalesforceSimulator;
beforeEach(async () => { simulator = await startSalesforceSimulator(); });
afterEach(() => simulator.stop());

type Json = Record<string, string>;
async function token(form: Json): Promise<{ status: number; body: Json }> {
  const response = await fetch(`${simulator.url}/services/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, body: await response.json() as Json };
}
const works = async (accessToken = ''): Promise<number> => (await fetch(`${simulator.url}/services/data/v64.0/limits`, { headers: { authorization: `Bearer ${accessToken}` } })).status;
const refused = (error: string) => ({ status: 400, body: { error, error_description: expect.any(String) } });

describe('signing in', () => {
  it('by code with PKCE: once, with the right verifier', async () => {
    const { clientId, clientSecret } = simulator.addApp();
    const verifier = randomBytes(32).toString('base64url');
    const redirect = 'http://127.0.0.1/back';
    const authorize = async (): Promise<string> => {
      const query = new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: redirect, state: 'abc', code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' });
      const response = await fetch(`${simulator.url}/services/oauth2/authorize?${query}`, { redirect: 'manual' });
      const back = new URL(response.headers.get('location') ?? '');
      expect(back.searchParams.get('state')).toBe('abc');
      return back.searchParams.get('code') ?? '';
    };
    const form = { grant_type: 'authorization_code', client_id: clientId, client_secret: clientSecret, redirect_uri: redirect };
    const code = await authorize();
    const { body } = await token({ ...form, code, code_verifier: verifier });
    expect(body).toMatchObject({ instance_url: simulator.url, token_type: 'Bearer', refresh_token: expect.any(String) });
    expect(body).not.toHaveProperty('expires_in');
    expect(await works(body.access_token)).toBe(200);
    expect(await token({ ...form, code, code_verifier: verifier })).toEqual(refused('invalid_grant'));
    expect(await token({ ...form, code: await authorize(), code_verifier: 'other' })).toEqual(refused('invalid_grant'));
  });

  it('by refresh token: again and again, or once each when they rotate; one that comes back ends them all', async () => {
    const plain = simulator.addApp();
    const refresh = (app: { clientId: string; clientSecret: string }, refreshToken: string) => token({ grant_type: 'refresh_token', client_id: app.clientId, client_secret: app.clientSecret, refresh_token: refreshToken });
    const lasting = simulator.sessions.grant(simulator.admin, plain);
    expect((await refresh(plain, lasting)).body).not.toHaveProperty('refresh_token');
    expect((await refresh(plain, lasting)).status).toBe(200);
    const rotating = simulator.addApp(true);
    const first = simulator.sessions.grant(simulator.admin, rotating);
    const { body } = await refresh(rotating, first);
    const next = await refresh(rotating, body.refresh_token ?? '');
    expect(next.status).toBe(200);
    expect(await refresh(rotating, first)).toEqual(refused('invalid_grant'));
    expect(await refresh(rotating, next.body.refresh_token ?? '')).toEqual(refused('invalid_grant'));
    expect(await works(next.body.access_token)).toBe(401);
  });

  it('by JWT of an approved user, and by client credentials with a run-as user', async () => {
    const app = simulator.addApp();
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    app.jwtKey = publicKey;
    const assertion = (claims: Record<string, unknown> = {}): string => {
      const payload = { iss: app.clientId, sub: simulator.admin.username, aud: simulator.url, exp: Math.floor(simulator.now() / 1_000) + 120, ...claims };
      const text = [{ alg: 'RS256' }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
      return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey).toString('base64url')}`;
    };
    const jwt = (claims?: Record<string, unknown>) => token({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion(claims) });
    const { body } = await jwt();
    expect(await works(body.access_token)).toBe(200);
    expect(body).not.toHaveProperty('refresh_token');
    expect(await jwt({ exp: Math.floor(simulator.now() / 1_000) + 3_600 })).toEqual(refused('invalid_grant'));
    expect(await jwt({ sub: 'nobody@example.com' })).toMatchObject({ body: { error_description: "user hasn't approved this consumer" } });
    const credentials = { grant_type: 'client_credentials', client_id: app.clientId, client_secret: app.clientSecret };
    expect(await token(credentials)).toMatchObject({ body: { error_description: 'no client credentials user enabled' } });
    app.runAs = simulator.admin;
    expect(await works((await token(credentials)).body.access_token)).toBe(200);
    expect(await token({ ...credentials, client_secret: 'wrong' })).toEqual(refused('invalid_client'));
  });

  it('lasts two hours without use', async () => {
    expect(await works(simulator.accessToken)).toBe(200);
    simulator.advance(7_000_000);
    expect(await works(simulator.accessToken)).toBe(200);
    simulator.advance(7_300_000);
    expect(await works(simulator.accessToken)).toBe(401);
  });
});
