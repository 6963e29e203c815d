import { beforeEach, describe, expect, it } from '@jest/globals';
import { PermissionDeniedError } from '#contracts';
import { createRunScope, planReads, type Checkpoint, type Page, type PartnerHttp, type PartnerRequest, type PartnerResponse } from '#connector-kit';
import { connector } from '../index.js';
import type { Json } from '../normalize/values.js';

const DAY = 86_400;
/** 2026-03-01T00:00:00Z, in seconds. */
const START = 1_772_323_200;

/** Lists and single objects of a Stripe account in memory, newest first, as its documents have it. */
class Account {
  now = START;
  /** Seconds that our own clock is ahead. */
  clockError = 0;
  readonly lists = new Map<string, Json[]>();
  readonly requests: string[] = [];
  /** Called before each answer. */
  before: (request: PartnerRequest) => void = () => undefined;

  list(path: string): Json[] {
    const known = this.lists.get(path) ?? [];
    this.lists.set(path, known);
    return known;
  }

  add(path: string, object: string, id: string, created: number, more: Json = {}): void {
    this.list(path).push({ id, object, created, ...more });
  }

  event(type: string, object: Json, created = this.now, previous?: Json): void {
    this.add('/v1/events', 'event', `evt_${this.list('/v1/events').length + 1}`, created, { type, data: { object, ...(previous !== undefined && { previous_attributes: previous }) } });
  }

