import { AuthenticationFailedError, ConfigurationInvalidError, fromErrorReport, toErrorReport, type ErrorReport } from '#contracts';
import { isRenewable, refreshCredentials, type Connector, type Credentials, type OAuth } from '#connector-kit';
import type { CredentialRepository, OAuthRepository, RefreshOutcome } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { clientOf } from './client.js';

export interface RenewableSource {
  readonly sourceId: string;
  readonly workspaceId: string;
  readonly connector: string;
}

export type Renewed = { readonly credentials: Credentials; readonly version: number } | { readonly error: ErrorReport };

/** When a source must have renewed its tokens, so that the partner doesn't forget the refresh token. */
export const keepAliveAt = ({ refreshTokenMs }: OAuth, now: number): Date | undefined => (refreshTokenMs === undefined ? undefined : new Date(now + refreshTokenMs / 2));

/** Renews a source's access at the partner: one at a time over all processes, see `CredentialRepository`. */
export class Renewer {
  constructor(
    private readonly credentials: CredentialRepository, private readonly clients: OAuthRepository, private readonly vault: Vault,
    private readonly connector: (name: string) => Promise<Connector | undefined>, private readonly allowPrivateAddresses: boolean,
  ) {}

  /** Credentials newer than `staleVersion`, or why there are none. Asks the partner only when nobody else did. */
  async renew(source: RenewableSource, staleVersion: number): Promise<Renewed> {
    const context = sealContext.credentials(source.sourceId);
    const renewal = await this.credentials.renew(source.sourceId, staleVersion, (sealed) => this.refresh(source, sealed, context));
    switch (renewal.state) {
      case 'current': return { credentials: JSON.parse(this.vault.open(renewal.sealed, context)) as Credentials, version: renewal.version };
      case 'gone': return { error: new AuthenticationFailedError('The source, or its credentials, are gone.').report() };
      case 'refused': case 'waiting': return { error: renewal.error };
    }
  }

  /** For a `PartnerHttp` in this process. */
  during(source: RenewableSource, version: number): (failed: Credentials) => Promise<Credentials | undefined> {
    let current = version;
    return async (failed) => {
      if (!isRenewable(failed)) return undefined;
      const renewed = await this.renew(source, current);
      if ('error' in renewed) throw fromErrorReport(renewed.error);
      current = renewed.version;
      return renewed.credentials;
    };
  }

  private async refresh({ connector: name, workspaceId }: RenewableSource, sealed: string, context: string): Promise<RefreshOutcome> {
    try {
      const connector = await this.connector(name);
      const credentials = JSON.parse(this.vault.open(sealed, context)) as Credentials;
      if (connector?.oauth === undefined || !isRenewable(credentials)) return { state: 'refused', error: NOT_RENEWABLE.report() };
      const client = credentials['renewedBy'] === 'grant' ? undefined : await clientOf(this.clients, this.vault, name, workspaceId, credentials['oauthClientId']);
      if (client === undefined && credentials['renewedBy'] !== 'grant') return { state: 'failed', error: clientGone(connector.declaration.title).report(), lost: false };
      const fresh = await refreshCredentials({ connector, ...(client !== undefined && { client }), allowPrivateAddresses: this.allowPrivateAddresses }, credentials);
      const keepAlive = keepAliveAt(connector.oauth, Date.now());
      return { state: 'renewed', sealed: this.vault.seal(JSON.stringify(fresh), context), ...(keepAlive !== undefined && { keepAliveAt: keepAlive }) };
    } catch (thrown) {
      const error = toErrorReport(thrown);
      if (error.code === 'authentication_failed') return { state: 'refused', error };
      // An error with a cause is one of the network: the request may have arrived.
      return { state: 'failed', error, lost: error.code === 'internal' || (thrown instanceof Error && thrown.cause !== undefined) };
    }
  }
}

const NOT_RENEWABLE = new AuthenticationFailedError('The partner refuses the access, and it was not connected in a way that can be renewed.');

const clientGone = (title: string): ConfigurationInvalidError =>
  new ConfigurationInvalidError(`The OAuth client that this source was connected to ${title} with is not set any more.`, { remedy: 'Set it again, or connect the source anew with the present one.' });
