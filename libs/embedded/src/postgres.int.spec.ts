import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { FolderInUseError } from './folder-lock.js';
import { freePorts } from './ports.js';
import { startPostgres, type PostgresOptions } from './postgres.js';
import { endLeftovers } from './processes.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-postgres-'));
let options: PostgresOptions;
beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  options = { dir: join(dir, 'postgres'), port, password: randomBytes(12).toString('hex'), records: join(dir, 'records'), databases: ['control', 'warehouse'] };
});
afterAll(async () => {
  await endLeftovers(join(dir, 'records'));
  const note = join(options.dir, 'instance');
  if (existsSync(note)) rmSync(`/var/tmp/cloud-sources-${readFileSync(note, 'utf8')}`, { recursive: true, force: true });
  rmSync(dir, { recursive: true, force: true });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try { return (await client.query(sql)).rows as unknown[]; } finally { await client.end(); }
}

describe('the embedded PostgreSQL', () => {
  // mkdtemp makes folders that only their owner can enter: as root, the data has to go elsewhere
  it.each([['in a folder that nobody else can enter', 0o700], ['in an ordinary folder', 0o755]])('starts %s, keeps a second one out and goes on with its data', async (_, mode) => {
    chmodSync(dir, mode);
    const own = { ...options, dir: join(dir, `mode-${mode.toString(8)}`) };
    const first = await startPostgres(own);
    await query(first.url('warehouse'), 'create table kept as select 1 as n');
    await expect(startPostgres(own)).rejects.toThrow(FolderInUseError);
    await first.stop();

    const second = await startPostgres({ ...own, databases: ['control', 'warehouse', 'third'] });
    expect(await query(second.url('warehouse'), 'select n from kept')).toEqual([{ n: 1 }]);
    expect(await query(second.url('third'), 'select current_database() as name')).toEqual([{ name: 'third' }]);
    await second.stop();
    if (!second.dataFolder.startsWith(dir)) rmSync(join(second.dataFolder, '..', '..'), { recursive: true, force: true });
  }, 120_000);

  it('goes on after it was killed, and past a note of a server that is gone', async () => {
    chmodSync(dir, 0o755);
    const first = await startPostgres(options);
    first.kill('SIGKILL');
    await first.exited;
    const second = await startPostgres(options);
    await second.stop();
    // a number that another program has now
    writeFileSync(join(second.dataFolder, 'postmaster.pid'), `${process.pid}\n${second.dataFolder}\n`);
    const third = await startPostgres(options);
    expect(await query(third.url('control'), 'select 1 as n')).toEqual([{ n: 1 }]);
    await third.stop();
  }, 120_000);

  it('refuses another password than the one it was made with', async () => {
    await expect(startPostgres({ ...options, password: 'another' })).rejects.toThrow(/doesn't take our connection: password authentication failed/);
  }, 60_000);
});
