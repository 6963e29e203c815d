import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { completed, missingOptionals, type Lock } from '../deploy/complete-lock.mjs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock & { packages: Record<string, Record<string, unknown>> };
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>;

describe('package-lock.json', () => {
  it('lists the packages of every platform, so that npm ci accepts it (node test/deploy/complete-lock.mjs)', () => {
    expect(missingOptionals(lock).map(([name]) => name)).toEqual([]);
  });

  it('is of package.json', () => {
    for (const group of ['dependencies', 'devDependencies']) expect([group, lock.packages['']?.[group]]).toEqual([group, manifest[group]]);
  });

  it('names no registry', () => {
    // A workspace resolves to its own folder.
    expect(Object.values(lock.packages).filter(({ resolved, link }) => resolved !== undefined && link !== true)).toEqual([]);
  });
});

describe('completing a lock', () => {
  it('adds what is missing for its platform and nothing else', () => {
    const cut: Lock = { packages: { '': {}, 'node_modules/a': { version: '1.0.0', optionalDependencies: { 'a-linux-x64-musl': '1.0.0', 'a-win32-x64-msvc': '1.0.0' } }, 'node_modules/a-linux-x64-musl': { version: '1.0.0' } } };
    expect(missingOptionals(cut).map(([name]) => name)).toEqual(['a-win32-x64-msvc']);
    expect(completed(cut).packages['node_modules/a-win32-x64-msvc']).toMatchObject({ version: '1.0.0', os: ['win32'], cpu: ['x64'], optional: true });
    expect(missingOptionals(completed(cut))).toEqual([]);
  });
});
