import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomName, startMailCatcher, testDatabase, testKafka, type MailCatcher, type TestDatabase } from '#testing';
import { anyId, random, startGateway, type TestGateway } from './gateway.factory.js';

interface Member { readonly id: string; readonly email: string; readonly role: string; readonly you: boolean }
interface Entry { readonly action: string; readonly status: number | null; readonly actor: { readonly kind: string; readonly name: string }; readonly targetId: string | null; readonly changes: object; readonly ip: string }
type Session = { readonly cookie: string };

let control: TestDatabase;
let gateway: TestGateway;
let mails: MailCatcher;
let call: TestGateway['call'];
let owner: Session;

beforeAll(async () => {
  control = await testDatabase();
  mails = await startMailCatcher();
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`, { env: { SUPPORT_SMTP_URL: mails.smtpUrl, PUBLIC_URL: 'https://cloud.example.com/' } });
  ({ call } = gateway);
  owner = await gateway.session();
}, 60_000);
afterAll(async () => {
  await gateway?.close();
  await mails?.stop();
  await control?.drop();
});

const invite = async (email: string, role: string, as: Session = owner): Promise<string> => {
  const answer = await call('POST', '/invitations', { email, role }, as);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.url.split('#')[1] ?? '';
};
const passwordOf = (email: string): string => `the password of ${email}`;
const accept = (token: string, password?: string, as: object = {}) => call('POST', '/invitations/accept', { token, ...(password !== undefined && { password }) }, as as Record<string, string>);
const joined = async (email: string, role: string, as?: Session): Promise<Session> => {
  const answer = await accept(await invite(email, role, as), passwordOf(email));
  if (answer.status !== 204) throw new Error(answer.text);
  return { cookie: String(answer.headers['set-cookie']).split(';')[0]! };
};
const members = async (as: Session = owner): Promise<readonly Member[]> => (await call('GET', '/members', undefined, { ...as })).body.data as unknown as Member[];
const member = async (email: string): Promise<Member> => (await members()).find((one) => one.email === email) ?? (() => { throw new Error(`no member ${email}`); })();
const asked = async (path: string, as: Session): Promise<number> => (await call('GET', path, undefined, { ...as })).status;
const audit = async (query = ''): Promise<readonly Entry[]> => (await call('GET', `/audit-log?${query}`)).body.data as unknown as Entry[];

describe('invitations', () => {
  it('are mailed and shown once, work once, and make an account that is signed in', async () => {
    const answer = await call('POST', '/invitations', { email: 'ada@example.com', role: 'viewer' }, { ...owner });
    expect(answer).toMatchObject({ status: 201, body: { email: 'ada@example.com', role: 'viewer', mailed: true, url: expect.stringMatching(/^https:\/\/cloud\.example\.com\/invitation#[\w-]{43}$/) } });
    const token = answer.body.url.split('#')[1] ?? '';
    expect(mails.mails.at(-1)).toMatchObject({ to: ['ada@example.com'], text: expect.stringContaining(answer.body.url) });
    expect((await call('GET', '/invitations')).text).not.toContain(token);
    expect(JSON.stringify(await gateway.database.query('select * from invitations'))).not.toContain(token);

    expect((await call('POST', '/invitations/look-up', { token }, {})).body).toMatchObject({ workspace: 'My workspace', email: 'ada@example.com', role: 'viewer', invitedBy: 'owner@example.com', hasAccount: false });
    expect(await accept(token, 'too short')).toMatchObject({ status: 400, body: { errors: [{ field: 'password' }] } });
    const taken = await accept(token, passwordOf('ada@example.com'));
    expect(taken.status).toBe(204);
    expect((await call('GET', '/session', undefined, { cookie: String(taken.headers['set-cookie']).split(';')[0]! })).body).toMatchObject({ email: 'ada@example.com', role: 'viewer', workspace: { name: 'My workspace' } });
    expect((await accept(token, passwordOf('ada@example.com'))).status).toBe(404);
    expect((await call('POST', '/invitations', { email: 'ADA@example.com', role: 'owner' }, { ...owner })).status).toBe(409);
    await gateway.session('ada@example.com', passwordOf('ada@example.com'));
  });

  it('end by a newer one, by being withdrawn and by time', async () => {
    const old = await invite('bob@example.com', 'viewer');
    const newer = await invite('Bob@example.com', 'editor');
    expect((await accept(old, passwordOf('bob'))).status).toBe(404);
    const { body: { data } } = await call('GET', '/invitations');
    expect(data.map(({ id }) => id)).toHaveLength(1);
    expect((await call('DELETE', `/invitations/${data[0].id}`)).status).toBe(204);
    expect((await accept(newer, passwordOf('bob'))).status).toBe(404);
    const late = await invite('bob@example.com', 'viewer');
    await gateway.database.query('update invitations set expires_at = now()');
    expect((await call('POST', '/invitations/look-up', { token: late }, {})).status).toBe(404);
    expect((await accept(late, passwordOf('bob'))).status).toBe(404);
    expect((await members()).some(({ email }) => /bob/i.test(email))).toBe(false);
  });

  it('to who has an account need its password, or the person signed in', async () => {
    const carol = await joined('carol@example.com', 'owner');
    const { body: other } = await call('POST', '/workspaces', { name: 'Carol\'s' }, { ...carol });
    await call('PUT', '/session/workspace', { workspaceId: other.id }, { ...carol });
    const token = await invite('owner@example.com', 'viewer', carol);
    expect((await call('POST', '/invitations/look-up', { token }, {})).body).toMatchObject({ hasAccount: true });
    expect((await accept(token)).status).toBe(400);
    expect((await accept(token, 'some other password')).status).toBe(401);
    expect((await accept(token, undefined, carol)).status).toBe(400);
    expect((await accept(token, undefined, owner)).status).toBe(204);
    // The account is in two workspaces now, with a role of its own in each.
    const second = await gateway.session();
    expect((await call('GET', '/workspaces', undefined, second)).body.data).toMatchObject([{ name: 'Carol\'s', role: 'viewer', current: false }, { name: 'My workspace', role: 'owner', current: true }]);
    expect((await call('PUT', '/session/workspace', { workspaceId: other.id }, second)).status).toBe(204);
    expect((await call('GET', '/session', undefined, second)).body).toMatchObject({ role: 'viewer', workspace: { id: other.id } });
    expect(await asked('/api-keys', second)).toBe(403);
    expect((await members(second)).map(({ email }) => email)).toEqual(expect.arrayContaining(['carol@example.com', 'owner@example.com']));
    expect((await call('PUT', '/session/workspace', { workspaceId: anyId }, second)).status).toBe(404);
  });

  it('are made once per Idempotency-Key, and the link isn\'t repeated', async () => {
    const headers = { ...owner, 'idempotency-key': random() };
    const first = await call('POST', '/invitations', { email: 'dan@example.com', role: 'viewer' }, headers);
    const again = await call('POST', '/invitations', { email: 'dan@example.com', role: 'viewer' }, headers);
    expect([again.status, again.body.id, again.body.url]).toEqual([201, first.body.id, null]);
    expect((await call('POST', '/invitations', { email: 'else@example.com', role: 'viewer' }, headers)).status).toBe(422);
  });
});

describe('members', () => {
  it('have a role that counts from their next request on', async () => {
    const eve = await joined('eve@example.com', 'viewer');
    expect(await asked('/api-keys', eve)).toBe(403);
    const { id } = await member('eve@example.com');
    expect((await call('PATCH', `/members/${id}`, { role: 'owner' })).body).toMatchObject({ id, role: 'owner', you: false });
    expect(await asked('/api-keys', eve)).toBe(200);
    expect((await call('PATCH', `/members/${id}`, { role: 'editor' })).status).toBe(200);
    expect(await asked('/api-keys', eve)).toBe(403);
    expect((await members(eve)).find(({ you }) => you)?.id).toBe(id);
  });

  it('lose their sessions in the workspace with their membership', async () => {
    const frank = await joined('frank@example.com', 'editor');
    expect(await asked('/sources', frank)).toBe(200);
    expect((await call('DELETE', `/members/${(await member('frank@example.com')).id}`)).status).toBe(204);
    expect(await asked('/sources', frank)).toBe(401);
    expect((await call('POST', '/session', { email: 'frank@example.com', password: passwordOf('frank@example.com') }, {})).status).toBe(401);
  });

  it('always have an owner among them', async () => {
    for (const { id, role, you } of await members()) if (role === 'owner' && !you) await call('PATCH', `/members/${id}`, { role: 'viewer' }, { ...owner });
    const last = await member('owner@example.com');
    expect(await call('PATCH', `/members/${last.id}`, { role: 'editor' })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await call('DELETE', `/members/${last.id}`)).status).toBe(409);
    const { id } = await member('eve@example.com');
    await call('PATCH', `/members/${id}`, { role: 'owner' });
    // Two owners who lower each other at the same moment: one of them stays.
    const both = await Promise.all([call('PATCH', `/members/${id}`, { role: 'viewer' }), call('PATCH', `/members/${last.id}`, { role: 'viewer' })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    await gateway.database.query(`update memberships set role = 'owner' where user_id = $1`, [last.id]);
  });
});

describe('an account', () => {
  it('changes its password with the old one, which ends its other sessions', async () => {
    const here = await joined('grace@example.com', 'viewer');
    const there = await gateway.session('grace@example.com', passwordOf('grace@example.com'));
    expect(await call('PUT', '/account/password', { current: 'wrong', password: 'a new long password' }, { ...here })).toMatchObject({ status: 400, body: { errors: [{ field: 'current' }] } });
    expect((await call('PUT', '/account/password', { current: passwordOf('grace@example.com'), password: 'a new long password' }, { ...here })).status).toBe(204);
    expect([await asked('/session', here), await asked('/session', there)]).toEqual([200, 401]);
    await gateway.session('grace@example.com', 'a new long password');
  });

  it('lists its sessions, ends one, and signs out everywhere', async () => {
    const here = await gateway.session('grace@example.com', 'a new long password');
    const there = await gateway.session('grace@example.com', 'a new long password');
    const { body: { data } } = await call('GET', '/account/sessions', undefined, here);
    expect(data.filter((one) => (one as unknown as { current: boolean }).current)).toMatchObject([{ ip: '127.0.0.1' }]);
    expect((await call('DELETE', `/account/sessions/${data[0].id}`, undefined, here)).status).toBe(204); // the newest: there
    expect([await asked('/session', here), await asked('/session', there)]).toEqual([200, 401]);
    const other = await gateway.session();
    const { body: { data: [mine] } } = await call('GET', '/account/sessions', undefined, here);
    expect((await call('DELETE', `/account/sessions/${mine.id}`, undefined, other)).status).toBe(404);
    expect((await call('DELETE', '/account/sessions', undefined, here)).status).toBe(204);
    expect(await asked('/session', here)).toBe(401);
  });

  it('is slowed down when it guesses the current password, and changes it afterwards', async () => {
    const here = await gateway.session('grace@example.com', 'a new long password');
    const change = (current: string) => call('PUT', '/account/password', { current, password: 'a new long password' }, here);
    let answer = await change('wrong');
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'current' }] } });
    for (let tries = 0; answer.status === 400 && tries < 20; tries += 1) answer = await change('wrong');
    expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': expect.stringMatching(/^[1-9]\d*$/) } });
    await gateway.database.query('update throttles set failures = 100, failed_at = now()'); // a slow machine may have waited long enough
    expect((await change('a new long password')).status).toBe(429);
    await gateway.database.query('delete from throttles');
    expect((await change('a new long password')).status).toBe(204);
  });

  it('isn\'t locked out by somebody who guesses elsewhere', async () => {
    const guess = () => call('POST', '/session', { email: 'grace@example.com', password: 'wrong' }, {});
    let answer = await guess();
    for (let tries = 0; answer.status === 401 && tries < 20; tries += 1) answer = await guess();
    expect(answer.status).toBe(429);
    // What another address is counted by; this one is known, so the guesses from everywhere don't count here.
    await gateway.database.query(`delete from throttles`);
    await gateway.database.query(`insert into throttles (key, failures, failed_at) values (encode(sha256('person grace@example.com'), 'hex'), 1000, now())`);
    await gateway.session('grace@example.com', 'a new long password');
    await gateway.database.query(`delete from known_addresses`);
    expect((await call('POST', '/session', { email: 'grace@example.com', password: 'a new long password' }, {})).status).toBe(429);
    await gateway.database.query(`delete from throttles`);
  });
});

describe('the audit log', () => {
  it('has every change with who, what, when and from where, and nothing secret', async () => {
    const secret = `sk_live_${random()}`;
    const { body: { key, id: keyId } } = await call('POST', '/api-keys', { name: 'robot', role: 'editor' }, { ...owner });
    const robot = { authorization: `Bearer ${key}`, 'user-agent': 'robot/1' };
    const made = await call('POST', '/sources', gateway.source({ collections: ['customer_events'], name: 'Audited' }), robot);
    await call('POST', '/sources', gateway.source({ configuration: { apiKey: secret } }), robot);
    await call('DELETE', `/api-keys/${keyId}`, undefined, robot);
    const entries = await audit(`actorId=${keyId}`);
    expect(entries).toMatchObject([
      { action: 'apiKeys.revoke', status: 403, targetId: keyId },
      { action: 'sources.create', actor: { kind: 'api_key', name: 'robot' }, status: expect.any(Number), changes: { connector: 'stripe', configuration: null } },
      { action: 'sources.create', title: 'Create a source', method: 'POST', path: '/api/v1/sources', status: 201, targetId: made.body.id, targetName: 'Audited', changes: { name: 'Audited', configuration: null }, ip: '127.0.0.1', userAgent: 'robot/1' },
    ]);
    expect(entries[1]?.status).toBeGreaterThanOrEqual(400);
    expect(await audit('action=apiKeys.create')).toMatchObject([{ actor: { kind: 'person', name: 'owner@example.com' }, status: 201, targetId: keyId, changes: { name: 'robot', role: 'editor' } }]);
    const everything = JSON.stringify(await gateway.database.query('select * from audit_log'));
    for (const hidden of [secret, key, gateway.password, gateway.partner.key, passwordOf('grace@example.com')]) expect(everything).not.toContain(hidden);
    expect((await call('GET', '/audit-log/actions')).body.data).toEqual(expect.arrayContaining([{ action: 'sources.create', title: 'Create a source' }]));
  });

  it('has sign-ins, refused ones too', async () => {
    await call('POST', '/session', { email: 'owner@example.com', password: 'wrong' }, {});
    await gateway.session();
    expect(await audit('action=session.signIn&limit=2')).toMatchObject([{ status: 204, actor: { kind: 'person', name: 'owner@example.com' } }, { status: 401, actor: { kind: 'nobody', name: 'owner@example.com' } }]);
    expect((await audit('action=session.signIn&outcome=refused&limit=1'))[0]?.status).toBe(401);
  });

  it('is paged newest first, leaves out what changes nothing, and is the owners\' to read', async () => {
    const all = (await audit('limit=200')) as unknown as { id: string }[];
    let cursor = '';
    const paged: string[] = [];
    do {
      const { body } = await call('GET', `/audit-log?limit=7${cursor}`);
      paged.push(...body.data.map(({ id }) => id));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(paged).toEqual(all.map(({ id }) => id));
    await call('POST', '/sources/forecast', { connector: 'stripe', collections: [], intervalMinutes: 60 });
    expect(((await audit('limit=1')) as unknown as { id: string }[])[0]?.id).toBe(paged[0]);
    expect(await audit('from=2100-01-01T00:00:00Z')).toEqual([]);
    const { body: { key } } = await call('POST', '/api-keys', { name: 'e', role: 'editor' });
    expect((await call('GET', '/audit-log', undefined, { authorization: `Bearer ${key}` })).status).toBe(403);
  });
});
