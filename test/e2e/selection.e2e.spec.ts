import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startStripeSimulator, testDatabase, type StripeSimulator, type TestDatabase } from '#testing';
import type { Source } from './support/api.js';
import { Database } from './support/database.js';
import { eventually, untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
const COLLECTIONS = ['customers', 'customer_events'];

interface Selection { readonly sourceId: string; readonly included: boolean; readonly catchUp: { readonly id: string; readonly state: string; readonly recordsRead: number; readonly recordsTotal: number | null } | null }
interface Verification {
  readonly id: string; readonly state: string; readonly difference: number | null; readonly apiCalls: number;
  readonly verdicts: readonly { readonly warehouseId: string; readonly collections: readonly { readonly collection: string; readonly examples: readonly { readonly id: string; readonly problem: string }[] }[] }[] | null;
}

let product: Product;
let partner: StripeSimulator;
let second: TestDatabase;
let other: Database;
let [first, beside] = ['', ''];
let total = 0;
let shop: Source;
let branch: Source;

/** Chooses, and waits until what was turned on is there. */
async function choose(warehouseId: string, sourceId: string, body: object): Promise<Selection> {
  const { catchUp } = await product.api.put<Selection>(`warehouses/${warehouseId}/selection/${sourceId}`, body);
  return eventually('the catch-up is done', async () => {
    const found = (await product.api.get<{ data: Selection[] }>(`warehouses/${warehouseId}/selection`)).data.find((one) => one.sourceId === sourceId);
    return catchUp === null || found?.catchUp?.state === 'done' ? found : undefined;
  }, product);
}

async function verified(sourceId: string): Promise<Verification> {
  const { id } = await product.api.post<Verification>(`sources/${sourceId}/verify`);
  return eventually('the verification ends', async () => {
    const found = await product.api.get<Verification>(`sources/${sourceId}/verifications/${id}`);
    return ['done', 'failed'].includes(found.state) ? found : undefined;
  }, product);
}

beforeAll(async () => {
  product = await Product.start({ env: { LOADER_REFRESH_MS: '500' } });
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 40, days: 100 } });
  second = await testDatabase();
  other = new Database(second.url);
  first = await product.connectWarehouse();
  beside = (await product.api.post<{ id: string }>('warehouses', { name: 'Beside', url: second.url })).id;
  const make = (slug: string) => product.createStripe(partner.url, { name: slug, slug, collections: COLLECTIONS, intervalMinutes: 1_440, warehouseId: first });
  [shop, branch] = [await make('shop'), await make('branch')];
  for (const { id, slug } of [shop, branch]) {
    const { collections } = await product.newestRunEnds(id);
    for (const { collection, records } of collections) await untilTrue(`${slug}.${collection} is loaded`, async () => await product.warehouse.count(slug, collection) >= records, product);
  }
  total = await product.warehouse.count('shop', 'customers');
}, 300_000);
afterAll(async () => {
  await partner?.stop();
  await other?.close();
  await product?.stop();
  await second?.drop();
}, 120_000);

describe('what a warehouse takes', () => {
  it('a source goes to a second warehouse, from its first record and from then on, without a call to the partner', async () => {
    const calls = Object.values(partner.requests()).reduce((sum, count) => sum + count, 0);
    await choose(beside, shop.id, { included: true, collectionsLeftOut: ['customer_events'], columnsLeftOut: { customers: ['email'] } });
    expect(await other.count('shop', 'customers')).toBe(total);
    expect([await other.count('shop', 'customer_events'), await other.count('branch', 'customers')]).toEqual([0, 0]);
    expect((await other.rows(`select from information_schema.columns where table_schema = 'shop' and column_name = 'email'`)).length).toBe(0);
    expect(Object.values(partner.requests()).reduce((sum, count) => sum + count, 0)).toBe(calls);
  }, 2 * MINUTE);

  it('collections and columns that are turned on again catch up, events get the columns that they lacked', async () => {
    await choose(beside, shop.id, { included: true, columnsLeftOut: { customer_events: ['data'] } });
    const [events, all] = [await other.count('shop', 'customer_events'), await product.warehouse.count('shop', 'customer_events')];
    expect([events, all > 0]).toEqual([all, true]);
    expect(await other.count('shop', 'customers', 'email is not null')).toBe(await product.warehouse.count('shop', 'customers', 'email is not null'));
    await choose(beside, shop.id, { included: true });
    const lines = async (database: Database, table: string): Promise<unknown> => (await database.rows<{ row: object }>(`select to_jsonb(t) - 'uuid_ts' as row from shop.${table} t order by id`)).map(({ row }) => row);
    for (const table of COLLECTIONS) expect(await lines(other, table)).toEqual(await lines(product.warehouse, table));
  }, 2 * MINUTE);

  it('what is left out stays out, and comes whole when it is taken again', async () => {
    await choose(beside, shop.id, { included: false });
    partner.post('customers', { email: 'later@example.com' });
    await product.api.post(`sources/${shop.id}/sync`);
    await untilTrue('the new customer is in the first warehouse', async () => await product.warehouse.count('shop', 'customers') === total + 1, product);
    expect(await other.count('shop', 'customers')).toBe(total);
    await product.newestRunEnds(shop.id);
    await choose(beside, shop.id, { included: true });
    expect(await other.count('shop', 'customers', `email = 'later@example.com'`)).toBe(1);
  }, 2 * MINUTE);

  it('a table that was dropped is made again by a reload', async () => {
    await product.warehouse.rows('drop table shop.customers cascade');
    const { catchUp } = await product.api.post<Selection>(`warehouses/${first}/reload`, { sourceId: shop.id, collections: ['customers'] });
    expect(catchUp).not.toBeNull();
    await untilTrue('the table is whole again', async () => await product.warehouse.count('shop', 'customers') === total + 1, product);
    expect(await product.warehouse.count('shop', 'customers_live')).toBe(await product.warehouse.count('shop', 'customers', 'not is_deleted'));
    expect(await product.api.ask('POST', `warehouses/${beside}/reload`, { sourceId: branch.id })).toMatchObject({ status: 409, body: { code: 'source_not_included' } });
    expect(await product.api.ask('PUT', `warehouses/${beside}/selection/${branch.id}`, { included: true, collectionsLeftOut: ['nothing'] })).toMatchObject({ status: 400 });
  }, 2 * MINUTE);
});

describe('verify through the API', () => {
  it('finds no difference in either warehouse, counts its calls, and names a row that is changed by hand', async () => {
    const used = async (): Promise<number> => (await product.api.get<{ total: number }>(`sources/${shop.id}/usage`)).total;
    const before = await used();
    const whole = await verified(shop.id);
    expect(whole).toMatchObject({ state: 'done', difference: 0 });
    expect(whole.verdicts?.map(({ warehouseId }) => warehouseId).sort()).toEqual([first, beside].sort());
    expect(whole.apiCalls).toBeGreaterThan(0);
    expect(await used() - before).toBe(whole.apiCalls);
    const [{ id } = { id: '' }] = await other.rows<{ id: string }>('delete from shop.customers where id = (select min(id) from shop.customers) returning id');
    const torn = await verified(shop.id);
    expect(torn).toMatchObject({ state: 'done', difference: 1 });
    expect(torn.verdicts?.flatMap(({ collections }) => collections).flatMap(({ examples }) => examples)).toEqual([{ id, problem: 'not in the warehouse' }]);
  }, 4 * MINUTE);
});
