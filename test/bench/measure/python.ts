import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { spawnOwned, temporaryFolder } from '#embedded';
import { inheritedEnvironment } from '../../../deploy/local/src/prepare-job.js';
import { root } from '../../../deploy/local/src/project.js';
import { endWithBench } from './bench-stack.js';
import type { BenchContext } from './report.js';

/** Python programs of others, each in an environment of its own below .cache/bench. */
const PEERS = {
  dlt: ['dlt[postgres]==1.31.0', 'confluent-kafka==2.16.1'],
  quixstreams: ['quixstreams[postgresql]==3.28.1'],
} as const;

export type PythonPeer = keyof typeof PEERS;

/** The peer's Python; installs it the first time. Undefined, with a word to the person, when that isn't possible. */
export async function pythonOf(peer: PythonPeer, { say, peers }: BenchContext): Promise<string | undefined> {
  if (!peers) return undefined;
  const folder = join(root, '.cache', 'bench', peer);
  const python = join(folder, 'bin', 'python');
  const stamp = join(folder, 'requirements.txt');
  if (existsSync(stamp)) return python;
  say(`Installing ${PEERS[peer].join(' ')} into .cache/bench/${peer}`);
  try {
    mkdirSync(folder, { recursive: true });
    if (!existsSync(python)) await promisify(execFile)('python3', ['-m', 'venv', folder]);
    await promisify(execFile)(python, ['-m', 'pip', 'install', '-q', ...PEERS[peer]], { maxBuffer: 16 * 1024 * 1024 });
    writeFileSync(stamp, PEERS[peer].join('\n'));
    return python;
  } catch (error) {
    say(`${peer} can't be installed, so it is not measured: ${(error as Error).message.trim().split('\n').at(-1)}`);
    return undefined;
  }
}

/** A running program of `peers/`. */
export interface PeerProcess {
  readonly pid: number;
  /** The object that it printed as its last line. @throws Error with the end of its output when it failed */
  readonly result: Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

/** Starts `peers/<script>.py`; its settings come as environment variables, so that no secret is on its command line. */
export async function startPeer(python: string, script: string, env: Readonly<Record<string, string>>): Promise<PeerProcess> {
  const dir = temporaryFolder('cs-bench-peer-');
  const lines: string[] = [];
  const child = await spawnOwned({
    name: script, records: join(dir, 'processes'), command: python, args: [join(root, 'test', 'bench', 'peers', `${script}.py`)], cwd: dir,
    env: { ...inheritedEnvironment(), ...env, BENCH_DIR: dir, HOME: dir }, output: (line) => { lines.push(line); if (lines.length > 200) lines.shift(); }, graceMs: 5000,
  });
  const done = endWithBench(() => child.stop());
  const result = child.exited.then(({ code }) => {
    done();
    rmSync(dir, { recursive: true, force: true });
    const last = lines.findLast((line) => line.startsWith('{"seconds"'));
    if (code !== 0 || last === undefined) throw new Error(`peers/${script}.py ended with ${code}:\n${lines.slice(-15).join('\n')}`);
    return JSON.parse(last) as Record<string, number>;
  });
  result.catch(() => undefined); // looked at by whoever waits for it
  return { pid: child.pid, result, stop: () => child.stop() };
}
