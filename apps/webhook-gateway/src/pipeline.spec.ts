import { describe, expect, it } from '@jest/globals';
import { readRawHeaders } from '#contracts';
import type { Connector, WebhookHandler, WebhookVerdict } from '#connector-kit';
import type { OutgoingMessage } from '#kafka';
import { receive, type IncomingWebhook, type WebhookEndpoint, type WebhookPorts } from './pipeline.js';

const endpoint: WebhookEndpoint = { workspaceId: 'w', sourceId: 's', connector: 'demo', secrets: ['a secret'], selected: ['things'] };
const webhook = (more: Partial<IncomingWebhook> = {}): IncomingWebhook => ({
  token: 't', method: 'POST', headers: { 'content-type': 'application/json; charset=utf-8' }, body: Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), url: 'http://x/hooks/t', receivedAt: 1_767_323_045_678, ...more,
});
function setUp(verdict: WebhookVerdict = { ok: true, deliveryId: 'evt_1', secret: 0 }, more: Partial<WebhookPorts> = {}, handler: Partial<WebhookHandler> = {}) {
  const sent: OutgoingMessage[] = [];
  const quarantined: string[] = [];
  const answered: (string | number | undefined)[][] = [];
  const connector = {
    declaration: { name: 'demo', webhook: { rawCollection: 'events', contentTypes: ['application/json'], maxBytes: 10, setup: [] } },
    webhook: { verify: () => verdict, ...handler },
  } as unknown as Connector;
  const ports: WebhookPorts = {
    endpoint: async (token) => (token === 't' ? endpoint : undefined), renewedEndpoint: async () => endpoint, connector: () => connector,
    toRaw: async (_connector, message) => { sent.push(message); }, quarantine: (_endpoint, _webhook, reason) => quarantined.push(reason), failed: () => undefined,
    answered: ({ sourceId }, _webhook, { status }, deliveryId) => answered.push([sourceId, status, deliveryId]), ...more,
  };
  return { sent, quarantined, answered, ask: (more2?: Partial<IncomingWebhook>) => receive(webhook(more2), ports) };
}

describe('receive', () => {
  it('passes the bytes on untouched and answers 200 after the acknowledgement', async () => {
    let acknowledge = (): void => undefined;
    const sent: OutgoingMessage[] = [];
    const { ask } = setUp(undefined, { toRaw: (_connector, message) => { sent.push(message); return new Promise((resolve) => { acknowledge = resolve; }); } });
    let answered = false;
    const answer = ask().then((value) => { answered = true; return value; });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(false);
    acknowledge();
    expect(await answer).toMatchObject({ status: 200 });
    expect(sent[0]?.value).toEqual(webhook().body);
    expect(readRawHeaders(sent[0]?.headers)).toMatchObject({ id: 's/webhook/evt_1', component: 'webhook', sourceId: 's', collection: 'events', selected: ['things'], recordsAt: '' });
  });

  it('keeps what the connector makes of a body, and acknowledges in the partner\'s way', async () => {
    const acknowledgement = { contentType: 'text/xml', body: '<Ack>true</Ack>' };
    const { sent, ask } = setUp(undefined, {}, { keep: (body) => ({ body: Buffer.from(`{"all":[${body.length}]}`), recordsAt: 'all', contentType: 'application/x-kept' }), acknowledgement });
    expect(await ask()).toEqual({ status: 200, reason: 'received', acknowledgement });
    expect(String(sent[0]?.value)).toBe('{"all":[5]}');
    expect(readRawHeaders(sent[0]?.headers)).toMatchObject({ recordsAt: 'all' });
    expect(sent[0]?.headers).toMatchObject({ 'content-type': 'application/x-kept' });
  });

  it('answers 404, 415, 413 and 401, and keeps what had a bad signature', async () => {
    expect((await setUp().ask({ token: 'other' })).status).toBe(404);
    expect((await setUp().ask({ headers: { 'content-type': 'text/xml' } })).status).toBe(415);
    expect((await setUp().ask({ body: Buffer.alloc(11) })).status).toBe(413);
    const bad = setUp({ ok: false, reason: 'bad_signature' });
    expect((await bad.ask()).status).toBe(401);
    expect(bad.quarantined).toEqual(['bad_signature']);
    expect(bad.sent).toEqual([]);
  });

  it('takes a signature that only a secret of a moment ago verifies', async () => {
    const verify: WebhookHandler['verify'] = (_request, secrets) => (secrets.includes('a new one') ? { ok: true, deliveryId: 'evt_2', secret: 0 } : { ok: false, reason: 'bad_signature' });
    const { sent, quarantined, ask } = setUp(undefined, { renewedEndpoint: async () => ({ ...endpoint, secrets: ['a new one', ...endpoint.secrets] }) }, { verify });
    expect(await ask()).toMatchObject({ status: 200 });
    expect([sent.length, quarantined]).toEqual([1, []]);
    expect(await setUp(undefined, { renewedEndpoint: async () => { throw new Error('away'); } }, { verify }).ask()).toMatchObject({ status: 503 });
  });

  it('answers 503 with Retry-After whenever the trouble is ours', async () => {
    const away = async (): Promise<never> => { throw new Error('away'); };
    expect(await setUp(undefined, { toRaw: away }).ask()).toMatchObject({ status: 503, retryAfterSeconds: 5 });
    expect(await setUp(undefined, { endpoint: away }).ask()).toMatchObject({ status: 503, retryAfterSeconds: 5 });
  });

  it('tells people how each webhook of a known endpoint was answered', async () => {
    const good = setUp();
    await good.ask();
    await good.ask({ body: Buffer.alloc(11) });
    await good.ask({ token: 'unknown' });
    const bad = setUp({ ok: false, reason: 'no secret fits' });
    await bad.ask();
    const away = setUp(undefined, { toRaw: async () => { throw new Error('away'); } });
    await away.ask();
    expect([good.answered, bad.answered, away.answered]).toEqual([[['s', 200, 'evt_1'], ['s', 413, undefined]], [['s', 401, undefined]], [['s', 503, 'evt_1']]]);
  });
});
