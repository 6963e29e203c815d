import { Inject, Injectable } from '@nestjs/common';
import { AuthenticationFailedError, fromErrorReport } from '#contracts';
import { isRenewable, refreshCredentials, tokenPart, type Connector, type ConnectorDeclaration, type Credentials } from '#connector-kit';
import { Renewer, keepAliveAt } from '#oauth';
import { CredentialRepository, GrantGone, OAuthRepository, SourceRepository, type Principal, type SourceEntity } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { GatewayConfig } from '../gateway.config.js';
import { Problem, invalid } from '../http/problem.js';
import { VAULT } from '../tokens.js';
import { readConfiguration, type Configuration } from './source-input.js';

/** What a person gives: values, or the grant of an OAuth sign-in, or both. */
export interface GivenCredentials { readonly configuration?: Readonly<Record<string, unknown>>; readonly grantId?: string }

/** With tokens, where there are any. */
export interface ReadCredentials extends Configuration { readonly grantId?: string; readonly keepAliveAt?: Date }

/** A source's credentials: what a person enters, what a partner granted, and how they are stored. */
@Injectable()
export class SourceCredentials {
  constructor(
    private readonly sources: SourceRepository, private readonly stored: CredentialRepository, private readonly oauth: OAuthRepository, private readonly renewer: Renewer, @Inject(VAULT) private readonly vault: Vault,
    private readonly config: GatewayConfig,
  ) {}

  /** @param source the one that is to be connected again @throws Problem naming fields, never values */
  async read(caller: Principal, connector: Connector, { configuration = {}, grantId }: GivenCredentials, source?: SourceEntity): Promise<ReadCredentials> {
    const { declaration } = connector;
    if (grantId === undefined) return this.granted(connector, readConfiguration(declaration, configuration));
    const grant = await this.oauth.findGrant(grantId, caller);
    if (grant === undefined || grant.connector !== declaration.name || grant.sourceId !== null && grant.sourceId !== source?.id) throw grantGone();
    const granted = JSON.parse(this.vault.open(grant.sealed, sealContext.oauthGrant(grantId))) as Credentials;
    return { ...this.together(connector, configuration, granted), grantId };
  }

  /** The source's own values under new ones. Tokens stay, unless there are new ones. `version`: of what stays. */
  async change(caller: Principal, connector: Connector, source: SourceEntity, given: GivenCredentials): Promise<ReadCredentials & { readonly version?: number }> {
    const kept = await this.stored.get(source.id);
    const known = kept === undefined ? {} : JSON.parse(this.vault.open(kept.sealed, sealContext.credentials(source.id))) as Credentials;
    const values = Object.fromEntries(Object.entries(known).filter(([name]) => connector.declaration.configuration.some((field) => field.name === name)));
    const configuration = { ...(given.grantId !== undefined || given.configuration?.['accessToken'] !== undefined ? withoutGrant(connector.declaration, values) : values), ...given.configuration };
    if (given.grantId !== undefined) return this.read(caller, connector, { configuration, grantId: given.grantId }, source);
    if (connector.oauth === undefined || !isRenewable(known) || given.configuration?.['accessToken'] !== undefined || known['renewedBy'] === 'grant') return this.read(caller, connector, { configuration });
    return { ...this.together(connector, configuration, tokenPart(connector.oauth, known)), ...(kept !== undefined && { version: kept.version }) };
  }

  /**
   * Runs `attempt` with the credentials to be, and once more with renewed ones when the partner refuses tokens that were kept.
   * @throws an error of the taxonomy; Problem
   */
  async tried<T>(source: SourceEntity, make: () => Promise<ReadCredentials & { readonly version?: number }>, attempt: (credentials: Credentials) => Promise<T>): Promise<{ readonly made: ReadCredentials & { readonly version?: number }; readonly result: T }> {
    const made = await make();
    try {
      return { made, result: await attempt(made.credentials) };
    } catch (thrown) {
      if (!(thrown instanceof AuthenticationFailedError) || made.version === undefined) throw thrown;
      const renewed = await this.renewer.renew({ sourceId: source.id, workspaceId: source.workspaceId, connector: source.connector }, made.version);
      if ('error' in renewed) throw fromErrorReport(renewed.error);
      const again = await make();
      return { made: again, result: await attempt(again.credentials) };
    }
  }

  /** @param account the partner's id of it @throws Problem when the grant was taken meanwhile, or the tokens renewed */
  async replace(source: SourceEntity, { credentials, shown, grantId, keepAliveAt: alive, version }: ReadCredentials & { readonly version?: number }, account?: string): Promise<void> {
    const written = await this.sources.replaceCredentials(source.id, this.seal(source.id, credentials), shown, {
      ...(grantId !== undefined && { grantId }), ...(alive !== undefined && { keepAliveAt: alive }), ...(version !== undefined && { version }), ...(account !== undefined && { account }),
    }).catch((error: unknown) => { throw error instanceof GrantGone ? grantGone() : error; });
    if (!written) throw new Problem({ status: 409, code: 'conflict', title: 'The access was renewed at the same moment.', remedy: 'Send the request again.' });
  }

  seal(id: string, credentials: Credentials): string { return this.vault.seal(JSON.stringify(credentials), sealContext.credentials(id)); }

  sealToken(id: string, token: string): string { return this.vault.seal(token, sealContext.webhookToken(id)); }

  /** Credentials that are a grant by themselves, with the first access that they give. @throws an error of the taxonomy */
  private async granted(connector: Connector, given: Configuration): Promise<Configuration> {
    if (connector.oauth?.grant?.(given.credentials, Date.now()) === undefined) return given;
    const credentials = await refreshCredentials({ connector, allowPrivateAddresses: this.config.allowPrivateAddresses }, given.credentials);
    const shown = Object.entries(credentials).filter(([name]) => connector.declaration.configuration.some((field) => field.name === name && field.type !== 'secret'));
    return { credentials, shown: Object.fromEntries(shown) };
  }

  /** What was granted wins: the rest belongs to the same account. */
  private together(connector: Connector, configuration: Readonly<Record<string, unknown>>, granted: Credentials): ReadCredentials {
    const declared = new Set(connector.declaration.configuration.map(({ name }) => name));
    const of = (wanted: boolean): Credentials => Object.fromEntries(Object.entries(granted).filter(([name]) => declared.has(name) === wanted));
    const { credentials, shown } = readConfiguration(connector.declaration, { ...configuration, ...of(true) });
    const alive = connector.oauth === undefined ? undefined : keepAliveAt(connector.oauth, Date.now());
    return { credentials: { ...credentials, ...of(false) }, shown, ...(alive !== undefined && { keepAliveAt: alive }) };
  }
}

/** Without what only the ways to give access take that have no access token of a person's: another one takes their place. */
function withoutGrant({ methods = [] }: ConnectorDeclaration, values: Credentials): Credentials {
  const others = new Set(methods.filter(({ fields }) => !fields.includes('accessToken')).flatMap(({ fields }) => fields));
  return Object.fromEntries(Object.entries(values).filter(([name]) => !others.has(name)));
}

export const grantGone = (): Problem => invalid([{ field: 'grantId', message: 'There is no such grant of yours: nobody agreed yet, it is older than 15 minutes, was taken already, or belongs to another connector or source.' }]);
