import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Target } from './requests.js';
import { newSigningSecret } from './signature.js';
import { Sender, type Sent } from './sender.js';

let server: Server;
let url: string;
let answer: (response: ServerResponse) => void;
let asked = 0;
const open = new Sender({ timeoutMs: 1_000, allowPrivateAddresses: true });
const secrets = [newSigningSecret()];

beforeAll(async () => {
  server = createServer((request, response) => { asked += 1; request.resume().on('end', () => { answer(response); }); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
});
afterAll(async () => {
  await open.close();
  server.closeAllConnections();
  await new Promise((resolve) => { server.close(resolve); });
});

const target = (more: Partial<Target> = {}): Target => ({ kind: 'webhook', url, secrets, subject: [], ...more });
const send = (sender: Sender = open, to: Target = target()): Promise<Sent> => sender.send(to, [{ messageId: 'evt_1', body: Buffer.from('{}') }]);
const answers = (status: number, headers: Record<string, string> = {}, body = ''): void => { answer = (response) => { response.writeHead(status, headers).end(body); }; };

describe('a sender', () => {
  it.each([
    [200, 'delivered'], [204, 'delivered'], [299, 'delivered'], [410, 'gone'], [301, 'retry'], [307, 'retry'], [401, 'retry'], [403, 'retry'], [404, 'retry'], [408, 'retry'], [429, 'retry'], [500, 'retry'], [503, 'retry'], [400, 'refused'], [413, 'refused'], [422, 'refused'],
  ])('takes a %d as %s', async (status, verdict) => {
    answers(status);
    expect(await send()).toMatchObject({ verdict, attempt: { status, error: null } });
  });

  it('follows no redirect', async () => {
    asked = 0;
    answers(307, { location: url });
    await send();
    expect(asked).toBe(1);
  });

  it('hears when to come back, in seconds or as a date, a day at most', async () => {
    const wait = async (header: string): Promise<number | undefined> => { answers(429, { 'retry-after': header }); return (await send()).retryAfterMs; };
    expect(await wait('7')).toBe(7_000);
    expect(await wait(new Date(Date.now() + 3_600_000).toUTCString())).toBeGreaterThan(3_500_000);
    expect([await wait('999999999'), await wait('soon'), await wait('Thu, 01 Jan 1970 00:00:00 GMT')]).toEqual([86_400_000, undefined, 0]);
  });

  it('keeps the beginning of the answer, without secrets', async () => {
    answers(400, {}, `you sent ${secrets[0] ?? ''} ${'x'.repeat(2_000_000)}`);
    const { attempt } = await send();
    expect(attempt.answer).toMatch(/^you sent \[secret\] x+$/);
    expect(attempt.answer).toHaveLength(1_000);
  });

  it('gives up waiting, for the head as for the rest of an answer', async () => {
    answer = () => undefined;
    expect(await send()).toMatchObject({ verdict: 'retry', attempt: { status: null, error: 'timeout' } });
    answer = (response) => { response.writeHead(200).write('x'); };
    expect(await send()).toMatchObject({ verdict: 'retry', attempt: { status: null, error: 'timeout' } });
  });

  it('says when nobody is there', async () => {
    expect(await send(open, target({ url: 'http://127.0.0.1:1/' }))).toMatchObject({ verdict: 'retry', attempt: { status: null, error: 'ECONNREFUSED' } });
  });

  it.each(['http://127.0.0.1:1', 'http://localhost:1', 'http://169.254.169.254', 'http://[::1]:1', 'http://10.0.0.1'])('does not connect to %s unless that is allowed', async (address) => {
    const guarded = new Sender({ timeoutMs: 1_000, allowPrivateAddresses: false });
    expect(await send(guarded, target({ url: address }))).toMatchObject({ verdict: 'retry', attempt: { status: null, error: 'blocked_address' } });
    await guarded.close();
  });
});
