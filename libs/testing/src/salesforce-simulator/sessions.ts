import { createHash, createVerify, randomBytes, type KeyLike } from 'node:crypto';
import { KeptState } from '../harness/kept-state.js';
import type { SimulatedClock } from '../stripe-simulator/clock.js';
import type { Reader } from './org.js';
import { OAuthError, invalidSession } from './salesforce-error.js';

/** Someone who signs in. `denied` and `viewSetup` may be changed at any time. */
export interface SalesforceUser extends Reader {
  readonly username: string;
  /** `Lead` or `Account.Phone`: what the profile doesn't let them read. */
  readonly denied: Set<string>;
  /** May read `/limits`. */
  viewSetup: boolean;
}

/** An external client app. */
export interface ClientApp {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Each refresh token works once. */
  rotation: boolean;
  /** Public key of the certificate for JWT bearer; undefined: the app takes none. */
  jwtKey?: KeyLike;
  /** Who the client credentials flow runs as; undefined: nobody. */
  runAs?: SalesforceUser;
  /** Users who haven't approved the app. */
  readonly unapproved: Set<string>;
}

interface Grant { readonly id: string; readonly user: SalesforceUser; readonly app: ClientApp }
/** A refresh token in words that can be kept. */
interface KeptToken { readonly grant: string; readonly username: string; readonly clientId: string; readonly used: boolean }
interface Session { readonly user: SalesforceUser; readonly grant: Grant | undefined; usedAt: number }
interface Code { readonly user: SalesforceUser; readonly app: ClientApp; readonly challenge: string | undefined; readonly redirectUri: string; readonly at: number }

const TWO_HOURS = 7_200_000;
const TEN_MINUTES = 600_000;

const newGrant = (user: SalesforceUser, app: ClientApp): Grant => ({ id: randomBytes(8).toString('hex'), user, app });

/** Sessions and OAuth 2 of an org. All tokens are random bytes of this process. */
export class Sessions {
  /** Idle time after which a session ends, milliseconds. */
  sessionMs = TWO_HOURS;
  readonly apps = new Map<string, ClientApp>();
  readonly users: SalesforceUser[] = [];
  private readonly sessions = new Map<string, Session>();
  private readonly refreshTokens: Map<string, KeptToken>;
  private readonly revoked: Map<string, true>;
  private readonly codes = new Map<string, Code>();

  constructor(private readonly orgId: string, private readonly clock: SimulatedClock, state = new KeptState()) {
    this.refreshTokens = state.map('refresh_tokens');
    this.revoked = state.map('revoked_grants');
  }

  addUser(user: SalesforceUser): SalesforceUser {
    this.users.push(user);
    return user;
  }

  addApp(rotation: boolean, clientId = `3MVG9${randomBytes(24).toString('hex')}`, clientSecret = randomBytes(32).toString('hex').toUpperCase()): ClientApp {
    const app: ClientApp = { clientId, clientSecret, rotation, unapproved: new Set() };
    this.apps.set(app.clientId, app);
    return app;
  }

  /** A new session's access token. */
  open(user: SalesforceUser, grant?: Grant): string {
    const token = `${this.orgId.slice(0, 15)}!${randomBytes(48).toString('base64url')}`;
    this.sessions.set(token, { user, grant, usedAt: this.clock.now() });
    return token;
  }

  /** A refresh token as if the user had just signed in. */
  grant(user: SalesforceUser, app: ClientApp): string {
    return this.newRefreshToken(newGrant(user, app));
  }

  /** Ends a session, or all. */
  expire(token?: string): void {
    if (token === undefined) this.sessions.clear();
    else this.sessions.delete(token);
  }

  /** @throws SalesforceApiError INVALID_SESSION_ID */
  authenticate(authorization: string | undefined): SalesforceUser {
    const token = /^(?:Bearer|OAuth) (.+)$/.exec(authorization ?? '')?.[1];
    const session = token === undefined ? undefined : this.sessions.get(token);
    if (session === undefined || session.usedAt + this.sessionMs < this.clock.now() || (session.grant !== undefined && this.revoked.has(session.grant.id))) throw invalidSession();
    session.usedAt = this.clock.now();
    return session.user;
  }

  /** The user agreed: the code for the redirect. @throws OAuthError */
  authorize(query: URLSearchParams, user: SalesforceUser): string {
    const app = this.apps.get(query.get('client_id') ?? '');
    if (app === undefined) throw new OAuthError('invalid_client_id', 'client identifier invalid');
    const code = `aPrx${randomBytes(24).toString('base64url')}`;
    this.codes.set(code, { user, app, challenge: query.get('code_challenge') ?? undefined, redirectUri: query.get('redirect_uri') ?? '', at: this.clock.now() });
    return code;
  }

