import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isRunning, type ProcessIdentity } from './process-identity.js';

/** Another process works in the folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
  constructor(readonly dir: string, readonly pid: number) {
    super(`The folder ${dir} is in use by process ${pid}. Stop that one first, or take another folder.`);
  }
}

export interface FolderLock {
  release(): void;
}

const NAME = 'owner.json';

function readOwner(file: string): ProcessIdentity | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessIdentity>;
    return typeof owner.pid === 'number' && typeof owner.started === 'string' ? { pid: owner.pid, started: owner.started } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Makes this process the only one that works in the folder, until `release` or its end: the lock of a process that is
 * gone is taken over.
 * @throws FolderInUseError
 */
export function lockFolder(dir: string): FolderLock {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, NAME);
  const mine = join(dir, `${NAME}.${randomBytes(6).toString('hex')}`);
  writeFileSync(mine, JSON.stringify(identify(process.pid)), { mode: 0o644 });
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      try {
        linkSync(mine, file); // fails when the file is there: the one step that two processes can't both win
        return { release: () => { if (readOwner(file)?.pid === process.pid) rmSync(file, { force: true }); } };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      takeAwayIfStale(dir, file);
    }
    throw new Error(`The lock ${file} can't be taken: it changes hands all the time. Look which processes use that folder.`);
  } finally {
    rmSync(mine, { force: true });
  }
}

function takeAwayIfStale(dir: string, file: string): void {
  const owner = readOwner(file);
  if (owner !== undefined && isRunning(owner)) throw new FolderInUseError(dir, owner.pid);
  const away = `${file}.stale.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(file, away);
  } catch {
    return; // someone else took it away
  }
  const moved = readOwner(away);
  // between the look and the move another process may have taken the stale lock over: give it back
  if (moved !== undefined && isRunning(moved)) try { linkSync(away, file); } catch { /* it is there again */ }
  rmSync(away, { force: true });
}

/** The process that has the folder now. */
export function ownerOf(dir: string): ProcessIdentity | undefined {
  const owner = readOwner(join(dir, NAME));
  return owner !== undefined && isRunning(owner) ? owner : undefined;
}
