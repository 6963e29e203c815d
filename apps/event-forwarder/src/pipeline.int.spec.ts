import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CE_TYPES, attribute, toHeaders } from '#contracts';
import { Sender } from '#forwarding';
import type { Batch, IncomingMessage, OutgoingMessage } from '#kafka';
import { AccessRepository, DeliveryRepository, DestinationRepository, migrate, NotificationRepository, newId, openDatabase, type DataSource, type DestinationRow } from '#persistence';
import { startEventCatcher, testDatabase, type CaughtRequest, type EventCatcher, type TestDatabase } from '#testing';
import { Directory } from './directory.js';
import { Lanes } from './lanes.js';
import { ForwarderPipeline, type ForwarderOptions } from './pipeline.js';

const SOURCE = newId();
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const OPTIONS: ForwarderOptions = { backOff: { firstMs: 1, mostMs: 2 }, giveUpMs: 3_600_000, timeoutMs: 2_000, concurrency: 4, logMs: 86_400_000, settleMs: 0 };

let test: TestDatabase;
let database: DataSource;
let workspaceId: string;
let destinations: DestinationRepository;
let deliveries: DeliveryRepository;
let catcher: EventCatcher;
let answer: (request: Pick<CaughtRequest, 'path' | 'body'>) => { readonly status: number; readonly body?: string };
let letters: OutgoingMessage[];
let offset = 0;
const sender = new Sender({ timeoutMs: 2_000, allowPrivateAddresses: true });
const running: Lanes[] = [];

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec' });
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  [{ id: workspaceId }] = await database.query('select id from workspaces') as [{ id: string }];
  [destinations, deliveries] = [new DestinationRepository(database), new DeliveryRepository(database)];
}, 30_000);
afterAll(async () => {
  await sender.close();
  await database.destroy();
  await test.drop();
});
beforeEach(async () => {
  answer = () => ({ status: 204 });
  letters = [];
  await database.query('delete from destinations');
  catcher = await startEventCatcher({ answer: (request) => answer(request) });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((lanes) => lanes.stop()));
  await catcher.stop();
});

async function destination(more: Partial<Pick<DestinationRow, 'kind' | 'filter' | 'subject' | 'url'>> = {}): Promise<string> {
  const id = newId();
  await destinations.create({ id, workspaceId, kind: 'webhook', name: 'Receiver', url: catcher.url, filter: {}, subject: ['customer'], ...more }, SECRET);
  return id;
}

/** A forwarder; its lanes only run when they are `woken`. */
function forwarder(options: Partial<ForwarderOptions> = {}) {
  const counts: Record<string, number> = {};
  const count = (what: string, by = 1): void => { counts[what] = (counts[what] ?? 0) + by; };
  const pipeline = new ForwarderPipeline({
    directory: new Directory(() => destinations.enabled(), (_, error) => { throw error; }), deliveries, destinations, sender, open: (_, sealed) => sealed, wake: () => undefined,
    bury: async (some) => { letters.push(...some); },
    watch: {
      received: (events) => count('received', events), dropped: (reason) => count(reason), deadLettered: (reason) => count(reason), parked: (some) => count('parked', some), delivered: (_, some) => count('delivered', some),
      tried: (_, outcome, some) => count(outcome, some), disabled: (_, { reason }) => count(`disabled ${reason}`),
    },
  }, { ...OPTIONS, ...options });
  const lanes = new Lanes((id) => pipeline.round(id), (error) => { throw error; });
  running.push(lanes);
  return { pipeline, lanes, counts };
}

interface Told { readonly customer?: string; readonly headers?: Readonly<Record<string, string>>; readonly receivedAt?: string; readonly value?: string; readonly text?: string }

