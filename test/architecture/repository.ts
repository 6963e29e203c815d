import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Source } from './source-rules.js';

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', 'fixtures']);
const SOURCE = /\.(ts|mts|mjs|cjs|js)$/;

/** Paths of all files below a folder, relative to `root`; the console is a package of its own with rules of its own. */
export function filesBelow(root: string, folder: string): string[] {
  const path = join(root, folder);
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry): string[] => {
    const child = relative(root, join(path, entry.name));
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) || child === join('apps', 'console') ? [] : filesBelow(root, child);
    return [child];
  });
}

/** Our own sources. */
export function sourcesOf(root: string): Source[] {
  return ['apps', 'libs', 'deploy', 'test']
    .flatMap((folder) => filesBelow(root, folder))
    .filter((path) => SOURCE.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
