import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomName, testDatabase, type TestDatabase } from '#testing';
import { Client } from 'pg';
import { WarehouseRefusedError } from './errors.js';
import { PostgresReader, type ReaderAccess } from './postgres/postgres-reader.js';
import { PostgresWarehouse } from './postgres/postgres-warehouse.js';
import { QueryFailedError, QueryRefusedError, QueryStoppedError, type Cell, type ReadLimits, type ReadResult, type ResultColumn } from './reader.js';

const LIMITS: ReadLimits = { timeoutMs: 20_000, maxRows: 1_000, maxBytes: 1_000_000, maxCost: 0 };
const [loader, weak, role, password] = [randomName(), randomName(), `cs_reader_${randomName()}`, randomBytes(12).toString('hex')];

let own: TestDatabase;
/** As a superuser, to look behind the scenes. */
let admin: Client;
let reader: PostgresReader;
let urlOf: (login: string) => string;
let asked = 0;

const slugs = ['mine', 'later'];
const access = (url: string) => ({ url, role, password, slugs, given: false, warehouseId: '018f0000-0000-7000-8000-000000000000' });

async function read(statement: string, limits: Partial<ReadLimits> = {}, more: { signal?: AbortSignal; id?: string } = {}): Promise<ReadResult & { columns: readonly ResultColumn[]; values: (readonly Cell[])[] }> {
  const values: (readonly Cell[])[] = [];
  let columns: readonly ResultColumn[] = [];
  const result = await reader.read({ id: `spec-${asked++}`, statement, limits: { ...LIMITS, ...limits }, onRows: (named, rows) => { columns = named; values.push(...rows); }, ...more });
  return { ...result, columns, values };
}
const refused = (statement: string, limits?: Partial<ReadLimits>): Promise<Error> => read(statement, limits).then(({ values }) => { throw new Error(`it ran: ${JSON.stringify(values)}`); }, (error: Error) => error);
const running = async (id: string): Promise<number> => {
  const { rows: [found] } = await admin.query<{ n: number }>(`select count(*)::int as n from pg_stat_activity where application_name = $1 and state = 'active'`, [`cloud-sources sql ${id}`]);
  return found?.n ?? 0;
};
const until = async (is: () => Promise<boolean>): Promise<void> => { while (!await is()) await sleep(20); };

beforeAll(async () => {
  own = await testDatabase();
  admin = new Client({ connectionString: own.url });
  await admin.connect();
  const database = new URL(own.url).pathname.slice(1);
  await admin.query(`create role ${loader} login createrole password '${password}'; create role ${weak} login password '${password}'; grant create, temporary on database ${database} to ${loader}, ${weak}`);
  urlOf = (login) => Object.assign(new URL(own.url), { username: login, password }).href;
  const warehouse = new PostgresWarehouse(urlOf(loader));
  await warehouse.open();
  await warehouse.close();
  await admin.query(`grant usage on schema _cloud_sources to ${weak}; grant select on all tables in schema _cloud_sources to ${weak}`);
  const sql = new Client({ connectionString: urlOf(loader) });
  await sql.connect();
  await sql.query(`create schema mine; create schema others;
    create table mine.customers (id text primary key, n bigint, amount numeric, at timestamptz, ok boolean, data jsonb);
    insert into mine.customers select i::text, 9007199254740993 + i, 12.50, '2026-01-31T08:00:00.123456Z', true, '{"n": 9007199254740993}' from generate_series(1, 3000) as i;
    create view mine.customers_live as select * from mine.customers;
    create table others.secrets (id text); insert into others.secrets values ('hidden'); create sequence mine.numbers;`);
  await sql.end();
  reader = new PostgresReader(access(urlOf(loader)));
}, 60_000);
afterAll(async () => {
  await admin.query(`drop owned by ${role}, ${loader}, ${weak} cascade; drop role ${role}, ${loader}, ${weak}`);
  await admin.end();
  await own.drop();
});

