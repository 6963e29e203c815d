import { createHash, randomBytes } from 'node:crypto';
import { KeptState } from '../harness/kept-state.js';
import type { CredentialStore, Role } from './credentials.js';
import { ZendeskApiError } from './zendesk-error.js';

export interface ZendeskOAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  /** A public client has no use for its secret and must use PKCE. */
  readonly isPublic: boolean;
}

export type NewOAuthClient = Pick<ZendeskOAuthClient, 'redirectUris'> & Partial<ZendeskOAuthClient>;

/** Lifetimes of a global client since 2026-02: half an hour, and 30 days. */
const ACCESS_MS = 1_800_000;
const REFRESH_MS = 30 * 86_400_000;
const CODE_MS = 120_000;
const ROLES: readonly Role[] = ['admin', 'agent', 'end-user'];

interface Grant { readonly clientId: string; readonly role: Role; readonly scopes: readonly string[] }
interface Code extends Grant { readonly redirectUri: string; readonly challenge: string | undefined; readonly expiresAt: number }
interface Refresh extends Grant { readonly accessToken: string; readonly expiresAt: number }

const failed = (error: string, description: string, status = 400): ZendeskApiError => new ZendeskApiError(status, { error, error_description: description });
const invalidGrant = (): ZendeskApiError => failed('invalid_grant', 'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.');

/** Zendesk's authorization code flow. A refresh gives a new pair and ends the old one; each refresh token works once. */
export class OAuthServer {
  /** Who says yes, at once, to whatever is asked for, unless the query says who it is. */
  role: Role = 'admin';
  private readonly clients = new Map<string, ZendeskOAuthClient>();
  private readonly codes = new Map<string, Code>();
  private readonly refreshTokens: Map<string, Refresh>;

  constructor(private readonly credentials: CredentialStore, private readonly now: () => number, private readonly email: string, state = new KeptState()) {
    this.refreshTokens = state.map('refresh_tokens');
  }

  addClient({ redirectUris, isPublic = false, clientId = `client_${randomBytes(6).toString('hex')}`, clientSecret = randomBytes(32).toString('hex') }: NewOAuthClient): ZendeskOAuthClient {
    const client = { clientId, clientSecret, redirectUris, isPublic };
    this.clients.set(client.clientId, client);
    return client;
  }

  /** `GET /oauth/authorizations/new`; `as` in the query is who agrees, or `nobody`. @returns where the browser is sent @throws ZendeskApiError */
  authorize(query: URLSearchParams): string {
    const client = this.clients.get(query.get('client_id') ?? '');
    const redirectUri = query.get('redirect_uri') ?? '';
    if (client === undefined || !client.redirectUris.includes(redirectUri)) throw failed('invalid_client', 'Client authentication failed due to unknown client or redirect URI.');
    const challenge = query.get('code_challenge') ?? undefined;
    const target = new URL(redirectUri);
    const answer = (name: string, value: string): string => {
      target.searchParams.set(name, value);
      const state = query.get('state');
      if (state !== null) target.searchParams.set('state', state);
      return target.toString();
    };
    const as = query.get('as');
    if (as === 'nobody') return answer('error', 'access_denied');
    if (query.get('response_type') !== 'code' || (client.isPublic && challenge === undefined) || (challenge !== undefined && query.get('code_challenge_method') !== 'S256')) return answer('error', 'invalid_request');
    const code = randomBytes(20).toString('hex');
    this.codes.set(code, { clientId: client.clientId, role: ROLES.find((role) => role === as) ?? this.role, scopes: (query.get('scope') ?? 'read').split(' '), redirectUri, challenge, expiresAt: this.now() + CODE_MS });
    return answer('code', code);
  }

  /** `POST /oauth/tokens`, JSON or a form. @throws ZendeskApiError */
  token(body: string): Record<string, unknown> {
    const input = parameters(body);
    const client = this.clients.get(input.get('client_id') ?? '');
    if (client === undefined || (!client.isPublic && input.get('client_secret') !== client.clientSecret)) throw failed('invalid_client', 'Client authentication failed.', 401);
    switch (input.get('grant_type')) {
      case 'authorization_code': return this.issue(this.redeem(input, client), input);
      case 'refresh_token': return this.issue(this.rotate(input, client), input);
      case 'client_credentials': {
        if (client.isPublic) throw failed('unauthorized_client', 'The client is not authorized to request a token using this method.');
        return this.issue({ clientId: client.clientId, role: this.role, scopes: (input.get('scope') ?? 'read').split(' ') }, input, false);
      }
      default: throw failed('unsupported_grant_type', 'The authorization grant type is not supported by the authorization server.');
    }
  }

  /** Ends every grant, as when a person takes the access back. */
  revokeGrants(): void {
    for (const { accessToken } of this.refreshTokens.values()) this.credentials.revoke(accessToken);
    this.refreshTokens.clear();
    this.codes.clear();
  }

  private redeem(input: URLSearchParams, client: ZendeskOAuthClient): Grant {
    const code = input.get('code') ?? '';
    const found = this.codes.get(code);
    this.codes.delete(code);
    const verifier = createHash('sha256').update(input.get('code_verifier') ?? '').digest('base64url');
    if (found === undefined || found.clientId !== client.clientId || found.redirectUri !== input.get('redirect_uri') || found.expiresAt <= this.now() || (found.challenge !== undefined && found.challenge !== verifier)) throw invalidGrant();
    return found;
  }

  private rotate(input: URLSearchParams, client: ZendeskOAuthClient): Grant {
    const token = input.get('refresh_token') ?? '';
    const found = this.refreshTokens.get(token);
    if (found === undefined || found.clientId !== client.clientId || found.expiresAt <= this.now()) throw invalidGrant();
    this.refreshTokens.delete(token);
    this.credentials.revoke(found.accessToken);
    return found;
  }

  private issue({ clientId, role, scopes }: Grant, input: URLSearchParams, refreshable = true): Record<string, unknown> {
    const lifetime = (name: string, otherwise: number): number => (input.get(name) === null ? otherwise : Number(input.get(name)) * 1_000);
    const [accessMs, refreshMs] = [lifetime('expires_in', ACCESS_MS), lifetime('refresh_token_expires_in', REFRESH_MS)];
    const accessToken = this.credentials.accessToken(this.email, role, scopes, accessMs);
    const refreshToken = randomBytes(32).toString('hex');
    if (refreshable) this.refreshTokens.set(refreshToken, { clientId, role, scopes, accessToken, expiresAt: this.now() + refreshMs });
    return {
      access_token: accessToken, token_type: 'bearer', scope: scopes.join(' '), expires_in: accessMs / 1_000,
      ...(refreshable && { refresh_token: refreshToken, refresh_token_expires_in: refreshMs / 1_000 }),
    };
  }
}

function parameters(body: string): URLSearchParams {
  if (!body.trimStart().startsWith('{')) return new URLSearchParams(body);
  try {
    return new URLSearchParams(Object.entries(JSON.parse(body) as Record<string, unknown>).map(([name, value]): [string, string] => [name, String(value)]));
  } catch {
    throw failed('invalid_request', 'The request is malformed.');
  }
}
