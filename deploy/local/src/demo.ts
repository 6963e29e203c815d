import { join } from 'node:path';
import type { Infrastructure } from './infrastructure.js';
import { STAGES } from './infrastructure.js';
import { GatewayClient } from './gateway-client.js';
import type { StartOptions } from './options.js';
import { requireFree, type Ports } from './ports.js';
import type { Secrets } from './secrets.js';
import { gatewayUrl } from './services.js';
import { Simulator } from './simulator.js';
import { foldersOf } from './stack.js';

export interface DemoOptions {
  readonly infrastructure: Infrastructure;
  readonly ports: Ports;
  readonly secrets: Secrets;
  readonly dir: string;
  readonly owner: string;
  /** Instead of the demo on the simulator. */
  readonly source?: NonNullable<StartOptions['source']>;
  readonly line: (name: string, line: string) => void;
}

/** What was set up, for the summary. */
export interface Demo {
  readonly sourceId: string;
  readonly connector: string;
  readonly sourceName: string;
  /** The source's schema in the warehouse. */
  readonly schema: string;
  /** Who is at the other end. */
  readonly partner: string;
  readonly webhookUrl: string;
  readonly simulator?: { readonly url: string; readonly apiKey: string };
}

interface Warehouse { readonly id: string; readonly location: string }
interface Source { readonly id: string; readonly name: string; readonly slug: string; readonly warehouseId: string | null; readonly state: string; readonly configuration: Readonly<Record<string, string>> }
interface List<T> { readonly data: readonly T[] }

const DEMO = { name: 'Stripe demo', slug: 'stripe_demo' };

/**
 * Through the gateway's REST API: a warehouse, and a source that loads into it. The source is the demo on the simulator,
 * or one of the person's own. What is there already is taken up: a second start changes nothing but addresses.
 * @throws Problem with the gateway's words, when a key is refused for example
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { ports, secrets, source: own } = options;
  const gateway = new GatewayClient(gatewayUrl(ports), secrets.apiKey);
  await gateway.signIn(options.owner, secrets.ownerPassword);
  const warehouseId = await ensureWarehouse(gateway, options.infrastructure.warehouseUrl);
  return own === undefined ? startOnSimulator(options, gateway, warehouseId) : connectOwn(own, gateway, warehouseId);
}

async function startOnSimulator({ infrastructure, ports, secrets, dir, line }: DemoOptions, gateway: GatewayClient, warehouseId: string): Promise<Demo> {
  await requireFree(ports, ['simulator']);
  const simulator = new Simulator({ port: ports.simulator, apiKey: secrets.simulatorKey, dir: join(dir, 'simulator'), folders: foldersOf(dir), line });
  await infrastructure.supervisor.add(simulator.program(), STAGES.services);
  const source = await ensureSource(gateway, { ...DEMO, connector: 'stripe', configuration: { apiKey: secrets.simulatorKey, baseUrl: simulator.url }, warehouseId });
  await gateway.ensureWebhookSecret(source.id, secrets.webhookSecret);
  const webhookUrl = await gateway.webhookUrl(source.id);
  await simulator.sendWebhooks(webhookUrl, secrets.webhookSecret);
  return {
    sourceId: source.id, connector: 'stripe', sourceName: DEMO.name, schema: source.slug, webhookUrl,
    partner: `the Stripe simulator at ${simulator.url}, with a shop that goes on selling`, simulator: { url: simulator.url, apiKey: secrets.simulatorKey },
  };
}

async function connectOwn({ connector, apiKey, baseUrl }: NonNullable<StartOptions['source']>, gateway: GatewayClient, warehouseId: string): Promise<Demo> {
  const name = `My ${connector}`;
  const source = await ensureSource(gateway, { name, slug: connector, connector, configuration: { apiKey, ...(baseUrl !== undefined && { baseUrl }) }, warehouseId });
  // the simulator doesn't run beside a source of one's own
  await pauseDemo(gateway);
  return { sourceId: source.id, connector, sourceName: name, schema: source.slug, webhookUrl: await gateway.webhookUrl(source.id), partner: baseUrl ?? `your ${connector} account` };
}

/** The one warehouse of the stack. Its address is kept encrypted, so another one is a new warehouse. */
async function ensureWarehouse(gateway: GatewayClient, url: string): Promise<string> {
  const { host, pathname } = new URL(url);
  const { data } = await gateway.get<List<Warehouse>>('warehouses?limit=200');
  const found = data.find(({ location }) => location === `${host}${pathname}`);
  return (found ?? await gateway.post<Warehouse>('warehouses', { name: 'Warehouse', url })).id;
}

interface WantedSource { readonly name: string; readonly slug: string; readonly connector: string; readonly configuration: Readonly<Record<string, string>>; readonly warehouseId: string }

async function ensureSource(gateway: GatewayClient, wanted: WantedSource): Promise<Source> {
  const found = (await gateway.get<List<Source>>('sources?limit=200')).data.find(({ name, slug }) => name === wanted.name && slug === wanted.slug);
  if (found === undefined) return gateway.post<Source>('sources', { ...wanted, intervalMinutes: 60 });
  if (found.warehouseId !== wanted.warehouseId) await gateway.patch(`sources/${found.id}`, { warehouseId: wanted.warehouseId });
  // keys can't be read back: they are set again, which also tests them and ends an error
  const source = await gateway.put<Source>(`sources/${found.id}/credentials`, { configuration: wanted.configuration });
  if (source.state === 'paused') await gateway.post(`sources/${found.id}/resume`);
  await gateway.syncNow(found.id);
  return source;
}

async function pauseDemo(gateway: GatewayClient): Promise<void> {
  const demo = (await gateway.get<List<Source>>('sources?limit=200')).data.find(({ slug }) => slug === DEMO.slug);
  if (demo !== undefined) await gateway.post(`sources/${demo.id}/pause`);
}
