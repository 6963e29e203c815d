import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSalesforceSimulator, startZendeskSimulator, type SalesforceSimulator, type ZendeskSimulator } from '#testing';
import type { RunDetail, Source } from './support/api.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
type Access = readonly { readonly collection: string; readonly readable: boolean; readonly error?: { readonly code: string; readonly title: string; readonly remedy: string } }[];

let zendesk: ZendeskSimulator;
let salesforce: SalesforceSimulator;
let product: Product;

const byCollection = (run: RunDetail): Record<string, unknown> => Object.fromEntries(run.collections.map(({ collection, state, error }) => [collection, [state, error?.code ?? null]]));
const readable = ({ access }: { readonly access: Access }): Record<string, boolean | string> =>
  Object.fromEntries(access.map(({ collection, readable: may, error }) => [collection, may || (error?.code ?? '')]));

async function sync({ id: sourceId }: Source): Promise<RunDetail> {
  await product.control.rows('update sources set last_sync_requested_at = null', []);
  const { id } = await product.api.post<{ id: string }>(`sources/${sourceId}/sync`);
  return product.runEnds(id);
}

beforeAll(async () => {
  zendesk = await startZendeskSimulator({ startAt: Date.now() - 120 * MINUTE, data: { tickets: 10 } });
  salesforce = await startSalesforceSimulator({ startAt: Date.now() - 60 * MINUTE, data: { accounts: 5, days: 2 } });
  salesforce.advance(60 * MINUTE);
  product = await Product.start({ services: ['gateway', 'scheduler', 'fetcher'], env: { PARTNER_RATE_LIMITS: 'false' } });
  await product.connectWarehouse();
}, 600_000);
afterAll(async () => {
  await product?.stop();
  await Promise.all([zendesk?.stop(), salesforce?.stop()]);
}, 120_000);

describe('a Zendesk agent instead of an administrator', () => {
  it('is told before the first run what can\'t be read, and each run reads the rest', async () => {
    const collections = ['tickets', 'ticket_metrics', 'ticket_events', 'users', 'groups', 'brands', 'tags'];
    const configuration = { subdomain: 'acme', baseUrl: zendesk.url, accessToken: zendesk.tokenFor('agent') };
    const expected = { tickets: 'permission_denied', ticket_metrics: 'permission_denied', ticket_events: 'permission_denied', users: 'permission_denied', groups: true, brands: true, tags: true };
    const tried = await product.api.post<{ account: string; access: Access }>('sources/test', { connector: 'zendesk', configuration, collections });
    expect([tried.account, readable(tried)]).toEqual([expect.stringContaining('agent'), expected]);
    for (const { error } of tried.access) if (error !== undefined) expect(error.remedy).toMatch(/administrator/);

    const source = await product.api.post<Source>('sources', { connector: 'zendesk', name: 'Agent', configuration, collections });
    const run = await product.newestRunEnds(source.id);
    expect(run.state).toBe('partial');
    expect(byCollection(run)).toEqual({
      ...Object.fromEntries(['tickets', 'ticket_metrics', 'ticket_events', 'users'].map((name) => [name, ['failed', 'permission_denied']])),
      ...Object.fromEntries(['groups', 'brands', 'tags'].map((name) => [name, ['succeeded', null]])),
    });
    expect(readable(await product.api.post(`sources/${source.id}/test`, { collections }))).toEqual(expected);
    expect((await product.api.get<Source>(`sources/${source.id}`)).state).toBe('active');

    await product.api.put(`sources/${source.id}/credentials`, { configuration: { accessToken: zendesk.tokenFor('admin') } });
    expect((await sync(source)).state).toBe('succeeded');
  }, 4 * MINUTE);
});

describe('a Salesforce profile without an object or a field', () => {
  it('reads the others, and goes on without a field that is hidden later', async () => {
    const collections = ['accounts', 'contacts', 'leads'];
    const user = salesforce.addUser('rep@example.com', ['Lead']);
    const configuration = { instanceUrl: salesforce.url, accessToken: salesforce.signIn(user) };
    const tried = await product.api.post<{ access: Access }>('sources/test', { connector: 'salesforce', configuration, collections });
    expect(readable(tried)).toEqual({ accounts: true, contacts: true, leads: 'permission_denied' });
    expect(tried.access.find(({ collection }) => collection === 'leads')?.error).toMatchObject({ title: expect.stringContaining('Lead'), remedy: expect.stringMatching(/Read on Lead|permission/i) });

    const source = await product.api.post<Source>('sources', { connector: 'salesforce', name: 'Rep', configuration, collections });
    const first = await product.newestRunEnds(source.id);
    expect([first.state, byCollection(first)]).toEqual(['partial', { accounts: ['succeeded', null], contacts: ['succeeded', null], leads: ['failed', 'permission_denied'] }]);

    // What was described before is asked for no more.
    user.denied.add('Account.Phone').add('Contact');
    expect(readable(await product.api.post(`sources/${source.id}/test`, { collections }))).toEqual({ accounts: true, contacts: 'permission_denied', leads: 'permission_denied' });
    salesforce.resetRequests();
    const second = await sync(source);
    expect([second.state, byCollection(second)]).toEqual(['partial', { accounts: ['succeeded', null], contacts: ['failed', 'permission_denied'], leads: ['failed', 'permission_denied'] }]);
    const queries = salesforce.requestLog.filter(({ url }) => url.includes('query') && /FROM(\+|%20)Account/i.test(url)).map(({ url, status }) => [/Phone/.test(url), status]);
    expect(queries).toEqual([[true, 400], [false, 200]]);
    expect((await product.api.get<Source>(`sources/${source.id}`)).state).toBe('active');

    user.denied.clear();
    expect((await sync(source)).state).toBe('succeeded');
  }, 4 * MINUTE);
});
