import { withFound } from '#connector-kit';
import { loadConnector } from '#connectors';
import type { Kafka } from '#kafka';
import { Renewer } from '#oauth';
import { AccountRepository, CredentialRepository, OAuthRepository, SourceRepository, UsageRepository, WarehouseRepository, type DataSource, type SourceTarget } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { PostgresWarehouse } from '#warehouse';
import { verifySource, type SourceVerdict } from './verify-source.js';

export interface StoredContext {
  /** The control database. */
  readonly database: DataSource;
  readonly vault: Vault;
  readonly kafka: Kafka;
  readonly topicPrefix: string;
  readonly allowPrivateAddresses: boolean;
  /** Longest wait for records on their way, in ms. */
  readonly settleMs: number;
  /** The same for what the partner itself shows late. */
  readonly partnerSettleMs: number;
  readonly signal: AbortSignal;
  /** Runs a sync and waits for its end; undefined compares what is there. */
  readonly sync?: () => Promise<void>;
}

export interface WarehouseVerdict extends SourceVerdict { readonly warehouseId: string }

/** Verifies a source of the control database, in every warehouse that takes it. Its calls count. @throws when it has no credentials or no warehouse */
export async function verifyStored(target: SourceTarget, context: StoredContext): Promise<WarehouseVerdict[]> {
  const { database, vault, sync, ...rest } = context;
  const repository = new SourceRepository(database);
  const source = await repository.get(target.workspaceId, target.id);
  const stored = await new CredentialRepository(database).get(target.id);
  if (source === undefined || stored === undefined) throw new Error(`The source ${target.slug} has no credentials.`);
  const chosen = new Map(target.selections.map((selection) => [selection.warehouseId, selection]));
  const warehouses = (await new WarehouseRepository(database).all()).filter(({ id }) => chosen.get(id)?.included ?? id === target.warehouseId);
  if (warehouses.length === 0) throw new Error(`The source ${target.slug} has no warehouse.`);
  const selected = ((await repository.collections([target.id])).get(target.id) ?? []).map(({ collection }) => collection);
  const connector = withFound(await loadConnector(target.connector), await new AccountRepository(database).found(target.id));
  const verdicts: WarehouseVerdict[] = [];
  for (const [at, { id, urlSealed }] of warehouses.entries()) {
    const warehouse = new PostgresWarehouse(vault.open(urlSealed, sealContext.warehouseUrl(id)));
    const leftOut = chosen.get(id)?.collectionsLeftOut ?? [];
    const calls: string[] = [];
    try {
      verdicts.push({
        warehouseId: id,
        ...await verifySource({
          ...rest, ...access(target, stored, context), connector, warehouse,
          sourceId: target.id, slug: target.slug, selected: selected.filter((name) => !leftOut.includes(name)), startDate: source.startDate.getTime(),
          onCall: ({ collection }) => { calls.push(collection); },
          ...(sync !== undefined && at === 0 && { sync }),
        }),
      });
    } finally {
      await new UsageRepository(database).add(target.id, calls);
      await warehouse.close();
    }
  }
  return verdicts;
}

/** The source's credentials, renewed as the fetcher renews them: a partner gives out a refresh token once. */
function access({ id: sourceId, workspaceId, connector }: SourceTarget, { sealed, version }: { readonly sealed: string; readonly version: number }, { database, vault, allowPrivateAddresses }: StoredContext) {
  let current = JSON.parse(vault.open(sealed, sealContext.credentials(sourceId))) as Record<string, string>;
  const renewer = new Renewer(new CredentialRepository(database), new OAuthRepository(database), vault, loadConnector, allowPrivateAddresses);
  const renewed = renewer.during({ sourceId, workspaceId, connector }, version);
  return {
    credentials: () => current,
    renew: async (failed: Readonly<Record<string, string>>) => {
      const fresh = await renewed(failed);
      if (fresh !== undefined) current = { ...fresh };
      return fresh;
    },
  };
}
