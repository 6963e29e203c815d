import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import Stripe from 'stripe';
import type { WebhookRequest } from '../connector.js';
import { hmacVerifier, type HmacScheme } from './hmac-verifier.js';

const stripe = new Stripe(`sk_test_${randomBytes(12).toString('hex')}`);
const newSecret = (): string => `whsec_${randomBytes(24).toString('hex')}`;
const NOW = 1_800_000_000_000;
const BODY = Buffer.from('{"id":"evt_1","text":"é😀"}');

const STRIPE: HmacScheme = {
  header: 'stripe-signature', list: { separator: ',', signature: 'v1', timestamp: 't' }, timestamp: { unit: 'seconds' },
  signed: '{timestamp}.{body}', hash: 'sha256', encoding: 'hex', deliveryId: { bodyField: 'id' },
};
const verifier = hmacVerifier(STRIPE);

const signature = (secret: string, body: Buffer = BODY, at = NOW / 1_000): string => stripe.webhooks.generateTestHeaderString({ payload: body.toString('utf8'), secret, timestamp: at });
const request = (header: string | string[] | undefined, body: Buffer = BODY): WebhookRequest =>
  ({ method: 'POST', headers: { 'stripe-signature': header }, body, url: 'https://hooks.example.com/hooks/x', receivedAt: NOW });
const reason = (header: string | string[] | undefined, secrets: string[], body?: Buffer): string => {
  const verdict = verifier.verify(request(header, body), secrets);
  return verdict.ok ? 'ok' : verdict.reason;
};

