import type { Connector } from '#connector-kit';

/** The registry: one line a connector; a test asserts that every folder is here. */
const registry = {
  stripe: () => import('#connectors/stripe'),
  zendesk: () => import('#connectors/zendesk'),
  salesforce: () => import('#connectors/salesforce'),
} satisfies Record<string, () => Promise<{ connector: Connector }>>;

export type ConnectorName = keyof typeof registry;

/** Names of all connectors, in the catalog's order. */
export const connectorNames: readonly string[] = Object.keys(registry);

/** @throws Error when there is no connector of that name. */
export async function loadConnector(name: string): Promise<Connector> {
  const load = (registry as Record<string, (() => Promise<{ connector: Connector }>) | undefined>)[name];
  if (load === undefined) throw new Error(`There is no connector named ${name}. Known: ${connectorNames.join(', ')}.`);
  return (await load()).connector;
}

/** All connectors. */
export const loadConnectors = (): Promise<Connector[]> => Promise.all(connectorNames.map(loadConnector));
