import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { PostgresModelStore } from '#warehouse';
import { Client } from 'pg';
import { anyId, startGateway, type TestGateway } from './gateway.factory.js';

let control: TestDatabase;
let own: TestDatabase;
let sql: Client;
let gateway: TestGateway;
let warehouseId: string;
let slug: string;

/** What answers about models hold beside the rest. */
interface ModelBody {
  readonly id: string; readonly slug: string; readonly code: string; readonly position: number; readonly users: number; readonly sample: { readonly rows: readonly (string | null)[][] }; readonly enabled: boolean; readonly nextCursor: string | null;
  readonly errors: readonly { readonly field: string; readonly message: string }[]; readonly lastRun: { readonly state: string; readonly trigger: string } | null; readonly data: readonly (ModelBody & { readonly userId: string; readonly value: string | null; readonly state: string })[];
}
const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object, headers?: Record<string, string>) => {
  const { status, text, body } = await gateway.call(method, path, payload, headers);
  return { status, text, body: body as unknown as ModelBody };
};

beforeAll(async () => {
  control = await testDatabase();
  own = await testDatabase();
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`);
  warehouseId = (await gateway.call('POST', '/warehouses', { name: 'Main', url: own.url })).body.id;
  slug = (await gateway.call('POST', '/sources', gateway.source({ name: 'Shop' }))).body.slug;
  sql = new Client({ connectionString: own.url });
  await sql.connect();
  await sql.query(`create schema ${slug}; create table ${slug}.customers as select 'c' || i as id, i as spent from generate_series(1, 30) as i`);
}, 60_000);
afterAll(async () => {
  await sql.end();
  await gateway.close();
  await control.drop();
  await own.drop();
}, 30_000);

describe('a preview', () => {
  it('says how many users a query finds, with its first rows', async () => {
    const { status, body } = await call('POST', '/audiences/preview', { statement: `select id as user_id from ${slug}.customers where spent > 5 order by spent; ` });
    expect([status, body.users, body.sample.rows.length, body.sample.rows[0]]).toEqual([200, 25, 20, ['c6']]);
    expect(await call('POST', '/traits/preview', { statement: 'select nonsense' })).toMatchObject({ status: 422, body: { code: 'query_failed', position: 8 } });
  }, 30_000);
});

describe('an audience', () => {
  const statement = () => `select id as user_id from ${slug}.customers where spent > 5;`;

  it('is made once its query can be computed, and queued', async () => {
    expect(await call('POST', '/audiences', { name: 'Big', statement: `select idd as user_id from ${slug}.customers` })).toMatchObject({ status: 422, body: { code: 'query_failed', position: 8 } });
    expect((await call('POST', '/audiences', { name: 'Big', statement: `select id from ${slug}.customers` })).body.errors).toEqual([{ field: 'statement', message: expect.stringContaining('user_id') }]);
    expect(await call('POST', '/audiences', { name: 'Big', statement: 'drop table x' })).toMatchObject({ status: 422 });
    expect(await call('POST', '/audiences', { name: 'Big', statement: statement(), intervalMinutes: 1 })).toMatchObject({ status: 400 });
    const key = { authorization: `Bearer ${gateway.ownerKey}`, 'idempotency-key': 'one' };
    const made = await call('POST', '/audiences', { name: 'Große Kunden', statement: statement() }, key);
    expect(made).toMatchObject({ status: 201, body: { slug: expect.stringMatching(/^gro\w+kunden$/), lastRun: { state: 'queued', trigger: 'change' } } });
    expect((await call('POST', '/audiences', { name: 'Große Kunden', statement: statement() }, key)).body.id).toBe(made.body.id);
    expect(await call('POST', '/audiences', { name: 'Große Kunden', statement: statement() })).toMatchObject({ status: 409, body: { code: 'slug_taken' } });
    expect((await call('GET', '/audiences')).body.data).toHaveLength(1);
    expect((await call('GET', '/traits')).body.data).toEqual([]);
  }, 30_000);

  it('is changed, computed when somebody asks, disabled and deleted', async () => {
    const { body: { id } } = await call('POST', '/audiences', { name: 'Changing', statement: statement(), intervalMinutes: null });
    expect(await call('PATCH', `/audiences/${id}`, { statement: 'select 1' })).toMatchObject({ status: 400 });
    expect(await call('PATCH', `/audiences/${id}`, { name: 'Changed', intervalMinutes: 15, enabled: false })).toMatchObject({ status: 200, body: { name: 'Changed', intervalMinutes: 15, enabled: false, nextRunAt: null } });
    expect(await call('POST', `/audiences/${id}/compute`)).toMatchObject({ status: 409 });
    expect(await call('PATCH', `/audiences/${id}`, { enabled: true })).toMatchObject({ body: { enabled: true, nextRunAt: expect.any(String) } });
    expect(await call('POST', `/audiences/${id}/compute`)).toMatchObject({ status: 202, body: { lastRun: { state: 'queued' } } });
    expect((await call('GET', `/audiences/${id}/runs`)).body.data).toHaveLength(1);
    expect((await call('DELETE', `/audiences/${id}`)).status).toBe(204);
    // It goes once everybody has left it; until then nothing else can be done to it.
    expect(await call('GET', `/audiences/${id}`)).toMatchObject({ status: 200, body: { enabled: false, deleting: { since: expect.any(String), error: null }, lastRun: { trigger: 'delete', state: 'queued' } } });
    expect(await call('PATCH', `/audiences/${id}`, { enabled: true })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await call('POST', `/audiences/${id}/compute`)).toMatchObject({ status: 409 });
    expect(await call('POST', '/audiences', { name: 'Changing', statement: statement() })).toMatchObject({ status: 409, body: { code: 'slug_taken', title: expect.stringContaining('being deleted') } });
    expect((await call('DELETE', `/audiences/${id}`)).status).toBe(204);
    expect(await gateway.database.query('select trigger from model_runs where model_id = $1', [id])).toEqual([{ trigger: 'delete' }]);
    expect((await call('DELETE', `/audiences/${id}?force=yes`)).status).toBe(400);
    expect((await call('DELETE', `/audiences/${id}?force=true`)).status).toBe(204);
    expect((await call('GET', `/audiences/${id}`)).status).toBe(404);
    expect(await gateway.database.query(`select changes from audit_log where target_id = $1 and action = 'audiences.delete' order by id desc limit 1`, [id])).toEqual([{ changes: { force: 'true' } }]);
    expect((await call('GET', `/traits/${id}`)).status).toBe(404);
    expect((await call('GET', `/audiences/${anyId}`)).status).toBe(404);
  }, 30_000);
});

describe('a trait', () => {
  it('lists its users with their values in pages', async () => {
    expect((await call('POST', '/traits', { name: 'Spent', statement: `select id as user_id from ${slug}.customers` })).body.errors).toEqual([{ field: 'statement', message: expect.stringContaining('value') }]);
    const { body: { id } } = await call('POST', '/traits', { name: 'Spent', statement: `select id as user_id, spent as value from ${slug}.customers` });
    expect((await call('GET', `/traits/${id}/members`)).body).toEqual({ data: [], nextCursor: null });
    const store = new PostgresModelStore(own.url);
    await store.write({ workspaceId: anyId, warehouseId, modelId: id, kind: 'trait', slug: 'spent', name: 'Spent' }, '1', async (put) => { await put([['ü 1', '9007199254740993'], ['c2', '2'], ['c1', '1']]); return 'bigint'; });
    await store.close();
    const { body: first } = await call('GET', `/traits/${id}/members?limit=2`);
    const { body: second } = await call('GET', `/traits/${id}/members?limit=2&cursor=${first.nextCursor}`);
    expect([...first.data, ...second.data].map(({ userId, value }) => [userId, value])).toEqual([['c1', '1'], ['c2', '2'], ['ü 1', '9007199254740993']]);
    expect(second.nextCursor).toBeNull();
    expect((await call('GET', `/traits/${id}/members?cursor=AA`)).status).toBe(400);
    expect((await call('GET', `/traits/${id}/members?prefix=c2`)).body.data).toHaveLength(1);
    // People read its table with SQL, too.
    const rows = (await gateway.call('POST', `/warehouses/${warehouseId}/query`, { statement: 'select value from traits.spent order by user_id' })).body as unknown as { rows: unknown };
    expect(rows.rows).toEqual([['1'], ['2'], ['9007199254740993']]);
  }, 30_000);
});

describe('its warehouse', () => {
  it('stays while something is computed in it, and takes its reader with it', async () => {
    const reader = async (): Promise<number> => (await sql.query('select from pg_roles where rolname = $1', [`cs_reader_${warehouseId.replaceAll('-', '')}`])).rowCount ?? 0;
    for (const { id } of (await call('GET', '/sources')).body.data) await call('DELETE', `/sources/${id}`);
    expect(await call('DELETE', `/warehouses/${warehouseId}`)).toMatchObject({ status: 409, body: { code: 'warehouse_in_use', title: 'This warehouse is needed by traits and audiences (Große Kunden, Spent).' } });
    const each = async (more = ''): Promise<void> => { for (const kind of ['audiences', 'traits']) for (const { id } of (await call('GET', `/${kind}`)).body.data) await call('DELETE', `/${kind}/${id}${more}`); };
    await each();
    expect(await call('DELETE', `/warehouses/${warehouseId}`)).toMatchObject({ status: 409, body: { code: 'warehouse_in_use', title: 'This warehouse is needed by traits and audiences that are being deleted (Große Kunden, Spent).' } });
    await each('?force=true');
    expect(await reader()).toBe(1);
    expect((await call('DELETE', `/warehouses/${warehouseId}`)).status).toBe(204);
    expect(await reader()).toBe(0);
  }, 30_000);
});
