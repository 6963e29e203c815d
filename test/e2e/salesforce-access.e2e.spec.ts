import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSalesforceSimulator, type SalesforceSimulator } from '#testing';
import type { RunDetail, Source } from './support/api.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
let salesforce: SalesforceSimulator;
let product: Product;

/** Sync now, past its minute, watched to the end; the run that the scheduler began, where new credentials were faster. */
async function sync({ id: sourceId }: Source): Promise<RunDetail> {
  await product.control.rows('update sources set last_sync_requested_at = null', []);
  const { status, body, text } = await product.api.ask<{ id: string }>('POST', `sources/${sourceId}/sync`);
  if (status === 409 && text.includes('run_active')) return product.newestRunEnds(sourceId);
  expect(status).toBe(202);
  return product.runEnds(body.id);
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

    // Another way takes the place of the one before.
    await product.api.put(`sources/${source.id}/credentials`, { configuration: { accessToken: salesforce.signIn(salesforce.admin) } });
    expect((await product.api.get<Source>(`sources/${source.id}`)).configuration).not.toHaveProperty('clientId');
    salesforce.sessions.expire();
    expect((await sync(source)).state).toBe('failed');
    expect(tokens()).toBe(before + 1);
    await product.api.put(`sources/${source.id}/credentials`, { configuration: { clientId: app.clientId, clientSecret: app.clientSecret } });
    expect((await sync(source)).state).toBe('succeeded');
    expect(product.api.answers.join()).not.toContain(app.clientSecret);
  }, 4 * MINUTE);
});

describe('a Salesforce source that is connected again', () => {
  let other: SalesforceSimulator;
  beforeAll(async () => { other = await startSalesforceSimulator({ seed: 2 }); });
  afterAll(() => other.stop());

  it('stays with its org: another one is refused, by credentials and by sign-in, and nothing is changed', async () => {
    const source = await create('Again', { instanceUrl: salesforce.url, accessToken: salesforce.signIn(salesforce.admin) });
    expect((await product.newestRunEnds(source.id)).state).toBe('succeeded');
    const differs = {
      status: 409,
      body: { code: 'account_differs', title: expect.stringMatching(new RegExp(`${salesforce.organizationId}.*${other.organizationId}`)), remedy: expect.stringContaining('create a new source') },
    };
    expect(await product.api.ask('PUT', `sources/${source.id}/credentials`, { configuration: { instanceUrl: other.url, accessToken: other.accessToken } })).toMatchObject(differs);

    const { clientId, clientSecret } = salesforce.addApp();
    other.addApp(false, clientId, clientSecret);
    await product.api.put('oauth/salesforce/client', { clientId, clientSecret });
    const signIn = async (loginUrl: string): Promise<string> => {
      const { authorizeUrl, grantId } = await product.api.post<{ authorizeUrl: string; grantId: string }>('oauth/salesforce/start', { sourceId: source.id, configuration: { loginUrl } });
      const back = new URL((await fetch(authorizeUrl, { redirect: 'manual' })).headers.get('location') ?? '');
      expect((await product.api.visit(back.pathname.replace('/api/v1/', '') + back.search)).status).toBe(200);
      return grantId;
    };
    expect(await product.api.ask('PUT', `sources/${source.id}/credentials`, { grantId: await signIn(other.url), configuration: { loginUrl: other.url } })).toMatchObject(differs);
    expect((await product.api.get<Source>(`sources/${source.id}`)).configuration).toMatchObject({ instanceUrl: salesforce.url });
    const asked = other.requestLog.length;
    expect((await sync(source)).state).toBe('succeeded');
    expect(other.requestLog.length).toBe(asked);

    salesforce.sessions.expire();
    expect((await sync(source)).state).toBe('failed');
    await product.api.put(`sources/${source.id}/credentials`, { grantId: await signIn(salesforce.url), configuration: { loginUrl: salesforce.url } });
    expect((await sync(source)).state).toBe('succeeded');
  }, 4 * MINUTE);
});
