import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

function projectRoot(): string {
  // the same file runs from deploy/local/src (specs) and from dist/deploy/local/src
  for (let dir = dirname(fileURLToPath(import.meta.url)); dir !== dirname(dir); dir = dirname(dir)) {
    if (existsSync(join(dir, 'package-lock.json'))) return dir;
  }
  throw new Error('The project folder (the one with package-lock.json) was not found above this file.');
}

export const root = projectRoot();

/** Data, secrets and logs of the local stack; CS_DATA_DIR names another folder. */
export const stateFolder = resolve(process.env['CS_DATA_DIR'] ?? join(root, '.cloud-sources'));

/** Kafka's jars, fetched by `npm start` and `npm test`. */
export const jarsFolder = join(root, '.cache', 'kafka');

/** A compiled program. */
export const compiled = (...path: string[]): string => join(root, 'dist', ...path);
