import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { endLeftovers, temporaryFolder } from '#embedded';
import { createKafka, type Kafka } from '#kafka';
import { GatewayClient } from '../../../deploy/local/src/gateway-client.js';
import { recordsFolder, startInfrastructure, STAGES, type Infrastructure } from '../../../deploy/local/src/infrastructure.js';
import { inheritedEnvironment } from '../../../deploy/local/src/prepare-job.js';
import { compiled } from '../../../deploy/local/src/project.js';
import { randomPorts, type Ports } from '../../../deploy/local/src/ports.js';
import { newSecrets, type Secrets } from '../../../deploy/local/src/secrets.js';
import { gatewayUrl, nodeProgram, type ServiceName } from '../../../deploy/local/src/services.js';
import { foldersOf, startServices } from '../../../deploy/local/src/stack.js';
import { measureCpu, type CpuSeconds } from './cpu.js';
import { residentMb } from './memory.js';
import type { BenchContext } from './report.js';
import { until } from './until.js';

export const PREFIX = 'cs.';
export const SIMULATOR = 'stripe-simulator';
export const SCHEMA = 'bench';

/** A stack of its own in a temporary folder, on free ports. */
export interface BenchStack {
  readonly infrastructure: Infrastructure;
  readonly ports: Ports;
  readonly secrets: Secrets;
  readonly dir: string;
  readonly kafka: Kafka;
  readonly gateway: GatewayClient;
  /** A connection to the warehouse. */
  readonly sql: Client;
  readonly simulatorUrl: string;
  startServices(services: readonly ServiceName[], env?: Readonly<Record<string, string>>): Promise<void>;
  /** A compiled program of this folder; the lines it prints come to `onLine`. @returns when it has been started */
  startProgram(name: string, args: readonly string[], env: Readonly<Record<string, string>>, onLine: (line: string) => void): Promise<void>;
  /** Ends these for good, so that what is measured next has the machine to itself. */
  end(...names: readonly string[]): Promise<void>;
  /** Measures every process that runs now, until the returned function is called. */
  cpu(): () => CpuSeconds;
  /** Resident memory of these now, MB; without those that don't run. */
  memory(names: readonly string[]): Readonly<Record<string, number>>;
}

export interface StackWishes {
  readonly services: readonly ServiceName[];
  readonly env?: Readonly<Record<string, string>>;
  /** Customers that the Stripe simulator has; it isn't started without. */
  readonly customers?: number;
}

const running = new Set<() => Promise<void>>();

/** Ctrl-C ends what was started. */
export function stopOnSignal(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void Promise.allSettled([...running].map((stop) => stop())).then(() => process.exit(1)));
  }
}

/** Registers something that must be ended when the benchmark is broken off. @returns takes it off again */
export function endWithBench(stop: () => Promise<void>): () => void {
  running.add(stop);
  return () => running.delete(stop);
}

