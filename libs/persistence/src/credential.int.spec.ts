import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ErrorReport } from '#contracts';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '#testing';
import { AccessRepository } from './access.repository.js';
import { CredentialRepository, type RefreshOutcome } from './credential.repository.js';
import { migrate, newId, openDatabase, rows } from './database.js';
import { GrantGone, OAuthRepository } from './oauth.repository.js';
import { SourceRepository } from './source.repository.js';

const refused: ErrorReport = { code: 'authentication_failed', title: 'invalid_grant', remedy: 'Connect again.' };
const away: ErrorReport = { code: 'partner_unavailable', title: 'away', remedy: 'Wait.' };

let test: TestDatabase;
let processes: DataSource[];
let database: DataSource;
let sources: SourceRepository;
let workspaceId: string;
let sourceId: string;

beforeAll(async () => {
  test = await testDatabase();
  processes = await Promise.all([1, 2, 3, 4, 5].map((n) => openDatabase({ url: test.url, applicationName: `spec ${n}`, poolSize: 2 })));
  database = processes[0]!;
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  [{ id: workspaceId }] = await rows<{ id: string }>(database, 'select id from workspaces') as [{ id: string }];
  sources = new SourceRepository(database);
});
afterAll(async () => { await Promise.all(processes.map((one) => one.destroy())); await test.drop(); });

const newSource = (id: string, more: { grantId?: string; keepAliveAt?: Date } = {}) => sources.create({
  id, workspaceId, connector: 'acme', name: 'A', slug: `s_${id.replaceAll('-', '_')}`, warehouseId: null, configuration: {}, startDate: new Date(), intervalMinutes: 60, sealedCredentials: 'old', collections: [], ...more,
});
beforeEach(async () => { sourceId = newId(); await newSource(sourceId); });

const stored = async () => (await rows<Record<string, unknown>>(database, 'select sealed, version::int, refused, renewal_began_at as began, renew_after as after from source_credentials where source_id = $1', [sourceId]))[0];
const renewed = (sealed: string): RefreshOutcome => ({ state: 'renewed', sealed });
const never = (): Promise<RefreshOutcome> => Promise.reject(new Error('asked'));

