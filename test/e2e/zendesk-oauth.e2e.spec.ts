import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZendeskSimulator, type ZendeskSimulator } from '#testing';
import { gatewayUrl } from '../../deploy/local/src/services.js';
import type { RunDetail, Source } from './support/api.js';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
let zendesk: ZendeskSimulator;
let product: Product;
let source: Source;

const tokenRequests = (): number => zendesk.requestLog.filter(({ url }) => url.startsWith('/oauth/tokens')).length;

/** Sync now, past its minute, watched to the end. */
async function sync(): Promise<RunDetail> {
  await product.control.rows('update sources set last_sync_requested_at = null', []);
  const { id } = await product.api.post<{ id: string }>(`sources/${source.id}/sync`);
  return product.runEnds(id);
}

beforeAll(async () => {
  // Two hours ago, so that exports, which leave the last minute out, have everything; without the export's 10 calls a minute.
  zendesk = await startZendeskSimulator({ startAt: Date.now() - 2 * 60 * MINUTE, data: { tickets: 40 } });
  product = await Product.start({ services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'], env: { PARTNER_RATE_LIMITS: 'false' } });
  await product.connectWarehouse();
}, 600_000);
afterAll(async () => {
  await product?.stop();
  await zendesk?.stop();
}, 120_000);

describe('a Zendesk source that is connected by OAuth', () => {
  it('is connected: sign-in at the partner, back through the callback, one grant for one source', async () => {
    const callback = `${gatewayUrl(product.ports)}/api/v1/oauth/callback`;
    const { clientId, clientSecret } = zendesk.addOAuthClient({ redirectUris: [callback] });
    await product.api.put('oauth/zendesk/client', { clientId, clientSecret });
    const configuration = { subdomain: 'acme', baseUrl: zendesk.url };
    const { authorizeUrl, grantId } = await product.api.post<{ authorizeUrl: string; grantId: string }>('oauth/zendesk/start', { configuration });
    expect(new URL(authorizeUrl).searchParams.get('code_challenge_method')).toBe('S256');

    const agreed = await fetch(authorizeUrl, { redirect: 'manual' });
    const back = new URL(agreed.headers.get('location') ?? '');
    expect(back.origin + back.pathname).toBe(callback);
    const returned = await product.api.visit(back.pathname.replace('/api/v1/', '') + back.search);
    expect([returned.status, returned.text.includes('is connected')]).toEqual([200, true]);
    expect((await product.api.visit(back.pathname.replace('/api/v1/', '') + back.search)).status).toBe(422);

    source = await product.api.post<Source>('sources', { connector: 'zendesk', name: 'Support', slug: 'support', grantId, configuration, collections: ['tickets', 'users', 'groups', 'ticket_events'] });
    expect(source.configuration).toEqual(configuration);
    expect((await product.api.ask('POST', 'sources', { connector: 'zendesk', name: 'Again', grantId, configuration })).status).toBeGreaterThanOrEqual(400);
    expect((await product.newestRunEnds(source.id)).state).toBe('succeeded');
  }, 3 * MINUTE);

  it('is renewed in the middle of its work when the access token has ended, once', async () => {
    const before = tokenRequests();
    zendesk.advance(31 * MINUTE);
    expect((await sync()).state).toBe('succeeded');
    expect(tokenRequests()).toBe(before + 1);
    expect((await sync()).state).toBe('succeeded');
    expect(tokenRequests()).toBe(before + 1);
  }, 3 * MINUTE);

  it('has the same records everywhere', async () => {
    await untilTrue('every ticket is in the warehouse', async () => await product.warehouse.count('support', 'tickets') === zendesk.ids('tickets').length, product);
    expect(await product.verify()).toMatchObject({ slug: 'support', difference: 0 });
    const before = tokenRequests();
    zendesk.advance(31 * MINUTE);
    expect(await product.verify()).toMatchObject({ slug: 'support', difference: 0 });
    expect(tokenRequests()).toBe(before + 1);
  }, 3 * MINUTE);

  it('is in error when the grant is taken back: access denied, and nothing is called until it is connected again', async () => {
    zendesk.revokeGrants();
    const run = await sync();
    expect(run).toMatchObject({ state: 'failed', error: { code: 'authentication_failed' } });
    expect((await product.api.get<Source>(`sources/${source.id}`)).state).toBe('error');
    const calls = zendesk.requestLog.length;
    expect((await product.api.ask('POST', `sources/${source.id}/sync`)).status).toBe(409);
    expect(zendesk.requestLog.length).toBe(calls);
  }, 3 * MINUTE);
});
