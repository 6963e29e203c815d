import {
  AuthenticationFailedError, type CloudSourcesError, ConfigurationInvalidError, PartnerContractError, PartnerUnavailableError,
  PermissionDeniedError, RateLimitedError,
} from '#contracts';
import { BlockedAddressError } from './address-guard.js';
import type { PartnerAnswer } from './types.js';

/** What went wrong, and what the partner wrote about it. */
interface Described {
  /** The partner's name, e.g. `Stripe`. */
  readonly title: string;
  readonly answer: PartnerAnswer;
  readonly retryAfterMs?: number | undefined;
}

/** The taxonomy's error for a status that the connector didn't map itself. The answer must hold no secret. */
export function defaultError({ title, answer, retryAfterMs }: Described): CloudSourcesError {
  const { status, path } = answer;
  const words = answer.body.toString('utf8').trim();
  const detail = { ...(words !== '' && { details: words }), ...(retryAfterMs !== undefined && { retryAfterMs }) };
  const what = `${title} answered ${status} to ${path}`;
  if (status === 401) return new AuthenticationFailedError(`${title} doesn't accept the credentials (${status} at ${path}).`, detail);
  if (status === 403) return new PermissionDeniedError(`${title} doesn't let these credentials read ${path} (${status}).`, detail);
  if (status === 429) return new RateLimitedError(`${title}'s rate limit is used up at ${path} (${status}).`, detail);
  if (status >= 500 || status === 408 || status === 409 || status === 425) return new PartnerUnavailableError(`${what}, also when asked again.`, detail);
  if (status >= 300 && status < 400) {
    return new ConfigurationInvalidError(`${what}, a redirect; redirects are not followed.`, { ...detail, remedy: 'Enter the base URL that the redirect leads to, if it is the partner\'s.' });
  }
  if (status === 404 && /^\s*</.test(words)) {
    return new ConfigurationInvalidError(`${what} with a web page: there is no API at this base URL.`, { ...detail, remedy: 'Correct the base URL of the source.' });
  }
  return new PartnerContractError(`${what}: it doesn't take this request.`, detail);
}

/** Error codes of a certificate that doesn't stand for the host: asking again doesn't help. */
const CERTIFICATE = /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERR_SSL_)/;

/** The `code` of a Node or undici error; its own name otherwise. */
function networkCode(thrown: unknown): string {
  const { code, name } = (thrown ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}

export interface NetworkFailure {
  readonly retriable: boolean;
  readonly error: CloudSourcesError;
}

/** The taxonomy's error for a request that got no (complete) answer. */
export function networkFailure(title: string, host: string, path: string, maxBodyBytes: number, thrown: unknown): NetworkFailure {
  const code = networkCode(thrown);
  const detail = { details: code, cause: thrown };
  if (thrown instanceof BlockedAddressError) {
    return { retriable: false, error: new ConfigurationInvalidError(`${host} is a private, local or reserved address; ${title} is not called there.`, {
      remedy: 'Enter the partner\'s public address. Where calling private addresses is wanted (a simulator, a proxy), the installation\'s setting must allow it.',
    }) };
  }
  // The second is an answer that was small only while it was compressed.
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' || code === 'ERR_BUFFER_TOO_LARGE') return { retriable: false, error: new PartnerContractError(`${title}'s answer to ${path} is larger than ${maxBodyBytes} bytes.`, detail) };
  if (code === 'UND_ERR_INVALID_ARG') {
    return { retriable: false, error: new ConfigurationInvalidError(`The request to ${path} can't be sent: the credentials or the address hold a character that HTTP doesn't allow.`, {
      remedy: 'Enter the credentials again, without line breaks or spaces around them.', details: code,
    }) };
  }
  if (CERTIFICATE.test(code)) {
    return { retriable: false, error: new PartnerUnavailableError(`${host} shows a certificate that can't be trusted (${code}).`, { ...detail, remedy: 'Check the base URL; if it is right, the partner has to renew its certificate.' }) };
  }
  if (code === 'ENOTFOUND') {
    return { retriable: true, error: new PartnerUnavailableError(`There is no address for ${host}.`, { ...detail, remedy: 'Check the base URL of the source, and this machine\'s name resolution.' }) };
  }
  return { retriable: true, error: new PartnerUnavailableError(`${title} gave no complete answer to ${path} (${code}), also when asked again.`, detail) };
}
