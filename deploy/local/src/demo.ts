import type { Infrastructure } from './infrastructure.js';
import { STAGES } from './infrastructure.js';
import { OAUTH_CLIENT, demoSimulators, demoSources, type DemoSource } from './demo-sources.js';
import { GatewayClient } from './gateway-client.js';
import type { StartOptions } from './options.js';
import { requireFree, type Ports } from './ports.js';
import type { Secrets } from './secrets.js';
import { eventCatcher, eventsUrl, gatewayUrl } from './services.js';
import type { Partner, Simulator } from './simulator.js';
import { foldersOf } from './stack.js';

export interface DemoOptions {
  readonly infrastructure: Infrastructure;
  readonly ports: Ports;
  readonly secrets: Secrets;
  readonly dir: string;
  readonly owner: string;
  /** Instead of the demo on the simulators. */
  readonly source?: NonNullable<StartOptions['source']>;
  /** The warehouse is the embedded one, wherever it answers. */
  readonly ownWarehouse: boolean;
  readonly line: (name: string, line: string) => void;
}

/** A source that was set up, for the summary. */
export interface ShownSource {
  readonly id: string;
  readonly connector: string;
  readonly name: string;
  /** Its schema in the warehouse. */
  readonly schema: string;
  readonly about: string;
  /** Where its partner sends webhooks; absent where the demo's partner sends none. */
  readonly webhookUrl?: string;
}

interface Warehouse { readonly id: string; readonly name: string; readonly location: string }
interface Source { readonly id: string; readonly name: string; readonly slug: string; readonly warehouseId: string | null; readonly state: string; readonly configuration: Readonly<Record<string, string>> }
interface List<T> { readonly data: readonly T[] }

/**
 * Through the gateway's REST API: a warehouse, and sources that load into it. They are the demo's on the simulators, or one of
 * the person's own. What is there already is taken up: a second start changes nothing but addresses.
 * @throws Problem with the gateway's words, when a key is refused for example
 */
export async function startDemo(options: DemoOptions): Promise<ShownSource[]> {
  const { ports, secrets, source: own } = options;
  const gateway = new GatewayClient(gatewayUrl(ports), secrets.apiKey);
  await gateway.signIn(options.owner, secrets.ownerPassword);
  const warehouseId = await ensureWarehouse(gateway, options.infrastructure.warehouseUrl, options.ownWarehouse);
  const there = (await gateway.get<List<Source>>('sources?limit=200')).data;
  return own === undefined ? startOnSimulators(options, gateway, warehouseId, there) : [await connectOwn(own, options, gateway, warehouseId, there)];
}

async function startOnSimulators({ infrastructure, ports, secrets, dir, line }: DemoOptions, gateway: GatewayClient, warehouseId: string, there: readonly Source[]): Promise<ShownSource[]> {
  await requireFree(ports, ['stripeSimulator', 'zendeskSimulator', 'salesforceSimulator', 'eventCatcher']);
  const simulators = demoSimulators(ports, secrets, dir, { folders: foldersOf(dir), line });
  await Promise.all(Object.values(simulators).map((simulator) => infrastructure.supervisor.add(simulator.program(), STAGES.services)));
  await infrastructure.supervisor.add(eventCatcher(ports, secrets.destinationSecret, foldersOf(dir), line), STAGES.services);
  await ensureDestination(gateway, `${eventsUrl(ports)}/demo`, secrets.destinationSecret);
  for (const connector of ['zendesk', 'salesforce'] as const) await gateway.put(`oauth/${connector}/client`, { clientId: OAUTH_CLIENT, clientSecret: secrets.oauthClientSecret });
  return Promise.all(demoSources(ports, secrets).map(async (wanted): Promise<ShownSource> => {
    const { connector, name, about, webhooks } = wanted;
    const { id, slug } = await ensureSource(gateway, wanted, warehouseId, there);
    return { id, connector, name, about, schema: slug, ...(webhooks && { webhookUrl: await ensureWebhooks(gateway, id, simulators[connector], connector, secrets) }) };
  }));
}