describe('Stripe\'s signature, beside the official library', () => {
  const secret = newSecret();
  const good = signature(secret);
  const v1 = good.slice(good.indexOf('v1=') + 3);

  it('takes what the official library signs, and says which secret it was', () => {
    expect(verifier.verify(request(good), [secret])).toEqual({ ok: true, deliveryId: 'evt_1', secret: 0 });
    expect(verifier.verify(request(good), [newSecret(), secret, secret])).toEqual({ ok: true, deliveryId: 'evt_1', secret: 1 });
  });

  it('signs the bytes, also those that are no UTF-8', () => {
    const body = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0xff, 0xfe, 0x7d]);
    const at = String(NOW / 1_000);
    const header = `t=${at},v1=${createHmac('sha256', secret).update(`${at}.`).update(body).digest('hex')}`;
    expect(reason(header, [secret], body)).toBe('ok');
    // The replacement character stands for both bytes once decoded: swapping them must not verify.
    expect(reason(header, [secret], Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0xfe, 0xff, 0x7d]))).toBe('bad_signature');
    expect(reason(header, [secret], body.subarray(3))).toBe('bad_signature');
  });

  it('takes any of several v1 and ignores the rest', () => {
    const other = 'a'.repeat(64);
    for (const header of [`t=1800000000,v1=${other},v1=${v1},v0=${other}`, `v0=x,v1=${v1}, t=1800000000 ,x,=,v1=`, good.replace('v1=', 'v2=9,v1=')]) expect(reason(header, [secret])).toBe('ok');
    expect(reason(`t=1800000000,v0=${v1}`, [secret])).toBe('missing_signature');
    expect(reason(`t=1800000000,V1=${v1}`, [secret])).toBe('missing_signature');
  });

  it('reads a header that came twice as one list', () => {
    const other = signature(newSecret());
    expect(reason([other, good], [secret])).toBe('ok');
    expect(reason(`${other}, ${good}`, [secret])).toBe('ok');
    expect(reason([signature(secret, BODY, NOW / 1_000 - 9_999), good], [secret])).toBe('malformed_timestamp');
  });

  it('lets the time differ by 300 s to both sides and no more', () => {
    for (const seconds of [-300, 300]) expect(reason(signature(secret, BODY, NOW / 1_000 + seconds), [secret])).toBe('ok');
    for (const seconds of [-301, 301, -86_400, 31_536_000]) expect(reason(signature(secret, BODY, NOW / 1_000 + seconds), [secret])).toBe('stale_timestamp');
  });

  it('takes nothing but digits as a time', () => {
    for (const time of ['1800000000abc', '1.8e9', '0x6b49d200', '-1800000000', '+1800000000', '１８', ' ', '18000000000000', '1800000000.5']) {
      const header = `t=${time},v1=${createHmac('sha256', secret).update(`${time}.`).update(BODY).digest('hex')}`;
      expect(['malformed_timestamp', 'missing_timestamp', 'bad_signature']).toContain(reason(header, [secret]));
    }
    expect(reason(`v1=${v1}`, [secret])).toBe('missing_timestamp');
    expect(reason(`t=,v1=${v1}`, [secret])).toBe('missing_timestamp');
  });

  it('fails closed', () => {
    expect(reason(undefined, [secret])).toBe('missing_signature');
    expect(reason('', [secret])).toBe('missing_signature');
    expect(reason([], [secret])).toBe('missing_signature');
    expect(reason('t=1800000000,v1=', [secret])).toBe('malformed_signature');
    expect(reason('t=1800000000,v1=zz', [secret])).toBe('malformed_signature');
    expect(reason(`t=1800000000,v1=${v1.slice(2)}`, [secret])).toBe('malformed_signature');
    expect(reason(`t=1800000000,v1=${v1}00`, [secret])).toBe('malformed_signature');
    expect(reason(good, [])).toBe('no_secret');
    expect(reason(good, [''])).toBe('no_secret');
    expect(reason(signature(secret).replace(/v1=.*/, `v1=${createHmac('sha256', '').update('1800000000.').update(BODY).digest('hex')}`), [''])).toBe('no_secret');
    expect(reason(good, [newSecret()])).toBe('bad_signature');
    expect(reason(good, [secret], Buffer.concat([BODY, Buffer.from(' ')]))).toBe('bad_signature');
    expect(reason(good.replace('t=1800000000', 't=1800000001'), [secret])).toBe('bad_signature');
  });

  it('tells a delivery without an id by its bytes', () => {
    for (const text of ['[]', 'null', 'not json', '{"id":""}', '{"id":{}}']) {
      const body = Buffer.from(text);
      const verdict = verifier.verify(request(signature(secret, body), body), [secret]);
      expect(verdict).toMatchObject({ ok: true, deliveryId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
      expect(verifier.verify(request(signature(secret, body, NOW / 1_000 + 5), body), [secret])).toEqual(verdict);
    }
  });
});

