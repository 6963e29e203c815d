import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '#testing';
import { Client } from 'pg';
import { parse } from 'lossless-json';
import { warehouseConformance } from './conformance.js';
import { FencedError, OffsetsMismatchError, RowsRejectedError, TableBlockedError, WarehouseUnavailableError } from './errors.js';
import { PostgresWarehouse } from './postgres/postgres-warehouse.js';
import type { Row, TableTarget } from './warehouse.js';

let database: string;
let url: URL;
let own: TestDatabase;
let admin: Client;
let sql: Client;
let warehouse: PostgresWarehouse;

beforeAll(async () => {
  own = await testDatabase();
  url = new URL(own.url);
  database = url.pathname.slice(1);
  admin = new Client({ connectionString: own.url.replace(/\/[^/]*$/, '/postgres') });
  await admin.connect();
  sql = new Client({ connectionString: url.href });
  sql.on('error', () => undefined);
  await sql.connect();
  warehouse = new PostgresWarehouse(url.href);
  await warehouse.open();
});

afterAll(async () => {
  await warehouse?.close();
  await sql?.end();
  await admin?.end();
  await own?.drop();
});

const origin = { topic: 'objects.acme.things', partition: 0 };

/** Loads into a schema of its own, offset by offset. */
async function scene(options: Partial<TableTarget> = {}, into: PostgresWarehouse = warehouse) {
  const target: TableTarget = { schema: `s_${randomUUID().slice(0, 8)}`, table: 'things', kind: 'object', fields: {}, ...options };
  const loader = randomUUID();
  const [claim] = await into.claim(loader, 'cluster-1', [origin]);
  if (claim === undefined) throw new Error('no claim');
  let next = claim.nextOffset;
  const schema = target.schema.replace('-', '_');
  return {
    target, loader, schema, claim,
    row: (id: string, version: number, data: Record<string, unknown>, more: Partial<Row> = {}): Row => ({ id, version: BigInt(version), deleted: false, receivedAt: '2026-05-06T07:08:09.123456Z', runId: undefined, data, origin, offset: String(next), ...more }),
    load: async (...rows: Row[]) => {
      const result = await into.apply(loader, { advances: [{ ...origin, epoch: claim.epoch, from: next, to: next + 1n }], tables: [{ target, rows }] });
      next += 1n;
      return result;
    },
    /** The row as JSON text from PostgreSQL, parsed without losing digits. */
    get: async (id: string): Promise<Record<string, unknown>> => {
      const { rows: [found] } = await sql.query<{ json: string }>(`SELECT to_jsonb(t)::text AS json FROM ${schema}.things AS t WHERE id = $1`, [id]);
      return parse(found?.json ?? '{}', undefined, (text) => text) as Record<string, unknown>;
    },
    types: async (): Promise<Record<string, string>> => Object.fromEntries((await sql.query<{ name: string; type: string }>(
      'SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped', [`${schema}.things`])).rows.map(({ name, type }) => [name, type])),
  };
}

describe('partial records', () => {
  it('write the columns that they carry and leave the others as they are', async () => {
    const { load, row, get } = await scene();
    const part = (id: string, version: number, data: Record<string, unknown>): Row => row(id, version, data, { partial: true });
    await load(row('a', 1, { name: 'A', phone: '1', nested: { x: 1 } }), row('b', 5, { name: 'B' }));
    // In one batch: parts of one record, a whole one beside them, an older part, one of a record that isn't there yet
    expect((await load(part('a', 2, { phone: '2', fax: '9' }), part('a', 3, { city: 'C' }), row('c', 4, { name: 'C', phone: '5' }), part('c', 4, { phone: '5' }), part('b', 4, { name: 'old' }), part('d', 1, { name: 'D' }))).written).toBe(4);
    expect(await get('a')).toMatchObject({ name: 'A', phone: '2', fax: '9', city: 'C', nested_x: '1', _version: '3', is_deleted: false });
    expect([await get('b'), await get('c'), await get('d')]).toMatchObject([{ name: 'B', _version: '5' }, { name: 'C', phone: '5' }, { name: 'D', phone: null }]);
    await load(row('a', 3, { name: 'A', city: 'C' }));
    expect(await get('a')).toMatchObject({ name: 'A', phone: null, fax: null, city: 'C', _version: '3' });
    await load(row('a', 4, {}, { deleted: true }), part('a', 4, { name: 'back' }));
    expect(await get('a')).toMatchObject({ name: 'A', is_deleted: true });
    await load(part('a', 5, { name: 'back' }));
    expect(await get('a')).toMatchObject({ name: 'back', city: 'C', is_deleted: false });
  });

  it('keep what did not fit before beside what does not fit now', async () => {
    const { load, row, get } = await scene({ fields: { amount: 'integer', count: 'integer' } });
    await load(row('a', 1, { amount: 'five', count: 1 }));
    await load(row('a', 2, { count: 'two' }, { partial: true }));
    expect(await get('a')).toMatchObject({ amount: null, count: '1', _extra: { amount: 'five', count: 'two' } });
  });
});