describe('renew', () => {
  it('asks once for five processes that ask at once; all get what it brought', async () => {
    let asked = 0;
    const refresh = async (sealed: string): Promise<RefreshOutcome> => {
      asked += 1;
      expect(sealed).toBe('old');
      await new Promise((done) => { setTimeout(done, 50); });
      return renewed(`new ${asked}`);
    };
    // Two callers in each process.
    const repositories = processes.map((one) => new CredentialRepository(one));
    const all = await Promise.all([...repositories, ...repositories].map((one) => one.renew(sourceId, 1, refresh)));
    expect(asked).toBe(1);
    expect(all).toEqual(Array.from({ length: 10 }, () => ({ state: 'current', sealed: 'new 1', version: 2 })));
    expect(await stored()).toEqual({ sealed: 'new 1', version: 2, refused: false, began: null, after: null });
    // Those that are stale anew are renewed anew.
    expect(await repositories[1]!.renew(sourceId, 2, () => Promise.resolve(renewed('new 2')))).toMatchObject({ sealed: 'new 2', version: 3 });
  });

  it('has the new credentials written down before it answers, by another connection when the lock\'s is lost', async () => {
    const credentials = new CredentialRepository(database);
    expect(await credentials.renew(sourceId, 1, async () => {
      await rows(processes[1]!, `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`);
      return renewed('rescued');
    })).toEqual({ state: 'current', sealed: 'rescued', version: 2 });
    expect(await stored()).toMatchObject({ sealed: 'rescued', version: 2 });
    expect(await credentials.renew(sourceId, 2, () => Promise.resolve(renewed('next')))).toMatchObject({ version: 3 });
  });

  it('neither overwrites nor refuses credentials that a person changed meanwhile', async () => {
    const credentials = new CredentialRepository(database);
    const change = () => sources.replaceCredentials(sourceId, 'a person\'s', {});
    expect(await credentials.renew(sourceId, 1, async () => { await change(); return renewed('late'); })).toEqual({ state: 'current', sealed: 'a person\'s', version: 2 });
    expect(await credentials.renew(sourceId, 2, async () => { await change(); return { state: 'refused', error: refused }; })).toEqual({ state: 'current', sealed: 'a person\'s', version: 3 });
    expect((await sources.get(workspaceId, sourceId))?.state).toBe('active');
  });

  it('asks no more after a refusal, puts the source in error, until the credentials change', async () => {
    const credentials = new CredentialRepository(database);
    expect(await credentials.renew(sourceId, 1, () => Promise.resolve({ state: 'refused', error: refused }))).toEqual({ state: 'refused', error: refused });
    expect(await new CredentialRepository(processes[1]!).renew(sourceId, 1, never)).toEqual({ state: 'refused', error: refused });
    expect(await sources.get(workspaceId, sourceId)).toMatchObject({ state: 'error', error: refused });
    await sources.replaceCredentials(sourceId, 'a person\'s', {});
    expect(await sources.get(workspaceId, sourceId)).toMatchObject({ state: 'active', error: null });
    expect(await credentials.renew(sourceId, 2, () => Promise.resolve(renewed('new')))).toMatchObject({ state: 'current', version: 3 });
  });

  it('waits after a failure, as long as the partner says but not less than the back-off', async () => {
    const credentials = new CredentialRepository(database);
    expect(await credentials.renew(sourceId, 1, () => Promise.resolve({ state: 'failed', error: away, lost: false }))).toEqual({ state: 'waiting', error: { ...away, retryAfterMs: 300_000 } });
    const waiting = await credentials.renew(sourceId, 1, never);
    expect(waiting).toMatchObject({ state: 'waiting', error: away });
    const left = waiting.state === 'waiting' ? waiting.error.retryAfterMs ?? 0 : 0;
    expect(left).toBeGreaterThan(200_000);
    expect(left).toBeLessThanOrEqual(305_000);
    await rows(database, `update source_credentials set renew_after = now() - interval '1 second' where source_id = $1`, [sourceId]);
    expect(await credentials.renew(sourceId, 1, () => Promise.resolve({ state: 'failed', error: { ...away, retryAfterMs: 900_000 }, lost: false }))).toMatchObject({ error: { retryAfterMs: 900_000 } });
    expect(await stored()).toMatchObject({ sealed: 'old', version: 1, began: null });
  });

  it('says so when an earlier renewal lost its answer and the partner then refuses', async () => {
    const credentials = new CredentialRepository(database, { backOffMs: 0 });
    expect(await credentials.renew(sourceId, 1, never)).toMatchObject({ state: 'waiting', error: { code: 'partner_unavailable' } });
    expect((await stored())?.['began']).toBeInstanceOf(Date);
    const outcome = await credentials.renew(sourceId, 1, () => Promise.resolve({ state: 'refused', error: refused }));
    expect(outcome).toMatchObject({ state: 'refused', error: { title: refused.title, remedy: expect.stringContaining('never ended') } });
  });

  it('doesn\'t wait for a hanging process for ever', async () => {
    let go: () => void = () => undefined;
    const hanging = new CredentialRepository(database).renew(sourceId, 1, async () => { await new Promise<void>((done) => { go = done; }); return renewed('new'); });
    while ((await stored())?.['began'] === null) await new Promise((done) => { setImmediate(done); });
    expect(await new CredentialRepository(processes[1]!, { lockMs: 100 }).renew(sourceId, 1, never)).toMatchObject({ state: 'waiting', error: { title: expect.stringContaining('Another process') } });
    go();
    expect(await hanging).toMatchObject({ version: 2 });
    expect(await rows(processes[1]!, 'show lock_timeout')).toEqual([{ lock_timeout: '0' }]);
  });

  it('isn\'t undone by a change that was made of older credentials', async () => {
    const credentials = new CredentialRepository(database);
    await credentials.renew(sourceId, 1, () => Promise.resolve(renewed('new')));
    expect(await sources.replaceCredentials(sourceId, 'made of old ones', {}, { version: 1 })).toBe(false);
    expect(await stored()).toMatchObject({ sealed: 'new', version: 2 });
    expect(await sources.replaceCredentials(sourceId, 'made of new ones', {}, { version: 2 })).toBe(true);
    expect(await credentials.get(sourceId)).toMatchObject({ sealed: 'made of new ones', version: 3 });
  });

  it('has nothing to renew when the source is gone', async () => {
    await sources.delete(sourceId);
    expect(await new CredentialRepository(database).renew(sourceId, 1, never)).toEqual({ state: 'gone' });
  });
});