function message(id: string, { customer = id, headers = {}, receivedAt = new Date().toISOString(), value, text = '' }: Told = {}): IncomingMessage {
  return {
    topic: 'cs.events.acme.things', partition: 0, offset: String(offset++), timestamp: String(Date.now()), key: Buffer.from(`${SOURCE}/${id}`),
    headers: { ...toHeaders({ id: `${SOURCE}/things/${id}`, source: `/sources/${SOURCE}`, type: CE_TYPES.event, time: receivedAt, workspaceid: workspaceId, sourceid: SOURCE, connector: 'acme', collection: 'things', recordid: id }), ...headers },
    value: Buffer.from(value ?? JSON.stringify({ id, event: 'thing_changed', eventText: 'thing.changed', timestamp: receivedAt, receivedAt, data: { customer, text } })),
  };
}
async function arrive(pipeline: ForwarderPipeline, messages: readonly IncomingMessage[]): Promise<string> {
  let committed = '';
  const batch: Batch = { topic: 'cs.events.acme.things', partition: 0, messages, highWatermark: '0', generation: 1, isOwned: () => true, resolve: () => undefined };
  await pipeline.handle(batch, { commitHint: async (_topic, _partition, next) => { committed = next; } });
  return committed;
}
const many = (count: number, told: (n: number) => Told = () => ({})): IncomingMessage[] => Array.from({ length: count }, (_, n) => message(`e${n}`, told(n)));
/** Rounds until nothing waits, or until there were `most`. */
async function drain({ pipeline }: { pipeline: ForwarderPipeline }, id: string, most = 1_000): Promise<void> {
  for (let round = 0; round < most; round += 1) {
    await database.query(`update destinations set held_until = now() where held_until is not null`);
    await pipeline.round(id);
    if ((await deliveries.counts(id, 1)).waiting === 0) return;
  }
}
const idOf = ({ body }: Pick<CaughtRequest, 'body'>): string => (JSON.parse(body) as { data: { id: string } }).data.id;
const batchOf = ({ body }: Pick<CaughtRequest, 'body'>): { userId: string; messageId: string }[] => (JSON.parse(body) as { batch: { userId: string; messageId: string }[] }).batch;

describe('what arrives', () => {
  it('is kept once, committed after that, and left out where nobody wants it', async () => {
    const id = await destination({ filter: { condition: 'customer != "nobody"' } });
    const { pipeline, counts } = forwarder();
    const batch = [...many(3), message('x', { customer: 'nobody' }), message('y', { value: '{' }), message('z', { headers: { ce_workspaceid: newId() } }), { ...message('t'), value: null }];
    expect(await arrive(pipeline, batch)).toBe(String(offset));
    await arrive(pipeline, batch);
    expect(await deliveries.counts(id, 100)).toEqual({ waiting: 3, delivered: 0, failed: 0 });
    expect(counts).toMatchObject({ received: 14, no_destination: 2, tombstone: 2, not_json: 2 });
    expect(letters.map(({ headers, value }) => [attribute(headers, 'reason'), attribute(headers, 'sourceid'), String(value)])).toEqual([['not_json', SOURCE, '{'], ['not_json', SOURCE, '{']]);
  });

  it('is for destinations that were there, also when it comes again from what is retained', async () => {
    const { pipeline } = forwarder();
    const replayed = { ce_recordversion: '1770000000000' };
    const before = new Date(Date.now() - 1_000).toISOString();
    const id = await destination();
    await arrive(pipeline, [message('old', { headers: replayed, receivedAt: before }), message('fresh', { headers: replayed })]);
    await database.query(`update destinations set starts_at = now() - interval '1 year'`);
    await arrive(pipeline, [message('forgotten', { headers: replayed, receivedAt: new Date(Date.now() - 2 * 86_400_000).toISOString() }), message('late', { receivedAt: before })]);
    expect((await deliveries.list(id, undefined, 10)).map(({ bytes, event, orderKey }) => [event, orderKey, bytes > 0]).sort()).toEqual([['thing_changed', `${SOURCE}/fresh`, true], ['thing_changed', `${SOURCE}/late`, true]]);
  });
});

describe('events of a key that come by several partitions', () => {
  it('wait for those before them, and go as they arrived', async () => {
    const id = await destination();
    const one = forwarder({ settleMs: 60_000 });
    const now = Date.now();
    const at = (ms: number): string => new Date(now - ms).toISOString();
    await database.query(`update destinations set starts_at = now() - interval '1 hour'`);
    await arrive(one.pipeline, [message('third', { customer: 'k', receivedAt: at(10) }), message('other', { receivedAt: at(120_000) })]);
    await arrive(one.pipeline, [message('second', { customer: 'k', receivedAt: at(20) })]);
    await arrive(one.pipeline, [message('first', { customer: 'k', receivedAt: at(30) }), message('ahead', { receivedAt: new Date(Date.now() + 3_600_000).toISOString() })]);
    await one.pipeline.round(id);
    expect(catcher.requests.map(idOf)).toEqual(['other']);
    const [soon] = await database.query(`select count(*)::int as n from deliveries where due_at < now() + interval '61 seconds'`) as [{ n: number }];
    expect(soon.n).toBe(5);
    await database.query('update deliveries set due_at = now()');
    await drain(one, id);
    expect(catcher.requests.map(idOf).filter((name) => !['other', 'ahead'].includes(name))).toEqual(['first', 'second', 'third']);
  });
});

