import { afterAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const dir = mkdtempSync(join(tmpdir(), 'cs-prepare-'));
afterAll(() => { rmSync(dir, { recursive: true, force: true }); });
symlinkSync('/bin/sh', join(dir, 'sh'));

/** What a check says on a machine whose path holds only these programs, each of which prints a line. */
function check(name: string, programs: Readonly<Record<string, string>>): string {
  for (const program of ['java', 'mvn']) rmSync(join(dir, program), { force: true });
  for (const [program, output] of Object.entries(programs)) {
    writeFileSync(join(dir, program), `#!/bin/sh\necho '${output}' >&2\n`);
    chmodSync(join(dir, program), 0o755);
  }
  const script = `import(${JSON.stringify(`file://${resolve('deploy/local/prepare.mjs')}`)}).then((prepare) => { console.log('found', prepare.${name}()); }).catch((error) => console.log(error.message))`;
  return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', env: { PATH: dir } }).stdout.trim();
}

describe('the check for', () => {
  it.each([
    ['a missing Java', {}, "Java isn't there: Kafka needs Java 17 or newer. Install one"],
    ['an old Java', { java: 'openjdk version "11.0.2" 2019-01-15' }, 'Java 11 is too old: Kafka needs Java 17 or newer.'],
    ['a very old Java', { java: 'java version "1.8.0_292"' }, 'Java 8 is too old'],
    ['Java 17', { java: 'openjdk version "17.0.15" 2025-04-15' }, 'found java'],
    ['a Java without minor version', { java: 'openjdk version "25" 2025-09-16' }, 'found java'],
  ])('%s', (_, programs, says) => {
    expect(check('checkJava', programs)).toContain(says);
  });

  it('a missing Maven', () => {
    expect(check('checkMaven', {})).toMatch(/^Maven isn't there: it fetches Kafka's jars once\. Install it .*KAFKA_BROKERS/);
    expect(check('checkMaven', { mvn: 'Apache Maven 3.8.7' })).toBe('found undefined');
  });

  it('the Node that runs these specs', () => {
    expect(check('checkNode', {})).toBe('found undefined');
  });
});
