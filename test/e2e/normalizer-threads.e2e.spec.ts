import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';

const MAIN = new URL('../../dist/apps/normalizer/src/main.js', import.meta.url).pathname;
/** Loaded before everything else, in the main thread and in workers. */
const FAULT = "import { isMainThread } from 'node:worker_threads'; if (!isMainThread) setTimeout(() => { throw new TypeError('the lane broke'); }, 500);";

describe('the normaliser', () => {
  it('ends, and says why, when the thread of its bulk lane does: somebody starts it again', async () => {
    const child = spawn(process.execPath, [`--import=data:text/javascript,${encodeURIComponent(FAULT)}`, MAIN], {
      // Nothing listens there: the lanes are still connecting.
      env: { PATH: process.env['PATH'], KAFKA_BROKERS: '127.0.0.1:1', HEALTH_PORT: '0', LOG_LEVEL: 'error' }, stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { said += text; });
    const [code] = await once(child, 'close') as [number | null];
    expect(code).toBe(1);
    expect(said.trim().split('\n').map((line) => JSON.parse(line) as object)).toEqual([expect.objectContaining({ app: 'normalizer', error: 'TypeError', message: 'the lane broke', msg: expect.stringContaining('taken up again after a restart') })]);
  }, 60_000);
});
