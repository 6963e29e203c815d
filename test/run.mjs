/**
 * `npm test`: prepares (packages, build = type check, Kafka's jars), runs every jest project, and prints the totals as
 * a line of its own. Arguments go to jest: `npm test -- libs/vault --selectProjects unit`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem, prepare, root } from '../deploy/local/prepare.mjs';

const chosen = process.argv.slice(2);

function jest(file) {
  const options = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', join(root, 'node_modules/jest/bin/jest.js'), '-c', 'test/jest.config.js'];
  const reporters = ['--reporters=default', `--reporters=${join(root, 'test/harness/totals-reporter.mjs')}`];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...options, ...chosen, ...reporters, '--maxWorkers=2'], {
      cwd: root, stdio: 'inherit',
      env: { ...process.env, CS_TOTALS_FILE: file, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim() },
    });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal)); // jest's tear-down ends the servers
    child.once('close', (code) => resolve(code ?? 1));
  });
}

async function projectNames() {
  const { default: config } = await import('./jest.config.js');
  return config.projects.map(({ displayName }) => displayName);
}

async function run() {
  await prepare({ kafka: !process.env.TEST_KAFKA_BROKERS });
  const dir = mkdtempSync(join(tmpdir(), 'cs-totals-'));
  try {
    const file = join(dir, 'totals.json');
    const code = await jest(file);
    if (!existsSync(file)) throw new Problem('jest ended before it had results: what it said is above.');
    const totals = JSON.parse(readFileSync(file, 'utf8'));
    const empty = chosen.length > 0 ? [] : (await projectNames()).filter((name) => !totals.files[name]);
    for (const name of empty) console.error(`The project ${name} matches no spec file: that counts as a failure.`);
    if (totals.skipped > 0) console.error(`${totals.skipped} skipped: a spec is never skipped, that counts as a failure.`);
    const failed = totals.failed + empty.length + totals.skipped * (chosen.length > 0 ? 0 : 1);
    return { passed: totals.passed, failed, code };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

let result;
try {
  result = await run();
} catch (error) {
  console.error(error instanceof Problem ? error.message : error);
  result = { passed: 0, failed: 1, code: 1 };
}
console.log(`${result.passed} passed, ${result.failed} failed`);
process.exit(result.failed > 0 || result.passed === 0 ? 1 : result.code);
