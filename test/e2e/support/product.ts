import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { freePorts, temporaryFolder } from '#embedded';
import { randomName, testDatabase, type TestDatabase } from '#testing';
import { STAGES, type Infrastructure } from '../../../deploy/local/src/infrastructure.js';
import { randomPorts, type Ports } from '../../../deploy/local/src/ports.js';
import { inheritedEnvironment } from '../../../deploy/local/src/prepare-job.js';
import { compiled } from '../../../deploy/local/src/project.js';
import { newSecrets, type Secrets } from '../../../deploy/local/src/secrets.js';
import { gatewayUrl, serviceProgram, webhooksUrl, type ServiceName } from '../../../deploy/local/src/services.js';
import { OWNER_EMAIL, foldersOf, startStack } from '../../../deploy/local/src/stack.js';
import { Api, type RunDetail, type Run, type List, type Source } from './api.js';
import { Database } from './database.js';
import { eventually, untilTrue } from './eventually.js';
import { RunTopics } from './topics.js';

interface ProductOptions {
  /** More variables, or other values, for every service. */
  readonly env?: Readonly<Record<string, string>>;
  /** All seven unless it is said otherwise. */
  readonly services?: readonly ServiceName[];
  /** A broker that this spec may stop, instead of the test run's. */
  readonly ownBroker?: boolean;
  /** A PostgreSQL that may be killed, instead of databases on the test run's. */
  readonly ownPostgres?: boolean;
  /** Where Java was found; it is looked for when it is left out. */
  readonly java?: string;
}

/** What a `Product` runs; with a number: one more instance of a service. */
export type Part = ServiceName | 'kafka' | 'postgres' | `${ServiceName}-${2 | 3 | 4}`;

/** What `verify --json` says of one source. */
interface Verdict {
  readonly slug: string;
  readonly difference: number;
  readonly apiCalls: number;
  readonly collections: readonly { readonly collection: string; readonly partner?: number; readonly topic: number; readonly warehouse: number; readonly difference: number; readonly examples: readonly object[]; readonly note?: string }[];
}

const FINAL = ['succeeded', 'partial', 'failed', 'killed', 'cancelled'];

/** The compiled services, each a process of its own, with databases and topics that nobody else uses. */
export class Product {
  /** Every line that a service wrote, by service. */
  readonly lines: { readonly service: string; readonly line: string }[] = [];
  /** What a supervisor told a person: restarts. */
  readonly said: string[] = [];
  readonly secrets: Secrets = newSecrets();
  readonly owner = OWNER_EMAIL;
  readonly topicPrefix = `${randomName()}.`;
  readonly api: Api;
  private readonly dir = temporaryFolder('cs-e2e-');
  private readonly opened: TestDatabase[] = [];
  private env: Readonly<Record<string, string>> = {};
  private infrastructure!: Infrastructure;
  warehouse!: Database;
  control!: Database;
  topics!: RunTopics;

  private constructor(readonly ports: Ports) {
    this.api = new Api(gatewayUrl(ports));
  }

  /** Resolves when every service says that it is ready. Nothing is left behind when that fails. */
  static async start(options: ProductOptions = {}): Promise<Product> {
    const product = new Product(await randomPorts());
    try {
      await product.begin(options);
      return product;
    } catch (error) {
      await product.stop();
      throw new Error(`The product doesn't start: ${(error as Error).message}\n${product.troubles()}`, { cause: error });
    }
  }

  private async begin({ env, services, ownBroker = false, ownPostgres = false, java }: ProductOptions): Promise<void> {
    const brokers = ownBroker ? undefined : process.env['TEST_KAFKA_BROKERS']?.split(',');
    const databases = ownPostgres ? [] : [await testDatabase(), await testDatabase()];
    const [control, warehouse] = databases;
    this.opened.push(...databases);
    if (env !== undefined) this.env = env;
    this.infrastructure = await startStack({
      dir: this.dir, ports: this.ports, secrets: this.secrets, topicPrefix: this.topicPrefix,
      ...(control !== undefined && warehouse !== undefined && { databaseUrl: control.url, warehouseUrl: warehouse.url }), ...(java !== undefined && { java }),
      say: (name, text) => { this.said.push(`${name}: ${text}`); },
      line: (service, line) => { this.lines.push({ service, line }); },
      ...(brokers !== undefined && { kafkaBrokers: brokers }),
      ...(env !== undefined && { env }), ...(services !== undefined && { services }),
    });
    this.control = new Database(this.infrastructure.databaseUrl);
    this.warehouse = new Database(this.infrastructure.warehouseUrl);
    this.topics = await RunTopics.of(this.infrastructure.kafkaBrokers, this.topicPrefix);
  }

  get warehouseUrl(): string { return this.infrastructure.warehouseUrl; }
  get brokers(): readonly string[] { return this.infrastructure.kafkaBrokers; }
  get webhooksUrl(): string { return webhooksUrl(this.ports); }

