import { randomBytes } from 'node:crypto';
import { forbiddenRole, forbiddenScope, invalidToken, notAuthenticated } from './zendesk-error.js';

export type Role = 'admin' | 'agent' | 'end-user';

/** Who asks. */
export interface Identity {
  readonly role: Role;
  /** Undefined: an API token, which has no scopes. */
  readonly scopes?: readonly string[];
  readonly email: string;
}

const RANK: Readonly<Record<Role, number>> = { 'end-user': 0, agent: 1, admin: 2 };

/** API tokens and OAuth access tokens of the account. */
export class CredentialStore {
  private readonly apiTokens = new Map<string, Identity>();
  private readonly accessTokens = new Map<string, Identity & { readonly expiresAt: number | undefined }>();

  constructor(private readonly now: () => number) {}

  /** A new API token that works together with this e-mail address. */
  apiToken(email: string, role: Role): string {
    const token = randomBytes(20).toString('hex');
    this.apiTokens.set(`${email}/token:${token}`, { role, email });
    return token;
  }

  /** A new OAuth access token. @param lifetimeMs it is refused afterwards, on the simulator's clock */
  accessToken(email: string, role: Role, scopes: readonly string[], lifetimeMs?: number, token = randomBytes(32).toString('hex')): string {
    this.accessTokens.set(token, { role, email, scopes, expiresAt: lifetimeMs === undefined ? undefined : this.now() + lifetimeMs });
    return token;
  }

  /** Refuses one access token from now on. */
  revoke(accessToken: string): void {
    this.accessTokens.delete(accessToken);
  }

  /** Refuses all tokens of both kinds that were given out so far. */
  revokeAll(): void {
    this.apiTokens.clear();
    this.accessTokens.clear();
  }

  /** Undefined without credentials. @throws ZendeskApiError 401 */
  authenticate(authorization: string | undefined): Identity | undefined {
    if (authorization === undefined) return undefined;
    const [scheme = '', value = ''] = authorization.split(' ');
    if (/^bearer$/i.test(scheme)) {
      const found = this.accessTokens.get(value);
      if (found === undefined || (found.expiresAt !== undefined && found.expiresAt <= this.now())) throw invalidToken();
      return found;
    }
    const found = /^basic$/i.test(scheme) ? this.apiTokens.get(Buffer.from(value, 'base64').toString('utf8')) : undefined;
    if (found === undefined) throw notAuthenticated();
    return found;
  }

  /** @param scopes any one of them will do @throws ZendeskApiError 403 */
  authorize({ role, scopes: held }: Identity, least: Role, scopes: readonly string[]): void {
    if (held !== undefined && !scopes.some((scope) => held.includes(scope))) throw forbiddenScope(scopes.slice(0, 1));
    if (RANK[role] < RANK[least]) throw forbiddenRole();
  }
}
