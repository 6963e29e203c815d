import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A folder for `PYTHONPATH` with this package of PyPI's and what it needs, below .cache; installed by pip the first time.
 * @param requirement with its version, e.g. `simple-salesforce==1.12.9`
 * @throws Error that says what to install when there is no Python 3 with pip
 */
export async function pythonPackages(requirement: string): Promise<string> {
  const folder = join(process.cwd(), '.cache', 'python', requirement);
  if (existsSync(folder)) return folder;
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await promisify(execFile)('python3', ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', fresh, requirement]).catch((error: unknown) => {
    throw new Error(`${requirement} can't be installed: it needs Python 3 with pip (Debian and Ubuntu: apt-get install python3-pip).`, { cause: error });
  });
  // Renamed when it is whole: a broken-off installation is done again.
  renameSync(fresh, folder);
  return folder;
}