describe('conformance of PostgreSQL', () => {
  it.each(warehouseConformance.map((one) => [one.name, one] as const))('%s', async (_name, one) => { await one.run(warehouse); }, 30_000);
});

describe('what a row holds', () => {
  it('keeps integers above 2^53 and decimals exactly, in columns and inside jsonb', async () => {
    const s = await scene();
    const data = parse('{"big":9007199254740993,"huge":123456789012345678901234567890,"exact":0.12345678901234567890123,"tiny":1e-30,"long":1e40,"list":[9007199254740993,1.10]}') as Record<string, unknown>;
    await s.load(s.row('a', 1, data));
    expect(await s.get('a')).toMatchObject({
      big: '9007199254740993', huge: '123456789012345678901234567890', exact: '0.12345678901234567890123', tiny: '0.000000000000000000000000000001',
      long: `1${'0'.repeat(40)}`, list: ['9007199254740993', '1.10'],
    });
    expect(await s.types()).toMatchObject({ big: 'bigint', huge: 'numeric', exact: 'numeric', list: 'jsonb' });
  });

  it('spells every number as it came', async () => {
    const s = await scene({ fields: { n: 'number' } });
    const numbers = ['0', '-0.5', '1', '-1', '9999', '10000', '10001', '100000000', '0.0001', '0.00001', '12345.6789', '-99999999.00000001', '1000000000000000000000', '0.1', '3.14159'];
    await s.load(...numbers.map((n) => s.row(n, 1, parse(`{"n":${n}}`) as Record<string, unknown>)));
    for (const n of numbers) expect((await s.get(n))['n']).toBe(n);
  });

  it('stores declared instants in UTC with microseconds and refuses days that do not exist', async () => {
    const s = await scene({ fields: { t: 'timestamp', d: 'date' } });
    await s.load(
      s.row('a', 1, { t: '2024-02-29T23:30:00.123456+02:00', d: '2024-02-29' }), s.row('old', 1, { t: '0001-01-01T00:00:00Z' }), s.row('far', 1, { t: '9999-12-31T23:59:59.999999Z' }),
      s.row('bad', 1, { t: '2023-02-29T00:00:00Z', d: '2024-13-01' }), s.row('leap', 1, { t: '2016-12-31T23:59:60Z' }), s.row('year', 1, { t: '+012024-01-01T00:00:00Z' }));
    const { rows } = await sql.query(`SELECT id, to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS t, d::text, _extra FROM ${s.schema}.things ORDER BY id`);
    expect(rows).toEqual([
      { id: 'a', t: '2024-02-29 21:30:00.123456', d: '2024-02-29', _extra: null },
      { id: 'bad', t: null, d: null, _extra: { t: '2023-02-29T00:00:00Z', d: '2024-13-01' } },
      { id: 'far', t: '9999-12-31 23:59:59.999999', d: null, _extra: null },
      { id: 'leap', t: null, d: null, _extra: { t: '2016-12-31T23:59:60Z' } },
      { id: 'old', t: '0001-01-01 00:00:00.000000', d: null, _extra: null },
      { id: 'year', t: null, d: null, _extra: { t: '+012024-01-01T00:00:00Z' } },
    ]);
  });

  it('replaces NUL and half surrogate pairs and keeps the original', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { name: 'a\0b', half: 'x\ud800y', list: ['n\0', { 'k\0': '\udfff' }], spelled: ['\\u0000'], fine: '𝒳😀' }));
    const row = await s.get('a');
    expect(row).toMatchObject({ name: 'a\ufffdb', half: 'x\ufffdy', list: ['n\ufffd', { 'k\ufffd': '\ufffd' }], spelled: ['\\u0000'], fine: '𝒳😀' });
    const extra = row['_extra'] as Record<string, { base64: string }>;
    expect(Object.keys(extra).sort()).toEqual(['half', 'list', 'name']);
    expect(JSON.parse(Buffer.from(extra['name']?.base64 ?? '', 'base64').toString())).toBe('a\0b');
    expect(JSON.parse(Buffer.from(extra['list']?.base64 ?? '', 'base64').toString())).toEqual(['n\0', { 'k\0': '\udfff' }]);
  });

  it('flattens objects to three keys, what is deeper is jsonb', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { address: { city: 'Bonn', geo: { point: { lat: 1 }, zip: '1' } }, tags: ['x'] }));
    expect(await s.get('a')).toMatchObject({ address_city: 'Bonn', address_geo_point: { lat: '1' }, address_geo_zip: '1', tags: ['x'] });
  });

  it('infers the least type that holds all values of the first batch, in any order', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { n: 1, m: true, j: 'x' }), s.row('b', 1, { n: 1.5, m: 'yes', j: [1] }));
    expect(await s.types()).toMatchObject({ n: 'numeric', m: 'text', j: 'jsonb' });
    expect(await s.get('a')).toMatchObject({ n: '1', m: 'true', j: 'x' });
  });

  it('widens bigint to numeric in place, with the live view, its grants and its readers', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { n: 1 }));
    await sql.query(`GRANT SELECT ON ${s.schema}.things_live TO PUBLIC`);
    expect(await s.load(s.row('b', 1, { n: 1.37 }))).toEqual({ written: 1, discarded: 0 });
    expect((await sql.query(`SELECT sum(n)::text AS sum FROM ${s.schema}.things_live`)).rows).toEqual([{ sum: '2.37' }]);
    expect((await sql.query(`SELECT has_table_privilege('public', to_regclass($1), 'SELECT') AS may`, [`${s.schema}.things_live`]).catch(() => ({ rows: [] }))).rows.length).toBeLessThan(2);
    expect((await sql.query(`SELECT relacl::text AS acl FROM pg_class WHERE oid = to_regclass($1)`, [`${s.schema}.things_live`])).rows[0].acl).toContain('=r/');
  });

  it('does not widen under a view that a person made: the value goes to _extra and is reported', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { n: 1 }));
    await sql.query(`CREATE VIEW ${s.schema}.mine AS SELECT n FROM ${s.schema}.things`);
    expect(await s.load(s.row('b', 1, { n: 1.37 }))).toEqual({ written: 1, discarded: 1 });
    expect(await s.get('b')).toMatchObject({ n: null, _extra: { n: '1.37' } });
    expect((await sql.query('SELECT source_path, reason, record_id FROM _cloud_sources.discards WHERE schema_name = $1', [s.schema])).rows).toEqual([{ source_path: 'n', reason: 'does_not_fit', record_id: 'b' }]);
  });

  it('a delete leaves the other columns as they were', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { name: 'Ann', n: 1 }));
    await s.load(s.row('a', 2, { n: 2 }, { deleted: true }));
    expect(await s.get('a')).toMatchObject({ name: 'Ann', n: '2', is_deleted: true });
    expect((await sql.query(`SELECT count(*)::int AS n FROM ${s.schema}.things_live`)).rows).toEqual([{ n: 0 }]);
  });

  it('a new state replaces all columns, those that it lacks become null', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { name: 'Ann', n: 1 }));
    await s.load(s.row('a', 2, { n: 2 }));
    expect(await s.get('a')).toMatchObject({ name: null, n: '2' });
  });

  it('keeps metadata names for metadata', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { id: 'a', received_at: 'x', xmin: 'y' }), s.row('b', 1, { id: 'other' }));
    expect(await s.get('a')).toMatchObject({ received_at_field: 'x', xmin_field: 'y', id_field: null, received_at: '2026-05-06T07:08:09.123456+00:00' });
    expect(await s.get('b')).toMatchObject({ id_field: 'other' });
  });

  it('finds the record that only PostgreSQL can refuse', async () => {
    const s = await scene();
    const bad = s.row('bad', 1, parse('{"deep":[1e200000]}') as Record<string, unknown>);
    const rows = Array.from({ length: 20 }, (_, i) => s.row(`r${i}`, 1, { deep: [i] }));
    const error = await s.load(...rows, bad).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RowsRejectedError);
    expect((error as RowsRejectedError).rejected).toEqual([{ row: bad, reason: 'sqlstate_22003', message: expect.any(String) }]);
    await s.load(...rows);
    expect(await warehouse.counts(s.target.schema, 'things')).toEqual({ rows: 20, live: 20 });
  });
});