describe('two forwarders', () => {
  it('deliver each event once, those of a key in their order', async () => {
    const id = await destination();
    const [one, two] = [forwarder(), forwarder()];
    await arrive(one.pipeline, many(300, (n) => ({ customer: `c${n % 40}` })));
    const busy = setInterval(() => { one.lanes.wake([id]); two.lanes.wake([id]); }, 5);
    while ((await deliveries.counts(id, 1)).waiting > 0) await new Promise((resolve) => { setTimeout(resolve, 20); });
    clearInterval(busy);
    const seen = catcher.requests.map((request) => Number(idOf(request).slice(1)));
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n));
    for (let key = 0; key < 40; key += 1) expect(seen.filter((n) => n % 40 === key)).toEqual([...seen].sort((a, b) => a - b).filter((n) => n % 40 === key));
    expect([(one.counts['delivered'] ?? 0) > 0, (two.counts['delivered'] ?? 0) > 0]).toEqual([true, true]);
  }, 60_000);

  it('leave a delivery to whom it belongs: one whose lease is over has no say', async () => {
    const id = await destination();
    await arrive(forwarder().pipeline, many(1));
    const [dead, alive] = [newId(), newId()];
    const [taken] = await deliveries.take(id, dead, 10, 1_000, 0);
    expect(await deliveries.take(id, alive, 10, 1_000, 60_000)).toHaveLength(1);
    expect(await deliveries.take(id, newId(), 10, 1_000, 60_000)).toHaveLength(0);
    await deliveries.record(dead, [{ id: taken!.id, state: 'failed', waitMs: 0, reason: 'late' }]);
    expect(await deliveries.counts(id, 10)).toEqual({ waiting: 1, delivered: 0, failed: 0 });
    await deliveries.record(alive, [{ id: taken!.id, state: 'delivered', waitMs: 0 }]);
    expect(await deliveries.counts(id, 10)).toEqual({ waiting: 0, delivered: 1, failed: 0 });
  });
});

describe('a tracking API', () => {
  it('gets batches under its limits; only what is too large or at fault fails', async () => {
    const id = await destination({ kind: 'segment' });
    const one = forwarder();
    answer = ({ body }) => (body.length > 500_000 || body.includes('poison') ? { status: 400, body: 'bad' } : { status: 200 });
    await arrive(one.pipeline, [...many(60, () => ({ text: 'x'.repeat(20_000) })), message('huge', { text: 'x'.repeat(33_000) }), message('bad', { text: 'poison' })]);
    await drain(one, id);
    expect(await deliveries.counts(id, 100)).toEqual({ waiting: 0, delivered: 60, failed: 2 });
    expect((await deliveries.list(id, 'failed', 10)).map(({ orderKey, reason, log }) => [orderKey, reason, log.at(-1)?.status])).toEqual([[`${SOURCE}/bad`, 'refused_by_destination', 400], [`${SOURCE}/huge`, 'too_large', null]]);
    const taken = catcher.requests.filter(({ status }) => status === 200);
    expect(taken.flatMap(batchOf).map(({ userId }) => userId).sort()).toEqual(many(60).map((_, n) => `e${n}`).sort());
    expect(Math.max(...catcher.requests.map(({ body }) => body.length))).toBeLessThan(500_000);
    expect(letters.map(({ headers }) => [attribute(headers, 'reason'), attribute(headers, 'destinationid'), attribute(headers, 'service')])).toEqual(expect.arrayContaining([['too_large', id, 'event-forwarder'], ['refused_by_destination', id, 'event-forwarder']]));
  }, 60_000);
});

