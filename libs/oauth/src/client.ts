import type { OAuthClient } from '#connector-kit';
import type { OAuthRepository } from '#persistence';
import { sealContext, type Vault } from '#vault';

/**
 * As which we are registered at the connector's partner: the workspace's client, otherwise the operator's.
 * @param clientId only that one: tokens work with the client that they were given to
 */
export async function clientOf(clients: OAuthRepository, vault: Vault, connector: string, workspaceId: string, clientId?: string): Promise<OAuthClient | undefined> {
  const row = await clients.client(connector, workspaceId, clientId);
  if (row === undefined) return undefined;
  return { clientId: row.clientId, ...(row.secretSealed !== null && { clientSecret: vault.open(row.secretSealed, sealContext.oauthClient(row.id)) }) };
}

/** Sets the workspace's client, or the operator's without one. */
export function sealClient(clients: OAuthRepository, vault: Vault, connector: string, workspaceId: string | null, { clientId, clientSecret }: OAuthClient): Promise<void> {
  return clients.saveClient(connector, workspaceId, clientId, (id) => (clientSecret === undefined ? null : vault.seal(clientSecret, sealContext.oauthClient(id))));
}
