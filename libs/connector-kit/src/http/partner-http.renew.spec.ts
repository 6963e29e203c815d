import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AuthenticationFailedError, PartnerUnavailableError } from '#contracts';
import type { Credentials } from '../connector.js';
import { createPartnerHttp, type PartnerHttpOptions } from './partner-http.js';

const opened: { close(): unknown }[] = [];
afterEach(async () => { for (const one of opened.splice(0)) await one.close(); });

/** A partner that takes exactly the tokens in `valid`, and a client for it. */
async function partner(renew: PartnerHttpOptions['renew'], credentials: Credentials = {}, clock?: () => number) {
  const valid = new Set<string>();
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    seen.push(token);
    response.writeHead(valid.has(token) ? 200 : 401).end(`{"echo":"${token}"}`);
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connector: PartnerHttpOptions['connector'] = {
    declaration: { name: 'acme', title: 'Acme', description: '', documentationUrl: '', auth: ['oauth2'], collections: [], limits: { text: '' }, configuration: [{ name: 'accessToken', type: 'secret', title: '', help: '', required: true }] },
    authenticate: ({ accessToken }) => ({ authorization: `Bearer ${accessToken}` }),
    baseUrl: ({ instanceUrl }) => instanceUrl ?? url,
  };
  const http = createPartnerHttp({ connector, credentials: { accessToken: 'token-1', ...credentials }, allowPrivateAddresses: true, maxAttempts: 1, ...(renew && { renew }), ...(clock && { clock }) });
  opened.push(http, { close: () => { server.closeAllConnections(); server.close(); } });
  return { http, valid, seen, url };
}
const get = { path: '/x', collection: 'x' };

describe('a client that may renew', () => {
  it('renews after a 401 and sends the request once more; five at once make one renewal', async () => {
    let renewals = 0;
    const failed: Credentials[] = [];
    const { http, valid, seen } = await partner(async (old) => { renewals += 1; failed.push(old); await new Promise((done) => { setImmediate(done); }); return { accessToken: 'token-2' }; });
    valid.add('token-2');
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => http.send(get)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect([renewals, failed]).toEqual([1, [{ accessToken: 'token-1' }]]);
    await http.send(get);
    expect(seen.filter((token) => token === 'token-1')).toHaveLength(5);
    expect(seen.filter((token) => token === 'token-2')).toHaveLength(6);
  });

  it('gives up on the second 401, and shows neither token', async () => {
    const { http, seen } = await partner(() => Promise.resolve({ accessToken: 'token-2' }));
    const error: unknown = await http.send(get).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuthenticationFailedError);
    expect(JSON.stringify((error as AuthenticationFailedError).report())).not.toMatch(/token-[12]/);
    expect(seen).toEqual(['token-1', 'token-2']);
  });

  it('fails at once when there is nothing to renew, or with what the renewal failed for', async () => {
    const none = await partner(() => Promise.resolve(undefined));
    await expect(none.http.send(get)).rejects.toBeInstanceOf(AuthenticationFailedError);
    expect(none.seen).toEqual(['token-1']);
    const away = await partner(() => Promise.reject(new PartnerUnavailableError('The token endpoint is away.')));
    await expect(away.http.send(get)).rejects.toThrow('The token endpoint is away.');
  });

  it('lets an accepted 401 through', async () => {
    const { http } = await partner(() => Promise.reject(new Error('asked')));
    expect((await http.send({ ...get, accept: [401] })).status).toBe(401);
  });

  it('goes where the new credentials lead', async () => {
    const there = await partner(undefined);
    there.valid.add('token-2');
    const { http, seen } = await partner(() => Promise.resolve({ accessToken: 'token-2', instanceUrl: there.url }));
    expect((await http.send(get)).status).toBe(200);
    expect([seen, there.seen]).toEqual([['token-1'], ['token-2']]);
  });

  it('renews before the end; when that fails, the old token is used as long as it works', async () => {
    const ending = { expiresAt: '1000000' };
    const renewed = await partner(() => Promise.resolve({ accessToken: 'token-2', expiresAt: '990001' }), ending, () => 990_000);
    renewed.valid.add('token-2');
    await Promise.all([renewed.http.send(get), renewed.http.send(get)]);
    // The new one ends soon, too, but it is new.
    await renewed.http.send(get);
    expect(renewed.seen).toEqual(['token-2', 'token-2', 'token-2']);
    let asked = 0;
    const failing = await partner(() => { asked += 1; return Promise.reject(new PartnerUnavailableError('away')); }, ending, () => 990_000);
    failing.valid.add('token-1');
    await failing.http.send(get);
    await failing.http.send(get);
    expect([failing.seen, asked]).toEqual([['token-1', 'token-1'], 1]);
    const early = await partner(() => Promise.reject(new Error('asked')), ending, () => 900_000);
    early.valid.add('token-1');
    expect((await early.http.send(get)).status).toBe(200);
  });
});