describe('other partners\' schemes', () => {
  const secret = randomBytes(16).toString('hex');
  const hmac = (hash: string, encoding: 'hex' | 'base64', ...parts: (string | Buffer)[]): string => parts.reduce((all, part) => all.update(part), createHmac(hash, secret)).digest(encoding);
  const url = 'https://hooks.example.com/hooks/x?y=1';
  const seconds = String(NOW / 1_000), milliseconds = String(NOW), iso = new Date(NOW).toISOString().replace('.000', '');
  const timed = (scheme: Partial<HmacScheme>): HmacScheme => ({ header: 's', signed: '{timestamp}{body}', hash: 'sha256', encoding: 'hex', deliveryId: { header: 'd' }, ...scheme });
  const cases: [string, HmacScheme, Record<string, string>][] = [
    ['GitHub', timed({ prefix: 'sha256=', signed: '{body}' }), { s: `sha256=${hmac('sha256', 'hex', BODY)}` }],
    ['Shopify', timed({ signed: '{body}', encoding: 'base64' }), { s: hmac('sha256', 'base64', BODY) }],
    ['Intercom', timed({ prefix: 'sha1=', signed: '{body}', hash: 'sha1' }), { s: `sha1=${hmac('sha1', 'hex', BODY)}` }],
    ['Zendesk', timed({ encoding: 'base64', timestamp: { header: 'ts', unit: 'iso8601' } }), { s: hmac('sha256', 'base64', iso, BODY), ts: iso }],
    ['Slack', timed({ prefix: 'v0=', signed: 'v0:{timestamp}:{body}', timestamp: { header: 'ts', unit: 'seconds' } }), { s: `v0=${hmac('sha256', 'hex', `v0:${seconds}:`, BODY)}`, ts: seconds }],
    ['HubSpot v3', timed({ encoding: 'base64', signed: '{method}{url}{body}{timestamp}', timestamp: { header: 'ts', unit: 'milliseconds' } }), { s: hmac('sha256', 'base64', `POST${url}`, BODY, milliseconds), ts: milliseconds }],
    ['Paddle', timed({ list: { separator: ';', signature: 'h1', timestamp: 'ts' }, signed: '{timestamp}:{body}', timestamp: { unit: 'seconds' } }), { s: `ts=${seconds};h1=${hmac('sha256', 'hex', `${seconds}:`, BODY)};h1=ff` }],
    ['PagerDuty', timed({ list: { separator: ',', signature: 'v1' }, signed: '{body}' }), { s: `v1=${'0'.repeat(64)},v1=${hmac('sha256', 'hex', BODY)}` }],
    ['Square', timed({ signed: '{url}{body}', encoding: 'base64' }), { s: hmac('sha256', 'base64', url, BODY) }],
    ['Klaviyo', timed({ signed: '{body}{timestamp}', timestamp: { header: 'ts', unit: 'seconds' } }), { s: hmac('sha256', 'hex', BODY, seconds), ts: seconds }],
    ['an id that is signed', timed({ signed: '{header:d}.{timestamp}.{body}', hash: 'sha512', timestamp: { header: 'ts', unit: 'seconds' } }), { s: hmac('sha512', 'hex', `delivery-1.${seconds}.`, BODY), ts: seconds }],
  ];

  it.each(cases)('%s', (_name, scheme, headers) => {
    const { verify } = hmacVerifier(scheme);
    const sent: WebhookRequest = { method: 'POST', url, body: BODY, receivedAt: NOW, headers: { ...headers, d: 'delivery-1' } };
    expect(verify(sent, [secret])).toEqual({ ok: true, deliveryId: 'delivery-1', secret: 0 });
    expect(verify({ ...sent, body: Buffer.from('{}') }, [secret])).toEqual({ ok: false, reason: 'bad_signature' });
    expect(verify(sent, [`${secret}x`])).toEqual({ ok: false, reason: 'bad_signature' });
    expect(verify({ ...sent, headers: { ...sent.headers, s: undefined } }, [secret]).ok).toBe(false);
    if (scheme.list === undefined) expect(verify({ ...sent, headers: { ...sent.headers, s: [headers['s']!, headers['s']!] } }, [secret]).ok).toBe(false);
    if (scheme.timestamp !== undefined) {
      expect(verify({ ...sent, receivedAt: NOW + 300_001 }, [secret])).toEqual({ ok: false, reason: 'stale_timestamp' });
      expect(verify({ ...sent, receivedAt: NOW - 300_001 }, [secret])).toEqual({ ok: false, reason: 'stale_timestamp' });
      if (scheme.timestamp.header !== undefined) expect(verify({ ...sent, headers: { ...sent.headers, ts: undefined } }, [secret])).toEqual({ ok: false, reason: 'missing_timestamp' });
    }
  });

  it('refuses a scheme that contradicts itself', () => {
    expect(() => hmacVerifier(timed({ signed: '{timestamp}' }))).toThrow('must hold {body}');
    expect(() => hmacVerifier(timed({}))).toThrow('both declared and signed');
    expect(() => hmacVerifier(timed({ signed: '{body}', timestamp: { unit: 'seconds', header: 'ts' } }))).toThrow('both declared and signed');
    expect(() => hmacVerifier(timed({ timestamp: { unit: 'seconds' } }))).toThrow('either in a header or in the list');
  });
});
