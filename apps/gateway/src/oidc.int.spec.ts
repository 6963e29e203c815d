import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomName, startIdentityProvider, testDatabase, testKafka, type IdentityProviderSimulator, type TestDatabase } from '#testing';
import { startGateway, type Answer, type TestGateway } from './gateway.factory.js';

let control: TestDatabase;
let provider: IdentityProviderSimulator;
let gateway: TestGateway;

beforeAll(async () => {
  control = await testDatabase();
  provider = await startIdentityProvider();
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`, { env: {
    OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: provider.clientId, OIDC_CLIENT_SECRET: provider.clientSecret, OIDC_NAME: 'Acme', OIDC_ALLOWED_DOMAINS: 'acme.example', OIDC_DEFAULT_ROLE: 'viewer',
  } });
}, 60_000);
beforeEach(() => { provider.claims = {}; });
afterAll(async () => {
  await gateway?.close();
  await provider?.stop();
  await control?.drop();
});

const cookiesOf = (answer: Answer): string[] => (answer.headers['set-cookie'] ?? '').split(/, (?=cs_)/).map((cookie) => cookie.split(';')[0] ?? '').filter((cookie) => !/^(\w+=)?$/.test(cookie));
const start = (query = '', cookie?: string) => gateway.send('GET', `/api/v1/oidc/start${query}`, { ...(cookie !== undefined && { cookie }) }, null);
/** Where the provider sends the browser. */
const agreed = async (location: string): Promise<string> => {
  const answer = await fetch(location, { redirect: 'manual' });
  const back = new URL(answer.headers.get('location') ?? '');
  return `${back.pathname}${back.search}`;
};
/** The whole way of a browser; `session` of who is signed in there. */
async function through(query = '', session?: string): Promise<{ readonly to: string; readonly session: string | undefined }> {
  const begun = await start(query, session);
  const back = await agreed(begun.headers['location'] ?? '');
  const answer = await gateway.send('GET', back, { cookie: [...cookiesOf(begun), ...(session === undefined ? [] : [session])].join('; ') }, null);
  expect([answer.status, answer.text]).toEqual([302, '']);
  return { to: answer.headers['location'] ?? '', session: cookiesOf(answer).find((cookie) => cookie.startsWith('cs_session=')) };
}
const account = async (session: string | undefined) => (await gateway.call('GET', '/session', undefined, { cookie: session ?? '' })).body as unknown as { email: string; role: string; hasPassword: boolean };

describe('sign-in with an identity provider', () => {
  it('is offered, and asks for a code with PKCE, state and nonce', async () => {
    expect((await gateway.send('GET', '/api/v1/sign-in-options', {}, null)).body).toEqual({ identityProvider: { name: 'Acme' } });
    const begun = await start('?to=/sources');
    const url = new URL(begun.headers['location'] ?? '');
    expect([begun.status, url.origin, Object.fromEntries(url.searchParams)]).toEqual([302, provider.issuer, expect.objectContaining({
      response_type: 'code', client_id: provider.clientId, redirect_uri: 'http://localhost:8080/api/v1/oidc/callback', code_challenge_method: 'S256', code_challenge: expect.stringMatching(/^[\w-]{43}$/), state: expect.any(String), nonce: expect.any(String),
    })]);
    expect(begun.headers['set-cookie']).toMatch(/^cs_oidc=[\w.-]+; Path=\/api\/v1\/oidc; HttpOnly; SameSite=Lax; Max-Age=600$/);
  });

  it('makes an account with the default role for an allowed domain, and finds it again by its subject', async () => {
    provider.person = { sub: 's-1', email: 'Hal@acme.example', email_verified: true };
    const first = await through('?to=/sources');
    expect(first.to).toBe('/sources');
    expect(await account(first.session)).toMatchObject({ email: 'Hal@acme.example', role: 'viewer', hasPassword: false });
    provider.person = { sub: 's-1', email: 'renamed@acme.example', email_verified: true };
    expect(await account((await through()).session)).toMatchObject({ email: 'Hal@acme.example' });
    // Nobody knows a password of it, not even an empty one.
    for (const password of ['nobody', 'null', '']) expect((await gateway.call('POST', '/session', { email: 'hal@acme.example', password: password || ' ' }, {})).status).toBe(401);
  });

  it('never takes over an account by its e-mail: its person links it, signed in', async () => {
    await gateway.database.query(`update users set email = 'owner@acme.example' where email = 'owner@example.com'`);
    provider.person = { sub: 's-owner', email: 'owner@acme.example', email_verified: true };
    expect(await through()).toEqual({ to: '/sign-in?problem=oidc_link_first', session: undefined });
    const { cookie } = await gateway.session('owner@acme.example');
    // Begun by the owner, brought back by somebody else's browser
    const begun = await start('?link=true', cookie);
    const back = await agreed(begun.headers['location'] ?? '');
    expect((await gateway.send('GET', back, { cookie: cookiesOf(begun).join('; ') }, null)).headers['location']).toBe('/settings/account?problem=oidc_expired');
    expect((await through('?link=true&to=/settings/account', cookie)).to).toBe('/settings/account');
    expect(await account((await through()).session)).toMatchObject({ email: 'owner@acme.example', role: 'owner', hasPassword: true });
    const hal = (await (async () => { provider.person = { sub: 's-1', email: 'hal@acme.example', email_verified: true }; return through(); })()).session ?? '';
    provider.person = { sub: 's-owner', email: 'owner@acme.example', email_verified: true };
    expect((await through('?link=true', hal)).to).toBe('/settings/account?problem=oidc_taken');
    expect((await gateway.call('DELETE', '/account/identities', undefined, { cookie: hal })).status).toBe(409);
    expect((await gateway.call('DELETE', '/account/identities', undefined, { cookie })).status).toBe(204);
    expect((await through()).to).toBe('/sign-in?problem=oidc_link_first');
  });

  it('refuses an e-mail that isn\'t verified or of another domain, and who was not let in there', async () => {
    provider.person = { sub: 's-2', email: 'ivy@acme.example', email_verified: false };
    expect((await through()).to).toBe('/sign-in?problem=oidc_unverified');
    provider.person = { sub: 's-2', email: 'ivy@other.example', email_verified: true };
    expect((await through()).to).toBe('/sign-in?problem=oidc_domain');
    provider.person = { sub: 's-2', email: 'ivy@acme.example.evil', email_verified: true };
    expect((await through()).to).toBe('/sign-in?problem=oidc_domain');
    provider.person = undefined;
    expect(await through()).toEqual({ to: '/sign-in?problem=oidc_refused', session: undefined });
  });

  it.each([['nonce', { nonce: 'another' }], ['issuer', { iss: 'https://elsewhere.example' }], ['audience', { aud: 'another' }], ['age', { exp: 1 }]])('refuses an ID token with the wrong %s', async (_what, claims) => {
    provider.person = { sub: 's-1', email: 'hal@acme.example', email_verified: true };
    provider.claims = claims;
    expect((await through()).to).toBe('/sign-in?problem=oidc_refused');
  });

  it('takes an answer only in the browser that began, once, and leads only to paths of its own', async () => {
    provider.person = { sub: 's-1', email: 'hal@acme.example', email_verified: true };
    const begun = await start();
    const back = await agreed(begun.headers['location'] ?? '');
    expect((await gateway.send('GET', back, {}, null)).headers['location']).toBe('/sign-in?problem=oidc_expired');
    expect((await gateway.send('GET', back, { cookie: cookiesOf(await start()).join('; ') }, null)).headers['location']).toBe('/sign-in?problem=oidc_refused');
    const cookie = cookiesOf(begun).join('; ');
    expect((await gateway.send('GET', back, { cookie }, null)).headers['location']).toBe('/');
    expect((await gateway.send('GET', back, { cookie }, null)).headers['location']).toBe('/sign-in?problem=oidc_refused');
    for (const to of ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '/a\r\nset-cookie: x=1']) expect([to, (await through(`?to=${encodeURIComponent(to)}`)).to]).toEqual([to, '/']);
  });

  it('lets in whom an invitation asked, with its role, and no one who was removed', async () => {
    await gateway.call('POST', '/invitations', { email: 'june@acme.example', role: 'editor' });
    provider.person = { sub: 's-june', email: 'June@acme.example', email_verified: true };
    const { session } = await through();
    expect(await account(session)).toMatchObject({ role: 'editor' });
    const { id } = ((await gateway.call('GET', '/members')).body.data as unknown as { id: string; email: string }[]).find(({ email }) => email === 'June@acme.example')!;
    expect((await gateway.call('DELETE', `/members/${id}`)).status).toBe(204);
    expect((await through()).to).toBe('/sign-in?problem=oidc_not_invited');
    const entries = (await gateway.call('GET', '/audit-log?action=session.signIn')).body.data as unknown as { title: string; actor: { name: string } }[];
    expect(entries.some(({ title, actor }) => title === 'Sign in with Acme' && actor.name === 'June@acme.example')).toBe(true);
  });
});
