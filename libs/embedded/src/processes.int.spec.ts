import { afterAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify } from './process-identity.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-processes-'));
afterAll(() => { rmSync(dir, { recursive: true, force: true }); });

describe('processes of ours', () => {
  it('end with us, also by an error that nobody planned', async () => {
    // compiled, since it is a program of its own
    const script = `import { spawnOwned } from ${JSON.stringify(`file://${resolve('dist/libs/embedded/src/processes.js')}`)};
      const running = await spawnOwned({ name: 'child', records: ${JSON.stringify(dir)}, command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], cwd: '.', output: () => {} });
      console.log(running.pid);
      setTimeout(() => { throw new Error('a defect of ours'); });`;
    const broken = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env: {} });
    expect(broken.stderr).toContain('a defect of ours');
    const pid = Number(broken.stdout.trim());
    expect(pid).toBeGreaterThan(0);
    for (let turn = 0; turn < 200 && identify(pid) !== undefined; turn++) await sleep(20);
    expect(identify(pid)).toBeUndefined();
  });
});
