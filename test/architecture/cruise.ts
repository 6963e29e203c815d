import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const CONFIG = resolve('test/architecture/dependency-cruiser.mjs');
const CLI = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** One forbidden edge. */
export interface Violation { readonly rule: string; readonly from: string; readonly to: string }

/** What a cruise saw: the number of our own modules, and the edges that the rules forbid. */
export interface Cruise { readonly modules: number; readonly violations: Violation[] }

interface CruiseOutput {
  modules: { source: string }[];
  summary: { violations: { rule: { name: string }; from: string; to: string }[] };
}

/** Runs dependency-cruiser with the house's rules over a tree, in a process of its own (it loads the compiler). */
export async function cruise(root: string): Promise<Cruise> {
  const folders = ['apps', 'libs', 'deploy', 'test'].filter((name) => readdirSync(root).includes(name));
  const { stdout } = await promisify(execFile)(process.execPath,
    [CLI, '--config', CONFIG, '--output-type', 'json', ...folders], { cwd: root, maxBuffer: 256 * 1024 * 1024 })
    // dependency-cruiser's exit code counts the violations; only an answer that isn't JSON is an error here.
    .catch((error: { stdout: string; stderr: string }) => {
      if (error.stdout.startsWith('{')) return error;
      throw new Error(`dependency-cruiser did not run: ${error.stderr || String(error)}`);
    });
  const output = JSON.parse(stdout) as CruiseOutput;
  return {
    modules: output.modules.filter(({ source }) => /^(apps|libs|deploy|test)\//.test(source)).length,
    violations: output.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}
