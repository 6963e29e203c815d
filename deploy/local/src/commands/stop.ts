import { setTimeout as sleep } from 'node:timers/promises';
import { endLeftovers, isRunning, ownerOf } from '#embedded';
import { recordsFolder } from '../infrastructure.js';
import { Problem } from '../problem.js';
import { stateFolder } from '../project.js';

const LONGEST_MS = 90_000;

/** `npm stop`: ends the stack of this folder and waits until it has; also what a killed one left behind. */
export async function stop(): Promise<void> {
  const owner = ownerOf(stateFolder);
  if (owner !== undefined) {
    process.kill(owner.pid, 'SIGTERM');
    const until = Date.now() + LONGEST_MS;
    while (isRunning(owner)) {
      if (Date.now() > until) throw new Problem(`Process ${owner.pid} doesn't end: look into .cloud-sources/logs, then end it with kill -9 ${owner.pid} and run npm stop again.`);
      await sleep(100);
    }
  }
  const left = await endLeftovers(recordsFolder(stateFolder));
  const what = owner === undefined ? 'Nothing was running' : 'Stopped';
  process.stdout.write(left.length === 0 ? `${what}.\n` : `${what}; ended what was left of a killed start: ${left.join(', ')}.\n`);
}
