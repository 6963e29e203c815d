import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AuthenticationFailedError, CloudSourcesError, ConfigurationInvalidError } from '#contracts';
import { authorizationUrl, exchangeCode, newPkce, type Connector, type Credentials, type OAuth } from '#connector-kit';
import { clientOf, sealClient } from '#oauth';
import { OAuthRepository, SourceRepository, newId, type Principal } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { Catalog } from '../catalog/catalog.js';
import { GatewayConfig } from '../gateway.config.js';
import { Problem, invalid, notFound } from '../http/problem.js';
import { readConfiguration } from '../sources/source-input.js';
import { VAULT } from '../tokens.js';

/** A person is at the partner's. */
const AUTHORIZATION_MS = 600_000;
/** Tokens wait for their source; access tokens may live for half an hour only. */
const GRANT_MS = 900_000;

type OAuthConnector = Connector & { readonly oauth: OAuth };

export interface StartOAuth { readonly configuration?: Readonly<Record<string, unknown>>; readonly returnTo?: string; readonly sourceId?: string }

/** Where a person goes after the callback, and what they are told. */
export type Returned =
  | { readonly ok: true; readonly title: string; readonly grantId: string; readonly returnTo: string | null }
  | { readonly ok: false; readonly error: CloudSourcesError; readonly returnTo: string | null };

@Injectable()
export class OAuthService {
  constructor(
    private readonly catalog: Catalog, private readonly oauth: OAuthRepository, private readonly sources: SourceRepository, @Inject(VAULT) private readonly vault: Vault, private readonly config: GatewayConfig,
  ) {}

  get redirectUri(): string { return new URL('/api/v1/oauth/callback', this.config.publicUrl).href; }

  /** The operator's clients, from the configuration. @throws Error naming the entry, never its values */
  async setOperatorClients(): Promise<void> {
    const clients = JSON.parse(this.config.oauthClients ?? '{}') as Record<string, { clientId?: unknown; clientSecret?: unknown } | null>;
    for (const [connector, client] of Object.entries(clients)) {
      const { clientId, clientSecret } = client ?? {};
      if (this.catalog.get(connector)?.oauth === undefined) throw new Error(`OAUTH_CLIENTS names ${connector}, which is no connector with OAuth.`);
      if (typeof clientId !== 'string' || !['string', 'undefined'].includes(typeof clientSecret)) throw new Error(`OAUTH_CLIENTS: ${connector} needs a clientId, and its clientSecret must be text.`);
      await sealClient(this.oauth, this.vault, connector, null, { clientId, ...(typeof clientSecret === 'string' && { clientSecret }) });
    }
  }

  connector(name: string): OAuthConnector {
    const connector = this.catalog.get(name);
    if (connector?.oauth === undefined) throw notFound('connector with OAuth');
    return connector as OAuthConnector;
  }

  async client(workspaceId: string, name: string) {
    const { oauth } = this.connector(name);
    const row = await this.oauth.client(name, workspaceId);
    return { clientId: row?.clientId ?? null, origin: row === undefined ? null : row.workspaceId === null ? 'operator' as const : 'workspace' as const, redirectUri: this.redirectUri, scopes: [...oauth.scopes] };
  }

  async setClient(workspaceId: string, name: string, client: { readonly clientId: string; readonly clientSecret?: string }): Promise<void> {
    await sealClient(this.oauth, this.vault, this.connector(name).declaration.name, workspaceId, client);
  }

  async deleteClient(workspaceId: string, name: string): Promise<void> {
    await this.oauth.deleteClient(this.connector(name).declaration.name, workspaceId);
  }

