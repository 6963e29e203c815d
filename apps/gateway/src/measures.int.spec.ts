import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConnectors } from '#connectors';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { PostgresWarehouse } from '#warehouse';
import { Client } from 'pg';
import { sqlOf } from './measures/template.js';
import { anyId, startGateway, type TestGateway } from './gateway.factory.js';

const SLOW = 60_000;
const TYPES = { string: 'text', integer: 'bigint', number: 'numeric', boolean: 'boolean', timestamp: 'timestamptz', date: 'date', json: 'jsonb' } as const;
let control: TestDatabase;
let own: TestDatabase;
let sql: Client;
let gateway: TestGateway;
let warehouseId: string;
let source: { readonly id: string; readonly slug: string };

interface Measure { readonly id: string; readonly kind: string; readonly template: string | null; readonly sql: string; readonly value: number | null; readonly error: string | null; readonly points: readonly { readonly at: string; readonly value: number }[] }
const ask = async <T = Measure>(...request: Parameters<TestGateway['call']>): Promise<T> => (await gateway.call(...request)).body as unknown as T;

/** The tables as the loader makes them of what a connector declares. */
async function tables(slug: string, connector: string): Promise<void> {
  const { declaration } = (await loadConnectors()).find((one) => one.declaration.name === connector)!;
  await sql.query(`create schema "${slug}"`);
  for (const { name, fields } of declaration.collections) {
    const columns = Object.entries({ ...fields, id: 'string' as const, is_deleted: 'boolean' as const }).map(([column, type]) => `"${column}" ${TYPES[type]}${column === 'is_deleted' ? ' not null default false' : ''}`);
    await sql.query(`create table "${slug}"."${name}" (${columns.join(', ')})`);
  }
}

beforeAll(async () => {
  [control, own] = await Promise.all([testDatabase(), testDatabase()]);
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`);
  warehouseId = (await gateway.call('POST', '/warehouses', { name: 'Main', url: own.url })).body.id;
  source = (await gateway.call('POST', '/sources', gateway.source({ name: 'Shop', warehouseId, collections: ['customers'] }))).body;
  const warehouse = new PostgresWarehouse(own.url);
  await warehouse.open();
  await warehouse.close();
  sql = new Client({ connectionString: own.url });
  await sql.connect();
}, SLOW);
afterAll(async () => {
  const role = `cs_reader_${warehouseId.replaceAll('-', '')}`;
  if ((await sql.query('select 1 from pg_roles where rolname = $1', [role])).rows.length > 0) await sql.query(`drop owned by ${role} cascade; drop role ${role}`);
  await sql.end();
  await gateway.close();
  await Promise.all([control.drop(), own.drop()]);
}, SLOW);

describe('templates', () => {
  it('are SQL that the declared tables take', async () => {
    const { data } = await ask<{ data: readonly { readonly connector: string; readonly name: string; readonly sql: string }[] }>('GET', '/templates');
    expect(new Set(data.map(({ connector }) => connector))).toEqual(new Set(['stripe', 'zendesk', 'salesforce']));
    for (const connector of ['stripe', 'zendesk', 'salesforce']) {
      await tables(`t_${connector}`, connector);
      for (const template of data.filter((one) => one.connector === connector)) await sql.query(sqlOf(template, `t_${connector}`));
    }
  }, SLOW);

  it('become metrics and segments of a source, which say what is missing until its tables are there', async () => {
    expect((await gateway.call('POST', '/templates', { sourceId: source.id, templates: ['no_such'] })).body.errors[0].field).toBe('templates');
    const { data: [metric, segment] } = await ask<{ data: Measure[] }>('POST', '/templates', { sourceId: source.id, templates: ['new_customers', 'churned_customers'] });
    expect([metric, segment]).toMatchObject([{ kind: 'metric', template: 'new_customers', sourceId: source.id, value: null, sql: expect.stringContaining(`"${source.slug}".customers`) }, { kind: 'segment' }]);
    expect((await ask('POST', `/metrics/${metric?.id ?? ''}/measure`)).error).toMatch(/customers" does not exist.*schema/);
    await tables(source.slug, 'stripe');
    await sql.query(`insert into "${source.slug}".customers (id, email, created) values ('a', 'a@b.c', now() - interval '25 hours'), ('b', 'b@b.c', now() - interval '1 minute'), ('c', 'c@b.c', now() - interval '1 minute')`);
    await sql.query(`insert into "${source.slug}".subscriptions (id, customer_id, status, ended_at) values ('s', 'a', 'canceled', now() - interval '1 day'), ('t', 'b', 'active', null)`);
    const measured = await ask('POST', `/metrics/${metric?.id ?? ''}/measure`);
    expect([measured.error, measured.points.reduce((sum, { value }) => sum + value, 0)]).toEqual([null, 3]);
    expect(await ask('POST', `/segments/${segment?.id ?? ''}/measure`)).toMatchObject({ error: null, value: 1 });
    expect(await ask('GET', `/segments/${segment?.id ?? ''}/members`)).toMatchObject({ columns: [{ name: 'id' }, { name: 'email' }, { name: 'name' }, { name: 'ended_at' }], rows: [['a', 'a@b.c', null, expect.any(String)]] });
  }, SLOW);
});

describe('a metric', () => {
  it('is made by hand, tried first, changed with a history of its own, and deleted', async () => {
    expect((await gateway.call('POST', '/metrics/preview', { warehouseId, sql: 'select 1 as one' })).body).toMatchObject({ code: 'query_refused' });
    expect(await ask('POST', '/metrics/preview', { warehouseId, sql: 'select 7 as value;' })).toMatchObject({ points: [{ value: 7 }] });
    const { id } = await ask('POST', '/metrics', { warehouseId, name: 'Seven', sql: 'select 7 as value' });
    expect(await ask('POST', `/metrics/${id}/measure`)).toMatchObject({ value: 7, points: { length: 1 } });
    expect(await ask('PATCH', `/metrics/${id}`, { name: 'Eight', sql: 'select 8 as value' })).toMatchObject({ name: 'Eight', value: null, points: [] });
    expect(await ask('POST', `/metrics/${id}/measure`)).toMatchObject({ value: 8 });
    expect((await gateway.call('GET', `/segments/${id}`)).status).toBe(404);
    expect((await gateway.call('DELETE', `/metrics/${id}`)).status).toBe(204);
    expect((await gateway.call('GET', `/metrics/${id}`)).status).toBe(404);
    expect((await gateway.call('POST', '/metrics', { warehouseId: anyId, name: 'x', sql: 'select 1 as value' })).status).toBe(404);
  }, SLOW);

  it('reads nothing that the workspace has not', async () => {
    await sql.query('create schema strangers; create table strangers.orders as select 1 as value');
    expect((await gateway.call('POST', '/metrics/preview', { warehouseId, sql: 'select value from strangers.orders' })).body).toMatchObject({ code: 'query_failed', title: expect.stringContaining('permission denied') });
  }, SLOW);
});
