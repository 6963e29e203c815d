import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CloudSourcesError, PermissionDeniedError, RateLimitedError } from '#contracts';
import type { Connector } from '../connector.js';
import { createPartnerHttp, type PartnerHttpOptions } from './partner-http.js';
import type { ApiCall, BegunCall, PartnerClient, PartnerResponse } from './types.js';

const SECRET = `sk_test_${randomBytes(12).toString('hex')}`;
const connector: PartnerHttpOptions['connector'] = {
  declaration: {
    name: 'acme', title: 'Acme', description: '', documentationUrl: '', auth: ['api_key'], collections: [], limits: { text: '' },
    configuration: [{ name: 'key', type: 'secret', title: '', help: '', required: true }, { name: 'url', type: 'url', title: '', help: '', required: true }],
  },
  authenticate: ({ key }) => ({ authorization: `Bearer ${key}`, 'acme-version': '2026-01-01' }),
  baseUrl: ({ url }) => url ?? '',
};

const opened: { close(): unknown }[] = [];
afterEach(async () => { for (const one of opened.splice(0)) await one.close(); });

type Step = (request: IncomingMessage, response: ServerResponse) => void;
const answer = (status: number, body: string, headers: Record<string, string> = {}): Step => (_request, response) => { response.writeHead(status, headers).end(body); };

