import { readFileSync } from 'node:fs';
import { createKafka, RecordProducer, type Kafka } from '#kafka';
import { startEventCatcher, startStripeSimulator, type EventCatcher, type StripeSimulator } from '#testing';
import type { RunDetail, Source, Webhook } from '../e2e/support/api.js';
import { untilTrue } from '../e2e/support/eventually.js';
import { Product, type Part } from '../e2e/support/product.js';
import { CuttingProxy } from './cutting-proxy.js';

export const SLUG = 'chaos';
const COLLECTIONS = ['customers', 'customer_events', 'subscriptions', 'subscription_events', 'subscription_items'];
const EVENTS = COLLECTIONS.filter((name) => name.endsWith('_events'));
const SILENT = { debug: () => undefined, warn: () => undefined };
const PAGE_BYTES = 4096;

export interface WorldOptions {
  /** Customers at the partner before the first sync. */
  readonly customers: number;
  /** Changes a second, each with its webhooks. */
  readonly rate: number;
  readonly java?: string;
}

/** What is left after a fault, once everything is calm again. */
export interface Aftermath {
  /** Records that aren't the same at the partner, in the topics and in the warehouse. */
  readonly difference: number;
  /** Rows of event tables beyond one an id. */
  readonly doubled: number;
  /** Events of webhooks that were answered with 200 and have no row. */
  readonly lost: number;
  /** Dead letters that nobody expected. */
  readonly strayLetters: number;
  readonly records: number;
  readonly examples: readonly unknown[];
}

/** The product under load, with a broker and a PostgreSQL of its own and a way to the warehouse that can be cut. */
export class World {
  source!: Source;
  /** Dead letters that the faults so far must have made. */
  expectedLetters = 0;
  /** Ids of events that the destination was sent. */
  private readonly forwarded = new Set<string>();
  private catcher: EventCatcher | undefined;
  private syncing = false;
  private turn: Promise<void> = Promise.resolve();

  private constructor(readonly product: Product, readonly partner: StripeSimulator, readonly proxy: CuttingProxy, readonly kafka: Kafka, private readonly options: WorldOptions) {}

