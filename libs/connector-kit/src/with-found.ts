import type { Connector } from './connector.js';
import type { CollectionDeclaration } from './declaration.js';

/** The connector as one account has it: with the collections that were found there. Those with a declared one's name are left out. */
export function withFound(connector: Connector, found: readonly CollectionDeclaration[]): Connector {
  const { discovery, declaration } = connector;
  const own = new Set(declaration.collections.map(({ name }) => name));
  const more = found.filter(({ name }) => !own.has(name));
  if (discovery === undefined || more.length === 0) return connector;
  return {
    ...connector,
    declaration: { ...declaration, collections: [...declaration.collections, ...more] },
    readers: { ...connector.readers, ...Object.fromEntries(more.map((collection) => [collection.name, discovery.reader(collection)])) },
    check: (context, collections) => connector.check({ ...context, found: more }, collections),
  };
}
