import { describe, expect, it } from '@jest/globals';
import { mapError, shouldRetry } from './map-error.js';

const answer = (status: number, body: unknown) => ({ status, headers: {}, path: '/services/data/v64.0/queryAll', body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) });
const api = (status: number, errorCode: string, message = 'words') => answer(status, [{ message, errorCode }]);

describe("Salesforce's errors", () => {
  it.each([
    [401, 'INVALID_SESSION_ID', 'authentication_failed'], [403, 'API_DISABLED_FOR_ORG', 'configuration_invalid'], [403, 'INSUFFICIENT_ACCESS', 'permission_denied'], [400, 'INVALID_TYPE', 'permission_denied'],
    [400, 'INVALID_FIELD', 'permission_denied'], [404, 'NOT_FOUND', 'permission_denied'], [400, 'MALFORMED_QUERY', 'partner_contract'], [400, 'QUERY_TIMEOUT', 'partner_unavailable'], [503, 'SERVER_UNAVAILABLE', 'partner_unavailable'],
    [403, 'REQUEST_LIMIT_EXCEEDED', 'rate_limited'], [400, 'LIMIT_EXCEEDED', 'rate_limited'], [409, 'VERSION_MISMATCH', 'partner_unavailable'],
  ])('%i %s is %3$s', (status, code, expected) => {
    expect(mapError(api(status, code))).toMatchObject({ code: expected, details: `${code}: words` });
  });

  it('of the token endpoint are an object', () => {
    expect(mapError(answer(400, { error: 'invalid_grant', error_description: 'expired access/refresh token' }))).toMatchObject({ code: 'authentication_failed', details: 'invalid_grant: expired access/refresh token' });
    expect(mapError(answer(400, { error: 'invalid_client_id', error_description: 'client identifier invalid' }))).toMatchObject({ code: 'authentication_failed' });
  });

  it('name the field or the object that is hidden, and how long a limit lasts', () => {
    expect(mapError(api(400, 'INVALID_FIELD', "\nSELECT X FROM Y\n ^\nERROR at Row:1:Column:8\nNo such column 'X' on entity 'Y'."))).toMatchObject({ message: "The user that signed in can't read the field X of Y." });
    expect(mapError(api(400, 'INVALID_TYPE', "sObject type 'Lead' is not supported."))).toMatchObject({ message: "The user that signed in can't read the object Lead." });
    expect(mapError({ ...api(404, 'NOT_FOUND'), path: '/services/data/v64.0/sobjects/Lead/describe' })).toMatchObject({ message: "The user that signed in can't read the object Lead." });
    expect(mapError(api(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'))).toMatchObject({ retryAfterMs: 3_600_000 });
    const concurrent = api(403, 'REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.');
    expect(mapError(concurrent)).toMatchObject({ retryAfterMs: 60_000 });
    expect([concurrent, api(403, 'REQUEST_LIMIT_EXCEEDED'), api(403, 'INSUFFICIENT_ACCESS'), api(503, 'SERVER_UNAVAILABLE'), answer(420, ''), answer(406, '<html>')].map(shouldRetry)).toEqual([true, undefined, undefined, undefined, true, true]);
  });

  it('that are not Salesforce\'s are left to the kit, but for the passing ones', () => {
    for (const body of ['', '<html>', '[]', '[null]', '{}', '"x"', '[{"message":"no code"}]']) expect(mapError(answer(500, body))).toBeUndefined();
    expect(mapError(answer(420, ''))).toMatchObject({ code: 'partner_unavailable' });
  });
});
