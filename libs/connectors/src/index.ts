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

/** These connectors, or all. One after the other: module loaders that are asked for a shared file twice at once have been seen to fail. */
export async function loadConnectors(names: readonly string[] = connectorNames): Promise<Connector[]> {
  const connectors: Connector[] = [];
  for (const name of names) connectors.push(await loadConnector(name));
  return connectors;
}
