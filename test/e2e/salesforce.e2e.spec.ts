import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSalesforceSimulator, type SalesforceSimulator } from '#testing';
import type { List, RunDetail, Source } from './support/api.js';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const INVOICES = 24;
let salesforce: SalesforceSimulator;
let product: Product;
let source: Source;
let first: string;

/** An org's own objects, with fields whose first values say little of their type. */
function seed(): void {
  const at = salesforce.now() - 60 * MINUTE;
  salesforce.defineObject('Invoice__c', ['Amount__c:currency', 'Lines__c:int', 'Paid__c:boolean', 'Due__c:date', 'Sent__c:datetime', 'Number__c:string', 'Account__c:reference', 'Overdue__c:boolean=']);
  salesforce.defineObject('Crew_Member__c', ['Since__c:date']);
  salesforce.addField('Account', 'Rating_Points__c:double');
  for (let i = 0; i < INVOICES; i++) {
    const id = salesforce.create('Invoice__c', { Name: `INV-${i}`, Amount__c: i, Lines__c: i, Paid__c: i % 2 === 0, Due__c: '2026-11-30', Number__c: `${1000 + i}`, ...i > 0 && { Sent__c: at } }, at + i * 1_000);
    if (i === 0) first = id;
  }
  salesforce.create('Crew_Member__c', { Name: 'One' }, at);
}

async function sync(): Promise<RunDetail> {
  await product.control.rows('update sources set last_sync_requested_at = null', []);
  const { id } = await product.api.post<{ id: string }>(`sources/${source.id}/sync`);
  return product.runEnds(id);
}

const types = async (table: string): Promise<Record<string, string>> => Object.fromEntries((await product.warehouse.rows<{ name: string; type: string }>(
  'select column_name as name, data_type as type from information_schema.columns where table_schema = $1 and table_name = $2', ['crm', table])).map(({ name, type }) => [name, type]));

beforeAll(async () => {
  salesforce = await startSalesforceSimulator({ startAt: Date.now() - 3 * DAY, data: { accounts: 10, days: 20 } });
  seed();
  product = await Product.start({ services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'] });
  await product.connectWarehouse();
}, 600_000);
afterAll(async () => {
  await product?.stop();
  await salesforce?.stop();
}, 120_000);

describe('a Salesforce source with custom objects', () => {
  it('finds them before it is made, and makes the chosen ones collections like all others', async () => {
    const configuration = { instanceUrl: salesforce.url, accessToken: salesforce.accessToken };
    const { data } = await product.api.post<List<object>>('sources/discover', { connector: 'salesforce', configuration });
    expect(data).toMatchObject([{ name: 'invoice_c', partnerName: 'Invoice__c', title: 'Invoices', kind: 'object', callsPerSync: 1 }, { name: 'crew_member_c', partnerName: 'Crew_Member__c' }]);
    const tried = await product.api.post<{ access: readonly object[] }>('sources/test', { connector: 'salesforce', configuration, collections: ['invoice_c', 'accounts'] });
    expect(tried.access).toEqual([{ collection: 'accounts', readable: true }, { collection: 'invoice_c', readable: true }]);
    const refused = await product.api.ask('POST', 'sources', { connector: 'salesforce', name: 'CRM', configuration, collections: ['no_such_c'] });
    expect([refused.status, refused.body.errors?.[0]?.field]).toEqual([400, 'collections']);
    source = await product.api.post<Source>('sources', { connector: 'salesforce', name: 'CRM', slug: 'crm', configuration, collections: ['accounts', 'invoice_c'] });
    expect(await product.newestRunEnds(source.id)).toMatchObject({ state: 'succeeded', collections: expect.arrayContaining([expect.objectContaining({ collection: 'invoice_c', records: INVOICES })]) });
  }, 3 * MINUTE);

  it('has a table for each, with the types that Salesforce describes, not those that the first values look like', async () => {
    await untilTrue('every invoice is in the warehouse', async () => await product.warehouse.count('crm', 'invoice_c') === INVOICES, product);
    expect(await types('invoice_c')).toMatchObject({
      amount_c: 'numeric', lines_c: 'bigint', paid_c: 'boolean', due_c: 'date', sent_c: 'timestamp with time zone', number_c: 'text', overdue_c: 'boolean', name: 'text', system_modstamp: 'timestamp with time zone',
    });
    expect(await product.warehouse.rows('select name, lines_c::int as lines, paid_c as paid, number_c as number from crm.invoice_c where id = $1', [first])).toEqual([{ name: 'INV-0', lines: 0, paid: true, number: '1000' }]);
    const { data } = await product.api.get<List<{ name: string; selected: boolean; calculated: readonly string[] }>>(`sources/${source.id}/collections`);
    expect(data.filter(({ selected }) => selected)).toMatchObject([{ name: 'accounts', calculated: ['score_c'] }, { name: 'invoice_c', calculated: ['overdue_c'] }]);
    expect(data.find(({ name }) => name === 'crew_member_c')).toMatchObject({ selected: false });
  }, 3 * MINUTE);

  it('takes fields that appear later, deletions, and an object that is chosen later', async () => {
    salesforce.addField('Invoice__c', 'Tax__c:currency');
    salesforce.update('Invoice__c', first, { Tax__c: 3 });
    salesforce.delete('Invoice__c', salesforce.ids('Invoice__c').at(-1) ?? '');
    salesforce.update('Account', salesforce.ids('Account')[0] ?? '', { Rating_Points__c: 7 });
    salesforce.defineObject('Later__c', ['Level__c:double']);
    salesforce.create('Later__c', { Name: 'L', Level__c: 1 });
    salesforce.advance(2 * DAY);
    await product.api.put(`sources/${source.id}/credentials`, { configuration: { accessToken: salesforce.signIn(salesforce.admin) } });
    const { data } = await product.api.post<List<{ name: string; partnerName: string | null }>>(`sources/${source.id}/collections/discover`);
    expect(data.filter(({ partnerName }) => partnerName !== null).map(({ name }) => name).sort()).toEqual(['crew_member_c', 'invoice_c', 'later_c']);
    await product.api.put(`sources/${source.id}/collections`, { collections: ['accounts', 'invoice_c', 'later_c'] });
    expect((await sync()).state).toBe('succeeded');
    await untilTrue('the change and the new object are in the warehouse', async () => await product.warehouse.count('crm', 'invoice_c', 'is_deleted') === 1 && await product.warehouse.count('crm', 'later_c') === 1, product);
    expect([(await types('invoice_c'))['tax_c'], (await types('later_c'))['level_c'], (await types('accounts'))['rating_points_c']]).toEqual(['numeric', 'numeric', 'numeric']);
    expect(await product.warehouse.rows('select tax_c::int as tax from crm.invoice_c where id = $1', [first])).toEqual([{ tax: 3 }]);
  }, 3 * MINUTE);

  it('has the same records everywhere, on one topic for all custom objects', async () => {
    expect(await product.verify()).toMatchObject({
      slug: 'crm', difference: 0, collections: [{ collection: 'accounts' }, { collection: 'invoice_c', partner: INVOICES - 1, topic: INVOICES - 1, warehouse: INVOICES - 1 }, { collection: 'later_c', partner: 1, warehouse: 1 }],
    });
    const seen = new Set<string>();
    await product.topics.read(({ topic, headers }) => { if (topic.endsWith('.custom_objects')) seen.add(String(headers['ce_collection'])); });
    expect([...seen].sort()).toEqual(['invoice_c', 'later_c']);
  }, 3 * MINUTE);
});