describe('a reader', () => {
  it('answers with every digit, and with the types', async () => {
    const { columns, values, rows, truncated } = await read(`select n, amount, at, ok, data, null as nothing, 0.1::float8 as f, '' as empty, 'größe 🔑' as words from mine.customers where id = '1'; -- the end`);
    expect(columns.slice(0, 5)).toEqual([{ name: 'n', type: 'bigint' }, { name: 'amount', type: 'numeric' }, { name: 'at', type: 'timestamp with time zone' }, { name: 'ok', type: 'boolean' }, { name: 'data', type: 'jsonb' }]);
    expect(values).toEqual([['9007199254740994', '12.50', '2026-01-31 08:00:00.123456+00', 't', '{"n": 9007199254740993}', null, '0.1', '', 'größe 🔑']]);
    expect({ rows, truncated }).toEqual({ rows: 1, truncated: false });
  }, 30_000);

  it('reads views, tables made later, and schemas made later', async () => {
    expect((await read('select count(*) from mine.customers_live')).values).toEqual([['3000']]);
    const sql = new Client({ connectionString: urlOf(loader) });
    await sql.connect();
    await sql.query('create table mine.later as select 1 as a; create schema later; create table later.first as select 2 as a');
    await sql.end();
    expect((await read('select a from mine.later')).values).toEqual([['1']]);
    reader = new PostgresReader(access(urlOf(loader)));
    expect((await read('select a from later.first')).values).toEqual([['2']]);
    expect((await read('explain select * from later.first')).columns).toEqual([{ name: 'QUERY PLAN', type: 'text' }]);
    expect(await read('select 1 where false')).toMatchObject({ rows: 0, truncated: false, columns: [{ type: 'integer' }] });
  }, 30_000);

  it('lists its tables with their rows, also one that the loader may not count', async () => {
    await admin.query('create table mine.hidden as select 1 as a');
    const tables = await reader.tables();
    expect(tables.find(({ name }) => name === 'customers')).toMatchObject({ schema: 'mine', kind: 'table', rows: 3_000, estimated: false, loadedAt: null, columns: expect.arrayContaining([{ name: 'n', type: 'bigint' }]) });
    expect(tables.find(({ name }) => name === 'customers_live')).toMatchObject({ kind: 'view', rows: null });
    expect(tables.find(({ name }) => name === 'hidden')).toMatchObject({ rows: 0, estimated: true });
    expect(tables.filter(({ schema }) => schema === 'others')).toEqual([]);
    await admin.query('drop table mine.hidden');
    expect(await reader.changes(10)).toEqual([]);
  }, 30_000);

  it('stops at the limits of rows and bytes, and says so', async () => {
    expect(await read('table mine.customers', { maxRows: 3_000 })).toMatchObject({ rows: 3_000, truncated: false });
    expect(await read('table mine.customers', { maxRows: 2_999 })).toMatchObject({ rows: 2_999, truncated: true });
    const { rows, truncated } = await read(`select repeat('x', 1000) from generate_series(1, 5000)`, { maxBytes: 100_000, maxRows: 5_000 });
    expect([rows, truncated]).toEqual([100, true]);
    expect(await refused(`select repeat('x', 100000000)`)).toMatchObject({ name: 'QueryStoppedError', reason: 'too_large' });
  }, 30_000);

  it('says what is wrong in PostgreSQL\'s words, and where', async () => {
    expect(await refused('select nonsense from mine.customers')).toMatchObject({ name: 'QueryFailedError', sqlState: '42703', message: 'column "nonsense" does not exist', position: 8 });
    expect(await refused('select 1 +')).toMatchObject({ sqlState: '42601', position: 11 });
    expect(await refused('explain select * from nowhere')).toMatchObject({ sqlState: '42P01', position: 23 });
    expect(await refused('select 1/0')).toBeInstanceOf(QueryFailedError);
    expect(await refused('select $1')).toMatchObject({ sqlState: expect.stringMatching(/^42P02$|^08P01$/) });
    expect(await refused('select * from mine.customers a, mine.customers b, mine.customers c', { maxCost: 1_000_000 })).toBeInstanceOf(QueryRefusedError);
    expect(await refused(' -- nothing')).toBeInstanceOf(QueryRefusedError);
  }, 30_000);

  it('stops after its time, also when the statement lifts it', async () => {
    const error = await refused(`select set_config('statement_timeout', '0', false), pg_sleep(i) from generate_series(1, 30) as i`, { timeoutMs: 500 });
    expect(error).toMatchObject({ name: 'QueryStoppedError', reason: 'timeout' });
  }, 30_000);

  it('is cancelled by its caller and by its id, in the server too', async () => {
    for (const cancel of [(stop: AbortController) => { stop.abort(); }, (_: AbortController, id: string) => reader.cancel(id)]) {
      const [stop, id] = [new AbortController(), `cancel-${asked++}`];
      const over = read('select pg_sleep(60)', {}, { signal: stop.signal, id }).then(() => undefined, (error: unknown) => error);
      await until(async () => await running(id) === 1);
      await cancel(stop, id);
      expect(await over).toBeInstanceOf(QueryStoppedError);
      await until(async () => await running(id) === 0);
    }
    expect(await reader.cancel('nobody')).toBe(false);
  }, 30_000);
});

