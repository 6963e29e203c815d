import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning, type ProcessIdentity } from './process-identity.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that we started and answer for. */
export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended, whoever ended it. */
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end, waits, and kills it when it doesn't. */
  stop(): Promise<void>;
}

export interface SpawnOptions {
  /** Also the name of its record. */
  readonly name: string;
  /** Where a record of every process that runs is kept, so that a later start finds what a killed one left behind. */
  readonly records: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; without it, this process's. */
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Its output: appended to this file, or line by line to a function. */
  readonly output: string | ((line: string) => void);
  /** SIGTERM unless it is said otherwise. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take to end when asked, in ms; 20 s unless it is said otherwise. */
  readonly graceMs?: number;
}

interface ProcessRecord extends ProcessIdentity {
  readonly name: string;
  readonly stopSignal: NodeJS.Signals;
}

const children = new Set<ChildProcess>();

/** Whatever ends this process: nothing of ours is left running. Only kill -9 leaves something, for `endLeftovers`. */
function killChildren(): void {
  for (const child of children) child.kill('SIGKILL');
}

/**
 * Starts a process in a group of its own: Ctrl-C in the terminal reaches only us, and we end our processes in order.
 * @throws Error when the program can't be started.
 */
export async function spawnOwned(options: SpawnOptions): Promise<RunningProcess> {
  const { name, output, stopSignal = 'SIGTERM', graceMs = 20_000 } = options;
  const file = typeof output === 'string' ? openLog(output) : undefined;
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    detached: true,
    stdio: file === undefined ? ['ignore', 'pipe', 'pipe'] : ['ignore', file, file],
    ...(options.env !== undefined && { env: { ...options.env } }),
    ...options.user,
  });
  if (file !== undefined) closeSync(file);
  if (typeof output === 'function') {
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) createInterface({ input: stream }).on('line', output);
  }
  const started = new Promise<void>((resolve, reject) => { child.once('spawn', resolve).once('error', reject); });
  const record = join(options.records, `${name}.json`);
  const exited = new Promise<Exit>((resolve) => {
    // `close` comes after the last line of its output
    child.once('close', (code, signal) => { children.delete(child); removeRecord(record, child.pid); resolve({ code, signal }); });
  });
  await started.catch((error: NodeJS.ErrnoException) => { throw new Error(`${name} can't be started (${options.command}): ${error.message}`, { cause: error }); });
  const pid = child.pid as number;
  if (!process.listeners('exit').includes(killChildren)) process.once('exit', killChildren);
  children.add(child);
  mkdirSync(options.records, { recursive: true });
  const identity = identify(pid);
  if (identity !== undefined) writeFileSync(record, JSON.stringify({ name, ...identity, stopSignal } satisfies ProcessRecord));
  const kill = (signal: NodeJS.Signals): void => { if (child.exitCode === null && child.signalCode === null) child.kill(signal); };
  return {
    name, pid, exited, kill,
    stop: async () => {
      kill(stopSignal);
      const timer = setTimeout(() => kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'a', 0o600);
}

function readRecord(file: string): ProcessRecord | undefined {
  try { return JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord; } catch { return undefined; }
}

function removeRecord(file: string, pid: number | undefined): void {
  if (readRecord(file)?.pid === pid) rmSync(file, { force: true });
}

/**
 * Ends the processes that an earlier, killed start left behind, and only those: number and start time must agree.
 * @returns their names.
 */
export async function endLeftovers(records: string, graceMs = 20_000): Promise<string[]> {
  let files: string[];
  try { files = readdirSync(records).filter((file) => file.endsWith('.json')); } catch { return []; }
  const ended = await Promise.all(files.map(async (file) => {
    const path = join(records, file);
    const record = readRecord(path);
    const runs = record !== undefined && isRunning(record);
    if (runs) await end(record, record.stopSignal, graceMs);
    rmSync(path, { force: true });
    return runs ? [record.name] : [];
  }));
  return ended.flat();
}

/** Ends a process that isn't our child any more. */
async function end(identity: ProcessIdentity, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  const send = (what: NodeJS.Signals): void => { try { process.kill(identity.pid, what); } catch { /* it is gone */ } };
  const until = Date.now() + graceMs;
  send(signal);
  while (isRunning(identity)) {
    if (Date.now() > until) send('SIGKILL');
    await sleep(50);
  }
}

/** The last lines of a log file. */
export function endOf(log: string): string {
  try { return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-15).join('\n'); } catch { return '(empty)'; }
}
