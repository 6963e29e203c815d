import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startZendeskSimulator, type ZendeskOAuthClient, type ZendeskSimulator } from './index.js';

const REDIRECT = 'https://cloud.example.com/oauth/callback';
let simulator: ZendeskSimulator;
let client: ZendeskOAuthClient;
beforeEach(async () => {
  simulator = await startZendeskSimulator();
  client = simulator.addOAuthClient({ redirectUris: [REDIRECT] });
});
afterEach(() => simulator.stop());

interface Pair { readonly access_token: string; readonly refresh_token: string; readonly expires_in: number; readonly error?: string }
const authorize = async (query: Readonly<Record<string, string>>): Promise<URL> => {
  const asked = new URLSearchParams({ response_type: 'code', client_id: client.clientId, redirect_uri: REDIRECT, scope: 'read', state: 's-1', ...query });
  const answer = await fetch(`${simulator.url}/oauth/authorizations/new?${asked.toString()}`, { redirect: 'manual' });
  return new URL(answer.headers.get('location') ?? 'https://nowhere.example.com');
};
const token = async (body: Readonly<Record<string, string>>): Promise<Pair> => (await fetch(`${simulator.url}/oauth/tokens`, {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ client_id: client.clientId, client_secret: client.clientSecret, redirect_uri: REDIRECT, ...body }),
})).json() as Promise<Pair>;
const status = async (accessToken: string): Promise<number> => (await fetch(`${simulator.url}/api/v2/groups.json`, { headers: { authorization: `Bearer ${accessToken}` } })).status;
const connect = async (): Promise<Pair> => token({ grant_type: 'authorization_code', code: (await authorize({})).searchParams.get('code') ?? '' });

describe('OAuth', () => {
  it('gives a code with the state, and a pair for the code, once', async () => {
    const back = await authorize({});
    expect([back.origin + back.pathname, back.searchParams.get('state')]).toEqual([REDIRECT, 's-1']);
    const code = back.searchParams.get('code') ?? '';
    const pair = await token({ grant_type: 'authorization_code', code });
    expect(pair).toMatchObject({ token_type: 'bearer', scope: 'read', expires_in: 1_800, refresh_token_expires_in: 2_592_000 });
    expect(await status(pair.access_token)).toBe(200);
    expect(await token({ grant_type: 'authorization_code', code })).toMatchObject({ error: 'invalid_grant' });
    expect(await token({ grant_type: 'authorization_code', code, client_secret: 'x' })).toMatchObject({ error: 'invalid_client' });
  });

  it('rotates: a refresh token works once, and ends the access token before it', async () => {
    const first = await connect();
    const second = await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
    expect([await status(first.access_token), await status(second.access_token)]).toEqual([401, 200]);
    expect(await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token })).toMatchObject({ error: 'invalid_grant' });
    expect(await status(second.access_token)).toBe(200);
    simulator.advance(1_800_000);
    expect(await status(second.access_token)).toBe(401);
    simulator.revokeGrants();
    expect(await token({ grant_type: 'refresh_token', refresh_token: second.refresh_token })).toMatchObject({ error: 'invalid_grant' });
  });

  it('wants PKCE of a public client, and the verifier that belongs to the challenge', async () => {
    client = simulator.addOAuthClient({ redirectUris: [REDIRECT], isPublic: true });
    expect((await authorize({})).searchParams.get('error')).toBe('invalid_request');
    const verifier = randomBytes(32).toString('base64url');
    const challenge = { code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' };
    const redeem = async (code_verifier: string): Promise<Pair> => token({ grant_type: 'authorization_code', code: (await authorize(challenge)).searchParams.get('code') ?? '', client_secret: '', code_verifier });
    expect(await redeem('another')).toMatchObject({ error: 'invalid_grant' });
    expect(await status((await redeem(verifier)).access_token)).toBe(200);
  });

  it('takes forms, and gives client credentials no refresh token', async () => {
    const answer = await fetch(`${simulator.url}/oauth/tokens`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: client.clientId, client_secret: client.clientSecret, expires_in: '600' }) });
    const pair = await answer.json() as Pair;
    expect([pair.expires_in, 'refresh_token' in pair, await status(pair.access_token)]).toEqual([600, false, 200]);
  });
});