describe('a destination that fails', () => {
  it('holds back later ones of the key until one is given up, then goes on', async () => {
    const id = await destination();
    const one = forwarder();
    answer = ({ body }) => ({ status: idOf({ body }) === 'a' ? 500 : 204 });
    await arrive(one.pipeline, [message('a', { customer: 'k' }), message('b', { customer: 'k' })]);
    await drain(one, id, 3);
    // Older than what it is tried for; the destination itself only fails since a moment.
    await database.query(`update deliveries set since = since - interval '2 hours' where attempts > 0`);
    await drain(one, id);
    const first = catcher.requests.findIndex((request) => idOf(request) === 'b');
    expect(catcher.requests.slice(0, first).every((request) => idOf(request) === 'a')).toBe(true);
    expect(await deliveries.list(id, 'failed', 10)).toMatchObject([{ reason: 'given_up', orderKey: `${SOURCE}/k` }]);
    expect(letters.map(({ headers, value }) => [attribute(headers, 'reason'), JSON.parse(String(value)) as object])).toEqual([['given_up', expect.objectContaining({ id: 'a' })]]);

    // The letter comes back by a replay: for this destination, not for another one.
    answer = () => ({ status: 204 });
    const other = await destination();
    await database.query('update destinations set starts_at = starts_at - interval \'1 day\' where id = $1', [other]);
    const [letter] = letters as [OutgoingMessage];
    const headers = Object.fromEntries(Object.entries(letter.headers).flatMap(([name, header]) => (name.startsWith('original_') ? [[name.slice(9), header]] : [])));
    await arrive(one.pipeline, [{ ...message('a'), headers: { ...headers, ce_replayof: newId() }, value: letter.value as Buffer }]);
    await drain(one, id);
    expect(await deliveries.counts(id, 10)).toEqual({ waiting: 0, delivered: 2, failed: 0 });
    expect(await deliveries.counts(other, 10)).toEqual({ waiting: 0, delivered: 0, failed: 0 });
  }, 60_000);

  it('is left alone, found out with one delivery, and disabled when it took nothing for long', async () => {
    const id = await destination();
    const notifications = new NotificationRepository(database);
    await notifications.change(workspaceId, { ...await notifications.settings(workspaceId), emails: ['a@example.com'] });
    const one = forwarder({ concurrency: 1 });
    answer = () => ({ status: 503 });
    await arrive(one.pipeline, many(20));
    expect(await one.pipeline.round(id)).toBe(false);
    expect(catcher.requests).toHaveLength(3);
    expect((await destinations.get(workspaceId, id))?.heldUntil).not.toBeNull();
    await drain(one, id, 8);
    expect(catcher.requests.length).toBeLessThanOrEqual(11);
    await database.query(`update destinations set failing_since = now() - interval '2 hours'`);
    await drain(one, id, 3);
    expect(await destinations.get(workspaceId, id)).toMatchObject({ enabled: false, disabled: { reason: 'failing' } });
    expect(one.counts['disabled failing']).toBe(1);
    expect(await notifications.recent(workspaceId, 50)).toEqual([expect.objectContaining({ kind: 'destination_disabled', title: expect.stringMatching(/took nothing for so long that it is disabled/), remedy: expect.stringMatching(/enable it/) })]);
    const before = catcher.requests.length;
    expect([await one.pipeline.round(id), await deliveries.due()]).toEqual([false, []]);
    expect(catcher.requests).toHaveLength(before);
    answer = () => ({ status: 204 });
    await destinations.enable(id);
    await database.query('update deliveries set due_at = now()');
    await drain(one, id);
    expect(await deliveries.counts(id, 100)).toEqual({ waiting: 0, delivered: 20, failed: 0 });
  }, 60_000);

  it('stops a round that is asked to, and lets go of what it holds', async () => {
    const id = await destination();
    const one = forwarder({ concurrency: 1 });
    answer = () => { one.pipeline.stop(); return { status: 204 }; };
    await arrive(one.pipeline, many(10));
    await one.pipeline.round(id);
    expect(await deliveries.counts(id, 100)).toEqual({ waiting: 9, delivered: 1, failed: 0 });
    expect(await deliveries.due()).toEqual([id]);
  });
});

describe('the log', () => {
  it('forgets finished ones in time, and what waits for a disabled destination, in pieces', async () => {
    const id = await destination();
    const one = forwarder();
    await arrive(one.pipeline, many(5));
    await drain(one, id);
    await arrive(one.pipeline, [message('waits')]);
    await database.query(`update deliveries set finished_at = finished_at - interval '8 days', since = since - interval '8 days'`);
    expect([await deliveries.forget(7, 3), await deliveries.forget(7, 3), await deliveries.forget(7, 3)]).toEqual([3, 2, 0]);
    expect(await deliveries.backlog()).toMatchObject({ waiting: 1 });
    await destinations.disable(id);
    expect([await deliveries.backlog(), await deliveries.forget(7, 3)]).toEqual([{ waiting: 0, oldestSeconds: 0 }, 1]);
  });
});
