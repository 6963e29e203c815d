import { Inject, Injectable } from '@nestjs/common';
import { AuthenticationFailedError, fromErrorReport } from '#contracts';
import { isRenewable, refreshCredentials, tokenPart, type AuthMethod, type CheckResult, type Connector, type ConnectorDeclaration, type Credentials } from '#connector-kit';
import { Renewer, keepAliveAt } from '#oauth';
import { CredentialRepository, GrantGone, OAuthRepository, OtherAccount, SourceRepository, type Principal, type SourceEntity } from '#persistence';
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
    const ways = waysOf(connector.declaration, given);
    const configuration = { ...withoutOthers(connector.declaration, ways, values), ...given.configuration };
    if (given.grantId !== undefined) return this.read(caller, connector, { configuration, grantId: given.grantId }, source);
    if (connector.oauth === undefined || !isRenewable(known) || ways.length > 0 || given.configuration?.['accessToken'] !== undefined || known['renewedBy'] === 'grant') return this.read(caller, connector, { configuration });
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

  /** @param belong whom they belong to @throws Problem when that is another account than the source reads, the grant was taken meanwhile, or the tokens renewed */
  async replace(source: SourceEntity, { credentials, shown, grantId, keepAliveAt: alive, version }: ReadCredentials & { readonly version?: number }, belong: Pick<CheckResult, 'account' | 'accountId'>): Promise<void> {
    const written = await this.sources.replaceCredentials(source.id, this.seal(source.id, credentials), shown, {
      ...(grantId !== undefined && { grantId }), ...(alive !== undefined && { keepAliveAt: alive }), ...(version !== undefined && { version }), ...(belong.accountId !== undefined && { account: belong.accountId }),
    }).catch((error: unknown) => { throw error instanceof GrantGone ? grantGone() : error instanceof OtherAccount ? accountDiffers(error.known, belong.account) : error; });
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

/** The ways to give access that a person chose: by a sign-in, or by a value that no other way takes. */
function waysOf({ methods = [] }: ConnectorDeclaration, { configuration = {}, grantId }: GivenCredentials): readonly AuthMethod[] {
  if (grantId !== undefined) return methods.filter(({ fields }) => fields.length === 0);
  const own = (way: AuthMethod, name: string): boolean => methods.every((other) => other === way || !other.fields.includes(name));
  return methods.filter((way) => way.fields.some((name) => (configuration[name] ?? '') !== '' && own(way, name)));
}

/** Without what only the other ways take: the chosen ones take their place. */
function withoutOthers({ methods = [] }: ConnectorDeclaration, ways: readonly AuthMethod[], values: Credentials): Credentials {
  const kept = new Set((ways.length === 0 ? methods : ways).flatMap(({ fields }) => fields));
  const others = new Set(methods.flatMap(({ fields }) => fields).filter((name) => !kept.has(name)));
  return Object.fromEntries(Object.entries(values).filter(([name]) => !others.has(name)));
}

export const grantGone = (): Problem => invalid([{ field: 'grantId', message: 'There is no such grant of yours: nobody agreed yet, it is older than 15 minutes, was taken already, or belongs to another connector or source.' }]);

const accountDiffers = (known: string, given: string): Problem => new Problem({
  status: 409, code: 'account_differs', title: `This source reads the account ${known}; these credentials belong to ${given}.`,
  remedy: `Nothing was changed. Connect it again as a user of ${known}. To read another account, create a new source for it: the records of both would be mixed in one table.`,
});
