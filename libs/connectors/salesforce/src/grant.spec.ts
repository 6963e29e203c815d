import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPartnerHttp, isRenewable, refreshCredentials, withoutRefreshToken, type Credentials } from '#connector-kit';
import { startSalesforceSimulator, type SalesforceSimulator } from '#testing';
import { connector } from './index.js';

let simulator: SalesforceSimulator;
beforeEach(async () => { simulator = await startSalesforceSimulator(); });
afterEach(() => simulator.stop());

const access = (credentials: Credentials): Promise<Credentials> => refreshCredentials({ connector, allowPrivateAddresses: true }, credentials);
const refused = (credentials: Credentials): Promise<unknown> => access(credentials).then(() => undefined, (error: unknown) => error);
async function account(credentials: Credentials): Promise<string> {
  const http = createPartnerHttp({ connector, credentials, allowPrivateAddresses: true, limits: {} });
  try { return (await connector.check({ http, credentials, signal: new AbortController().signal }, [])).account; } finally { await http.close(); }
}
const newKey = () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return { publicKey, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
};

describe('a sign-in without a person', () => {
  it('by JWT bearer gives an access that can be had again, as often as need be', async () => {
    const { publicKey, privateKey } = newKey();
    const app = simulator.addApp();
    app.jwtKey = publicKey;
    const entered = { instanceUrl: simulator.url, loginUrl: simulator.url, clientId: app.clientId, username: simulator.admin.username, privateKey };
    const first = await access(entered);
    expect([await account(first), isRenewable(first)]).toEqual([`${simulator.organizationId} (Simulated Org)`, true]);
    expect(withoutRefreshToken(first)).not.toHaveProperty('privateKey');
    simulator.sessions.expire();
    expect(await account(await access(first))).toContain(simulator.organizationId);

    expect(await refused({ ...entered, privateKey: newKey().privateKey })).toMatchObject({ code: 'authentication_failed', message: expect.stringContaining('invalid assertion') });
    for (const pasted of [privateKey.replaceAll('\n', ''), privateKey.replaceAll('\n', ' '), privateKey.replaceAll('\n', '\\n')]) expect(await account(await access({ ...entered, privateKey: pasted }))).toContain(simulator.organizationId);
    app.unapproved.add(simulator.admin.username);
    expect(await refused(entered)).toMatchObject({ code: 'authentication_failed', message: expect.stringContaining('hasn\'t approved') });
    const bad = await refused({ ...entered, privateKey: 'no key at all' });
    expect(bad).toMatchObject({ code: 'configuration_invalid' });
    expect(JSON.stringify(bad)).not.toContain('no key at all');
  });

  it('by client credentials is the app\'s run-as user', async () => {
    const app = simulator.addApp();
    const entered = { instanceUrl: simulator.url, clientId: app.clientId, clientSecret: app.clientSecret };
    expect(await refused(entered)).toMatchObject({ code: 'authentication_failed', message: expect.stringContaining('no client credentials user') });
    app.runAs = simulator.admin;
    const first = await access(entered);
    expect(await account(first)).toContain(simulator.organizationId);
    expect(withoutRefreshToken(first)).not.toHaveProperty('clientSecret');
    const wrong = await refused({ ...entered, clientSecret: 'another-secret-entirely' });
    expect(wrong).toMatchObject({ code: 'authentication_failed' });
    expect(JSON.stringify(wrong)).not.toContain('another-secret-entirely');
  });
});