/** The partner's webhooks reach the source. Salesforce signs none: its org's id stands for a secret. */
async function ensureWebhooks(gateway: GatewayClient, sourceId: string, simulator: Simulator, connector: Partner, secrets: Secrets): Promise<string> {
  const organization = connector === 'salesforce' ? String((await simulator.health())?.['organization']) : undefined;
  await gateway.ensureWebhookSecret(sourceId, organization ?? secrets.webhookSecret);
  const url = await gateway.webhookUrl(sourceId);
  await simulator.sendWebhooks(url, organization === undefined ? secrets.webhookSecret : undefined);
  return url;
}

async function connectOwn({ connector, apiKey, baseUrl }: NonNullable<StartOptions['source']>, { ports, secrets }: DemoOptions, gateway: GatewayClient, warehouseId: string, there: readonly Source[]): Promise<ShownSource> {
  const name = `My ${connector}`;
  const configuration = { apiKey, ...(baseUrl !== undefined && { baseUrl }) };
  const { id, slug } = await ensureSource(gateway, { name, slug: connector, connector, configuration }, warehouseId, there);
  // the simulators don't run beside a source of one's own
  const demo = demoSources(ports, secrets).map((source) => source.slug);
  for (const source of there) if (demo.includes(source.slug) && source.state === 'active') await gateway.post(`sources/${source.id}/pause`);
  return { id, connector, name, schema: slug, about: baseUrl ?? `your ${connector} account`, webhookUrl: await gateway.webhookUrl(id) };
}

/** The one warehouse of the stack. The embedded one stays the same when it answers on another port. */
async function ensureWarehouse(gateway: GatewayClient, url: string, embedded: boolean): Promise<string> {
  const { host, hostname, pathname } = new URL(url);
  const { data } = await gateway.get<List<Warehouse>>('warehouses?limit=200');
  const found = data.find(({ location }) => location === `${host}${pathname}`);
  if (found !== undefined) return found.id;
  const moved = embedded ? data.find(({ name, location }) => name === WAREHOUSE && location.replace(/:\d+\//, '/') === `${hostname}${pathname}`) : undefined;
  if (moved === undefined) return (await gateway.post<Warehouse>('warehouses', { name: WAREHOUSE, url })).id;
  await gateway.patch(`warehouses/${moved.id}`, { url });
  return moved.id;
}

const WAREHOUSE = 'Warehouse';

const DESTINATION = 'Event catcher';

/** Where the demo's events go besides the warehouse. It moves with the ports. */
async function ensureDestination(gateway: GatewayClient, url: string, secret: string): Promise<void> {
  const found = (await gateway.get<List<{ readonly id: string; readonly name: string; readonly url: string }>>('destinations?limit=200')).data.find(({ name }) => name === DESTINATION);
  if (found === undefined) await gateway.post('destinations', { kind: 'webhook', name: DESTINATION, url, secret });
  else if (found.url !== url) await gateway.patch(`destinations/${found.id}`, { url });
}

type WantedSource = Pick<DemoSource, 'name' | 'slug' | 'configuration' | 'signIn'> & { readonly connector: string };

async function ensureSource(gateway: GatewayClient, { name, slug, connector, configuration, signIn }: WantedSource, warehouseId: string, there: readonly Source[]): Promise<Source> {
  const found = there.find((source) => source.name === name && source.slug === slug);
  if (found === undefined) {
    const grant = signIn === undefined ? {} : { grantId: await gateway.agree(connector, configuration, signIn) };
    return gateway.post<Source>('sources', { name, slug, connector, configuration, ...grant, warehouseId, intervalMinutes: 60 });
  }
  if (found.warehouseId !== warehouseId) await gateway.patch(`sources/${found.id}`, { warehouseId });
  const moved = Object.entries(configuration).some(([field, value]) => found.configuration[field] !== value);
  // keys can't be read back: they are set again, which also tests them and ends an error. A grant stays as it is while it works.
  if (signIn === undefined) await gateway.put(`sources/${found.id}/credentials`, { configuration });
  else if (moved || found.state === 'error') await gateway.put(`sources/${found.id}/credentials`, { configuration, grantId: await gateway.agree(connector, configuration, signIn, found.id) });
  if (found.state === 'paused') await gateway.post(`sources/${found.id}/resume`);
  await gateway.syncNow(found.id);
  return found;
}
