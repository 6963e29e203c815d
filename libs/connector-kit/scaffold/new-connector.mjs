import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Writes a connector's folder, complete and passing its conformance suite, and its line in the registry.
 * Usage: npm run new:connector -- <name> [root of the repository]
 */
const template = fileURLToPath(new URL('./template/', import.meta.url));
const [name = '', root = fileURLToPath(new URL('../../../', import.meta.url))] = process.argv.slice(2);

const stop = (message) => { console.error(message); process.exit(1); };
if (!/^[a-z][a-z0-9_]*$/.test(name)) stop(`"${name}" can't be a connector's name: lower-case letters, digits and _, a letter first. Usage: npm run new:connector -- <name>`);
if (name === 'src') stop('"src" is the registry\'s folder; choose another name.');

const folder = resolve(root, 'libs/connectors', name);
const registry = resolve(root, 'libs/connectors/src/index.ts');
if (existsSync(folder)) stop(`${folder} exists already; nothing was changed.`);
const source = readFileSync(registry, 'utf8');
const end = source.indexOf('\n} satisfies ');
if (end < 0) stop(`${registry} has no "} satisfies" to put the line before; nothing was changed.`);

const title = name.split('_').map((word) => word[0].toUpperCase() + word.slice(1)).join(' ');
const fill = (text) => text.replaceAll('__NAME__', name).replaceAll('__TITLE__', title);
const written = [];
for (const file of readdirSync(template, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) {
  const from = join(file.parentPath ?? file.path, file.name);
  const to = join(folder, fill(relative(template, from)).replace(/\.tmpl$/, ''));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, fill(readFileSync(from, 'utf8')), { flag: 'wx' });
  written.push(relative(root, to));
}
writeFileSync(registry, `${source.slice(0, end)}\n  ${name}: () => import('#connectors/${name}'),${source.slice(end)}`);

console.log(`${[...written.sort(), `${relative(root, registry)} (one line)`].join('\n')}

Next: describe the partner in declaration.ts, read its collections, make the simulated partner in the conformance spec as odd
as the real one, and run
  npm test -- ${name}
libs/connector-kit/README.md holds the bar that reviews cite.`);
