import { describe, expect, it } from '@jest/globals';
import { NotAnEventError, readEvent, subjectOf } from './event.js';
import { explain } from './explain.js';
import { compileFilter } from './filter.js';
import { LIMITS, messageFor, requestFor, type Target } from './requests.js';
import { isSigningSecret, newSigningSecret, signatureHeaders } from './signature.js';

const origin = { id: 'src/customer_events/evt_1', sourceId: 'src', connector: 'stripe', collection: 'customer_events' };
const record = '{"id":"evt_1","event":"customer_updated","eventText":"customer.updated","timestamp":"2026-01-02T03:04:05.000Z","receivedAt":"2026-01-02T03:04:06.000Z","data":{"object":{"customer":"cus_1"},"amount":12345678901234567890,"text":"größer"}}';
const event = readEvent(origin, Buffer.from(record));

describe('the signature of Standard Webhooks', () => {
  it('is that of the published example', () => {
    expect(signatureHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}')).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330', 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is there once for each secret while they are rotated, over bytes as over text', () => {
    const [old, fresh] = [newSigningSecret(), newSigningSecret()];
    const one = (secret: string): string => signatureHeaders([secret], 'm', 1, 'ä')['webhook-signature'];
    expect(signatureHeaders([fresh, old], 'm', 1, Buffer.from('ä'))['webhook-signature']).toBe(`${one(fresh)} ${one(old)}`);
    expect([isSigningSecret(fresh), isSigningSecret('whsec_c2hvcnQ='), isSigningSecret('secret'), isSigningSecret(`whsec_${'A'.repeat(100)}`)]).toEqual([true, false, false, false]);
  });
});

describe('an event', () => {
  it('has an id that only depends on ce_id, without a dot', () => {
    expect(event.messageId).toBe(readEvent(origin, Buffer.from(record.replace('evt_1', 'other'))).messageId);
    expect(readEvent({ ...origin, id: 'other' }, Buffer.from(record)).messageId).not.toBe(event.messageId);
    expect(event.messageId).toMatch(/^evt_[\w-]{27}$/);
  });

  it.each([['{', 'not_json'], [Buffer.from([0xff]), 'not_utf8'], ['null', 'not_an_event'], ['{"event":"a"}', 'not_an_event'], ['{"event":"a","timestamp":"b","receivedAt":"c","data":[]}', 'not_an_event'], [`${'['.repeat(100_000)}`, 'not_json']])('%s is none', (bytes, reason) => {
    let thrown: unknown;
    try { readEvent(origin, Buffer.from(bytes as string)); } catch (error) { thrown = error; }
    expect(thrown).toBeInstanceOf(NotAnEventError);
    expect((thrown as NotAnEventError).reason).toBe(reason);
  });

  it('is about the first property that holds something', () => {
    expect(subjectOf(event, ['nothing', 'object', 'object.customer', 'text'])).toBe('cus_1');
    expect(subjectOf({ connector: 'stripe', data: { a: 0, b: '' } }, ['b', 'a'])).toBe('0');
    expect(subjectOf({ connector: 'warehouse', data: { a: 0, user_id: 'u' } }, ['a'])).toBe('u');
    expect(subjectOf(event, ['nothing'])).toBeUndefined();
  });
});

describe('a filter', () => {
  const wants = (filter: Parameters<typeof compileFilter>[0]): boolean => compileFilter(filter)(event);

  it('lets everything through that it says nothing about', () => {
    expect([wants({}), wants({ sources: [], events: [], condition: ' ' })]).toEqual([true, true]);
  });

  it('asks for source, name and condition', () => {
    expect([wants({ sources: ['src'] }), wants({ sources: ['other'] })]).toEqual([true, false]);
    expect(['customer_updated', 'customer_*', '*_updated', 'c*r_u*d', '*'].map((name) => wants({ events: ['x', name] }))).toEqual([true, true, true, true, true]);
    expect(['customer', 'customer_', 'customer.updated', 'customer_updated*x', '.*', 'Customer_updated'].map((name) => wants({ events: [name] }))).toEqual([false, false, false, false, false, false]);
    expect([wants({ condition: 'object.customer = "cus_1"' }), wants({ condition: 'object.customer = "cus_2"' })]).toEqual([true, false]);
  });
});

const webhook: Target = { kind: 'webhook', url: 'https://example.com/hooks?a=1', secrets: [newSigningSecret()], subject: ['object.customer'] };
const segment: Target = { kind: 'segment', url: 'https://api.example.com/', secrets: ['write-key'], subject: ['object.customer'] };

describe('a request', () => {
  it('of a webhook carries the record as it is on the topic, every number exact, and its signature', () => {
    const body = messageFor(webhook, event);
    expect(body.toString()).toBe(`{"type":"customer_updated","timestamp":"2026-01-02T03:04:05.000Z","source":{"id":"src","connector":"stripe","collection":"customer_events"},"data":${record}}`);
    const request = requestFor(webhook, [{ messageId: event.messageId, body }], 1_700_000_000_999);
    expect(request).toMatchObject({ url: webhook.url, body, headers: { 'content-type': 'application/json', ...signatureHeaders(webhook.secrets, event.messageId, 1_700_000_000, body) } });
  });

  it('of a tracking API is a batch of track messages with the user that they are about', () => {
    const body = messageFor(segment, event);
    const request = requestFor(segment, [{ messageId: 'a', body }, { messageId: 'b', body: messageFor({ ...segment, subject: [] }, event) }], 0);
    expect([request.url, request.headers['authorization']]).toEqual(['https://api.example.com/v1/batch', `Basic ${Buffer.from('write-key:').toString('base64')}`]);
    const message = { type: 'track', messageId: event.messageId, event: 'customer_updated', timestamp: '2026-01-02T03:04:05.000Z', context: { library: { name: 'cloud-sources', version: '1' }, source: { id: 'src', connector: 'stripe', collection: 'customer_events' } }, properties: { object: { customer: 'cus_1' }, amount: 12345678901234567890, text: 'größer' } };
    expect(JSON.parse(request.body.toString())).toEqual({ sentAt: '1970-01-01T00:00:00.000Z', batch: [{ ...message, userId: 'cus_1' }, { ...message, anonymousId: event.messageId }] });
    expect(request.body.toString()).toContain('12345678901234567890');
  });

  it('of a tracking API stays under its limits, whatever stands around the messages', () => {
    const { request, message, messages } = LIMITS.segment;
    expect([request < 500_000, message < 32_768]).toEqual([true, true]);
    const empty = requestFor(segment, [{ messageId: 'a', body: Buffer.alloc(0) }], Date.now()).body.length;
    expect(request + messages + empty).toBeLessThan(500_000);
  });
});

describe('the words for a try', () => {
  it('always say what happened and what to do', () => {
    const tries = [...['timeout', 'blocked_address', 'too_large', 'ECONNREFUSED', null].map((error) => ({ status: null, error })), ...[301, 400, 401, 403, 404, 410, 413, 429, 500, 503].map((status) => ({ status, error: null }))];
    const words = tries.map((one) => explain('webhook', one));
    for (const { title, remedy } of words) expect([title, remedy].every((text) => /^[A-Z].*[.]$/.test(text))).toBe(true);
    expect(new Set(words.map(({ title }) => title)).size).toBe(words.length);
  });
});
