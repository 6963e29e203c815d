import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { AuthenticationFailedError, ConfigurationInvalidError, PermissionDeniedError } from '#contracts';
import { connector } from './index.js';

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  connector.mapError?.({ status, headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), path: '/api/v2/incremental/tickets/cursor.json' });

describe('the Zendesk connector', () => {
  it('sends an OAuth token as it is, and an API token with its address', () => {
    const [accessToken, apiToken] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    expect(connector.authenticate({ accessToken })).toEqual({ authorization: `Bearer ${accessToken}` });
    const { authorization } = connector.authenticate({ email: 'ada@example.com', apiToken, accessToken: '' });
    expect(Buffer.from(String(authorization).slice('Basic '.length), 'base64').toString()).toBe(`ada@example.com/token:${apiToken}`);
    expect(connector.authenticate({ accessToken, email: 'ada@example.com', apiToken })).toEqual({ authorization: `Bearer ${accessToken}` });
    expect(() => connector.authenticate({ apiToken })).toThrow(ConfigurationInvalidError);
  });

  it.each(['acme.zendesk.com', 'https://acme', 'evil.example.com/', 'acme@evil', '', '-acme', 'acme#'])('takes a bare subdomain only, and not %p', (subdomain) => {
    expect(() => connector.baseUrl({ subdomain })).toThrow(ConfigurationInvalidError);
    const { pattern = '' } = connector.declaration.configuration.find(({ name }) => name === 'subdomain') ?? {};
    expect(new RegExp(pattern, 'u').test(subdomain)).toBe(false);
  });

  it('calls the account, or another server when told to', () => {
    expect(connector.baseUrl({ subdomain: 'acme-support2', baseUrl: '' })).toBe('https://acme-support2.zendesk.com');
    expect(connector.baseUrl({ subdomain: 'acme', baseUrl: 'http://127.0.0.1:7311/' })).toBe('http://127.0.0.1:7311');
  });

  it('declares Segment\'s collections and four more, with the end of API tokens in its help', () => {
    const { collections, configuration, limits } = connector.declaration;
    expect(collections.map(({ name }) => name).sort()).toEqual([
      'activities', 'attachments', 'audit_logs', 'brands', 'group_memberships', 'groups', 'macros', 'organization_memberships', 'organizations', 'satisfaction_ratings', 'sla_policies', 'tags',
      'ticket_comments', 'ticket_events', 'ticket_fields', 'ticket_forms', 'ticket_metrics', 'ticket_skips', 'tickets', 'users', 'webhook_events',
    ]);
    expect(collections.filter(({ selectedByDefault }) => !selectedByDefault).map(({ name }) => name)).toEqual(['ticket_comments', 'audit_logs']);
    expect(collections.filter(({ kind }) => kind === 'event').map(({ name }) => name)).toEqual(['ticket_events', 'webhook_events']);
    expect(configuration.find(({ name }) => name === 'apiToken')).toMatchObject({ type: 'secret', required: false, help: expect.stringContaining('2027-04-30') });
    expect(limits.endpoints).toEqual({ incremental: { requests: 8, windowMs: 60_000 } });
  });

  it('maps both shapes of Zendesk\'s errors, with its words', () => {
    expect(answer(401, { error: "Couldn't authenticate you" })).toBeInstanceOf(AuthenticationFailedError);
    expect(answer(401, { error: "Couldn't authenticate you" })?.remedy).toContain('2027-04-30');
    const expired = answer(401, { error: 'invalid_token', error_description: 'The access token provided is expired' });
    expect(expired).toBeInstanceOf(AuthenticationFailedError);
    expect(expired?.details).toBe('invalid_token: The access token provided is expired');
    const role = answer(403, { error: { title: 'Forbidden', message: 'You do not have access to this page.' } });
    expect(role).toBeInstanceOf(PermissionDeniedError);
    expect([role?.details, role?.remedy]).toEqual(['Forbidden: You do not have access to this page.', expect.stringContaining('administrator')]);
    expect(answer(403, { error: 'Forbidden', description: 'You are missing the following required scopes: read, tickets:read' })?.remedy).toContain('the scope read, tickets:read');
    expect(answer(404, { error: 'InvalidEndpoint', description: 'Not found' })).toBeInstanceOf(PermissionDeniedError);
    expect(answer(404, '<!doctype html><title>No help desk</title>')).toBeInstanceOf(ConfigurationInvalidError);
    expect(answer(429, { error: 'TooManyRequests' }, { 'retry-after': '7' })).toMatchObject({ code: 'rate_limited', retryAfterMs: 7_000 });
    expect(answer(429, 'Number of allowed API requests per minute exceeded')).toMatchObject({ code: 'rate_limited', retryAfterMs: 60_000, details: 'Number of allowed API requests per minute exceeded' });
    expect([answer(500, { error: 'InternalError' }), answer(409, { error: 'Conflict' }), answer(502, '<html>'), answer(403, 'no')]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('its webhooks', () => {
  const at = Date.parse('2026-11-22T08:00:00Z');
  const secret = randomBytes(32).toString('base64');
  const deliver = (body: string, { key = secret, invocation = 'I1', timestamp = '2026-11-22T08:00:00Z' } = {}) => connector.webhook?.verify({
    method: 'POST', url: 'https://hooks.example.com/x', body: Buffer.from(body), receivedAt: at,
    headers: { 'x-zendesk-webhook-signature': createHmac('sha256', key).update(timestamp + body).digest('base64'), 'x-zendesk-webhook-signature-timestamp': timestamp, 'x-zendesk-webhook-invocation-id': invocation },
  }, [key]);

  it('are known by the event\'s id, or by the invocation where a trigger wrote the body', () => {
    expect(deliver('{"type":"zen:event-type:user.created","id":"e-1"}')).toEqual({ ok: true, deliveryId: 'e-1', secret: 0 });
    expect(deliver('{"id":35436,"status":"open"}', { invocation: 'I2' })).toEqual({ ok: true, deliveryId: 'I2', secret: 0 });
    expect(deliver('', { invocation: 'I3' })).toEqual({ ok: true, deliveryId: 'I3', secret: 0 });
  });

  it('are refused with the secret that everybody knows, and when they are old', () => {
    expect(deliver('{}', { key: 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==' })).toEqual({ ok: false, reason: 'no_secret' });
    expect(deliver('{}', { timestamp: '2026-11-22T07:54:59Z' })).toEqual({ ok: false, reason: 'stale_timestamp' });
  });
});
