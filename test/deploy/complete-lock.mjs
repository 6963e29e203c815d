/**
 * `node test/deploy/complete-lock.mjs`: npm leaves the packages for other platforms out of the lock file when its registry doesn't
 * serve them, and `npm ci` then refuses the lock everywhere. This puts them back, by name and version; `npm ci` fetches only those
 * of the machine it runs on.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const PLATFORM = /(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-(gnu|musl|msvc|eabi|gnueabihf|musleabihf))?$/;
const FILE = 'package-lock.json';

/** The optional packages of other packages that have no entry, as `[name, version, who wants it]`. */
export function missingOptionals(lock) {
  return Object.entries(lock.packages).filter(([path]) => path !== '').flatMap(([path, owner]) => Object.entries(owner.optionalDependencies ?? {})
    .filter(([name]) => lock.packages[`node_modules/${name}`] === undefined && lock.packages[`${path}/node_modules/${name}`] === undefined)
    .map(([name, version]) => [name, version, owner]));
}

/** The same lock with an entry for each of them. @throws Error when a name doesn't tell its platform. */
export function completed(lock) {
  const { '': root, ...packages } = lock.packages;
  for (const [name, version, owner] of missingOptionals(lock)) {
    const [, os, cpu, abi = ''] = PLATFORM.exec(name) ?? [];
    if (os === undefined || !/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${name} ${version}: neither its platform nor its version can be told from that.`);
    const libc = os !== 'linux' ? undefined : abi.startsWith('gnu') ? 'glibc' : abi.startsWith('musl') ? 'musl' : undefined;
    packages[`node_modules/${name}`] = {
      version, cpu: [cpu], ...(owner.dev && { dev: true }), ...(libc && { libc: [libc] }), license: owner.license, optional: true, os: [os],
    };
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lock, packages: { '': root, ...Object.fromEntries(sorted) } };
}

if (process.argv[1]?.endsWith('complete-lock.mjs')) {
  const lock = JSON.parse(readFileSync(FILE, 'utf8'));
  const missing = missingOptionals(lock);
  writeFileSync(FILE, `${JSON.stringify(completed(lock), undefined, 2)}\n`);
  process.stdout.write(`${missing.length} packages for other platforms were added to ${FILE}.\n`);
}
