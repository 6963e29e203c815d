import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../deploy/local/src/project.js';

const ROUTE = /createRoute\(\{\s*getParentRoute: (?:\(\) => )?(\w+), (?:path|id): '([^']+)'/g;

/**
 * Every path of the console's router, parameters filled in, so that a new page is looked at without anybody thinking of it.
 * @param valueOf a parameter, without its `$`, in this path
 * @throws Error naming a parameter without a value
 */
export function everyPath(valueOf: (name: string, path: string) => string | undefined): string[] {
  const source = readFileSync(join(root, 'apps/console/src/router.tsx'), 'utf8');
  const named = new Map([...source.matchAll(/const (\w+) = createRoute\(\{\s*getParentRoute: (?:\(\) => )?(\w+), (?:path|id): '([^']+)'/g)].map(([, name = '', parent = '', path = '']) => [name, { parent, path }]));
  const aliases = new Map([...source.matchAll(/const (\w+) = \(\) => (\w+);/g)].map(([, alias = '', name = '']) => [alias, name]));
  const above = (parent: string): string => {
    const route = named.get(aliases.get(parent) ?? parent);
    return route === undefined || !route.path.startsWith('/') ? '' : `${above(route.parent)}${route.path}`;
  };
  const paths = [...source.matchAll(ROUTE)].filter(([, , path = '']) => path.startsWith('/')).map(([, parent = '', path = '']) => `${above(parent)}${path}`.replace(/(?<=.)\/$/, ''));
  if (paths.length < 40) throw new Error(`Only ${paths.length} routes were found in the router: it is written in another way now.`);
  return [...new Set(paths)].map((path) => path.replaceAll(/\$(\w+)/g, (_, name: string) => valueOf(name, path) ?? (() => { throw new Error(`What is $${name} of ${path}?`); })()));
}
