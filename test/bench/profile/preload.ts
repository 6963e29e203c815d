/**
 * Loaded with `--import` into a service's process and its worker threads: profiles it all the time and writes a piece
 * every second, so that nothing is lost when a worker is ended. The piece's name says whose it is and when it ended.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

const folder = process.env['CS_PROFILE_DIR'];
const PIECE_MS = 1000;

/** dist/apps/<service>/src/… */
const service = /[\\/]apps[\\/]([^\\/]+)/.exec(process.argv[1] ?? '')?.[1] ?? 'other';

if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 500 });
  session.post('Profiler.start');
  let serial = 0;
  const write = (): void => {
    // answered before `post` returns
    session.post('Profiler.stop', (error, answer) => {
      if (error === null) writeFileSync(join(folder, `${service}.${threadId}.${serial++}.${Date.now()}.json`), JSON.stringify(answer.profile));
    });
  };
  setInterval(() => { write(); session.post('Profiler.start'); }, PIECE_MS).unref();
  process.once('exit', write);
}
