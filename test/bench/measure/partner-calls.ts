import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayClient } from '../../../deploy/local/src/gateway-client.js';

/** A simulator whose own log is what our counts are compared with. */
export interface CountedPartner {
  readonly connector: string;
  /** With credentials. */
  readonly configuration: Readonly<Record<string, string>>;
  /** All that are read; the rest of the catalog is deselected. */
  readonly collections: readonly string[];
  /** Method and address of each request to the API so far, oldest first. */
  requests(): readonly string[];
  /** Pages of a collection's list at the least, by the records of a run. */
  pages(collection: string, records: ReadonlyMap<string, number>): number;
  /** Collections that each sync reads whole. */
  readonly rereads: ReadonlySet<string>;
  /** Time passes at the partner, without a change. */
  rest(): void;
  stop(): Promise<void>;
}

/** The product, as the counts need it. */
export interface CountingProduct {
  readonly gateway: Pick<GatewayClient, 'get' | 'post' | 'put'>;
  /** Takes the minute between two syncs of a person away. */
  forgetSyncs(): Promise<void>;
}

interface RunDetail {
  readonly id: string; readonly state: string; readonly error: object | null;
  readonly collections: readonly { readonly collection: string; readonly state: string; readonly records: number }[];
  readonly calls: readonly { readonly collection: string; readonly method: string; readonly request: string }[];
}
interface Usage { readonly data: readonly { readonly collection: string; readonly runId: string | null; readonly calls: number }[] }
interface Declared { readonly name: string; readonly callsPerSync: number; readonly partOf: readonly string[] }

/** One collection of one run. */
export interface CollectionCalls {
  readonly collection: string;
  readonly records: number;
  /** What the documents of the partner make necessary. */
  readonly needed: number;
  /** As the usage counts. */
  readonly ours: number;
  /** As the simulator counted. */
  readonly partners: number;
}

export interface RunCalls {
  readonly state: string;
  readonly collections: readonly CollectionCalls[];
  /** Requests at the simulator that no call of ours stands for, and the other way round. */
  readonly unmatched: readonly string[];
}

const FINAL = ['succeeded', 'partial', 'failed', 'killed', 'cancelled'];
const PATIENCE_MS = 300_000;

/** The newest run, once it is over. */
export async function newestRun({ gateway }: CountingProduct, sourceId: string): Promise<RunDetail> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { data: [newest] } = await gateway.get<{ data: readonly { readonly id: string; readonly state: string }[] }>(`sources/${sourceId}/runs?limit=1`);
    if (newest !== undefined && FINAL.includes(newest.state)) return gateway.get(`runs/${newest.id}`);
    if (Date.now() > until) throw new Error(`The run of ${sourceId} doesn't end: it is ${newest?.state ?? 'not there'}.`);
    await sleep(100);
  }
}

export async function syncNow(product: CountingProduct, sourceId: string): Promise<RunDetail> {
  await product.forgetSyncs();
  await product.gateway.post(`sources/${sourceId}/sync`);
  return newestRun(product, sourceId);
}

/** What a run asked for, by our count and by the simulator's. */
async function compare({ gateway }: CountingProduct, sourceId: string, run: RunDetail, asked: readonly string[], needed: (collection: string, records: ReadonlyMap<string, number>) => number): Promise<RunCalls> {
  const { data } = await gateway.get<Usage>(`sources/${sourceId}/usage`);
  const ours = new Map(data.filter(({ runId }) => runId === run.id).map(({ collection, calls }) => [collection, calls]));
  const records = new Map(run.collections.map(({ collection, records: count }) => [collection, count]));
  // The simulator knows addresses only; which collection one was for is told by the call that stands for it.
  const open = new Map<string, string[]>();
  for (const { collection, method, request } of run.calls) open.set(`${method} ${request}`, [...open.get(`${method} ${request}`) ?? [], collection]);
  const partners = new Map<string, number>();
  const unmatched: string[] = [];
  for (const request of asked) {
    const collection = open.get(request)?.shift();
    if (collection === undefined) unmatched.push(`only at the simulator: ${request}`);
    else partners.set(collection, (partners.get(collection) ?? 0) + 1);
  }
  for (const [request, rest] of open) for (const collection of rest) unmatched.push(`only counted by us, for ${collection}: ${request}`);
  const names = [...new Set([...ours.keys(), ...partners.keys(), ...run.collections.map(({ collection }) => collection)])].sort();
  return { state: run.state, unmatched, collections: names.map((collection) => ({ collection, records: records.get(collection) ?? 0, needed: needed(collection, records), ours: ours.get(collection) ?? 0, partners: partners.get(collection) ?? 0 })) };
}

