import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { PostgresWarehouse } from '#warehouse';
import { Client } from 'pg';
import { anyId, random, startGateway, type TestGateway } from './gateway.factory.js';

let control: TestDatabase;
let own: TestDatabase;
let sql: Client;
let gateway: TestGateway;
let id: string;
let slug: string;

/** What answers about SQL hold beside the rest. */
interface SqlBody {
  readonly code: string; readonly columns: readonly { name: string; type: string }[]; readonly rows: readonly (readonly (string | null)[])[]; readonly truncated: boolean; readonly position: number; readonly id: string;
  readonly data: readonly (SqlBody & { readonly state: string; readonly statement: string; readonly name: string; readonly schema: string; readonly author: string; readonly kind: string; readonly rowCount: number })[];
}
const call = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, payload?: object, key = gateway.ownerKey) => {
  const { status, text, headers, body } = await gateway.call(method, `/warehouses/${id}${path}`, payload, { authorization: `Bearer ${key}` });
  return { status, text, headers, body: body as unknown as SqlBody };
};
const query = (statement: string, more: object = {}) => call('POST', '/query', { statement, ...more });
const until = async (is: () => Promise<boolean>): Promise<void> => { while (!await is()) await sleep(25); };

beforeAll(async () => {
  control = await testDatabase();
  own = await testDatabase();
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`, { env: { SQL_CONCURRENCY: '2', SQL_EXPORT_MAX_ROWS: '5000', SQL_MAX_ROWS: '3000' } });
  id = (await gateway.call('POST', '/warehouses', { name: 'Main', url: own.url })).body.id;
  slug = (await gateway.call('POST', '/sources', gateway.source({ name: 'Shop' }))).body.slug;
  const warehouse = new PostgresWarehouse(own.url);
  await warehouse.open();
  await warehouse.close();
  sql = new Client({ connectionString: own.url });
  await sql.connect();
  await sql.query(`create schema ${slug}; create table ${slug}.orders as select i as id, 9007199254740993::bigint + i as n, 0.10::numeric as price, case when i = 1 then E'a "b",\\nc' when i = 2 then '' end as note from generate_series(1, 4000) as i;
    create schema strangers; create table strangers.orders as select 1`);
}, 60_000);
afterAll(async () => {
  await sql.query(`drop owned by cs_reader_${id.replaceAll('-', '')} cascade; drop role cs_reader_${id.replaceAll('-', '')}`);
  await sql.end();
  await gateway.close();
  await control.drop();
  await own.drop();
}, 30_000);

describe('a warehouse whose loader may make no login', () => {
  const [loader, analyst, password] = [randomName(), randomName(), random()];

  it('says so, and runs SQL under one that an administrator made', async () => {
    const strict = await testDatabase();
    const urlOf = (user: string): string => Object.assign(new URL(strict.url), { username: user, password }).href;
    await sql.query(`create role ${loader} login password '${password}'; grant create, temporary on database ${new URL(strict.url).pathname.slice(1)} to ${loader}`);
    const asked = await gateway.call('POST', '/warehouses/test', { url: urlOf(loader) });
    expect(asked.body).toMatchObject({ ok: true, sqlProblems: [{ problem: expect.stringContaining('may not make a login'), remedy: expect.stringContaining('CREATE ROLE') }] });
    const made = await gateway.call('POST', '/warehouses', { name: 'Strict', url: urlOf(loader) });
    const path = `/warehouses/${made.body.id}`;
    expect(await gateway.call('POST', `${path}/query`, { statement: 'select 1' })).toMatchObject({ status: 422, body: { code: 'warehouse_refused', remedy: expect.stringContaining('CREATE ROLE') } });
    const reader = { user: analyst, password };
    expect(await gateway.call('PATCH', path, { reader })).toMatchObject({ status: 422, body: { title: `There is no login ${analyst} for SQL.` } });
    await sql.query(`create role ${analyst} login password '${password}'`);
    const changed = await gateway.call('PATCH', path, { reader });
    expect(changed).toMatchObject({ status: 200, body: { readerUser: analyst } });
    expect(changed.text).not.toContain(password);
    expect((await gateway.call('POST', `${path}/test`)).body).toMatchObject({ ok: true, sqlProblems: [] });
    expect((await gateway.call('POST', `${path}/query`, { statement: 'select current_user::text' })).body).toMatchObject({ rows: [[analyst]] });
    expect(await gateway.call('PATCH', path, { reader: { ...reader, password: 'wrong' } })).toMatchObject({ status: 422, body: { title: expect.stringContaining('was not let in') } });
    expect(await gateway.database.query(`select reader_password_sealed like 'v1.%' as sealed from warehouses where id = $1`, [made.body.id])).toEqual([{ sealed: true }]);
    expect(await gateway.call('PATCH', path, { reader: null })).toMatchObject({ status: 200, body: { readerUser: null } });
    expect((await gateway.call('POST', `${path}/query`, { statement: 'select 1' })).status).toBe(422);
    const whole = await gateway.call('POST', '/warehouses', { name: 'At once', url: urlOf(loader), reader });
    expect((await gateway.call('POST', `/warehouses/${whole.body.id}/query`, { statement: 'select current_user::text' })).body).toMatchObject({ rows: [[analyst]] });
    for (const one of [made, whole]) expect((await gateway.call('DELETE', `/warehouses/${one.body.id}`)).status).toBe(204);
    await strict.drop();
    await sql.query(`drop role ${loader}, ${analyst}`);
  }, 60_000);
});

describe('a query', () => {
  it('is answered with exact values', async () => {
    const { status, body } = await query(`select n, price, note from ${slug}.orders order by id limit 3`);
    expect([status, body.columns, body.rows, body.truncated]).toEqual([200, [{ name: 'n', type: 'bigint' }, { name: 'price', type: 'numeric' }, { name: 'note', type: 'text' }],
      [['9007199254740994', '0.10', 'a "b",\nc'], ['9007199254740995', '0.10', ''], ['9007199254740996', '0.10', null]], false]);
  }, 30_000);

  it('is cut at the limits', async () => {
    expect((await query(`table ${slug}.orders`)).body).toMatchObject({ truncated: true, rows: { length: 1_000 } });
    expect((await query(`table ${slug}.orders`, { maxRows: 1_000_000 })).body).toMatchObject({ truncated: true, rows: { length: 3_000 } });
  }, 30_000);

  it('that is wrong is a refusal with PostgreSQL\'s words and the place', async () => {
    expect(await query(`select nonsense from ${slug}.orders`)).toMatchObject({ status: 422, body: { code: 'query_failed', title: 'PostgreSQL: column "nonsense" does not exist', position: 8, detail: 'SQLSTATE 42703' } });
    expect(await query('drop table x')).toMatchObject({ status: 422, body: { code: 'query_refused' } });
    expect(await query(`select 1; drop table ${slug}.orders`)).toMatchObject({ status: 422, body: { code: 'query_failed' } });
    expect(await query('table strangers.orders')).toMatchObject({ status: 422, body: { code: 'query_failed', detail: 'SQLSTATE 42501' } });
    expect(await query('')).toMatchObject({ status: 400 });
    expect(await query('select \u0000')).toMatchObject({ status: 400 });
  }, 30_000);

  it('is in the history with who ran it', async () => {
    await query('select 42 as answer');
    const { body: { data } } = await call('GET', '/queries?limit=200');
    expect(data[0]).toMatchObject({ statement: 'select 42 as answer', state: 'succeeded', rowCount: 1, author: 'first key', kind: 'query' });
    expect(data.find(({ statement }) => statement === 'drop table x')).toMatchObject({ state: 'failed', error: { code: 'query_refused' } });
  }, 30_000);

  it('ends when its client goes away, or anybody cancels it; others wait for room', async () => {
    const running = async (): Promise<SqlBody['data']> => (await call('GET', '/queries')).body.data.filter(({ state }) => state === 'running');
    const inServer = async (): Promise<number> => (await sql.query<{ n: number }>(`select count(*)::int as n from pg_stat_activity where application_name like 'cloud-sources sql %' and state = 'active' and datname = current_database()`)).rows[0]?.n ?? 0;
    const client = new AbortController();
    const gone = fetch(`${gateway.url}/api/v1/warehouses/${id}/query`, { method: 'POST', headers: { authorization: `Bearer ${gateway.ownerKey}`, 'content-type': 'application/json' }, body: JSON.stringify({ statement: 'select pg_sleep(50)' }), signal: client.signal }).catch(() => undefined);
    const other = query('select pg_sleep(51)');
    await until(async () => await inServer() === 2);
    expect(await query('select 1')).toMatchObject({ status: 429, headers: { 'retry-after': '5' } });
    client.abort();
    await gone;
    await until(async () => await inServer() === 1);
    await until(async () => (await running()).length === 1);
    const [last] = await running();
    expect((await call('POST', `/queries/${last?.id}/cancel`)).status).toBe(202);
    expect(await other).toMatchObject({ status: 409, body: { code: 'query_cancelled' } });
    expect(await inServer()).toBe(0);
    expect((await call('GET', '/queries?limit=10')).body.data.filter(({ state }) => state === 'cancelled')).toHaveLength(2);
    expect((await call('POST', `/queries/${anyId}/cancel`)).status).toBe(404);
  }, 60_000);
});

describe('an export', () => {
  const exported = (statement: string, format: string) => call('POST', '/export', { statement, format });

  it('is the whole result, up to its limit', async () => {
    const csv = await exported(`select id, n, note from ${slug}.orders order by id`, 'csv');
    expect([csv.status, csv.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
    expect(csv.text.split('\r\n')).toHaveLength(1 + 4_000 + 1);
    expect(csv.text.startsWith('id,n,note\r\n1,9007199254740994,"a ""b"",\nc"\r\n2,9007199254740995,""\r\n3,9007199254740996,\r\n')).toBe(true);
    const json = await exported(`select id, n, price, note, array[1] as list, 'NaN'::float8 as nan, true as yes, '{"a": 1.10}'::jsonb as data from ${slug}.orders order by id`, 'json');
    expect(json.text).toContain('{"id":1,"n":9007199254740994,"price":0.10,"note":"a \\"b\\",\\nc","list":"{1}","nan":"NaN","yes":true,"data":{"a": 1.10}}');
    expect(JSON.parse(json.text)).toHaveLength(4_000);
    expect((await exported('select 1 where false', 'json')).text).toBe('[\n]\n');
    await exported('select generate_series(1, 6000)', 'csv');
    expect((await call('GET', '/queries?limit=1')).body.data[0]).toMatchObject({ kind: 'export', rowCount: 5_000, truncated: true });
  }, 60_000);

  it('that can\'t begin is a refusal; one that breaks off is a broken connection', async () => {
    expect(await exported('select nonsense', 'csv')).toMatchObject({ status: 422, body: { code: 'query_failed' } });
    await expect(exported('select 1 / (3000 - i) from generate_series(1, 4000) as i', 'csv')).rejects.toThrow();
  }, 30_000);
});

describe('saved queries', () => {
  it('are kept by name for everybody who may run them', async () => {
    const { body: first } = await call('PUT', '/saved-queries', { name: 'Orders', statement: 'select 1' });
    expect((await call('PUT', '/saved-queries', { name: 'Orders', statement: 'select 2' })).body.id).toBe(first.id);
    expect((await call('GET', '/saved-queries')).body.data).toEqual([expect.objectContaining({ name: 'Orders', statement: 'select 2', author: 'first key' })]);
    expect((await call('DELETE', `/saved-queries/${first.id}`)).status).toBe(204);
    expect((await call('DELETE', `/saved-queries/${first.id}`)).status).toBe(404);
  }, 30_000);
});

describe('who', () => {
  it('reads tables as a viewer runs no SQL; another workspace sees nothing of it', async () => {
    const viewer = (await gateway.call('POST', '/api-keys', { name: 'v', role: 'viewer' })).body.key;
    const tables = (await call('GET', '/tables', undefined, viewer)).body.data;
    expect(tables).toEqual([expect.objectContaining({ schema: slug, name: 'orders', rows: 4_000, estimated: false, columns: expect.arrayContaining([{ name: 'price', type: 'numeric' }]) })]);
    expect((await call('GET', '/schema-changes', undefined, viewer)).status).toBe(200);
    for (const [method, path, body] of [['POST', '/query', { statement: 'select 1' }], ['POST', '/export', { statement: 'select 1', format: 'csv' }], ['GET', '/queries'], ['GET', '/saved-queries'], ['PUT', '/saved-queries', { name: 'x', statement: 'y' }]] as const) {
      expect([path, (await call(method, path, body, viewer)).status]).toEqual([path, 403]);
    }
    await gateway.database.query(`insert into workspaces (id, name) values ($1, 'Other')`, [anyId]);
    const other = `cs_${random()}`;
    await gateway.database.query(`insert into api_keys (id, workspace_id, name, prefix, key_hash, role) values ($1, $1, 'x', 'x', encode(sha256($2), 'hex'), 'owner')`, [anyId, Buffer.from(other)]);
    for (const [method, path, body] of [['POST', '/query', { statement: 'select 1' }], ['GET', '/queries'], ['GET', '/tables'], ['GET', '/saved-queries'], ['POST', '/export', { statement: 'select 1', format: 'csv' }]] as const) {
      expect([path, (await call(method, path, body, other)).status]).toEqual([path, 404]);
    }
  }, 30_000);
});
