import type { Connector } from './connector.js';
import { parentsOf } from './declaration.js';

/** A connector, checked at start-up: a mistake in a declaration is an error with the connector's name, not a surprise in a run. */
export function defineConnector(connector: Connector): Connector {
  const { declaration, readers } = connector;
  const fail = (message: string): never => { throw new Error(`connector ${declaration.name}: ${message}`); };
  if (!/^[a-z][a-z0-9_]*$/.test(declaration.name)) fail('the name must match [a-z][a-z0-9_]*');
  const names = new Set<string>();
  for (const { name, partOf, kind } of declaration.collections) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) fail(`the collection name ${name} must match [a-z][a-z0-9_]*`);
    if (names.has(name)) fail(`the collection ${name} is declared twice`);
    names.add(name);
    if (kind === 'object' && (partOf === undefined) !== (name in readers)) fail(`${name} needs a reader or partOf, and not both`);
  }
  if (connector.changeFeed !== undefined && !(connector.changeFeed in readers)) fail(`the change feed ${connector.changeFeed} has no reader`);
  for (const collection of declaration.collections) {
    for (const parent of parentsOf(collection)) if (!(parent in readers)) fail(`${collection.name} is part of ${parent}, which has no reader`);
  }
  return connector;
}
