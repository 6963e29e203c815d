import { createHash, randomBytes } from 'node:crypto';
import { ConfigurationInvalidError } from '#contracts';
import type { Credentials } from '../credentials.js';

/** What a token endpoint answered, parsed. */
export type TokenAnswer = Readonly<Record<string, unknown>>;

/**
 * How a partner gives out and renews access tokens (OAuth 2 authorization code with PKCE S256, RFC 6749 and 7636). Pure: the
 * platform makes the calls, keeps the tokens, and renews them for every connector in the same way. The credentials get
 * `accessToken` (which `authenticate` takes), and what `credentials` adds.
 */
export interface OAuth {
  /** Where a person agrees. `configuration` holds what they entered so far. @throws ConfigurationInvalidError */
  authorizeUrl(configuration: Credentials): string;
  /** @throws ConfigurationInvalidError */
  tokenUrl(configuration: Credentials): string;
  /**
   * Domains that both URLs must be in, e.g. `['salesforce.com']`: the client's secret goes nowhere else, whatever somebody enters
   * as login URL. Not checked where private addresses are allowed (simulators).
   */
  readonly hosts: readonly string[];
  /** Asked for, joined by spaces. */
  readonly scopes: readonly string[];
  /** Where the client's id and secret go in a token request: parameters, or a Basic header. Default `body`. */
  readonly clientAuthentication?: 'body' | 'basic';
  /** How token requests are written. Default `form`. */
  readonly tokenRequest?: 'form' | 'json';
  /** Added to the authorize URL, e.g. `{ prompt: 'consent' }`. */
  readonly authorizeParameters?: Readonly<Record<string, string>>;
  /** Added to every token request, e.g. `{ expires_in: '172800' }`. */
  readonly tokenParameters?: Readonly<Record<string, string>>;
  /** Fields of the configuration, beside `accessToken`, that come with the tokens and aren't asked for, e.g. `instanceUrl`. */
  readonly provides?: readonly string[];
  /** Values for `provides` out of a token answer; those that are undefined stay as they were. */
  credentials?(answer: TokenAnswer): Readonly<Record<string, string | undefined>>;
  /**
   * Token parameters of credentials that are a grant by themselves, without a person and without a refresh token (JWT bearer, client
   * credentials): asking again is how they are renewed. Undefined: they are none.
   * @param now milliseconds since the epoch
   * @throws ConfigurationInvalidError
   */
  grant?(credentials: Credentials, now: number): Readonly<Record<string, string>> | undefined;
  /** How long an access token lives, in milliseconds, when the answer has no `expires_in`. Unknown: it is renewed after a 401 only. */
  readonly accessTokenMs?: number;
  /** How long a refresh token lives without use, in milliseconds. Idle sources are renewed before half of it is over. */
  readonly refreshTokenMs?: number;
  /**
   * Whether asking again with the same refresh token is in vain. Undefined leaves it to the platform: `invalid_grant`,
   * `invalid_client` and their like are, everything else is worth another try.
   */
  permanent?(error: string, description: string): boolean | undefined;
}

/** The client as which this installation, or a workspace, is registered at the partner's. */
export interface OAuthClient {
  readonly clientId: string;
  /** None for a public client. */
  readonly clientSecret?: string;
}

/** Names in the credentials that aren't fields of a configuration but belong to the tokens. `expiresAt`: milliseconds since the epoch. */
const TOKEN_NAMES = ['accessToken', 'refreshToken', 'expiresAt', 'oauthClientId', 'renewedBy'] as const;

/** What the tokens brought: the rest is what a person entered. */
export function tokenPart(oauth: OAuth, credentials: Credentials): Credentials {
  const names: readonly string[] = [...TOKEN_NAMES, ...oauth.provides ?? []];
  return Object.fromEntries(Object.entries(credentials).filter(([name]) => names.includes(name)));
}

/** What calls need: a process that only calls never sees what renewals take. */
export function withoutRefreshToken({ refreshToken: _token, privateKey: _key, clientSecret: _secret, ...rest }: Credentials): Credentials {
  return rest;
}

/** Whether these credentials came by OAuth and can be renewed. */
export const isRenewable = ({ refreshToken, oauthClientId, privateKey, clientSecret, renewedBy }: Credentials): boolean =>
  renewedBy === 'grant' ? privateKey !== undefined || clientSecret !== undefined : refreshToken !== undefined && oauthClientId !== undefined;

/** A verifier of 256 random bits and its S256 challenge (RFC 7636 §4). */
export function newPkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly challenge: string;
  /** Where private addresses are allowed. */
  readonly anyHost: boolean;
}

/** One of the OAuth's own URLs. @throws ConfigurationInvalidError when it leads elsewhere */
export function trustedUrl({ hosts }: OAuth, text: string, anyHost: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const trusted = anyHost ? /^https?:$/.test(url?.protocol ?? '') : url?.protocol === 'https:' && url.port === '' && hosts.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`));
  if (url === undefined || !trusted || url.username !== '' || url.password !== '') {
    throw new ConfigurationInvalidError('The login address is not one of the partner\'s.', { remedy: `Enter an https address in ${hosts.join(' or ')}.` });
  }
  return url;
}

/** The URL to send a person to. @throws ConfigurationInvalidError */
export function authorizationUrl(oauth: OAuth, configuration: Credentials, { clientId, redirectUri, state, challenge, anyHost }: AuthorizationRequest): string {
  trustedUrl(oauth, oauth.tokenUrl(configuration), anyHost);
  const url = trustedUrl(oauth, oauth.authorizeUrl(configuration), anyHost);
  const parameters = {
    ...oauth.authorizeParameters, response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state, code_challenge: challenge, code_challenge_method: 'S256',
    ...(oauth.scopes.length > 0 && { scope: oauth.scopes.join(' ') }),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}
