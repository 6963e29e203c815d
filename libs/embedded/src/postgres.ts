import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { lockFolder } from './folder-lock.js';
import { refuseTakenPorts } from './ports.js';
import { postgresPlace, type PostgresPlace } from './postgres-place.js';
import { commandLine, identify } from './process-identity.js';
import { endOf, spawnOwned, type RunningProcess } from './processes.js';

export interface PostgresOptions {
  /** Its folder: data and log. One server a folder. */
  readonly dir: string;
  readonly port: number;
  /** Of the user `postgres`, for the first start and every later one. */
  readonly password: string;
  /** Where the record of the process is kept. */
  readonly records: string;
  /** Created when they aren't there. */
  readonly databases: readonly string[];
  /** False for tests: faster, and the data doesn't survive a crash of the machine. */
  readonly durable?: boolean;
}

export interface RunningPostgres extends RunningProcess {
  /** The address of one of its databases. Holds the password. */
  url(database: string): string;
  readonly dataFolder: string;
}

const START_MS = 60_000;
const USER = 'postgres';

/**
 * Starts a PostgreSQL server on the loopback and waits until it answers. The data folder is made the first time; later
 * starts go on with what is in it, also after a crash.
 * @throws FolderInUseError when another server has the folder; Error with the end of its log when it doesn't come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { dir, port } = options;
  const lock = lockFolder(dir);
  try {
    const place = await postgresPlace(dir);
    if (!existsSync(join(place.data, 'PG_VERSION'))) await createCluster(place, options.password);
    await endOldServer(place.data);
    await refuseTakenPorts('PostgreSQL', [port]);
    const log = join(dir, 'postgres.log');
    const running = await spawnOwned({
      name: 'postgres', records: options.records, command: place.postgres, cwd: '/', output: log,
      stopSignal: 'SIGINT', // fast shutdown: connections are closed, the data is written
      args: ['-D', place.data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'max_connections=300',
        '-c', 'shared_buffers=256MB', '-c', 'max_wal_size=2GB', '-c', 'log_min_messages=warning', '-c', 'log_line_prefix=%m [%p] %d ',
        ...(options.durable === false ? ['-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'synchronous_commit=off'] : [])],
      ...(place.user !== undefined && { user: { uid: place.user.uid, gid: place.user.gid } }),
    });
    void running.exited.then(() => lock.release());
    const url = (database: string): string => `postgres://${USER}:${encodeURIComponent(options.password)}@127.0.0.1:${port}/${database}`;
    await untilItAnswers(running, url('postgres'), log, options.databases);
    return { ...running, url, dataFolder: place.data };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function createCluster(place: PostgresPlace, password: string): Promise<void> {
  const fresh = `${place.data}.new`; // a cut-off initdb must not look like a finished one
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(dirname(fresh), { recursive: true });
  const passwordFile = `${place.data}.password`;
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (place.user !== undefined) chownSync(passwordFile, place.user.uid, place.user.gid);
  try {
    // the built-in locale sorts and folds the same way on every machine
    await promisify(execFile)(place.initdb, ['-D', fresh, '-U', USER, `--pwfile=${passwordFile}`, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
      { cwd: '/', ...(place.user !== undefined && { uid: place.user.uid, gid: place.user.gid }) });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    throw new Error(`PostgreSQL's data folder ${place.data} can't be made: ${(stderr || stdout || message).trim()}`, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(fresh, place.data);
}

/** A server that a killed start left in this data folder is ended; a note of one that is gone is taken away. */
async function endOldServer(data: string): Promise<void> {
  const note = join(data, 'postmaster.pid');
  if (!existsSync(note)) return;
  const pid = Number(readFileSync(note, 'utf8').split('\n')[0]);
  if (!commandLine(pid).includes(data)) {
    rmSync(note, { force: true }); // otherwise PostgreSQL refuses when another program has that number now
    return;
  }
  const until = Date.now() + 20_000;
  process.kill(pid, 'SIGINT');
  while (identify(pid) !== undefined) {
    if (Date.now() > until) process.kill(pid, 'SIGQUIT');
    await sleep(100);
  }
}

async function untilItAnswers(running: RunningProcess, url: string, log: string, databases: readonly string[]): Promise<void> {
  let ended = false;
  void running.exited.then(() => { ended = true; });
  const until = Date.now() + START_MS;
  for (;;) {
    if (ended) throw new Error(`PostgreSQL ended while it started. The end of ${log}:\n${endOf(log)}`);
    try {
      return await createDatabases(url, databases);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      // 28P01 and the like will not pass by waiting
      if (code?.startsWith('28') === true || Date.now() > until) {
        await running.stop();
        throw new Error(`PostgreSQL runs but doesn't take our connection: ${message}. The end of ${log}:\n${endOf(log)}`, { cause: error });
      }
      await sleep(50);
    }
  }
}

async function createDatabases(url: string, databases: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => {}); // told by the query that was running
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    for (const name of databases) if (!rows.some(({ datname }) => datname === name)) await client.query(`create database "${name}"`);
  } finally {
    await client.end();
  }
}