describe('nothing that a reader runs', () => {
  const count = async (): Promise<unknown[]> => (await admin.query(`select (select count(*) from mine.customers)::int as mine, (select count(*) from others.secrets)::int as others,
    (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname in ('public', 'mine', 'others') and relkind = 'r')::int as tables, (select last_value from mine.numbers)::int as last,
    (select count(*) from pg_largeobject_metadata)::int as large`)).rows;

  it('writes', async () => {
    const before = await count();
    for (const statement of [
      'delete from mine.customers', 'update mine.customers set n = 0', `insert into mine.customers (id) values ('x')`, 'drop table mine.customers', 'truncate mine.customers', 'create table public.x (a int)', 'alter table mine.customers add x int',
      'select 1; drop table mine.customers', 'commit; drop table mine.customers', 'select 1; commit; drop table mine.customers', 'rollback', 'begin', 'set transaction read write', 'reset role', 'set role postgres',
      'do $$ begin delete from mine.customers; end $$', 'copy mine.customers to stdout', `copy mine.customers to program 'id'`, 'grant all on mine.customers to public', 'vacuum', 'listen x', 'lock table mine.customers',
      'with gone as (delete from mine.customers returning *) select * from gone', 'select * from mine.customers for update', 'select * into public.x from mine.customers', `select nextval('mine.numbers')`, `select setval('mine.numbers', 9)`,
      `select query_to_xml('delete from mine.customers', true, true, '')`, `select set_config('transaction_read_only', 'off', false), query_to_xml('delete from mine.customers', true, true, '')`,
      `select set_config('role', '${loader}', false), query_to_xml('delete from mine.customers', true, true, '')`, `select set_config('session_authorization', '${loader}', false)`,
      'explain analyze delete from mine.customers', 'explain analyze create table public.x as select 1', 'explain select 1; drop table mine.customers', `explain analyze select query_to_xml('drop table mine.customers', true, true, '')`,
      'select lo_export(1, \'/tmp/x\')', 'select lo_import(\'/etc/passwd\')', 'create extension dblink', `select dblink('dbname=postgres', 'select 1')`, 'execute anything', 'prepare x as select 1', 'call x()',
    ]) expect([statement, await refused(statement)]).toEqual([statement, expect.objectContaining({ name: expect.stringMatching(/^Query(Failed|Refused)Error$/) })]);
    // Allowed in itself; it goes with the transaction.
    await read('select lo_create(0)').catch(() => undefined);
    expect(await count()).toEqual(before);
  }, 30_000);

  it('reads what isn\'t the workspace\'s', async () => {
    for (const statement of [
      'table others.secrets', 'select * from _cloud_sources.offsets', 'select * from _cloud_sources.loads', 'select passwd from pg_shadow', 'select rolpassword from pg_authid', `select pg_read_file('/etc/passwd')`, `select pg_read_binary_file('/etc/passwd')`,
      `select pg_ls_dir('/')`, `select pg_stat_file('/etc/passwd')`, 'select * from pg_hba_file_rules', `select query_to_xml('table others.secrets', true, true, '')`, `select table_to_xml('others.secrets', true, true, '')`, `select schema_to_xml('others', true, true, '')`,
      `select set_config('role', '${loader}', true), query_to_xml('table others.secrets', true, true, '')`, `select set_config('role', 'none', true), query_to_xml('table others.secrets', true, true, '')`,
      `select set_config('session_authorization', 'default', true), query_to_xml('table others.secrets', true, true, '')`, 'select * from pg_largeobject',
    ]) {
      const error = await refused(statement);
      expect([statement, error.name, error instanceof QueryFailedError && error.sqlState]).toEqual([statement, 'QueryFailedError', expect.stringMatching(/^42501$|^42883$|^22023$/)]);
    }
    expect((await read(`select count(*) from pg_stat_activity where query like '%customers%' and usename <> current_user`)).values).toEqual([['0']]);
  }, 30_000);

  it('stays in the session of the next one', async () => {
    await read(`select set_config('search_path', 'mine', false), pg_advisory_lock(1), pg_notify('x', '')`);
    expect((await read('select pg_try_advisory_lock(1)')).values).toEqual([['t']]);
    expect(await refused('table customers')).toMatchObject({ sqlState: '42P01' });
  }, 30_000);
});

