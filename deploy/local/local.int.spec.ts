import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endLeftovers, portIsTaken, temporaryFolder } from '#embedded';
import { portsFrom, type Ports } from './src/ports.js';
import type { Secrets } from './src/secrets.js';

const dir = temporaryFolder('cs-local-');
/** The demo's shop has more customers than this since the sync start date, a year back. */
const SOME = 40;
let base: string;
let ports: Ports;

/** A program of the local stack with what it has printed so far. */
class Running {
  output = '';
  readonly ended: Promise<number | null>;
  static readonly all: Running[] = [];
  private constructor(readonly child: ChildProcess) {
    Running.all.push(this);
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { this.output += text; });
    this.ended = new Promise((resolve) => { child.once('close', resolve); });
  }

  static node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const { NODE_OPTIONS: _, KAFKA_BROKERS: _k, DATABASE_URL: _d, WAREHOUSE_URL: _w, ...inherited } = process.env;
    return new Running(spawn(process.execPath, args, { env: { ...inherited, CS_DATA_DIR: dir, CS_PORT_BASE: base, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  async says(text: string | RegExp): Promise<string> {
    for (let turn = 0; turn < 1800; turn++) {
      const found = typeof text === 'string' ? (this.output.includes(text) ? text : undefined) : text.exec(this.output)?.[0];
      if (found !== undefined) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null) break;
      await sleep(100);
    }
    throw new Error(`It never said ${String(text)}. It said:\n${this.output.slice(-4000)}`);
  }
}

const start = (env?: Readonly<Record<string, string>>): Running => Running.node(['deploy/local/start.mjs'], env);
async function command(...args: string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const running = Running.node(['deploy/local/command.mjs', ...args]);
  return { code: await running.ended, output: running.output };
}
const secrets = (): Secrets => JSON.parse(readFileSync(join(dir, 'secrets.json'), 'utf8')) as Secrets;

async function rows(table: string): Promise<number> {
  const { output } = await command('sql', `select count(*) as n from ${table}`);
  return Number(/\n(\d+)\n1 row/.exec(output)?.[1] ?? 0);
}
const customers = (): Promise<number> => rows('stripe_demo.customers');

interface Source { readonly id: string; readonly slug: string; readonly state: string; readonly lastRunState: string | null; readonly error: { readonly code: string } | null }

async function list<T>(what: string): Promise<T[]> {
  const answer = await fetch(`http://127.0.0.1:${ports.gateway}/api/v1/${what}`, { headers: { authorization: `Bearer ${secrets().apiKey}` } });
  return ((await answer.json()) as { data: T[] }).data;
}

/** Every source's newest run has ended. */
async function synced(): Promise<Source[]> {
  for (let turn = 0; ; turn++) {
    const sources = await list<Source>('sources');
    if (sources.length > 0 && sources.every(({ lastRunState }) => lastRunState === 'succeeded' || lastRunState === 'partial')) return sources;
    if (turn > 240) throw new Error(`They were never synced: ${JSON.stringify(sources)}`);
    await sleep(500);
  }
}

const sourceIds = async (): Promise<string[]> => (await list<Source>('sources')).map(({ id }) => id);

beforeAll(async () => {
  for (let candidate = 11_000 + (process.pid % 190) * 100; ; candidate += 100) {
    ports = portsFrom(String(base = String(candidate)));
    if (!(await Promise.all(Object.values(ports).map((port) => portIsTaken(port)))).includes(true)) return;
  }
});
afterAll(async () => {
  for (const { child } of Running.all) child.kill('SIGKILL'); // of those that have ended nothing is left to kill
  await Promise.all(Running.all.map(({ ended }) => ended));
  await endLeftovers(join(dir, 'processes'), 0);
  rmSync(dir, { recursive: true, force: true });
});

describe('npm start', () => {
  it('brings three partners\' data into the warehouse, survives kills, goes on with its data and leaves nothing running', async () => {
    const first = start();
    await first.says('Cloud sources runs');
    await first.says('npm stop');
    expect(first.output).toContain(`http://127.0.0.1:${ports.gateway}/api/docs`);
    expect(first.output).toContain(`owner@example.com / ${secrets().ownerPassword}`);
    expect(first.output).not.toContain('\u001b');
    for (const [name, secret] of Object.entries(secrets())) if (name !== 'ownerPassword') expect(first.output).not.toContain(secret);
    expect(statSync(join(dir, 'stack.json')).mode & 0o777).toBe(0o600);
    for (let turn = 0; turn < 60 && (await customers()) < SOME; turn++) await sleep(500);
    expect(await customers()).toBeGreaterThanOrEqual(SOME);
    const sources = await synced();
    expect(Object.fromEntries(sources.map(({ slug, state, lastRunState, error }) => [slug, [state, lastRunState, error?.code]]))).toEqual({
      stripe_demo: ['active', 'succeeded', undefined], zendesk_demo: ['active', 'succeeded', undefined], salesforce_demo: ['active', 'succeeded', undefined],
      zendesk_agent: ['active', 'partial', 'permission_denied'],
    });
    // A webhook may be there before the first page.
    for (let turn = 0; turn < 120 && Math.min(await rows('zendesk_demo.tickets'), await rows('salesforce_demo.opportunities')) < SOME; turn++) await sleep(500);
    expect(await rows('zendesk_demo.tickets')).toBeGreaterThanOrEqual(SOME);
    expect(await rows('salesforce_demo.opportunities')).toBeGreaterThanOrEqual(SOME);
    // what each partner's webhooks bring belongs to no run
    const live = ['stripe_demo.customers', 'zendesk_demo.tickets', 'salesforce_demo.opportunities'].map((table) => `select 1 from ${table} where _run_id is null`);
    for (const query of live) {
      const some = (): Promise<number> => rows(`(${query}) as live`);
      for (let turn = 0; turn < 240 && await some() === 0; turn++) await sleep(500);
      expect(await some()).toBeGreaterThan(0);
    }

    const topic = await command('topic', 'cs.objects.stripe.customers', '-n', '1');
    expect(topic.output).toMatch(/ce_type: cloud-sources\.object\.v1[^]*"data": \{[^]*1 newest of \d+ records/);
    expect(await command('sql', 'delete from stripe_demo.customers')).toEqual({ code: 1, output: 'PostgreSQL says: cannot execute DELETE in a read-only transaction\n' });

    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.output).toContain(`The stack of this folder runs already (process ${first.child.pid}): stop it with npm stop`);

    const ids = await sourceIds();
    const { pid } = JSON.parse(readFileSync(join(dir, 'processes', 'normalizer.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await first.says(/normalizer was ended by SIGKILL; it is started again in 0\.5 s/);
    await first.says('normalizer runs again');

    first.child.kill('SIGKILL');
    await first.ended;
    const again = start();
    await again.says(/Ended what a killed start had left running: .*postgres/);
    await again.says('Cloud sources runs');
    expect(await sourceIds()).toEqual(ids);
    expect(await customers()).toBeGreaterThanOrEqual(SOME);

    again.child.kill('SIGINT');
    expect(await again.ended).toBe(0);
    expect(again.output).toContain('Stopped: nothing is left running.');
    expect(readdirSync(join(dir, 'processes'))).toEqual([]);
    expect((await Promise.all(Object.values(ports).map((port) => portIsTaken(port)))).includes(true)).toBe(false);
  }, 600_000);

  it('says in one sentence which port is taken, and starts nothing', async () => {
    const holder = createServer();
    await new Promise<void>((resolve, reject) => { holder.once('error', reject).listen(ports.kafka, '127.0.0.1', resolve); });
    const refused = start();
    expect(await refused.ended).toBe(1);
    holder.close();
    expect(refused.output).toMatch(new RegExp(`Port ${ports.kafka} is taken by another program, and Kafka needs it: .*CS_PORT_BASE=\\d+ npm start\\.\n$`));
    expect(readdirSync(join(dir, 'processes'))).toEqual([]);
  }, 120_000);

  it('can be stopped while it starts', async () => {
    const begun = start();
    await begun.says('Starting Kafka');
    await sleep(700);
    begun.child.kill('SIGTERM');
    expect(await begun.ended).toBe(0);
    expect(begun.output).not.toContain('Cloud sources runs');
    expect(readdirSync(join(dir, 'processes'))).toEqual([]);
  }, 120_000);
});
