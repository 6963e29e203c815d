import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endLeftovers, identify, spawnOwned } from '#embedded';
import { Supervisor, type Program } from './supervisor.js';

let dir: string;
let said: string[];
let lines: string[];
let supervisor: Supervisor;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-supervisor-'));
  said = [];
  lines = [];
  supervisor = new Supervisor({ say: (name, text) => said.push(`${name} ${text}`), firstWaitMs: 20, maxWaitMs: 100 });
});
afterEach(async () => {
  await supervisor.stopAll();
  await endLeftovers(dir, 0);
  rmSync(dir, { recursive: true, force: true });
});

/** A tiny service: a real process that says that it runs and ends as the script tells it to. */
const program = (name: string, script: string, graceMs = 5000): Program => ({
  name,
  start: () => spawnOwned({ name, records: dir, command: process.execPath, args: ['-e', script], cwd: dir, output: (line) => lines.push(`${name} ${line}`), graceMs }),
});
const IDLE = 'setInterval(() => {}, 1000); console.log("up")';
const ORDERLY = `process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); ${IDLE}`;

async function until(what: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (what()) return;
    await sleep(20);
  }
  throw new Error(`It never happened. Said: ${said.join(' | ')}; lines: ${lines.join(' | ')}`);
}

const ups = (name: string): number => lines.filter((line) => line === `${name} up`).length;

describe('the supervisor', () => {
  it('starts a program that died again, waits longer each time and says so', async () => {
    await supervisor.add(program('a', IDLE), 0);
    for (const times of [1, 2, 3]) {
      await until(() => ups('a') === times && supervisor.pid('a') !== undefined);
      supervisor.kill('a', 'SIGKILL');
    }
    await until(() => ups('a') === 4);
    expect(said.filter((text) => text.includes('is started again'))).toEqual([
      'a was ended by SIGKILL; it is started again in 0.02 s (restart 1).',
      'a was ended by SIGKILL; it is started again in 0.04 s (restart 2).',
      'a was ended by SIGKILL; it is started again in 0.08 s (restart 3).',
    ]);
  }, 30_000);

  it('does not start again what says that its configuration is wrong', async () => {
    await supervisor.add(program('a', 'console.log("KAFKA_BROKERS is missing"); process.exit(78)'), 0);
    await until(() => said.length === 1);
    expect(said[0]).toContain('its configuration is wrong');
    expect(supervisor.givenUp('a')).toBe('its configuration is wrong');
    await sleep(200);
    expect(lines).toEqual(['a KAFKA_BROKERS is missing']);
  });

  it('ends the stages in order, the last one first, and leaves nothing running', async () => {
    await supervisor.add(program('database', ORDERLY), 0);
    await supervisor.add(program('broker', ORDERLY), 1);
    await supervisor.add(program('service', `process.on("SIGTERM", () => setTimeout(() => { console.log("bye"); process.exit(0); }, 300)); ${IDLE}`), 2);
    await until(() => ['database', 'broker', 'service'].every((name) => ups(name) === 1));
    const pids = supervisor.names.map((name) => supervisor.pid(name) ?? 0);
    await supervisor.stopAll();
    expect(lines.filter((line) => line.endsWith('bye'))).toEqual(['service bye', 'broker bye', 'database bye']);
    expect(pids.map((pid) => identify(pid))).toEqual([undefined, undefined, undefined]);
    expect(said).toEqual([]);
  });

  it('kills what does not end in time', async () => {
    await supervisor.add(program('deaf', `process.on("SIGTERM", () => {}); ${IDLE}`, 200), 0);
    await until(() => ups('deaf') === 1);
    const pid = supervisor.pid('deaf') ?? 0;
    await supervisor.stopAll();
    expect(identify(pid)).toBeUndefined();
  });

  it('leaves a paused program alone until it is resumed', async () => {
    await supervisor.add(program('a', ORDERLY), 0);
    await until(() => ups('a') === 1);
    await supervisor.pause('a');
    await sleep(200);
    expect(supervisor.pid('a')).toBeUndefined();
    await supervisor.resume('a');
    await until(() => ups('a') === 2);
    supervisor.kill('a', 'SIGKILL');
    await until(() => ups('a') === 3);
  });

  it('tells who starts it that a program can not be started', async () => {
    await expect(supervisor.add({ name: 'a', start: () => spawnOwned({ name: 'a', records: dir, command: join(dir, 'nothing'), args: [], cwd: dir, output: () => {} }) }, 0)).rejects.toThrow(/^a can't be started/);
    await supervisor.stopAll();
    await expect(supervisor.add(program('b', IDLE), 0)).rejects.toThrow('everything is being stopped');
  });
});

describe('what a killed start left behind', () => {
  it('is ended by its number and start time, and nothing else is', async () => {
    const left = await program('left', ORDERLY).start();
    const record = readFileSync(join(dir, 'left.json'), 'utf8');
    expect(JSON.parse(record)).toMatchObject({ name: 'left', pid: left.pid });
    expect(await endLeftovers(dir)).toEqual(['left']);
    expect(await left.exited).toBeDefined();

    // the number of our own process, noted with another start time: it belongs to someone else by now
    writeFileSync(join(dir, 'left.json'), JSON.stringify({ name: 'left', pid: process.pid, started: 'long ago', stopSignal: 'SIGKILL' }));
    expect(await endLeftovers(dir)).toEqual([]);
  });
});