  /** The token endpoint. @throws OAuthError */
  token(form: URLSearchParams, url: string): Record<string, unknown> {
    switch (form.get('grant_type')) {
      case 'authorization_code': return this.fromCode(form, url);
      case 'refresh_token': return this.refresh(form, url);
      case 'urn:ietf:params:oauth:grant-type:jwt-bearer': return this.fromJwt(form.get('assertion') ?? '', url);
      case 'client_credentials': {
        const app = this.client(form, true);
        if (app.runAs === undefined) throw new OAuthError('invalid_grant', 'no client credentials user enabled');
        return this.answer(newGrant(app.runAs, app), url);
      }
      default: throw new OAuthError('unsupported_grant_type', 'grant type not supported');
    }
  }

  /** Revokes the grant that a token belongs to. @throws OAuthError */
  revoke(token: string): void {
    const grant = this.refreshTokens.get(token)?.grant ?? this.sessions.get(token)?.grant?.id;
    if (grant !== undefined) this.revoked.set(grant, true);
    else if (!this.sessions.delete(token)) throw new OAuthError('invalid_token', 'invalid token');
  }

  private fromCode(form: URLSearchParams, url: string): Record<string, unknown> {
    const text = form.get('code') ?? '';
    const code = this.codes.get(text);
    const app = this.client(form, false);
    // A code works once, whatever comes of it.
    this.codes.delete(text);
    if (code === undefined || code.app !== app || code.at + TEN_MINUTES < this.clock.now()) throw new OAuthError('invalid_grant', 'expired authorization code');
    if (code.redirectUri !== form.get('redirect_uri')) throw new OAuthError('redirect_uri_mismatch', 'redirect_uri must match configuration');
    if (code.challenge !== undefined && createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url') !== code.challenge) throw new OAuthError('invalid_grant', 'invalid code verifier');
    const grant = newGrant(code.user, app);
    return { ...this.answer(grant, url), refresh_token: this.newRefreshToken(grant) };
  }

  private refresh(form: URLSearchParams, url: string): Record<string, unknown> {
    const app = this.client(form, false);
    const token = form.get('refresh_token') ?? '';
    const known = this.refreshTokens.get(token);
    const user = this.users.find(({ username }) => username === known?.username);
    if (known === undefined || user === undefined || known.clientId !== app.clientId || this.revoked.has(known.grant)) throw new OAuthError('invalid_grant', 'expired access/refresh token');
    if (known.used) {
      // A rotated token that comes back was stolen, or a crash lost its successor: nobody can tell, so all of them end.
      this.revoked.set(known.grant, true);
      throw new OAuthError('invalid_grant', 'expired access/refresh token');
    }
    const grant = { id: known.grant, user, app };
    if (!app.rotation) return this.answer(grant, url);
    this.refreshTokens.set(token, { ...known, used: true });
    return { ...this.answer(grant, url), refresh_token: this.newRefreshToken(grant) };
  }

  private fromJwt(assertion: string, url: string): Record<string, unknown> {
    const [head = '', claims = '', signature = ''] = assertion.split('.');
    let payload: { iss?: string; sub?: string; aud?: string; exp?: number };
    try {
      payload = JSON.parse(Buffer.from(claims, 'base64url').toString()) as typeof payload;
    } catch {
      throw new OAuthError('invalid_grant', 'invalid assertion');
    }
    const app = this.apps.get(payload.iss ?? '');
    if (app === undefined) throw new OAuthError('invalid_client_id', 'client identifier invalid');
    if (app.jwtKey === undefined || !createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(app.jwtKey, Buffer.from(signature, 'base64url'))) throw new OAuthError('invalid_grant', 'invalid assertion');
    const now = this.clock.now() / 1_000;
    if (typeof payload.exp !== 'number' || payload.exp < now || payload.exp > now + 185) throw new OAuthError('invalid_grant', 'invalid assertion');
    if (![url, 'https://login.salesforce.com', 'https://test.salesforce.com'].includes(payload.aud ?? '')) throw new OAuthError('invalid_grant', 'audience is invalid');
    const user = this.users.find(({ username }) => username === payload.sub);
    if (user === undefined || app.unapproved.has(user.username)) throw new OAuthError('invalid_grant', "user hasn't approved this consumer");
    return this.answer(newGrant(user, app), url);
  }

  private client(form: URLSearchParams, needsSecret: boolean): ClientApp {
    const app = this.apps.get(form.get('client_id') ?? '');
    if (app === undefined) throw new OAuthError('invalid_client_id', 'client identifier invalid');
    const secret = form.get('client_secret');
    if ((needsSecret || secret !== null) && secret !== app.clientSecret) throw new OAuthError('invalid_client', 'invalid client credentials');
    return app;
  }

  /** No `expires_in`: the client learns the end by a 401. */
  private answer(grant: Grant, url: string): Record<string, unknown> {
    return {
      access_token: this.open(grant.user, grant), instance_url: url, id: `${url}/id/${this.orgId}/${grant.user.userId}`, token_type: 'Bearer', issued_at: String(this.clock.now()),
      signature: randomBytes(32).toString('base64'), scope: 'refresh_token api',
    };
  }

  private newRefreshToken(grant: Grant): string {
    const token = `5Aep${randomBytes(40).toString('base64url')}`;
    this.refreshTokens.set(token, { grant: grant.id, username: grant.user.username, clientId: grant.app.clientId, used: false });
    return token;
  }
}