/** Addresses outside of a collection's list, each once: lists within its records that go on elsewhere, descriptions, an object that stands alone. */
function besidesList(requests: readonly string[]): number {
  // Salesforce's batches have addresses of their own.
  const pathOf = (request: string): string => (request.split('?')[0] ?? '').replace(/\/query(All)?(\/[^/]*)?$/, '/query');
  const times = new Map<string, number>();
  for (const request of requests) times.set(pathOf(request), (times.get(pathOf(request)) ?? 0) + 1);
  const [list] = [...times].sort(([, a], [, b]) => b - a)[0] ?? [];
  return new Set(requests.filter((request) => pathOf(request) !== list)).size;
}

export interface ConnectorCalls {
  /** Each page once. */
  readonly first: RunCalls;
  /** A sync in which nothing changed: what the declaration says. */
  readonly unchanged: RunCalls;
  /** All but the first collection are deselected. */
  readonly one: RunCalls;
}

/** Syncs a source of the partner three ways. */
export async function countCalls(product: CountingProduct, partner: CountedPartner): Promise<ConnectorCalls> {
  const { gateway } = product;
  const catalog = await gateway.get<{ collections: readonly Declared[] }>(`catalog/${partner.connector}`);
  const declared = new Map(catalog.collections.map((one) => [one.name, one]));
  const isPart = (collection: string): boolean => (declared.get(collection)?.partOf.length ?? 0) > 0;
  const stated = (collection: string): number => declared.get(collection)?.callsPerSync ?? 0;
  const { id } = await gateway.post<{ id: string }>('sources', { connector: partner.connector, name: partner.connector, configuration: partner.configuration, collections: partner.collections, intervalMinutes: 1_440 });
  const firstRun = await newestRun(product, id);
  // What came before the run was the test of the credentials.
  const tests = (await gateway.get<Usage>(`sources/${id}/usage`)).data.filter(({ runId }) => runId === null).reduce((sum, { calls }) => sum + calls, 0);
  const first = await compare(product, id, firstRun, partner.requests().slice(tests), (collection, records) =>
    (isPart(collection) || stated(collection) === 0 ? 0 : Math.max(1, partner.pages(collection, records)) + besidesList(firstRun.calls.filter((call) => call.collection === collection).map(({ request }) => request))));
  // The next sync overlaps with the first one; the one after it sees a partner at rest.
  partner.rest();
  await syncNow(product, id);
  partner.rest();
  const again = async (needed: (collection: string, records: ReadonlyMap<string, number>) => number): Promise<RunCalls> => {
    const before = partner.requests().length;
    const run = await syncNow(product, id);
    return compare(product, id, run, partner.requests().slice(before), needed);
  };
  const whole = (collection: string, records: ReadonlyMap<string, number>): number => (partner.rereads.has(collection) ? Math.max(stated(collection), partner.pages(collection, records)) : stated(collection));
  const unchanged = await again(whole);
  const [kept = ''] = partner.collections;
  await gateway.put(`sources/${id}/collections`, { collections: [kept] });
  return { first, unchanged, one: await again((collection, records) => (collection === kept ? whole(collection, records) : 0)) };
}
