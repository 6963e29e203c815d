/** `npm stop`, `npm run topic`, `npm run sql`, `npm run verify`: one compiled command, by its name. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem, endWith, prepare, root } from './prepare.mjs';

const [name = '', ...args] = process.argv.slice(2);
const file = join(root, 'dist/deploy/local/src/commands', `${name}.js`);
try {
  // what runs was compiled when it started: a command neither waits for the compiler nor fails on a half-done source
  if (!existsSync(file)) await prepare({ kafka: false });
  if (!/^[a-z]+$/.test(name) || !existsSync(file)) throw new Problem(`There is no command ${name}.`);
  await (await import(file))[name](args);
} catch (error) {
  endWith(error);
}
