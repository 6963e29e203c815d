import {
  AuthenticationFailedError, type CloudSourcesError, ConfigurationInvalidError, PartnerContractError, PartnerUnavailableError, PermissionDeniedError, RateLimitedError,
} from '#contracts';
import type { PartnerAnswer } from '#connector-kit';
import { isObject, textOf } from './values.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** An error of the API, or of the token endpoint, which answer in different shapes. */
interface SalesforceError { readonly code: string; readonly message: string }

/**
 * The API answers an array of `{message, errorCode}`, the token endpoint an object `{error, error_description}`. Undefined when the body is neither.
 */
export function salesforceError(body: Buffer): SalesforceError | undefined {
  let parsed: unknown;
  try { parsed = JSON.parse(body.toString('utf8')); } catch { return undefined; }
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!isObject(first)) return undefined;
  const code = textOf(first.errorCode) ?? textOf(first.error);
  return code === undefined ? undefined : { code, message: textOf(first.message) ?? textOf(first.error_description) ?? '' };
}

/** Of the token endpoint: nothing but a new sign-in helps. */
const SIGN_IN = new Set(['invalid_grant', 'invalid_client', 'invalid_client_id', 'inactive_user', 'inactive_org', 'invalid_app_access', 'unauthorized_client']);
const DISABLED = new Set(['API_DISABLED_FOR_ORG', 'API_CURRENTLY_DISABLED', 'FUNCTIONALITY_NOT_ENABLED']);
const DENIED = new Set(['INSUFFICIENT_ACCESS', 'INSUFFICIENT_ACCESS_OR_READONLY', 'INVALID_TYPE', 'INVALID_TYPE_FOR_OPERATION', 'INVALID_FIELD', 'NO_ACCESS', 'NOT_FOUND', 'INVALIDENTITY']);
const BUSY = new Set(['SERVER_UNAVAILABLE', 'QUERY_TIMEOUT', 'UNKNOWN_EXCEPTION', 'OPERATION_TOO_LARGE']);

/** Too many at once passes in seconds; 406 and 420 come while an instance is under load. */
export function shouldRetry({ status, body }: PartnerAnswer): boolean | undefined {
  if (status === 406 || status === 420) return true;
  return status === 403 && concurrent(salesforceError(body)) ? true : undefined;
}

const concurrent = (error: SalesforceError | undefined): boolean => error?.code === 'REQUEST_LIMIT_EXCEEDED' && error.message.startsWith('ConcurrentRequests');

/** The object or field that a refusal is about, where it or the address tells. */
function refused(message: string, path: string): string {
  const [, field, entity] = /No such column '([^']+)'(?: on (?:entity|sobject of type) '?(\w+))?/.exec(message) ?? [];
  if (field !== undefined) return `the field ${field}${entity === undefined ? '' : ` of ${entity}`}`;
  const object = /[sS]Object type '(\w+)'/.exec(message)?.[1] ?? /\/sobjects\/(\w+)/.exec(path)?.[1];
  return object === undefined ? `what ${path} asks for` : `the object ${object}`;
}

/** Salesforce's errors as errors of the taxonomy. Undefined when the body isn't Salesforce's: the kit maps by status. */
export function mapError({ status, body, path }: PartnerAnswer): CloudSourcesError | undefined {
  const error = salesforceError(body);
  const transient = status === 406 || status === 420;
  if (error === undefined) return transient ? new PartnerUnavailableError(`Salesforce answered ${status} to ${path}, also when asked again.`) : undefined;
  const { code, message } = error;
  const details = message === '' ? code : `${code}: ${message.trim()}`;
  if (status === 429) return new RateLimitedError(`Salesforce's rate limit is used up at ${path}.`, { details });
  if (code === 'REQUEST_LIMIT_EXCEEDED') {
    // Of the day's requests the oldest hour comes back next; requests at once end within a minute.
    return concurrent(error)
      ? new RateLimitedError('Salesforce runs too many long requests of this org at once.', { details, retryAfterMs: MINUTE_MS })
      : new RateLimitedError('The org\'s API requests of the last 24 hours are used up.', { details, retryAfterMs: HOUR_MS });
  }
  if (code === 'LIMIT_EXCEEDED') return new RateLimitedError('The org\'s bulk query jobs of the last 24 hours are used up.', { details, retryAfterMs: HOUR_MS });
  if (status === 401 || SIGN_IN.has(code)) {
    return new AuthenticationFailedError('Access denied: Salesforce does not accept the session of this source.', {
      details, remedy: 'Sign in to Salesforce again, or enter a new access token; nothing is called until you do.',
    });
  }
  if (DISABLED.has(code)) {
    return new ConfigurationInvalidError('This org, or the user that signed in, may not use the API.', { details, remedy: 'In Salesforce give the user the permission "API Enabled", in an edition that has API access.' });
  }
  if (DENIED.has(code) || status === 403) {
    return new PermissionDeniedError(`The user that signed in can't read ${refused(message, path)}.`, {
      details, remedy: 'In the user\'s profile or permission sets allow Read on the object and its fields, or deselect the collection; an org without the feature doesn\'t have the object. Nothing else is affected.',
    });
  }
  if (status >= 500 || transient || status === 409 || BUSY.has(code)) return new PartnerUnavailableError(`Salesforce answered ${status} to ${path}, also when asked again.`, { details });
  return new PartnerContractError(`Salesforce answered ${status} to ${path}: it does not take this request.`, { details, remedy: 'Report the answer below.' });
}