  async stop(): Promise<void> {
    await this.infrastructure?.supervisor.stopAll();
    await Promise.all([this.control?.close(), this.warehouse?.close()]);
    await this.topics?.remove().catch(() => undefined); // its broker may have been the spec's own
    for (const database of this.opened) await database.drop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** kill -9, SIGSTOP, … of a service or `kafka`; what ends is restarted. */
  signal(name: Part, signal: NodeJS.Signals): void {
    if (!this.infrastructure.supervisor.kill(name, signal)) throw new Error(`${name} doesn't run, so it can't be sent ${signal}.`);
  }

  runs(name: Part): boolean { return this.pid(name) !== undefined; }

  pid(name: Part): number | undefined { return this.infrastructure.supervisor.pid(name); }

  /** kill -9 for good, until `back`. */
  async gone(name: Part): Promise<void> {
    this.infrastructure.supervisor.kill(name, 'SIGKILL');
    await this.infrastructure.supervisor.pause(name);
  }

  back(name: Part): Promise<void> { return this.infrastructure.supervisor.resume(name); }

  /** One more instance of a service, `<name>-2` or as numbered, beside the first. */
  async another(name: ServiceName, env: Readonly<Record<string, string>> = {}, number: 2 | 3 | 4 = 2): Promise<void> {
    const { infrastructure: { supervisor, kafkaBrokers, databaseUrl }, ports, secrets, topicPrefix } = this;
    const [health] = await freePorts(1);
    await supervisor.add(serviceProgram(name, {
      kafkaBrokers, databaseUrl, topicPrefix, ports, vaultKey: secrets.vaultKey, owner: { email: OWNER_EMAIL, password: secrets.ownerPassword, apiKey: secrets.apiKey },
      env: { ...this.env, ...env, HEALTH_PORT: String(health) },
    }, foldersOf(this.dir), (service, line) => { this.lines.push({ service, line }); }, `${name}-${number}`), STAGES.services);
  }

  /** kill -9, and wait until the supervisor has a new process of it. */
  async killed(...names: readonly Part[]): Promise<void> {
    for (const name of names) await untilTrue(`${name} runs`, () => this.runs(name), this);
    const before = names.map((name) => this.infrastructure.supervisor.pid(name));
    for (const name of names) this.signal(name, 'SIGKILL');
    await untilTrue(`${names.join(' and ')} run again after kill -9`, () => names.every((name, index) => ![undefined, before[index]].includes(this.infrastructure.supervisor.pid(name))), { ...this, timeoutMs: 300_000 });
  }

  /** For the error of a wait that took too long. */
  readonly context = (): string => this.troubles();

  /** The newest restarts, and the services' newest warnings and errors. */
  troubles(): string {
    const told = this.lines.filter(({ line }) => !/"level":"(info|debug)"/.test(line)).slice(-15).map(({ service, line }) => `${service}: ${line.slice(0, 600)}`);
    return [...this.said.slice(-10), ...told].join('\n');
  }

  /** Runs the product's own `verify`. Its exit status is checked against what it prints. */
  async verify(...args: readonly string[]): Promise<Verdict> {
    const { kafkaBrokers, databaseUrl } = this.infrastructure;
    const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
      execFile(process.execPath, [compiled('deploy', 'jobs', 'src', 'verify.js'), '--json', ...args], {
        maxBuffer: 64 * 1024 * 1024,
        env: {
          ...inheritedEnvironment(), LOG_LEVEL: 'warn', KAFKA_BROKERS: kafkaBrokers.join(','), TOPIC_PREFIX: this.topicPrefix, DATABASE_URL: databaseUrl,
          VAULT_KEYS: this.secrets.vaultKey, ALLOW_PRIVATE_ADDRESSES: 'true',
        },
      }, (error, stdout, stderr) => { resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` }); });
    });
    const json = /^\[$[^]*?^\]$/m.exec(output)?.[0];
    if (json === undefined) throw new Error(`verify said nothing that can be read:\n${output.slice(-4000)}`);
    const [verdict] = JSON.parse(json) as Verdict[];
    if (verdict === undefined) throw new Error('verify judged no source.');
    if ((code === 0) !== (verdict.difference === 0)) throw new Error(`verify ended with ${code} at a difference of ${verdict.difference}:\n${output.slice(-4000)}`);
    return verdict;
  }

  /** Signs in as the owner and connects the warehouse; its id. */
  async connectWarehouse(url: string = this.warehouseUrl): Promise<string> {
    const { status, text } = await this.api.signIn(this.owner, this.secrets.ownerPassword);
    if (status !== 204) throw new Error(`The owner can't sign in: ${status} ${text}`);
    return (await this.api.post<{ id: string }>('warehouses', { name: 'Warehouse', url })).id;
  }

  /** A Stripe source of the partner at this address; its first run begins at once. */
  createStripe(baseUrl: string, more: { readonly name: string } & Readonly<Record<string, unknown>>): Promise<Source> {
    return this.api.post<Source>('sources', { connector: 'stripe', configuration: { apiKey: this.secrets.simulatorKey, baseUrl }, ...more });
  }

  /** A source's runs, newest first. */
  async runsOf(sourceId: string): Promise<readonly Run[]> { return (await this.api.get<List<Run>>(`sources/${sourceId}/runs?limit=50`)).data; }

  /** Watches a run to its end, whatever that is. `seen` gets every state on the way. */
  runEnds(runId: string, seen?: (run: RunDetail) => void): Promise<RunDetail> {
    return eventually(`run ${runId} ends`, async () => {
      const run = await this.api.get<RunDetail>(`runs/${runId}`);
      seen?.(run);
      return FINAL.includes(run.state) ? run : undefined;
    }, { ...this, timeoutMs: 180_000 });
  }

  /** The source's newest run, watched to its end. */
  async newestRunEnds(sourceId: string): Promise<RunDetail> {
    const [newest] = await this.runsOf(sourceId);
    if (newest === undefined) throw new Error('The source has no run.');
    return this.runEnds(newest.id);
  }
}
