import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSalesforceSimulator, type SalesforceSimulator } from '#testing';
import type { RunDetail, Source } from './support/api.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
let salesforce: SalesforceSimulator;
let product: Product;

/** Sync now, past its minute, watched to the end. */
async function sync({ id: sourceId }: Source): Promise<RunDetail> {
  await product.control.rows('update sources set last_sync_requested_at = null', []);
  const { id } = await product.api.post<{ id: string }>(`sources/${sourceId}/sync`);
  return product.runEnds(id);
}

const tokens = (): number => salesforce.requestLog.filter(({ url }) => url.startsWith('/services/oauth2/token')).length;
const create = (name: string, configuration: object): Promise<Source> => product.api.post<Source>('sources', { connector: 'salesforce', name, configuration, collections: ['accounts'] });

beforeAll(async () => {
  salesforce = await startSalesforceSimulator({ data: { accounts: 5, days: 2 } });
  product = await Product.start({ services: ['gateway', 'scheduler', 'fetcher'] });
  await product.connectWarehouse();
}, 600_000);
afterAll(async () => {
  await product?.stop();
  await salesforce?.stop();
}, 120_000);

describe('a Salesforce source that no person signs in to', () => {
  it('is connected by JWT bearer, asks again when its session ends, and stops for good when it is refused', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const app = salesforce.addApp();
    app.jwtKey = publicKey;
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const configuration = { instanceUrl: salesforce.url, loginUrl: salesforce.url, clientId: app.clientId, username: salesforce.admin.username, privateKey: key };
    const nothing = await product.api.ask('POST', 'sources/test', { connector: 'salesforce', configuration: { instanceUrl: salesforce.url } });
    expect([nothing.status, nothing.body.errors?.[0]?.message]).toEqual([400, expect.stringContaining('JWT bearer')]);

    const source = await create('JWT', configuration);
    expect(source.configuration).not.toHaveProperty('privateKey');
    expect((await product.newestRunEnds(source.id)).state).toBe('succeeded');
    let before = tokens();
    salesforce.sessions.expire();
    expect((await sync(source)).state).toBe('succeeded');
    expect(tokens()).toBe(before + 1);

    app.unapproved.add(salesforce.admin.username);
    salesforce.sessions.expire();
    before = tokens();
    expect(await sync(source)).toMatchObject({ state: 'failed', error: { code: 'authentication_failed' } });
    expect(tokens()).toBe(before + 1);
    expect((await product.api.get<Source>(`sources/${source.id}`)).state).toBe('error');
    expect(product.api.answers.join()).not.toContain(key.split('\n')[1]);
  }, 4 * MINUTE);

  it('is connected by client credentials, as the app\'s run-as user', async () => {
    const app = salesforce.addApp();
    const configuration = { instanceUrl: salesforce.url, clientId: app.clientId, clientSecret: app.clientSecret };
    expect(await product.api.ask('POST', 'sources/test', { connector: 'salesforce', configuration })).toMatchObject({ status: 422, body: { code: 'authentication_failed' } });
    app.runAs = salesforce.admin;
    const source = await create('Client', configuration);
    expect((await product.newestRunEnds(source.id)).state).toBe('succeeded');
    const before = tokens();
    salesforce.sessions.expire();
    expect((await sync(source)).state).toBe('succeeded');
    expect(tokens()).toBe(before + 1);
    expect(product.api.answers.join()).not.toContain(app.clientSecret);
  }, 4 * MINUTE);
});
