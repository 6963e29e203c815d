import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A throw-away source tree, for proving that a rule can fail. Paths are relative to its root. */
export function miniTree(files: Readonly<Record<string, string>>): { root: string; drop(): void } {
  const root = mkdtempSync(join(tmpdir(), 'cs-architecture-'));
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return { root, drop: () => rmSync(root, { recursive: true, force: true }) };
}
