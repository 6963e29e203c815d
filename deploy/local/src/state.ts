import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isRunning, type ProcessIdentity } from '#embedded';
import { Problem } from './problem.js';
import { stateFolder } from './project.js';

/** What the commands beside `npm start` need to know of the stack that runs. Holds secrets: mode 600. */
export interface StackState {
  readonly process: ProcessIdentity;
  readonly gatewayUrl: string;
  readonly apiKey: string;
  readonly kafkaBrokers: readonly string[];
  readonly topicPrefix: string;
  readonly databaseUrl: string;
  readonly warehouseUrl: string;
}

const file = join(stateFolder, 'stack.json');

export function writeState(state: Omit<StackState, 'process'>): void {
  writeFileSync(file, JSON.stringify({ process: identify(process.pid), ...state }, null, 2), { mode: 0o600 });
}

export function forgetState(): void { rmSync(file, { force: true }); }

/** Undefined when no stack of this folder runs. */
export function readState(): StackState | undefined {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as StackState;
    return isRunning(state.process) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** @throws Problem when no stack of this folder runs. */
export function requireState(): StackState {
  const state = readState();
  if (state === undefined) throw new Problem('The stack of this folder does not run, or is not ready yet: start it with npm start.');
  return state;
}