/** A partner that takes one step a request and repeats the last, and a client for it whose waits are noted, not waited. */
async function partner(steps: Step[], options: Partial<PartnerHttpOptions> = {}) {
  const requests: IncomingMessage[] = [];
  const listener: RequestListener = (request, response) => { requests.push(request); (steps[requests.length - 1] ?? steps.at(-1))?.(request, response); };
  const server: Server = createServer(listener);
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const calls: ApiCall[] = [];
  const waits: number[] = [];
  const http: PartnerClient = createPartnerHttp({
    connector, credentials: { key: SECRET, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/` }, allowPrivateAddresses: true,
    onCall: (call) => { calls.push(call); }, random: () => 1, wait: async (ms, signal) => { signal?.throwIfAborted(); waits.push(ms); }, ...options,
  });
  opened.push(http, { close: () => { server.closeAllConnections(); server.close(); } });
  return { http, requests, calls, waits };
}
const failure = async (sent: Promise<PartnerResponse>): Promise<CloudSourcesError> => {
  const thrown: unknown = await sent.then(() => undefined, (error: unknown) => error);
  if (!(thrown instanceof CloudSourcesError)) throw new Error(`expected an error of the taxonomy, got ${String(thrown)}`);
  expect(JSON.stringify(thrown.report()) + String(thrown.stack)).not.toContain(SECRET);
  return thrown;
};
const get = { path: '/v1/things', collection: 'things' };

describe('a request', () => {
  it('is sent below the base URL with authentication, query and headers, and comes back byte for byte', async () => {
    const { http, requests, calls } = await partner([answer(200, '{"n": 1.10}', { 'x-a': 'b' })]);
    const response = await http.send({ ...get, query: { limit: 100, 'created[gte]': 5, 'expand[]': ['data.a', 'b&c'], skip: undefined, live: true }, headers: { 'x-mine': '1' } });
    const request = '/v1/things?limit=100&created[gte]=5&expand[]=data.a&expand[]=b%26c&live=true';
    expect(requests[0]).toMatchObject({ url: `/base${request}`, method: 'GET', headers: { authorization: `Bearer ${SECRET}`, 'acme-version': '2026-01-01', 'x-mine': '1' } });
    expect(response).toMatchObject({ status: 200, request });
    expect(response.body.toString()).toBe('{"n": 1.10}');
    expect(response.json()).toEqual({ n: 1.1 });
    expect(response.headers['x-a']).toBe('b');
    expect(calls).toEqual([{ collection: 'things', method: 'GET', request, status: 200, bytes: 11, startedAt: expect.any(Number), durationMs: expect.any(Number) }]);
  });

  it('may carry a body', async () => {
    const { http } = await partner([(request, response) => { request.pipe(response); }]);
    expect((await http.send({ ...get, method: 'POST', body: 'a=é' })).body.toString()).toBe('a=é');
  });

  it('uses connections again', async () => {
    const { http, requests } = await partner([answer(200, '{}')]);
    for (let index = 0; index < 8; index++) await http.send(get);
    expect(new Set(requests.map(({ socket }) => socket.remotePort)).size).toBeLessThanOrEqual(2);
  });

  it('is dated on the partner\'s clock', async () => {
    const ahead = 3_600_000;
    const { http } = await partner([(_request, response) => { response.setHeader('date', new Date(Date.now() + ahead).toUTCString()).end('{}'); }]);
    const before = Date.now();
    expect(Math.abs(http.now() - before)).toBeLessThan(2_000);
    const { observedAt } = await http.send(get);
    expect(Number.isInteger(observedAt)).toBe(true);
    expect(Math.abs(observedAt - before - ahead)).toBeLessThan(2_000);
    expect(Math.abs(http.now() - Date.now() - ahead)).toBeLessThan(2_000);
  });

  it('never shows a key that travels in the query', async () => {
    const { http, calls } = await partner([answer(200, '{}')]);
    const { request } = await http.send({ ...get, query: { key: SECRET } });
    expect(request).toBe('/v1/things?key=[secret]');
    expect(JSON.stringify(calls)).not.toContain(SECRET);
  });
});

describe('a call that is under way', () => {
  it('is told of before its answer, and ends with the same values, also without one', async () => {
    const begun: BegunCall[] = [];
    const { http, requests, calls } = await partner([(request) => { request.socket.destroy(); }, () => undefined], { onBegin: (call) => { begun.push(call); } });
    const sent = http.send({ ...get, query: { key: SECRET } }).catch(() => 'closed');
    while (requests.length < 2) await new Promise((resolve) => { setTimeout(resolve, 5); });
    const one = { collection: 'things', method: 'GET', request: '/v1/things?key=[secret]', startedAt: expect.any(Number) };
    expect(begun).toEqual([one, one]);
    expect(calls).toEqual([{ ...begun[0], status: 0, bytes: 0, durationMs: expect.any(Number) }]);
    await http.close();
    expect(await sent).toBe('closed');
  });
});

describe('a compressed answer', () => {
  const zipped = (text: string, cut = 0): Step => (request, response) => {
    expect(request.headers['accept-encoding']).toBe('gzip');
    const bytes = gzipSync(text);
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes.subarray(0, bytes.length - cut));
  };

  it('comes back as it was before, and is asked for again when it is cut', async () => {
    const { http, calls } = await partner([zipped('{"a":"é"}', 12), zipped('{"a":"é"}')]);
    expect((await http.send(get)).body.toString()).toBe('{"a":"é"}');
    expect(calls.map(({ bytes }) => bytes)).toEqual([0, 10]);
  });

  it('may not outgrow the limit', async () => {
    const { http, requests } = await partner([zipped('x'.repeat(1_000_000))], { maxBodyBytes: 10_000 });
    expect(await failure(http.send(get))).toMatchObject({ code: 'partner_contract', message: expect.stringContaining('larger than 10000 bytes') });
    expect(requests).toHaveLength(1);
  });
});

describe('an answer that is no success', () => {
  it.each([
    [301, '', 'configuration_invalid'], [400, '{"error":"no such field"}', 'partner_contract'], [401, 'no', 'authentication_failed'], [403, 'no', 'permission_denied'],
    [404, '{"error":"gone"}', 'partner_contract'], [404, '<!doctype html>', 'configuration_invalid'], [429, 'slow', 'rate_limited'], [500, 'oops', 'partner_unavailable'], [503, '', 'partner_unavailable'], [409, 'lock', 'partner_unavailable'],
  ])('%i %s is %s', async (status, body, code) => {
    const { http, requests } = await partner([answer(status, body)]);
    const error = await failure(http.send(get));
    expect(error).toMatchObject({ code, details: body === '' ? undefined : body });
    expect(error.message).toContain('/v1/things');
    expect(requests).toHaveLength([429, 500, 503, 409].includes(status) ? 6 : 1);
  });

  it('is an answer when the request accepts it', async () => {
    const { http } = await partner([answer(404, `{"key":"${SECRET}"}`)]);
    const response = await http.send({ ...get, accept: [404] });
    expect([response.status, response.json()]).toEqual([404, { key: '[secret]' }]);
  });

  it('shows the partner\'s words cut and without the credentials', async () => {
    const { http } = await partner([answer(400, `{"key":"${SECRET}","b64":"${Buffer.from(SECRET).toString('base64')}"}${'x'.repeat(9_000)}`)]);
    const error = await failure(http.send(get));
    expect(error.details).toHaveLength(2_000);
    expect(error.details).toMatch(/^\{"key":"\[secret\]","b64":"\[secret\]"\}xxx/);
  });

  it('is mapped by the connector first, which sees no secret', async () => {
    let seen = '';
    const mapping = { ...connector, mapError: ({ status, body, headers, path }: Parameters<NonNullable<Connector['mapError']>>[0]) => {
      seen = `${status} ${path} ${body.toString()} ${String(headers['x-echo'])}`;
      return status === 418 ? new PermissionDeniedError('mapped') : undefined;
    } };
    const { http } = await partner([answer(418, SECRET, { 'x-echo': SECRET }), answer(401, '')], { connector: mapping });
    expect(await failure(http.send(get))).toMatchObject({ code: 'permission_denied', message: 'mapped' });
    expect(seen).toBe('418 /v1/things [secret] [secret]');
    expect((await failure(http.send(get))).code).toBe('authentication_failed');
  });

  it('follows no redirect', async () => {
    const { http, requests } = await partner([answer(302, '', { location: '/elsewhere' })]);
    expect((await failure(http.send(get))).code).toBe('configuration_invalid');
    expect(requests).toHaveLength(1);
  });

  it.each([['HTML', '<html>login</html>'], ['cut JSON', '{"data":[{"id":1}'], ['nothing', '']])('is partner_contract when a 2xx is %s', async (_name, body) => {
    const { http } = await partner([answer(200, body)]);
    const response = await http.send(get);
    expect(() => response.json()).toThrow(expect.objectContaining({ code: 'partner_contract', message: 'Acme\'s answer to /v1/things is not JSON.' }));
  });
});

describe('retries', () => {
  it.each([408, 409, 429, 500, 503])('mend a passing %i, with exponential back-off', async (status) => {
    const { http, calls, waits } = await partner([answer(status, ''), answer(status, ''), answer(200, '{}')]);
    expect((await http.send(get)).status).toBe(200);
    expect(calls.map((call) => call.status)).toEqual([status, status, 200]);
    expect(waits.filter((ms) => ms >= 500).slice(0, 2)).toEqual(status === 429 ? [500, expect.any(Number)] : [500, 1_000]);
  });

  it('mend a reset, a time-out and a cut body', async () => {
    const { http, calls } = await partner([
      (request) => { request.socket.destroy(); },
      () => { /* no answer */ },
      (_request, response) => { response.writeHead(200, { 'content-length': '100' }).write('{"cut":'); response.socket?.end(); },
      (_request, response) => { response.writeHead(200, { 'content-length': '100' }).write('{"slow":'); },
      answer(200, '{"whole":true}'),
    ], { headersTimeoutMs: 50, bodyTimeoutMs: 50 });
    expect((await http.send(get)).json()).toEqual({ whole: true });
    expect(calls.map(({ status }) => status)).toEqual([0, 0, 200, 200, 200]);
  });

  it('give up in the end: partner_unavailable with the reason', async () => {
    const { http, calls } = await partner([(request) => { request.socket.destroy(); }], { maxAttempts: 3 });
    expect(await failure(http.send(get))).toMatchObject({ code: 'partner_unavailable', details: expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/) });
    expect(calls).toHaveLength(3);
  });

  it('end a body that trickles for ever', async () => {
    const { http } = await partner([(_request, response) => {
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => { clearInterval(timer); });
    }], { attemptTimeoutMs: 100, maxAttempts: 1 });
    expect(await failure(http.send(get))).toMatchObject({ code: 'partner_unavailable', details: 'ATTEMPT_TIMEOUT' });
  });

  it('wait as long as Retry-After says', async () => {
    const { http, waits } = await partner([answer(429, '', { 'retry-after': '7' }), answer(200, '{}')], { clock: () => 1_800_000_000_000 });
    await http.send(get);
    expect(waits[0]).toBe(7_000);
  });

  it.each([429, 503])('leave a longer wait to the caller (%i)', async (status) => {
    const { http, waits, requests } = await partner([answer(status, 'come back later', { 'retry-after': '3600' })]);
    const error = await failure(http.send(get));
    expect(error).toBeInstanceOf(RateLimitedError);
    expect(error).toMatchObject({ retryAfterMs: 3_600_000, details: 'come back later' });
    expect([waits, requests.length]).toEqual([[], 1]);
  });

  it('add up their waits against the limit', async () => {
    const { http, requests } = await partner([answer(429, '', { 'retry-after': '25' })], { maxWaitMs: 60_000, maxAttempts: 99 });
    expect((await failure(http.send(get))).retryAfterMs).toBe(25_000);
    expect(requests.length).toBeLessThanOrEqual(3);
  });

  it('keep other requests to the endpoint waiting too', async () => {
    const { http, waits } = await partner([answer(429, '', { 'retry-after': '9' }), answer(200, '{}')], { clock: () => 1_800_000_000_000, maxWaitMs: 20_000 });
    await http.send(get);
    waits.length = 0;
    await http.send({ ...get, path: '/v1/others' });
    expect(waits).toEqual([]);
    await http.send(get);
    expect(waits).toEqual([9_000]);
  });

  it('are the connector\'s to refuse or to ask for', async () => {
    const refusing = { ...connector, shouldRetry: ({ headers }: { headers: Readonly<Record<string, unknown>> }) => headers['acme-retry'] === undefined ? undefined : headers['acme-retry'] === 'true' };
    const { http, requests } = await partner([answer(500, '', { 'acme-retry': 'false' }), answer(400, '', { 'acme-retry': 'true' }), answer(200, '{}')], { connector: refusing });
    expect((await failure(http.send(get))).code).toBe('partner_unavailable');
    expect((await http.send(get)).status).toBe(200);
    expect(requests).toHaveLength(3);
  });
});

describe('limits and safety', () => {
  it('keeps to the declared rate and hands a long queue back', async () => {
    const limited = { ...connector, declaration: { ...connector.declaration, limits: { text: '', requestsPerSecondPerEndpoint: 1 } } };
    const { http, waits } = await partner([answer(200, '{}')], { connector: limited, clock: () => 1_800_000_000_000, maxWaitMs: 2_500 });
    for (let index = 0; index < 3; index++) await http.send(get);
    expect(waits).toEqual([1_000, 2_000]);
    expect(await failure(http.send(get))).toMatchObject({ code: 'rate_limited', retryAfterMs: 3_000 });
    await http.send({ ...get, path: '/v1/things/t_1', endpoint: '/v1/things/{id}' });
    expect(waits).toEqual([1_000, 2_000]);
  });

  it('takes no body over the limit', async () => {
    const { http, requests } = await partner([answer(200, 'x'.repeat(5_000)), (_request, response) => { response.write('x'.repeat(800)); response.end('x'.repeat(800)); }, answer(200, 'x'.repeat(1_000))], { maxBodyBytes: 1_000 });
    for (let index = 0; index < 2; index++) expect(await failure(http.send(get))).toMatchObject({ code: 'partner_contract', message: expect.stringContaining('larger than 1000 bytes') });
    expect((await http.send(get)).body).toHaveLength(1_000);
    expect(requests).toHaveLength(3);
  });

  it.each(['https://127.0.0.1:1', 'https://[::1]:1', 'https://169.254.169.254', 'https://0x7f000001', 'https://localhost:1'])('doesn\'t call %s', async (url) => {
    const http = createPartnerHttp({ connector, credentials: { key: SECRET, url } });
    opened.push(http);
    expect(await failure(http.send(get))).toMatchObject({ code: 'configuration_invalid', message: expect.stringContaining('private, local or reserved') });
  });

  it.each(['http://partner.example', 'ftp://partner.example', 'nonsense', '', 'https://user:pw@partner.example', 'https://partner.example/?a=b'])('refuses the base URL %s', (url) => {
    expect(() => createPartnerHttp({ connector, credentials: { key: SECRET, url } })).toThrow(expect.objectContaining({ code: 'configuration_invalid' }));
  });

  it('says so when the credentials can\'t be sent', async () => {
    const { http } = await partner([answer(200, '{}')], { credentials: { key: `${SECRET}\nx: y`, url: 'http://127.0.0.1:1' } });
    expect((await failure(http.send(get))).code).toBe('configuration_invalid');
  });

  it('stops with the signal\'s reason, in an answer and in a wait', async () => {
    for (const step of [() => { /* no answer */ }, answer(500, '')]) {
      const controller = new AbortController();
      const { http } = await partner([(request, response) => { step(request, response); setImmediate(() => { controller.abort(new Error('cancelled')); }); }], { signal: controller.signal, wait: undefined as never });
      await expect(http.send(get)).rejects.toThrow('cancelled');
      await expect(http.send(get)).rejects.toThrow('cancelled');
    }
  });

  it('has many requests under way without a warning', async () => {
    const warnings: string[] = [];
    const note = (warning: Error): void => { warnings.push(warning.message); };
    process.on('warning', note);
    const { http } = await partner([answer(200, '{}')], { signal: new AbortController().signal });
    await Promise.all(Array.from({ length: 200 }, () => http.send(get)));
    await new Promise((done) => { setImmediate(done); });
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});