  readonly http: PartnerHttp = {
    send: async (request: PartnerRequest): Promise<PartnerResponse> => {
      this.before(request);
      const query = Object.entries(request.query ?? {}).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${String(value)}`).join('&');
      const shown = query === '' ? request.path : `${request.path}?${query}`;
      this.requests.push(shown);
      const [status, answer] = this.answer(request);
      if (status >= 400 && request.accept?.includes(status) !== true) throw new Error(`${status} to ${shown}`);
      const body = Buffer.from(JSON.stringify(answer));
      return { status, headers: {}, body, observedAt: this.now * 1_000, request: shown, json: <T>() => JSON.parse(body.toString('utf8')) as T };
    },
  };

  private answer({ path, query = {} }: PartnerRequest): [number, unknown] {
    const all = this.lists.get(path);
    if (all === undefined) {
      const [, parent = '', id = ''] = /^(.*)\/([^/]+)$/.exec(path) ?? [];
      const found = this.lists.get(parent)?.find((one) => one.id === decodeURIComponent(id));
      return found === undefined ? [404, { error: { code: 'resource_missing' } }] : [200, found];
    }
    const sorted = [...all].sort((a, b) => Number(b.created) - Number(a.created)).filter(({ created }) => Number(created) >= Number(query['created[gte]'] ?? 0) && Number(created) <= Number(query['created[lte]'] ?? Infinity));
    const after = query.starting_after;
    const index = after === undefined ? -1 : sorted.findIndex(({ id }) => id === after);
    if (after !== undefined && index < 0) return [400, { error: { code: 'resource_missing', param: 'starting_after' } }];
    const types = query['types[]'] as readonly string[] | undefined;
    const rest = sorted.slice(index + 1).filter(({ type }) => types === undefined || types.includes(String(type)));
    return [200, { object: 'list', data: rest.slice(0, 100), has_more: rest.length > 100, url: path }];
  }
}

interface RunOptions { readonly selected?: readonly string[]; readonly startDate?: number; readonly stopAfter?: number }

describe('readers', () => {
  let account: Account;
  let checkpoints: Record<string, Checkpoint | undefined>;
  let warnings: string[];
  beforeEach(() => {
    account = new Account();
    checkpoints = {};
    warnings = [];
    for (const path of ['/v1/accounts', '/v1/events', '/v1/customers', '/v1/subscriptions', '/v1/invoices', '/v1/balance_transactions', '/v1/payment_methods']) account.list(path);
  });

  /** One run; a page's checkpoint is saved when the next page is asked for, as a broker would have it by then. */
  async function run({ selected = ['customers'], startDate = 0, stopAfter = Infinity }: RunOptions = {}): Promise<Page[]> {
    account.requests.length = 0;
    const scope = createRunScope();
    const names = new Set(selected);
    const pages: Page[] = [];
    const before = { ...checkpoints };
    for (const { reader } of planReads(connector, names)) {
      for await (const page of connector.readers[reader]?.({
        http: account.http, credentials: {}, checkpoint: before[reader], checkpoints: before, startDate, selected: names, run: scope,
        now: () => (account.now + account.clockError) * 1_000, signal: new AbortController().signal, warn: (message) => { warnings.push(message); },
      }) ?? []) {
        pages.push(page);
        if (page.checkpoint !== undefined) checkpoints[reader] = JSON.parse(JSON.stringify(page.checkpoint)) as Checkpoint;
        if (pages.length === stopAfter) return pages;
      }
    }
    return pages;
  }
  const ids = (pages: readonly Page[]): string[] => pages.filter(({ rawCollection }) => rawCollection === undefined).flatMap(({ body, recordsAt }) => {
    const value = JSON.parse(body.toString('utf8')) as { id: string; data: { id: string }[] };
    return recordsAt === '' ? [value.id] : value.data.map(({ id }) => id);
  });
  const paths = (): string[] => account.requests.map((request) => request.split('?')[0] ?? '');
  const customers = (count: number, from = START - 100 * DAY): void => {
    for (let index = 0; index < count; index++) account.add('/v1/customers', 'customer', `cus_${index}`, from + index * 60);
  };

  it('reads in full, in as many calls as there are pages', async () => {
    customers(250);
    const pages = await run();
    expect(new Set(ids(pages)).size).toBe(250);
    expect(paths()).toEqual(['/v1/customers', '/v1/customers', '/v1/customers']);
    expect(pages.map(({ counts }) => counts)).toEqual([{ customers: 100 }, { customers: 100 }, { customers: 50 }]);
    expect(checkpoints.customers).toEqual({ through: START, eventsThrough: START, size: 250 });
  });

  it('asks for nothing before the start date', async () => {
    customers(3);
    await run({ startDate: (START - 30 * DAY) * 1_000 });
    expect(account.requests[0]).toContain(`created[gte]=${START - 30 * DAY}`);
  });

  it('makes one call for a list and one for events when nothing changed', async () => {
    customers(250);
    await run();
    account.now += 3_600;
    expect(ids(await run())).toEqual([]);
    expect(paths()).toEqual(['/v1/events', '/v1/customers']);
    expect(account.requests[0]).toContain('types[]=customer.created,customer.deleted,customer.updated');
  });

  it('goes on after a crash where the last page ended, with what was created in the meantime left to the next run', async () => {
    customers(250);
    const first = await run({ stopAfter: 1 });
    account.now += 120;
    account.add('/v1/customers', 'customer', 'cus_new', account.now);
    const rest = await run();
    expect(new Set(ids([...first, ...rest])).size).toBe(250);
    expect(paths()).toEqual(['/v1/customers', '/v1/customers']);
    account.now += 60;
    expect(ids(await run())).toContain('cus_new');
  });

  it('loses nothing when the record to go on after was deleted', async () => {
    customers(250);
    const first = await run({ stopAfter: 1 });
    const all = account.list('/v1/customers');
    all.splice(all.findIndex(({ id }) => id === ids(first).at(-1)), 1);
    const rest = await run();
    expect(new Set(ids([...first, ...rest])).size).toBe(250);
  });

  it('reads what changed by id, once, and not what it listed anyway', async () => {
    customers(250);
    await run();
    account.now += 3_600;
    account.event('customer.updated', { id: 'cus_7', object: 'customer', created: 1 }, account.now - 60);
    account.event('customer.updated', { id: 'cus_7', object: 'customer', created: 1 }, account.now - 30);
    account.add('/v1/customers', 'customer', 'cus_new', account.now - 20);
    account.event('customer.created', { id: 'cus_new', object: 'customer', created: account.now - 20 }, account.now - 20);
    expect(ids(await run())).toEqual(['cus_new', 'cus_7']);
    expect(paths()).toEqual(['/v1/events', '/v1/customers', '/v1/customers/cus_7']);
    // The look-back sees the same events again and acts on none of them.
    account.now += 60;
    await run();
    expect(paths()).toEqual(['/v1/events', '/v1/customers']);
  });

  it('reads again what a run that stopped had not read', async () => {
    customers(500);
    await run();
    account.now += 7_200;
    [6_000, 3_000, 60].forEach((ago, index) => { account.event('customer.updated', { id: `cus_${index}`, object: 'customer' }, account.now - ago); });
    await run({ stopAfter: 4 });
    expect(paths().slice(2)).toEqual(['/v1/customers/cus_0', '/v1/customers/cus_1', '/v1/customers/cus_2']);
    // Page 4 is the second change, which the look-back sees again; the third was asked for, but never saved.
    account.now += 60;
    expect(ids(await run())).toEqual(['cus_1', 'cus_2']);
  });

  it('reads what has changed however old it is, and leaves what was deleted since alone', async () => {
    customers(3, START - 2 * DAY);
    const startDate = (START - 5 * DAY) * 1_000;
    await run({ startDate });
    account.now += 3_600;
    account.event('customer.updated', { id: 'cus_old', object: 'customer', created: START - 50 * DAY }, account.now - 60);
    account.event('customer.updated', { id: 'cus_1', object: 'customer', created: START }, account.now - 50);
    account.event('customer.deleted', { id: 'cus_1', object: 'customer', created: START }, account.now - 40);
    const pages = await run({ startDate });
    expect(paths()).toEqual(['/v1/events', '/v1/customers', '/v1/customers/cus_old']);
    expect(pages[0]).toMatchObject({ rawCollection: 'events', recordsAt: 'data', counts: { customers: 1 } });
  });

  it('lists everything when that is cheaper than reading each change', async () => {
    customers(250);
    await run();
    account.now += 3_600;
    for (let index = 0; index < 4; index++) account.event('customer.updated', { id: `cus_${index}`, object: 'customer' }, account.now - 60);
    await run();
    expect(paths()).toEqual(['/v1/events', '/v1/customers', '/v1/customers', '/v1/customers']);
  });

  it('reads in full after more than 30 days, for which Stripe has no events', async () => {
    customers(250);
    await run();
    account.now += 31 * DAY;
    expect(ids(await run())).toHaveLength(250);
    expect(paths()).toEqual(['/v1/customers', '/v1/customers', '/v1/customers']);
  });

  it('reads in full, with a warning, when the key may not read events', async () => {
    customers(3);
    await run();
    account.now += 3_600;
    account.before = ({ path }) => { if (path === '/v1/events') throw new PermissionDeniedError('no'); };
    expect(ids(await run())).toHaveLength(3);
    expect(warnings).toHaveLength(1);
    await expect(run({ selected: ['customers', 'customer_events'] })).rejects.toThrow(PermissionDeniedError);
  });

  it('reads events once for all collections, and from the beginning for a newly selected family', async () => {
    customers(2);
    account.event('customer.created', { id: 'cus_1', object: 'customer' }, START - 20 * DAY);
    account.event('invoice.created', { id: 'in_1', object: 'invoice' }, START - 20 * DAY);
    const first = await run({ selected: ['customers', 'invoices', 'customer_events'] });
    expect(first[0]?.counts).toEqual({ customer_events: 1 });
    expect(paths().filter((path) => path === '/v1/events')).toHaveLength(1);
    account.now += 3_600;
    const second = await run({ selected: ['customers', 'invoices', 'customer_events', 'invoice_events'] });
    expect(second[0]?.counts).toEqual({ invoice_events: 1 });
    account.now += 3_600;
    const third = await run({ selected: ['customers', 'invoices', 'customer_events', 'invoice_events'] });
    expect(third[0]?.counts).toEqual({});
    expect(account.requests[0]).toContain(`created[gte]=${account.now - 3_600 - 600}`);
  });

  it('makes no call for what nobody selected', async () => {
    customers(3);
    expect(await run({ selected: [] })).toEqual([]);
    expect(account.requests).toEqual([]);
  });

  it('reads the rest of a list that Stripe cut, and only when somebody selected it', async () => {
    const lines = Array.from({ length: 230 }, (_, index) => ({ id: `il_${index}`, object: 'line_item', created: 1_000 - index }));
    account.add('/v1/invoices', 'invoice', 'in_1', START - DAY, { lines: { object: 'list', data: lines.slice(0, 10), has_more: true } });
    for (const line of lines) account.list('/v1/invoices/in_1/lines').push(line);
    const pages = await run({ selected: ['invoices', 'invoice_lines'] });
    expect(pages.map(({ counts }) => counts)).toEqual([{ invoices: 1, invoice_lines: 10 }, { invoice_lines: 100 }, { invoice_lines: 100 }, { invoice_lines: 20 }]);
    // Only what comes after all of an invoice's lines may say that the invoice was read.
    expect(pages.map(({ checkpoint }) => checkpoint !== undefined)).toEqual([false, false, false, true]);
    checkpoints = {};
    await run({ selected: ['invoices'] });
    expect(paths()).toEqual(['/v1/invoices']);
    checkpoints = {};
    expect((await run({ selected: ['invoice_lines'] }))[0]?.counts).toEqual({ invoice_lines: 10 });
  });

  it('asks Stripe to include sources and discounts for those who selected them', async () => {
    await run({ selected: ['cards', 'discounts'] });
    const of = (path: string): string => account.requests.find((request) => request.startsWith(`${path}?`)) ?? '';
    expect(of('/v1/customers')).toContain('expand[]=data.sources');
    expect(of('/v1/invoices')).toContain('expand[]=data.discounts');
    account.requests.length = 0;
    checkpoints = {};
    await run({ selected: ['customers', 'invoices'] });
    expect(account.requests.join()).not.toContain('expand');
  });

  it('stops at what it knows in a list that has no filter by time', async () => {
    for (let index = 0; index < 250; index++) account.add('/v1/payment_methods', 'payment_method', `pm_${index}`, START - 100 * DAY + index * 60);
    expect(ids(await run({ selected: ['payment_methods'] }))).toHaveLength(250);
    account.now += 3_600;
    account.add('/v1/payment_methods', 'payment_method', 'pm_new', account.now - 60);
    expect(ids(await run({ selected: ['payment_methods'] }))).toContain('pm_new');
    expect(paths()).toEqual(['/v1/events', '/v1/payment_methods']);
  });

  it('reads balance transactions, of which Stripe tells no change, by time alone', async () => {
    account.add('/v1/balance_transactions', 'balance_transaction', 'txn_1', START - 60);
    await run({ selected: ['balance_transactions'] });
    account.now += 40 * DAY;
    await run({ selected: ['balance_transactions'] });
    expect(account.requests).toEqual([`/v1/balance_transactions?limit=100&created[gte]=${START - 600}`]);
  });

  it('reads balance transactions again once their funds are available', async () => {
    const add = (id: string, created: number, due: number): void => account.add('/v1/balance_transactions', 'balance_transaction', id, created, { status: 'pending', available_on: due });
    add('txn_1', START - 2 * DAY, START + 3_000);
    add('txn_2', START - DAY, START + 3_000);
    add('txn_3', START - 3_600, START + DAY);
    await run({ selected: ['balance_transactions'] });
    account.now += 7 * 3_600;
    account.list('/v1/balance_transactions').splice(0, 2, ...account.list('/v1/balance_transactions').slice(0, 2).map((one) => ({ ...one, status: 'available' })));
    expect(ids(await run({ selected: ['balance_transactions'] }))).toEqual(['txn_2', 'txn_1']);
    expect(account.requests[1]).toBe(`/v1/balance_transactions?limit=100&created[gte]=${START - 2 * DAY}&created[lte]=${START - DAY}`);
    account.now += 3_600;
    await run({ selected: ['balance_transactions'] });
    expect(paths()).toEqual(['/v1/balance_transactions']);
    account.now += DAY;
    expect(ids(await run({ selected: ['balance_transactions'] }))).toEqual(['txn_3']);
    expect(checkpoints.balance_transactions).not.toHaveProperty('pending');
  });

  it('goes by Stripe\'s clock when ours is an hour ahead', async () => {
    customers(3);
    const selected = ['customers'];
    const ahead = 3_600;
    const stripe = account.now;
    account.clockError = ahead;
    await run({ selected });
    expect(checkpoints.customers).toMatchObject({ through: stripe, eventsThrough: stripe });
    account.now += 1_800;
    account.event('customer.updated', { id: 'cus_1', object: 'customer' }, account.now - 900);
    expect(ids(await run({ selected }))).toEqual(['cus_1']);
    expect(checkpoints.customers).toMatchObject({ eventsThrough: stripe + 1_800 });
  });
});