  static async start(options: WorldOptions): Promise<World> {
    const product = await Product.start({
      ownBroker: true, ownPostgres: true, ...(options.java !== undefined && { java: options.java }),
      env: { RUN_LEASE_SECONDS: '4', LOADER_REFRESH_MS: '500', LOADER_BATCH_ROWS: '2000', NORMALIZER_TRANSACTION_RECORDS: '1000' },
    });
    const warehouse = new URL(product.warehouseUrl);
    const proxy = await CuttingProxy.to(warehouse.hostname, Number(warehouse.port));
    const partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 10, days: 100 } });
    const world = new World(product, partner, proxy, createKafka({ brokers: product.brokers, clientId: 'chaos' }, SILENT), options);
    try {
      partner.addCustomers(options.customers);
      partner.webhooks.behaviour = { retryDelaysMs: [500, 1_000, 2_000, 4_000, ...Array.from({ length: 1_000 }, () => 5_000)] };
      warehouse.port = String(proxy.port);
      await product.connectWarehouse(warehouse.href);
      world.catcher = await startEventCatcher({ answer: ({ body }) => { world.forwarded.add((JSON.parse(body) as { data: { id: string } }).data.id); return { status: 204 }; } });
      await product.api.post('destinations', { kind: 'webhook', name: 'Chaos', url: world.catcher.url });
      world.source = await product.createStripe(partner.url, { name: 'Chaos', slug: SLUG, collections: COLLECTIONS, intervalMinutes: 1_440 });
      const { url } = await product.api.put<Webhook>(`sources/${world.source.id}/webhook/secret`, { secret: product.secrets.webhookSecret });
      partner.addWebhookEndpoint({ url, secret: product.secrets.webhookSecret });
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.syncing = false;
    this.partner.traffic.run(0);
    await this.turn;
    await this.partner.stop();
    await this.proxy.close();
    await this.product.stop();
    await this.catcher?.stop();
  }

  /** Webhooks flow and one sync follows the other. */
  load(): void {
    this.partner.traffic.run(this.options.rate);
    if (this.syncing) return;
    this.syncing = true;
    this.turn = (async () => {
      while (this.syncing) {
        await this.product.api.ask('POST', `sources/${this.source.id}/sync`).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    })();
  }

  /** Ends the load, lets everything arrive and compares. */
  async calm(): Promise<Aftermath> {
    const { product, partner } = this;
    this.syncing = false;
    partner.traffic.run(0);
    await this.turn;
    const patience = { context: product.context, timeoutMs: 300_000 };
    const open = (): number => {
      const tried = new Set<string>();
      for (const { eventId } of partner.webhooks.deliveries) tried.add(eventId);
      for (const { eventId, status } of partner.webhooks.deliveries) if (status === 200) tried.delete(eventId);
      return tried.size;
    };
    await untilTrue('every webhook was taken', () => open() === 0, patience);
    await partner.webhooks.idle();
    await untilTrue('a last sync succeeds', async () => {
      const asked = await product.api.ask<RunDetail>('POST', `sources/${this.source.id}/sync`).catch(() => undefined);
      return asked?.status === 202 && (await product.runEnds(asked.body.id)).state === 'succeeded';
    }, { ...patience, everyMs: 1_000 });
    const verdict = await product.verify('--source', SLUG);
    const rows = await product.warehouse.rows<{ id: string }>(EVENTS.map((table) => `select id from ${SLUG}.${table}`).join(' union all '));
    const arrived = new Set(rows.map(({ id }) => id));
    const wanted = new Set(partner.webhooks.deliveries.filter(({ type, status }) => status === 200 && /^(customer\.|subscription_schedule\.)/.test(type)).map(({ eventId }) => eventId));
    await untilTrue('the destination has every event', () => [...wanted].every((id) => this.forwarded.has(id)), patience);
    const letters = [...(await product.topics.deadLetters()).values()].reduce((sum, count) => sum + count, 0);
    return {
      strayLetters: letters - this.expectedLetters,
      difference: verdict.difference, doubled: rows.length - arrived.size, lost: [...wanted].filter((id) => !arrived.has(id)).length,
      records: verdict.collections.reduce((sum, { warehouse }) => sum + warehouse, 0),
      examples: verdict.collections.flatMap(({ collection, examples }) => examples.slice(0, 3).map((example) => ({ collection, ...example }))),
    };
  }

  /** The fault under load, and what is left when everything is calm again. */
  async survive(fault: (world: World) => Promise<string>): Promise<Aftermath & { readonly told: string }> {
    this.load();
    await this.loads();
    const told = await fault(this);
    return { told, ...await this.calm() };
  }

  /** Resident memory of a service, in MiB. */
  memory(name: Part): number {
    const pid = this.product.pid(name);
    if (pid === undefined) return 0;
    return Math.round(Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES / 1_048_576);
  }

  /** Until this many rows more are in the warehouse than now: whatever stood still goes on. */
  async loads(rows = 1): Promise<void> {
    const { warehouse } = this.product;
    // A loader that has just been told of the warehouse hasn't made its bookkeeping yet.
    const written = async (): Promise<number> => await warehouse.count('_cloud_sources', 'loads') === 0 ? 0
      : Number((await warehouse.rows<{ n: string }>('select coalesce(sum(rows_written), 0) as n from _cloud_sources.loads'))[0]?.n);
    const before = await written();
    await untilTrue('the warehouse is loaded', async () => await written() >= before + rows, { context: this.product.context, timeoutMs: 300_000 });
  }

  /** Messages onto a topic of the stack, beside the services. */
  async send(topic: string, messages: readonly { readonly key: string; readonly value: string | Buffer; readonly headers: Readonly<Record<string, string>> }[]): Promise<void> {
    const producer = new RecordProducer(this.kafka);
    await producer.connect();
    try { await Promise.all(messages.map((message) => producer.send(topic, message))); } finally { await producer.disconnect(); }
  }
}