/** Starts Kafka, PostgreSQL and what is wished for, and ends and removes all of it afterwards. */
export async function withStack<T>({ java }: Pick<BenchContext, 'java'>, wishes: StackWishes, work: (stack: BenchStack) => Promise<T>): Promise<T> {
  const dir = temporaryFolder('cs-bench-');
  const [ports, secrets] = [await randomPorts(), newSecrets()];
  const told: string[] = [];
  const say = (name: string, text: string): void => { told.push(`${name} ${text}`); process.stderr.write(`${name} ${text}\n`); };
  let infrastructure: Infrastructure | undefined;
  const clients: Client[] = [];
  const stop = async (): Promise<void> => {
    for (const client of clients) await client.end().catch(() => undefined);
    await infrastructure?.supervisor.stopAll();
    await endLeftovers(recordsFolder(dir), 2000);
    rmSync(dir, { recursive: true, force: true });
  };
  const done = endWithBench(stop);
  try {
    infrastructure = await startInfrastructure({ dir, ports, topicPrefix: PREFIX, postgresPassword: secrets.postgresPassword, say, ...(java !== undefined && { java }) });
    const { supervisor } = infrastructure;
    const options = { dir, ports, secrets, topicPrefix: PREFIX, infrastructure, say, line: errorLine };
    const sql = new Client({ connectionString: infrastructure.warehouseUrl });
    clients.push(sql);
    await sql.connect();
    const stack: BenchStack = {
      infrastructure, ports, secrets, dir, sql,
      kafka: createKafka({ brokers: infrastructure.kafkaBrokers, clientId: 'bench' }, { debug: () => {}, warn: () => {} }),
      gateway: new GatewayClient(gatewayUrl(ports), secrets.apiKey),
      simulatorUrl: `http://127.0.0.1:${ports.stripeSimulator}`,
      startServices: (services, env = wishes.env) => startServices({ ...options, services, ...(env !== undefined && { env }) }),
      startProgram: (name, args, env, onLine) => supervisor.add(nodeProgram(name, compiled('test', 'bench', 'programs', `${name}.js`), args, { ...inheritedEnvironment(), ...env }, foldersOf(dir), (_, line) => onLine(line)), STAGES.services),
      end: async (...names) => { await Promise.all(names.map((name) => supervisor.pause(name))); },
      memory: (names) => Object.fromEntries(names.flatMap((name) => { const mb = residentMb(supervisor.pid(name)); return mb === undefined ? [] : [[name, mb] as const]; })),
      cpu: () => measureCpu(Object.fromEntries([...supervisor.names.map((name) => [name, supervisor.pid(name)] as const), ['bench', process.pid] as const])),
    };
    if (wishes.customers !== undefined) await startSimulator(stack, wishes.customers);
    if (wishes.services.length > 0) await stack.startServices(wishes.services);
    return await work(stack);
  } finally {
    await stop();
    done();
    if (told.length > 0) process.stderr.write('A process was restarted while it was measured: the figures of this benchmark count for nothing.\n');
  }
}

const errorLine = (name: string, line: string): void => { if (/"level":("error"|50|60)/.test(line)) process.stderr.write(`${name} ${line}\n`); };

/** Heap of the simulator, which keeps its customers in memory. */
const SIMULATOR_MB = 512, MB_PER_CUSTOMER = 0.002;

async function startSimulator({ infrastructure, ports, secrets, dir, simulatorUrl }: BenchStack, customers: number): Promise<void> {
  const args = ['--port', String(ports.stripeSimulator), '--customers', '0', '--bulk', String(customers), '--api-key', secrets.simulatorKey];
  await infrastructure.supervisor.add(nodeProgram(SIMULATOR, compiled('libs', 'testing', 'src', 'stripe-simulator', 'main.js'), args, { ...inheritedEnvironment(), NODE_OPTIONS: `--max-old-space-size=${SIMULATOR_MB + Math.ceil(customers * MB_PER_CUSTOMER)}` }, foldersOf(dir), () => {}), STAGES.services);
  await until('the simulator answers', 60_000 + customers / 10, 50, async () => (await fetch(`${simulatorUrl}/_simulator/health`)).ok);
}

/** A warehouse and a Stripe source on the simulator with only these collections. @returns ids */
export async function createSource({ gateway, infrastructure, secrets, simulatorUrl }: BenchStack, collections: readonly string[]): Promise<{ readonly sourceId: string; readonly warehouseId: string }> {
  const warehouse = await gateway.post<{ id: string }>('warehouses', { name: 'Bench', url: infrastructure.warehouseUrl });
  const source = await gateway.post<{ id: string }>('sources', {
    name: 'Bench', slug: SCHEMA, connector: 'stripe', collections, warehouseId: warehouse.id, intervalMinutes: 1440,
    startDate: new Date(Date.now() - 366 * 86_400_000).toISOString(), configuration: { apiKey: secrets.simulatorKey, baseUrl: simulatorUrl },
  });
  return { sourceId: source.id, warehouseId: warehouse.id };
}