describe('the login', () => {
  it('is no administrator, a member of nothing, and its password is in no catalog in clear', async () => {
    const { rows: [found] } = await admin.query(`select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, exists (select from pg_auth_members where member = a.oid) as member, rolpassword from pg_authid a where rolname = $1`, [role]);
    expect(found).toMatchObject({ rolsuper: false, rolcreaterole: false, rolcreatedb: false, rolreplication: false, rolbypassrls: false, member: false, rolpassword: expect.stringMatching(/^SCRAM-SHA-256\$4096:/) });
  }, 30_000);

  it('is given a new password when the one that is known is wrong', async () => {
    await admin.query(`alter role ${role} password 'another'`);
    expect((await read('select 1')).values).toEqual([['1']]);
  }, 30_000);

  it('goes with everything that it was granted, and is made anew when somebody reads', async () => {
    const there = async (): Promise<number> => (await admin.query('select from pg_roles where rolname = $1', [role])).rowCount ?? 0;
    await reader.remove();
    expect(await there()).toBe(0);
    await reader.remove();
    reader = new PostgresReader(access(urlOf(loader)));
    expect((await read('select count(*) from mine.customers')).values).toEqual([['3000']]);
    expect(await there()).toBe(1);
  }, 30_000);

  it('is not used when somebody made it stronger', async () => {
    await admin.query(`grant ${weak} to ${role}`);
    await expect(new PostgresReader({ ...access(urlOf(loader)), slugs: ['mine', 'others'] }).read({ id: 'x', statement: 'select 1', limits: LIMITS, onRows: () => undefined })).rejects.toThrow('is a member of other roles');
    await admin.query(`revoke ${weak} from ${role}`);
  }, 30_000);

  it('needs the right to make it, and what to grant is said', async () => {
    const error = await new PostgresReader({ ...access(urlOf(weak)), role: `${role}_2` }).read({ id: 'x', statement: 'select 1', limits: LIMITS, onRows: () => undefined }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WarehouseRefusedError);
    expect(error).toMatchObject({ remedy: expect.stringContaining(`ALTER ROLE "${weak}" CREATEROLE`) });
  }, 30_000);
});