/** The same server behind a proxy that cuts a connection once the server has answered these words. */
async function cutting(to: URL): Promise<{ readonly url: string; cutAt(words: string): void; close(): Promise<void> }> {
  let trap: Buffer | undefined;
  const server = createServer((client: Socket) => {
    const upstream = connect(Number(to.port), to.hostname);
    let armed = false;
    client.on('data', (bytes: Buffer) => {
      if (trap !== undefined && bytes.includes(trap)) { trap = undefined; armed = true; }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes: Buffer) => { if (armed) { client.destroy(); upstream.destroy(); } else client.write(bytes); });
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) one.on('error', () => undefined).on('close', () => { other.destroy(); });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const url = new URL(to);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return { url: url.href, cutAt: (words) => { trap = Buffer.from(words); }, close: () => new Promise((resolve) => { server.close(() => resolve()); }) };
}

describe('batches of new rows', () => {
  const many = (s: Awaited<ReturnType<typeof scene>>, from: number, version: number): Row[] => Array.from({ length: 300 }, (_, i) => s.row(`id_${String(from + i).padStart(5, '0')}`, version, { n: from + i, version }));

  /** Remembers how the table is written from now on. */
  async function watched({ schema }: { readonly schema: string }): Promise<() => Promise<string[]>> {
    await sql.query(`CREATE TABLE ${schema}.ways (way text); CREATE FUNCTION ${schema}.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ${schema}.ways VALUES (split_part(current_query(), ' ', 1)); RETURN NULL; END $$;
      CREATE TRIGGER ways BEFORE INSERT ON ${schema}.things FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.note()`);
    return async () => (await sql.query<{ way: string }>(`DELETE FROM ${schema}.ways RETURNING way`)).rows.map(({ way }) => way);
  }

  it('are copied straight into the table, those with a known or deleted id among them are merged', async () => {
    const s = await scene();
    await s.load(s.row('first', 1, { n: 0, version: 1 }));
    const ways = await watched(s);
    expect((await s.load(...many(s, 0, 2))).written).toBe(300);
    expect(await ways()).toEqual(['COPY']);
    expect(await s.get('id_00299')).toMatchObject({ n: '299', _version: '2', is_deleted: false, uuid_ts: expect.stringContaining('T') });
    // one of them is known: newer rows are written, older ones are not
    expect((await s.load(...many(s, 299, 3))).written).toBe(300);
    expect((await s.load(...many(s, 299, 1))).written).toBe(0);
    expect(await ways()).toEqual(['INSERT', 'INSERT']);
    expect((await s.load(...many(s, 600, 1), s.row('gone', 1, {}, { deleted: true }))).written).toBe(301);
    expect(await ways()).toEqual(['INSERT', 'INSERT']);
    expect((await s.load(...many(s, 900, 1))).written).toBe(300);
    expect(await ways()).toEqual(['COPY']);
    expect(await warehouse.counts(s.target.schema, 'things')).toEqual({ rows: 1 + 900 + 1 + 299, live: 1 + 900 + 299 });
  });

  it('are merged where the one that is known isn\'t in the sample, which costs one failed attempt a table', async () => {
    const s = await scene();
    await s.load(s.row('first', 1, { n: 0, version: 1 }));
    const ways = await watched(s);
    for (const [from, known] of [[0, 3], [1000, 1003]] as const) {
      await s.load(s.row(`id_${String(known).padStart(5, '0')}`, 1, { n: -1, version: 1 }));
      await ways();
      expect((await s.load(...many(s, from, 2))).written).toBe(300);
      expect(await ways()).toEqual(['INSERT']);
    }
    expect(await s.get('id_01003')).toMatchObject({ n: '1003', _version: '2' });
    expect((await s.load(...many(s, 2000, 2))).written).toBe(300);
    expect(await ways()).toEqual(['COPY']);
    expect(await warehouse.counts(s.target.schema, 'things')).toEqual({ rows: 901, live: 901 });
  });

  it('are merged when somebody makes one of the rows meanwhile: all is there once, the newest version', async () => {
    const s = await scene();
    await s.load(s.row('first', 1, { n: 0, version: 1 }));
    const ways = await watched(s);
    await sql.query(`BEGIN; INSERT INTO ${s.schema}.things (id, received_at, _version) VALUES ('id_00150', now(), 1)`);
    await sql.query(`DELETE FROM ${s.schema}.ways`);
    const loading = s.load(...many(s, 0, 2));
    for (let waiting = 0; waiting === 0; waiting = (await admin.query(`SELECT FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`, [database])).rowCount ?? 0);
    await sql.query('COMMIT');
    expect((await loading).written).toBe(300);
    expect(await ways()).toEqual(['INSERT']);
    expect(await s.get('id_00150')).toMatchObject({ n: '150', _version: '2' });
    expect(await warehouse.counts(s.target.schema, 'things')).toEqual({ rows: 301, live: 301 });
  });

  it('are refused one by one where a person made another column unique', async () => {
    const s = await scene();
    await s.load(s.row('first', 1, { n: 7, version: 1 }));
    await sql.query(`CREATE UNIQUE INDEX ON ${s.schema}.things (n)`);
    const error = await s.load(...many(s, 0, 1)).catch((thrown: unknown) => thrown);
    expect((error as RowsRejectedError).rejected.map(({ row, reason }) => [row.id, reason])).toEqual([['id_00007', 'sqlstate_23505']]);
  });
});

describe('faults', () => {
  it('killed between COPY and COMMIT: nothing is there, the positions say so, the batch loads again', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { n: 1 }));
    // The loader's merge waits for this lock, with its COPY done and its transaction open.
    await sql.query(`BEGIN; LOCK TABLE ${s.schema}.things IN ACCESS EXCLUSIVE MODE`);
    const loading = s.load(s.row('b', 1, { n: 2 })).catch((thrown: unknown) => thrown);
    for (let found = 0; found === 0; found = (await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = $2', [database, 'Lock'])).rowCount ?? 0);
    expect(await loading).toBeInstanceOf(WarehouseUnavailableError);
    await sql.query('COMMIT');
    expect((await warehouse.positions(s.loader, [origin]))[0]?.nextOffset).toBe(1n);
    expect(await warehouse.counts(s.target.schema, 'things')).toEqual({ rows: 1, live: 1 });
    await s.load(s.row('b', 1, { n: 2 }));
    expect(await warehouse.counts(s.target.schema, 'things')).toEqual({ rows: 2, live: 2 });
  });

  it('the answer to COMMIT is lost: the positions tell that it was committed, and the batch does not come again', async () => {
    const proxy = await cutting(url);
    const through = new PostgresWarehouse(proxy.url);
    const s = await scene({}, through);
    await s.load(s.row('a', 1, { n: 1 }));
    proxy.cutAt('COMMIT');
    expect(await s.load(s.row('b', 1, { n: 2 })).catch((thrown: unknown) => thrown)).toBeInstanceOf(WarehouseUnavailableError);
    expect((await through.positions(s.loader, [origin]))[0]?.nextOffset).toBe(2n);
    expect(await through.counts(s.target.schema, 'things')).toEqual({ rows: 2, live: 2 });
    await through.close();
    await proxy.close();
  });

  it('a topic of the same name with another id is not claimed', async () => {
    const loader = randomUUID();
    const [one, other] = [randomUUID(), randomUUID()];
    const claim = (topicId?: string) => warehouse.claim(loader, 'cluster-1', [{ ...origin, ...(topicId !== undefined && { topicId }) }]);
    expect([(await claim()).length, (await claim(one)).length, (await claim(one)).length, (await claim(other)).length, (await claim()).length]).toEqual([1, 1, 1, 0, 1]);
    expect((await warehouse.positions(loader, [origin]))[0]?.epoch).toBe(4n);
  });

  it('says which table is held by somebody, and loads it later', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { n: 1 }));
    await sql.query(`BEGIN; LOCK TABLE ${s.schema}.things IN ACCESS EXCLUSIVE MODE`);
    const error = await s.load(s.row('b', 1, { n: 2 })).catch((thrown: unknown) => thrown);
    await sql.query('COMMIT');
    expect(error).toBeInstanceOf(TableBlockedError);
    expect((error as TableBlockedError).target.schema).toBe(s.target.schema);
    await s.load(s.row('b', 1, { n: 2 }));
    // A reader holds up ALTER TABLE only; the loader gives up before other readers have waited long.
    await sql.query(`BEGIN; SELECT FROM ${s.schema}.things`);
    expect(await s.load(s.row('c', 1, { more: 1 })).catch((thrown: unknown) => thrown)).toBeInstanceOf(TableBlockedError);
    await sql.query('COMMIT');
    await s.load(s.row('c', 1, { more: 1 }));
    expect(await warehouse.counts(s.target.schema, 'things')).toEqual({ rows: 3, live: 3 });
  }, 60_000);

  it('a claim waits for the open transaction of a zombie and sees its commit', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { n: 1 }));
    await sql.query(`BEGIN; LOCK TABLE ${s.schema}.things IN ACCESS EXCLUSIVE MODE`);
    const loading = s.load(s.row('b', 1, { n: 2 }));
    for (let waiting = 0; waiting === 0; waiting = (await admin.query(`SELECT FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`, [database])).rowCount ?? 0);
    const other = new PostgresWarehouse(url.href);
    const claiming = other.claim(s.loader, 'cluster-1', [origin]);
    for (let waiting = 0; waiting < 2; waiting = (await admin.query(`SELECT FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`, [database])).rowCount ?? 0);
    await sql.query('COMMIT');
    await loading;
    expect((await claiming)[0]).toMatchObject({ epoch: 2n, nextOffset: 2n });
    await expect(s.load(s.row('c', 1, {}))).rejects.toBeInstanceOf(FencedError);
    await other.close();
  });

  it('a table that another loader grew, and one that a person dropped, are looked at again', async () => {
    const s = await scene();
    await s.load(s.row('a', 1, { n: 1 }));
    const other = new PostgresWarehouse(url.href);
    const t = await scene({ schema: s.target.schema }, other);
    await t.load(t.row('a', 2, { n: 2, more: 'x' }));
    await s.load(s.row('a', 3, { n: 3 }));
    expect(await s.get('a')).toMatchObject({ n: '3', more: null });
    await sql.query(`DROP TABLE ${s.schema}.things CASCADE`);
    await s.load(s.row('b', 1, { n: 4 }));
    expect(await warehouse.counts(s.target.schema, 'things')).toEqual({ rows: 1, live: 1 });
    await other.close();
  });

  it('offsets of another cluster stop the loader', async () => {
    const s = await scene();
    await expect(warehouse.claim(s.loader, 'cluster-2', [origin])).rejects.toBeInstanceOf(OffsetsMismatchError);
  });

  it('says what a login lacks', async () => {
    expect(await warehouse.testPrivileges()).toEqual([]);
    const login = `reader_${database}`;
    await admin.query(`CREATE ROLE ${login} LOGIN PASSWORD 'not-a-secret'; REVOKE CREATE, TEMP ON DATABASE ${database} FROM PUBLIC`);
    const poor = new URL(url);
    poor.username = login;
    poor.password = 'not-a-secret';
    const limited = new PostgresWarehouse(poor.href);
    expect((await limited.testPrivileges()).map(({ problem }) => problem)).toEqual([
      `${login} may not create schemas.`, `${login} may not create temporary tables.`, `${login} may not use the schema _cloud_sources.`,
    ]);
    await limited.close();
    await admin.query(`DROP ROLE ${login}`);
  });
});
