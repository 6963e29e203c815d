import {
  AuthenticationFailedError, type CloudSourcesError, ConfigurationInvalidError, PartnerContractError, PartnerUnavailableError, PermissionDeniedError, RateLimitedError,
} from '#contracts';
import type { PartnerAnswer } from '#connector-kit';
import { at } from './normalize/values.js';

/** Stripe blanks out most of a key when it quotes it; the rest goes too. */
const withoutKeys = (words: string): string => words.replace(/\b[rspw][kh](?:_live|_test|sec)?_[A-Za-z0-9_*]+/g, 'the API key');

function parse(body: Buffer): unknown {
  try { return JSON.parse(body.toString('utf8')) as unknown; } catch { return undefined; }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const value = Number(Array.isArray(header) ? header[0] : header);
  return Number.isFinite(value) && value > 0 ? value * 1_000 : undefined;
}

/**
 * Stripe's error bodies, `{"error":{"type","code","message","param"}}`, as errors of the taxonomy. Undefined when the body
 * isn't Stripe's: the kit maps by status.
 */
export function mapError({ status, headers, body, path }: PartnerAnswer): CloudSourcesError | undefined {
  const error = at(parse(body), 'error');
  if (error === undefined) return undefined;
  const message = withoutKeys(text(at(error, 'message')) ?? '');
  const code = text(at(error, 'code'));
  const requestId = text(headers['request-id']);
  const details = [message, ...(code === undefined ? [] : [`code: ${code}`]), ...(requestId === undefined ? [] : [`request: ${requestId}`])].filter((part) => part !== '').join(' · ');
  if (status === 401) {
    return new AuthenticationFailedError('Access denied: Stripe does not accept the API key.', {
      details, remedy: 'Make a new restricted key in Stripe\'s dashboard (Developers, API keys) and enter it for this source; nothing is called until you do.',
    });
  }
  if (status === 403 && (code === 'account_invalid' || /does not have access to account/.test(message))) {
    return new ConfigurationInvalidError('The API key has no access to the account of this source.', { details, remedy: 'Correct the account id, or enter a key of the platform that the account is connected to.' });
  }
  if (status === 403) {
    const permissions = [...new Set(message.match(/\brak_[a-z0-9_]+/g) ?? [])];
    return new PermissionDeniedError(`The API key is not allowed to read ${path}.`, {
      details,
      ...(permissions.length > 0 && { remedy: `Give the restricted key the permission ${permissions.join(' or ')} in Stripe's dashboard (Developers, API keys), or deselect the collection. Nothing else is affected.` }),
    });
  }
  if (status === 429) {
    const wait = retryAfterMs(headers['retry-after']);
    const title = code === 'lock_timeout' ? `Stripe could not read ${path} because another request holds it.` : `Stripe's rate limit is used up at ${path}.`;
    return new RateLimitedError(title, { details, ...(wait !== undefined && { retryAfterMs: wait }) });
  }
  if (status >= 500 || status === 409) return new PartnerUnavailableError(`Stripe answered ${status} to ${path}, also when asked again.`, { details });
  if (status === 404 && /Unrecognized request URL/.test(message)) {
    return new ConfigurationInvalidError(`There is no ${path} at this base URL.`, { details, remedy: 'Correct the base URL of the source: it must not hold a path of the API.' });
  }
  return new PartnerContractError(`Stripe answered ${status} to ${path}: it does not take this request.`, { details, remedy: 'Report the answer below.' });
}
