import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { AuthenticationFailedError, ConfigurationInvalidError, PartnerContractError, PartnerUnavailableError, PermissionDeniedError, RateLimitedError } from '#contracts';
import { connector } from './index.js';

const answer = (status: number, error: unknown, headers: Record<string, string> = {}) => connector.mapError?.({ status, headers, body: Buffer.from(JSON.stringify(error === undefined ? {} : { error })), path: '/v1/charges' });

describe('the Stripe connector', () => {
  it('sends the key as a bearer token with a pinned version, to Stripe unless told otherwise', () => {
    const apiKey = `rk_test_${randomBytes(12).toString('hex')}`;
    expect(connector.authenticate({ apiKey })).toEqual({ authorization: `Bearer ${apiKey}`, 'stripe-version': '2022-11-15' });
    expect(connector.authenticate({ apiKey, accountId: 'acct_1' })).toMatchObject({ 'stripe-account': 'acct_1' });
    expect(() => connector.authenticate({})).toThrow(ConfigurationInvalidError);
    expect(connector.baseUrl({ apiKey })).toBe('https://api.stripe.com');
    expect(connector.baseUrl({ apiKey, baseUrl: 'http://127.0.0.1:7310/' })).toBe('http://127.0.0.1:7310');
  });

  it('declares each collection with its columns and what the key must be allowed to', () => {
    for (const { name, kind, fields, permissions, partOf, callsPerSync } of connector.declaration.collections) {
      expect({ name, id: fields.id }).toEqual({ name, id: 'string' });
      expect(permissions.every((permission) => /^rak_[a-z_]+_read$/.test(permission))).toBe(true);
      expect({ name, callsPerSync }).toEqual({ name, callsPerSync: partOf === undefined ? 1 : 0 });
      if (kind === 'object' && 'created' in fields) expect({ name, created: fields.created }).toEqual({ name, created: 'timestamp' });
    }
    expect(connector.declaration.collections.filter(({ kind }) => kind === 'object')).toHaveLength(31);
    expect(connector.declaration.collections.find(({ name }) => name === 'discounts')?.partOf).toEqual(['customers', 'invoices', 'subscriptions']);
  });

  it('maps Stripe\'s errors, with its words and without any key', () => {
    const key = `sk_test_${randomBytes(12).toString('hex')}`;
    const denied = answer(401, { type: 'invalid_request_error', message: `Invalid API Key provided: ${key}` });
    expect(denied).toBeInstanceOf(AuthenticationFailedError);
    expect(denied?.message).toMatch(/^Access denied/);
    expect(JSON.stringify(denied?.report())).not.toContain(key.slice(8));
    const forbidden = answer(403, { type: 'invalid_request_error', message: "The provided key 'rk_test_***abc' does not have the required permissions for this endpoint on account 'acct_1'. Having the 'rak_charge_read' permission would allow this request to continue." }, { 'request-id': 'req_1' });
    expect(forbidden).toBeInstanceOf(PermissionDeniedError);
    expect(forbidden?.remedy).toContain('rak_charge_read');
    expect(forbidden?.details).toContain('req_1');
    expect(forbidden?.details).not.toContain('abc');
    expect(answer(403, { code: 'account_invalid', message: "The provided key does not have access to account 'acct_2'" })).toBeInstanceOf(ConfigurationInvalidError);
    expect(answer(429, { code: 'rate_limit', message: 'Too many requests' }, { 'retry-after': '2' })).toMatchObject({ code: 'rate_limited', retryAfterMs: 2_000 });
    expect(answer(429, { code: 'lock_timeout', message: 'busy' })).toBeInstanceOf(RateLimitedError);
    expect(answer(500, { type: 'api_error', message: 'oops' })).toBeInstanceOf(PartnerUnavailableError);
    const refused = answer(400, { type: 'invalid_request_error', code: 'parameter_unknown', message: 'Received unknown parameter: foo' });
    expect(refused).toBeInstanceOf(PartnerContractError);
    expect(refused?.details).toContain('Received unknown parameter: foo · code: parameter_unknown');
    expect(answer(404, { message: 'Unrecognized request URL (GET: /x/v1/charges).' })).toBeInstanceOf(ConfigurationInvalidError);
    expect(answer(502, undefined)).toBeUndefined();
  });

  it('repeats a request when Stripe says so', () => {
    const advice = (value?: string) => connector.shouldRetry?.({ status: 400, headers: value === undefined ? {} : { 'stripe-should-retry': value }, body: Buffer.alloc(0), path: '/' });
    expect([advice('true'), advice('false'), advice()]).toEqual([true, false, undefined]);
  });

  it('takes webhooks that Stripe signed', () => {
    const secret = `whsec_${randomBytes(24).toString('hex')}`;
    const body = Buffer.from('{"id":"evt_1","object":"event"}');
    const at = 1_700_000_000;
    const v1 = createHmac('sha256', secret).update(`${at}.`).update(body).digest('hex');
    const request = (header: string) => ({ method: 'POST', url: 'https://hooks.example.com/x', body, receivedAt: at * 1_000, headers: { 'stripe-signature': header } });
    expect(connector.webhook?.verify(request(`t=${at},v1=${'0'.repeat(64)},v1=${v1},v0=${v1}`), [secret])).toEqual({ ok: true, deliveryId: 'evt_1', secret: 0 });
    expect(connector.webhook?.verify(request(`t=${at},v0=${v1}`), [secret])).toMatchObject({ ok: false });
    expect(connector.webhook?.verify({ ...request(`t=${at},v1=${v1}`), receivedAt: (at + 301) * 1_000 }, [secret])).toEqual({ ok: false, reason: 'stale_timestamp' });
  });
});