  /** @throws Problem; ConfigurationInvalidError */
  async start({ workspaceId, userId, apiKeyId }: Principal, name: string, { configuration = {}, returnTo, sourceId }: StartOAuth): Promise<{ readonly authorizeUrl: string; readonly grantId: string; readonly expiresAt: Date }> {
    const { oauth, declaration } = this.connector(name);
    const path = returnTo === undefined ? null : this.path(returnTo);
    const source = sourceId === undefined ? undefined : await this.sources.get(workspaceId, sourceId);
    if (sourceId !== undefined && source?.connector !== name) throw notFound('source');
    const provided = ['accessToken', ...oauth.provides ?? []];
    const fields = declaration.configuration.filter((field) => !provided.includes(field.name));
    const known = Object.fromEntries(Object.entries(source?.configuration ?? {}).filter(([field]) => !provided.includes(field)));
    const { credentials } = readConfiguration({ title: declaration.title, configuration: fields }, { ...known, ...configuration });
    const client = await clientOf(this.oauth, this.vault, name, workspaceId);
    if (client === undefined) {
      throw new Problem({ status: 409, code: 'oauth_client_missing', title: `No OAuth client is set for ${declaration.title}.`, remedy: `Register one at the partner's with the redirect URI ${this.redirectUri}, then set it: PUT /api/v1/oauth/${name}/client.` });
    }
    const id = newId();
    const state = randomBytes(32).toString('base64url');
    const { verifier, challenge } = newPkce();
    const authorizeUrl = authorizationUrl(oauth, credentials, { clientId: client.clientId, redirectUri: this.redirectUri, state, challenge, anyHost: this.config.allowPrivateAddresses });
    await this.oauth.begin(state, {
      id, workspaceId, userId, apiKeyId, connector: name, sourceId: sourceId ?? null, clientId: client.clientId, redirectUri: this.redirectUri, returnTo: path,
      sealed: this.vault.seal(JSON.stringify({ verifier, credentials }), sealContext.oauthAuthorization(id)),
    }, AUTHORIZATION_MS);
    return { authorizeUrl, grantId: id, expiresAt: new Date(Date.now() + AUTHORIZATION_MS) };
  }

  /**
   * The person is back. Never throws for what they or the partner did.
   * @param user by the session of this browser: who began must be who comes back
   */
  async callback({ state, code, error, description }: { readonly state?: string; readonly code?: string; readonly error?: string; readonly description?: string }, user: string | null): Promise<Returned> {
    const begun = state === undefined ? undefined : await this.oauth.end(state, user);
    if (begun === undefined) {
      return { ok: false, returnTo: null, error: new ConfigurationInvalidError('This sign-in is not known, was used already, or took longer than ten minutes.', { remedy: 'Begin again, in the browser that you are signed in with.' }) };
    }
    const { id, connector: name, workspaceId, clientId, redirectUri, returnTo } = begun;
    const connector = this.connector(name);
    const { title } = connector.declaration;
    try {
      if (code === undefined) throw new AuthenticationFailedError(`${title} gave no access.`, { remedy: 'Begin again and allow the access.', details: [error, description].filter((part) => part !== undefined).join(': ') });
      const client = await clientOf(this.oauth, this.vault, name, workspaceId, clientId);
      if (client === undefined) throw new ConfigurationInvalidError(`The OAuth client for ${title} was changed meanwhile.`, { remedy: 'Begin again.' });
      const { verifier, credentials } = JSON.parse(this.vault.open(begun.sealed, sealContext.oauthAuthorization(id))) as { verifier: string; credentials: Credentials };
      const granted = await exchangeCode({ connector, client, allowPrivateAddresses: this.config.allowPrivateAddresses }, credentials, { code, verifier, redirectUri });
      await this.oauth.grant({ ...begun, sealed: this.vault.seal(JSON.stringify(granted), sealContext.oauthGrant(id)) }, GRANT_MS);
      return { ok: true, title, grantId: id, returnTo };
    } catch (thrown) {
      if (thrown instanceof CloudSourcesError) return { ok: false, returnTo, error: thrown };
      throw thrown;
    }
  }

  /** A path of our own; anything else would let a link of ours lead anywhere. */
  private path(returnTo: string): string {
    const base = new URL(this.config.publicUrl);
    const url = returnTo.startsWith('/') && URL.canParse(returnTo, base.href) ? new URL(returnTo, base) : undefined;
    if (url === undefined || url.origin !== base.origin) throw invalid([{ field: 'returnTo', message: 'returnTo must be a path of the console, such as /sources/new.' }]);
    return `${url.pathname}${url.search}${url.hash}`;
  }
}