describe('a login that an administrator made, for a loader that may make none', () => {
  const [analyst, word] = [randomName(), randomBytes(12).toString('hex')];
  const given = (more: Partial<ReaderAccess> = {}): PostgresReader => new PostgresReader({ ...access(urlOf(weak)), role: analyst, password: word, given: true, slugs: ['theirs', 'soon'], ...more });
  const rowsOf = async (one: PostgresReader, statement: string): Promise<(readonly Cell[])[]> => {
    const values: (readonly Cell[])[] = [];
    await one.read({ id: `spec-${asked++}`, statement, limits: LIMITS, onRows: (_, rows) => { values.push(...rows); } });
    return values;
  };
  let sql: Client;

  beforeAll(async () => {
    sql = new Client({ connectionString: urlOf(weak) });
    await sql.connect();
    await sql.query('create schema theirs; create table theirs.people as select 7 as a; create schema hidden; create table hidden.secrets as select 1 as a');
  }, 30_000);
  afterAll(async () => {
    await sql.end();
    await admin.query(`drop owned by ${analyst} cascade; drop role ${analyst}`);
  });

  it('is asked for, with what the administrator runs', async () => {
    expect(await new PostgresReader({ ...access(urlOf(weak)), role: `${role}_3` }).test()).toEqual([{ problem: expect.stringContaining('may not make a login'), remedy: expect.stringMatching(/CREATEROLE; or .* CREATE ROLE "cs_reader" LOGIN PASSWORD/) }]);
    const [problem] = await given().test();
    expect(problem).toMatchObject({ problem: `There is no login ${analyst} for SQL.`, remedy: expect.stringContaining(`CREATE ROLE "${analyst}" LOGIN PASSWORD '…'; GRANT CONNECT ON DATABASE`) });
    await expect(rowsOf(given(), 'select 1')).rejects.toThrow(WarehouseRefusedError);
    // What was said is done.
    await admin.query((problem?.remedy ?? '').replace(/^.*?(?=CREATE)/, '').replace('…', word));
    expect(await given().test()).toEqual([]);
    expect(await new PostgresReader(access(urlOf(loader))).test()).toEqual([]);
  }, 30_000);

  it('reads the tables of the workspace, also those made later, and nothing else', async () => {
    expect(await rowsOf(given(), 'select a from theirs.people')).toEqual([['7']]);
    await sql.query('create table theirs.later as select 8 as a; create schema soon; create table soon.first as select 9 as a');
    expect(await rowsOf(given(), 'select l.a, f.a from theirs.later l, soon.first f')).toEqual([['8', '9']]);
    await expect(rowsOf(given(), 'select a from hidden.secrets')).rejects.toThrow('permission denied');
    await expect(rowsOf(given(), 'select * from _cloud_sources.models')).rejects.toThrow('permission denied');
  }, 30_000);

  const refusals: readonly { readonly one: string; readonly arrange?: () => string; readonly undo?: () => string; readonly more?: Partial<ReaderAccess>; readonly words: string; readonly remedy: string }[] = [
    { one: 'let in with a wrong password', more: { password: 'wrong' }, words: 'was not let in', remedy: 'password' },
    { one: 'the loader\'s own', more: { role: weak, password }, words: 'is the login that loads', remedy: 'CREATE ROLE' },
    { one: 'a superuser', arrange: () => `alter role ${analyst} superuser`, undo: () => `alter role ${analyst} nosuperuser`, words: 'has rights of an administrator', remedy: 'CREATE ROLE' },
    { one: 'in another role', arrange: () => `grant ${weak} to ${analyst}`, undo: () => `revoke ${weak} from ${analyst}`, words: 'is a member of other roles', remedy: 'Take them away' },
    { one: 'able to write a table', arrange: () => `grant update on theirs.people to ${analyst}`, words: 'can write theirs.people', remedy: 'REVOKE ALL ON theirs.people FROM' },
    { one: 'able to make tables', arrange: () => `grant create on schema theirs to ${analyst}`, words: 'can make tables in the schema theirs', remedy: 'REVOKE CREATE ON SCHEMA theirs FROM' },
    { one: 'able to make schemas', arrange: () => `grant create on database ${new URL(own.url).pathname.slice(1)} to ${analyst}`, words: 'can make schemas', remedy: 'REVOKE CREATE ON DATABASE' },
    { one: 'able to read others\' tables', arrange: () => `grant usage on schema hidden to ${analyst}`, words: 'can read the schema hidden', remedy: 'REVOKE ALL ON SCHEMA hidden FROM' },
  ];

  it.each(refusals)('is refused when it is $one', async ({ arrange, undo, more = {}, words, remedy }) => {
    if (arrange !== undefined) await admin.query(arrange());
    const [problem] = await given(more).test();
    expect(problem).toMatchObject({ problem: expect.stringContaining(words), remedy: expect.stringContaining(remedy) });
    await expect(rowsOf(given(more), 'select 1')).rejects.toThrow(words);
    // By what was advised, where it is a statement.
    if (/^An administrator runs: /.test(problem?.remedy ?? '')) await admin.query((problem?.remedy ?? '').replace('An administrator runs: ', ''));
    if (undo !== undefined) await admin.query(undo());
    expect(await given().test()).toEqual([]);
  }, 30_000);

  it('keeps nothing that it could read when it is let go', async () => {
    await given().remove();
    const { rows: [left] } = await admin.query<{ usage: boolean; select: boolean }>(`select has_schema_privilege($1, 'theirs', 'USAGE') as usage, has_table_privilege($1, 'soon.first', 'SELECT') as select`, [analyst]);
    expect(left).toEqual({ usage: false, select: false });
    await sql.query('create table theirs.last as select 1 as a');
    expect((await admin.query(`select has_table_privilege($1, 'theirs.last', 'SELECT') as may`, [analyst])).rows).toEqual([{ may: false }]);
    await sql.query('drop table theirs.last');
  }, 30_000);
});
