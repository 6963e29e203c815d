import { AuthenticationFailedError, ConfigurationInvalidError, PermissionDeniedError, RateLimitedError, type CloudSourcesError } from '#contracts';
import type { PartnerAnswer } from '#connector-kit';
import { at, isObject } from './normalize/values.js';

/** A 429 has been seen without a word on when to come back. */
const DEFAULT_WAIT_MS = 60_000;

/** When Zendesk ends API tokens, for help and errors. */
export const API_TOKENS_END = '2027-04-30';

/** An error body's name and everything it says. `error` is a text on most answers, an object where a role isn't enough. */
export function errorOf(body: Buffer): { readonly name: string | undefined; readonly words: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return { name: undefined, words: body.toString('utf8').trim() };
  }
  const error = at(parsed, 'error');
  const name = typeof error === 'string' ? error : at(error, 'title');
  const details = at(parsed, 'details');
  const words = [name, at(error, 'message'), at(parsed, 'description'), at(parsed, 'error_description'), isObject(details) ? JSON.stringify(details) : undefined];
  return { name: typeof name === 'string' ? name : undefined, words: words.filter((one) => typeof one === 'string' && one !== '').join(': ') };
}

/** Zendesk's error bodies as errors of the taxonomy. Undefined leaves the answer to the kit, which maps by status. */
export function mapError({ status, headers, body, path }: PartnerAnswer): CloudSourcesError | undefined {
  const { name, words } = errorOf(body);
  if (status === 429) {
    const header = headers['retry-after'];
    const wait = Number(Array.isArray(header) ? header[0] : header);
    return new RateLimitedError(`Zendesk's rate limit is used up at ${path}.`, { details: words, retryAfterMs: header !== undefined && Number.isFinite(wait) && wait >= 0 ? wait * 1_000 : DEFAULT_WAIT_MS });
  }
  if (status === 404 && words.startsWith('<')) {
    return new ConfigurationInvalidError('There is no Zendesk account at this subdomain.', { remedy: 'Correct the subdomain: the first part of the Zendesk address only, acme for acme.zendesk.com.' });
  }
  if (name === undefined) return undefined;
  const detail = { details: words };
  if (status === 401 && name === 'invalid_token') {
    return new AuthenticationFailedError('Access denied: the access token has expired or was revoked.', { ...detail, remedy: 'Connect the source to Zendesk again; nothing is called until you do.' });
  }
  if (status === 401) {
    return new AuthenticationFailedError('Access denied: Zendesk does not accept the credentials.', {
      ...detail, remedy: `Connect the source by OAuth. Zendesk switches off API tokens that were idle for 30 days, and all of them on ${API_TOKENS_END}; nothing is called until the credentials change.`,
    });
  }
  if (status === 403) {
    const scopes = /required scopes?: ([\w:, ]+)/.exec(words)?.[1];
    return new PermissionDeniedError(`Zendesk does not let these credentials read ${path}.`, {
      ...detail, remedy: scopes === undefined
        ? 'Let an administrator of the Zendesk account connect the source (exports, ratings, SLA policies and audit logs are for administrators), or deselect the collection. Forms and audit logs need the Enterprise plan. Nothing else is affected.'
        : `Connect the source with the scope ${scopes}, or deselect the collection. Nothing else is affected.`,
    });
  }
  if (status === 404 && (name === 'RecordNotFound' || name === 'InvalidEndpoint')) {
    return new PermissionDeniedError(`This Zendesk account has no ${path}.`, { ...detail, remedy: 'The account\'s plan doesn\'t have this feature: deselect the collection. Nothing else is affected.' });
  }
  return undefined;
}
