import { afterAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderInUseError, lockFolder, ownerOf } from './folder-lock.js';
import { identify, isRunning } from './process-identity.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-lock-'));
afterAll(() => { rmSync(dir, { recursive: true, force: true }); });

describe('the lock of a folder', () => {
  it('keeps a second one out until it is released', () => {
    const lock = lockFolder(dir);
    expect(() => lockFolder(dir)).toThrow(new FolderInUseError(dir, process.pid));
    expect(ownerOf(dir)?.pid).toBe(process.pid);
    lock.release();
    expect(ownerOf(dir)).toBeUndefined();
    lockFolder(dir).release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each([
    ['a process that has ended', () => JSON.stringify({ pid: spawnSync(process.execPath, ['-e', '']).pid, started: 'then' })],
    ['an earlier process with the same number', () => JSON.stringify({ pid: process.pid, started: 'then' })],
    ['nobody that can be read', () => '{"pid":'],
  ])('is taken over from %s', (_, owner) => {
    writeFileSync(join(dir, 'owner.json'), owner());
    const lock = lockFolder(dir);
    expect(ownerOf(dir)?.pid).toBe(process.pid);
    lock.release();
  });
});

describe('the identity of a process', () => {
  it('is the same while it runs and is gone afterwards', () => {
    const mine = identify(process.pid);
    expect(mine).toEqual(identify(process.pid));
    expect(mine !== undefined && isRunning(mine)).toBe(true);
    expect(isRunning({ pid: process.pid, started: 'then' })).toBe(false);
    expect(identify(spawnSync(process.execPath, ['-e', '']).pid)).toBeUndefined();
  });
});
