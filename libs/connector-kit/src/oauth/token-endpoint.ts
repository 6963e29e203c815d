import { AuthenticationFailedError, ConfigurationInvalidError, PartnerContractError, PartnerUnavailableError } from '#contracts';
import type { Connector, Credentials } from '../connector.js';
import { createPartnerHttp, type PartnerHttpOptions } from '../http/partner-http.js';
import type { PartnerResponse } from '../http/types.js';
import { trustedUrl, type OAuth, type OAuthClient, type TokenAnswer } from './oauth.js';

export interface TokenRequestOptions extends Pick<PartnerHttpOptions, 'allowPrivateAddresses' | 'signal' | 'clock' | 'headersTimeoutMs'> {
  readonly connector: Pick<Connector, 'declaration' | 'oauth'>;
  /** Not needed for credentials that are a grant by themselves. */
  readonly client?: OAuthClient;
}

/** Refusals that don't go away by themselves: RFC 6749 §5.2, and what partners add. */
const PERMANENT = new Set(['invalid_grant', 'invalid_client', 'invalid_client_id', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope', 'access_denied', 'inactive_user', 'inactive_org']);
/** Of those, refusals of the client alone. */
const OF_CLIENT = new Set(['invalid_client', 'invalid_client_id']);
/** A person, or all workers of a source, wait for it. */
const ATTEMPT_TIMEOUT_MS = 30_000;

/**
 * Credentials for an authorization code.
 * @param configuration what a person entered; the credentials are it and the tokens
 * @throws AuthenticationFailedError when the partner refuses the code or the client; RateLimitedError | PartnerUnavailableError | PartnerContractError | ConfigurationInvalidError
 */
export async function exchangeCode(options: TokenRequestOptions, configuration: Credentials, { code, verifier, redirectUri }: { readonly code: string; readonly verifier: string; readonly redirectUri: string }): Promise<Credentials> {
  return request(options, configuration, { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier });
}

/**
 * The same credentials with a new access token, and a new refresh token when the partner rotates them. It is asked once: of a
 * repeat nobody knows whether the first request had used the refresh token up. One caller at a time for one source: see the
 * credential repository.
 * @throws AuthenticationFailedError when the partner refuses for good; RateLimitedError | PartnerUnavailableError | PartnerContractError when it is worth another try; ConfigurationInvalidError
 */
export async function refreshCredentials(options: TokenRequestOptions, credentials: Credentials): Promise<Credentials> {
  const grant = options.connector.oauth?.grant?.(credentials, (options.clock ?? Date.now)());
  if (grant !== undefined) {
    const { client: _, ...own } = options;
    return { ...await request(own, credentials, grant), renewedBy: 'grant' };
  }
  const { refreshToken } = credentials;
  if (refreshToken === undefined) throw new AuthenticationFailedError(`The access to ${options.connector.declaration.title} can't be renewed: there is no refresh token.`, { remedy: RECONNECT });
  return request(options, credentials, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

const RECONNECT = 'Connect the source again; nothing is called until you do.';

async function request(options: TokenRequestOptions, known: Credentials, parameters: Readonly<Record<string, string>>): Promise<Credentials> {
  const { connector: { declaration, oauth }, client } = options;
  if (oauth === undefined) throw new PartnerContractError(`${declaration.title} gives out no access by OAuth.`);
  const clock = options.clock ?? Date.now;
  const url = trustedUrl(oauth, oauth.tokenUrl(known), options.allowPrivateAddresses === true);
  const { title } = declaration;
  const basic = oauth.clientAuthentication === 'basic';
  const fields = {
    ...oauth.tokenParameters, ...parameters,
    ...(!basic && client !== undefined && { client_id: client.clientId, ...(client.clientSecret !== undefined && { client_secret: client.clientSecret }) }),
  };
  // Everything that must not get out, under names of its own.
  const secrets = { code: parameters['code'] ?? '', verifier: parameters['code_verifier'] ?? '', refresh: known['refreshToken'] ?? '', client: client?.clientSecret ?? '', assertion: parameters['assertion'] ?? '', key: known['privateKey'] ?? '', own: known['clientSecret'] ?? '' };
  const { allowPrivateAddresses, signal, headersTimeoutMs = 20_000 } = options;
  const http = createPartnerHttp({
    connector: {
      declaration: { ...declaration, configuration: Object.keys(secrets).map((name) => ({ name, type: 'secret', title: name, help: '', required: false })), limits: { text: '' } },
      authenticate: (): Readonly<Record<string, string>> => basic && client !== undefined ? { authorization: `Basic ${Buffer.from(`${encodeURIComponent(client.clientId)}:${encodeURIComponent(client.clientSecret ?? '')}`).toString('base64')}` } : {},
      baseUrl: () => url.origin,
    },
    credentials: secrets, maxAttempts: 1, maxBodyBytes: 1_048_576, connections: 1, clock,
    connectTimeoutMs: 10_000, headersTimeoutMs, attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
    ...(allowPrivateAddresses !== undefined && { allowPrivateAddresses }), ...(signal !== undefined && { signal }),
  });
  try {
    const askedAt = clock();
    const json = oauth.tokenRequest === 'json';
    const response = await http.send({
      path: `${url.pathname}${url.search}`, method: 'POST', collection: 'oauth', accept: [400, 401, 403],
      headers: { 'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded' },
      body: json ? JSON.stringify(fields) : new URLSearchParams(fields).toString(),
    });
    if (response.status >= 400) throw refusal(title, oauth, client, response);
    return toCredentials(title, oauth, known, client, read(title, response), askedAt);
  } finally {
    await http.close();
  }
}

/** The answer holds tokens: unlike others it is never quoted. */
function read(title: string, { body }: PartnerResponse): TokenAnswer {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed as TokenAnswer;
  } catch { /* Below. */ }
  throw new PartnerContractError(`${title}'s token endpoint answered something that is no JSON object.`);
}

const text = (value: unknown): string | undefined => typeof value === 'string' && value !== '' ? value : undefined;

function toCredentials(title: string, oauth: OAuth, known: Credentials, client: OAuthClient | undefined, answer: TokenAnswer, askedAt: number): Credentials {
  const accessToken = text(answer['access_token']);
  if (accessToken === undefined) throw new PartnerContractError(`${title}'s token endpoint answered without an access token.`);
  // On our clock, from before the request: too early rather than too late.
  const seconds = Number(answer['expires_in'] ?? Number.NaN);
  const lifeMs = Number.isFinite(seconds) ? seconds * 1_000 : oauth.accessTokenMs;
  const refreshToken = text(answer['refresh_token']) ?? known['refreshToken'];
  const { expiresAt: _, ...rest } = known;
  const more = Object.entries(oauth.credentials?.(answer) ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...rest, ...Object.fromEntries(more), accessToken, ...(client !== undefined && { oauthClientId: client.clientId }),
    ...(refreshToken !== undefined && { refreshToken }), ...(lifeMs !== undefined && { expiresAt: String(Math.round(askedAt + lifeMs)) }),
  };
}

/** RFC 6749 §5.2, or whatever came instead. Secrets are blanked out of the response. */
function refusal(title: string, oauth: OAuth, client: OAuthClient | undefined, response: PartnerResponse): AuthenticationFailedError | ConfigurationInvalidError | PartnerContractError | PartnerUnavailableError {
  const words = response.body.toString('utf8').slice(0, 2_000);
  let error = '';
  let description = '';
  try {
    const body = JSON.parse(words) as { error?: unknown; error_description?: unknown } | null;
    error = text(body?.error) ?? '';
    description = text(body?.error_description) ?? '';
  } catch { /* The words are all there is. */ }
  const details = words === '' ? {} : { details: words };
  // Not the source's access but who we are registered as: whoever set the client can mend it, and then everything goes on.
  if (client !== undefined && OF_CLIENT.has(error)) {
    return new ConfigurationInvalidError(`${title} refuses the OAuth client that this source was connected with (${error}).`, {
      ...details, remedy: 'Correct the id or the secret of the OAuth client; sources go on by themselves then, nobody needs to connect them again.',
    });
  }
  if (oauth.permanent?.(error, description) ?? PERMANENT.has(error)) {
    return new AuthenticationFailedError(`${title} doesn't give out access any more (${error}${description === '' ? '' : `: ${description}`}).`, { ...details, remedy: RECONNECT });
  }
  if (error === 'temporarily_unavailable' || error === 'server_error') return new PartnerUnavailableError(`${title}'s token endpoint is unavailable (${error}).`, details);
  return new PartnerContractError(`${title}'s token endpoint answered ${response.status}${error === '' ? '' : ` (${error})`}.`, details);
}