describe('keep-alive', () => {
  it('gives each idle source to one, and to none once it is refused', async () => {
    const [idle, fresh] = [newId(), newId()];
    await newSource(idle, { keepAliveAt: new Date(Date.now() - 1_000) });
    await newSource(fresh, { keepAliveAt: new Date(Date.now() + 3_600_000) });
    const given = (await Promise.all(processes.map((one) => new CredentialRepository(one).dueForKeepAlive(['acme'], 10)))).flat();
    expect(await new CredentialRepository(database).dueForKeepAlive(['other'], 10)).toEqual([]);
    expect(given).toEqual([{ sourceId: idle, workspaceId, connector: 'acme', version: 1 }]);
    await rows(database, `update source_credentials set keep_alive_at = now() - interval '1 second', refused = true where source_id = $1`, [idle]);
    expect(await new CredentialRepository(database).dueForKeepAlive(['acme'], 10)).toEqual([]);
  });
});

describe('authorisations', () => {
  const me = () => ({ workspaceId, userId: null, apiKeyId: null });
  const begin = async (state: string, more: { userId?: string } = {}, ttlMs = 600_000) => {
    const id = newId();
    await new OAuthRepository(database).begin(state, { id, ...me(), connector: 'acme', sourceId: null, clientId: 'c', sealed: 's', redirectUri: 'r', returnTo: null, ...more }, ttlMs);
    return id;
  };

  it('end once, in time, and for the user who began them', async () => {
    const oauth = new OAuthRepository(database);
    const [{ id: userId }] = await rows<{ id: string }>(database, 'select id from users') as [{ id: string }];
    const id = await begin('one');
    expect((await Promise.all(processes.map((one) => new OAuthRepository(one).end('one', null)))).filter((found) => found !== undefined)).toMatchObject([{ id, clientId: 'c', redirectUri: 'r', connector: 'acme' }]);
    await begin('late', {}, -1);
    expect([await oauth.end('late', null), await oauth.end('unknown', null)]).toEqual([undefined, undefined]);
    await begin('mine', { userId });
    expect([await oauth.end('mine', null), await oauth.end('mine', newId())]).toEqual([undefined, undefined]);
    expect(await oauth.end('mine', userId)).toMatchObject({ userId });
    await begin('hidden');
    expect(JSON.stringify(await rows(database, 'select a::text from oauth_authorizations a'))).not.toContain('hidden');
  });

  it('become grants that one source takes, of who began them', async () => {
    const oauth = new OAuthRepository(database);
    const grant = async () => { const id = newId(); await oauth.grant({ id, ...me(), connector: 'acme', sourceId: null, sealed: 'g' }, 600_000); return id; };
    const id = await grant();
    expect(await oauth.findGrant(id, me())).toMatchObject({ id, sealed: 'g' });
    expect([await oauth.findGrant(id, { ...me(), workspaceId: newId() }), await oauth.findGrant(id, { ...me(), userId: newId() }), await oauth.findGrant('x', me())]).toEqual([undefined, undefined, undefined]);
    const made = await Promise.allSettled([newId(), newId()].map((source) => newSource(source, { grantId: id })));
    expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(made.find((one) => one.status === 'rejected')).toMatchObject({ reason: expect.any(GrantGone) });
    const other = await grant();
    await sources.replaceCredentials(sourceId, 'new', {}, { grantId: other });
    await expect(sources.replaceCredentials(sourceId, 'newer', {}, { grantId: other })).rejects.toBeInstanceOf(GrantGone);
    expect(await stored()).toMatchObject({ sealed: 'new', version: 2 });
  });

  it('go by the workspace\'s client, or the operator\'s, and tokens by the client they were given to', async () => {
    const oauth = new OAuthRepository(database);
    await oauth.saveClient('acme', null, 'operator', (id) => `sealed ${id}`);
    expect(await oauth.client('acme', workspaceId)).toMatchObject({ clientId: 'operator', workspaceId: null });
    await oauth.saveClient('acme', workspaceId, 'own', () => null);
    await Promise.all(processes.map((one) => new OAuthRepository(one).saveClient('acme', workspaceId, 'own 2', () => null)));
    expect(await oauth.client('acme', workspaceId)).toMatchObject({ clientId: 'own 2', secretSealed: null });
    const operator = await oauth.client('acme', workspaceId, 'operator');
    expect(operator).toMatchObject({ clientId: 'operator', secretSealed: `sealed ${operator?.id}` });
    expect([await oauth.client('acme', workspaceId, 'own'), await oauth.client('other', workspaceId)]).toEqual([undefined, undefined]);
    await oauth.deleteClient('acme', workspaceId);
    expect((await oauth.client('acme', workspaceId))?.clientId).toBe('operator');
  });
});
