import { parseArgs } from 'node:util';
import { Problem } from './problem.js';

export interface StartOptions {
  /** A source of one's own instead of the demo on the simulator. */
  readonly source?: {
    readonly connector: string;
    readonly apiKey: string;
    /** Another address than the partner's own. */
    readonly baseUrl?: string;
  };
  readonly portBase?: string;
  /** Servers to use instead of the embedded ones. */
  readonly kafkaBrokers?: readonly string[];
  readonly databaseUrl?: string;
  readonly warehouseUrl?: string;
  readonly topicPrefix: string;
}

export const USAGE = `npm start                     the whole stack, with the Stripe simulator as the demo's partner
npm start -- --connector stripe --api-key <key> [--base-url <address>]
                              a source of your own instead: a real account, or any server that speaks Stripe's API
                              (CS_API_KEY instead of --api-key keeps the key out of the list of processes)

CS_PORT_BASE    first of the ports (7300)
CS_DATA_DIR     folder of the data, secrets and logs (.cloud-sources)
KAFKA_BROKERS   brokers to use instead of the embedded one
DATABASE_URL    PostgreSQL for the control database instead of the embedded one
WAREHOUSE_URL   PostgreSQL to load into instead of the embedded one
TOPIC_PREFIX    put before the name of every topic (cs.)`;

function parse(args: readonly string[]): { connector?: string | undefined; 'api-key'?: string | undefined; 'base-url'?: string | undefined; help?: boolean | undefined } {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args: [...args], options: { connector: text, 'api-key': text, 'base-url': text, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    throw new Problem(`${(error as Error).message.split('.')[0] ?? ''}.\n\n${USAGE}`);
  }
}

/** @throws Problem for arguments or variables that can't be used. `help` in the result: only the usage was asked for. */
export function readOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): StartOptions | 'help' {
  const { connector, 'api-key': apiKey = env['CS_API_KEY'], 'base-url': baseUrl, help } = parse(args);
  if (help === true) return 'help';
  if (connector === undefined && (baseUrl !== undefined || args.some((arg) => arg.startsWith('--api-key')))) throw new Problem('Say which connector the key is for: --connector stripe.');
  if (connector !== undefined && (apiKey === undefined || apiKey === '')) throw new Problem(`The source needs a key: --api-key <key> (or the variable CS_API_KEY).`);
  if (baseUrl !== undefined && !/^https?:\/\/[^/]/.test(baseUrl)) throw new Problem('--base-url must be an address such as http://127.0.0.1:12111.');
  const given = (name: string): string | undefined => { const value = env[name]; return value === '' ? undefined : value; };
  const brokers = given('KAFKA_BROKERS')?.split(',').map((broker) => broker.trim()).filter((broker) => broker !== '');
  const [portBase, databaseUrl, warehouseUrl] = [given('CS_PORT_BASE'), given('DATABASE_URL'), given('WAREHOUSE_URL')];
  return {
    ...(connector !== undefined && apiKey !== undefined && { source: { connector, apiKey, ...(baseUrl !== undefined && { baseUrl }) } }),
    ...(portBase !== undefined && { portBase }),
    ...(brokers !== undefined && { kafkaBrokers: brokers }),
    ...(databaseUrl !== undefined && { databaseUrl }),
    ...(warehouseUrl !== undefined && { warehouseUrl }),
    topicPrefix: env['TOPIC_PREFIX'] ?? 'cs.',
  };
}
