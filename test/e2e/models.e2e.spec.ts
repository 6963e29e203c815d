import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createKafka, scanTopics } from '#kafka';
import { startEventCatcher, type EventCatcher } from '#testing';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

interface Model { readonly id: string; readonly slug: string; readonly lastRun: { readonly id: string; readonly state: string } | null; readonly lastSuccess: { readonly size: number } | null; readonly deleting: { readonly error: { readonly title: string } | null } | null }
interface Change { readonly id: string; readonly user: string; readonly event: string }

interface Message { readonly type: string; readonly messageId: string; readonly event?: string; readonly userId: string; readonly properties?: { readonly audience: string }; readonly traits?: object }

const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let product: Product;
let catcher: EventCatcher;
const silent = { debug: () => undefined, warn: () => undefined };

/** Everything on the topic, in the order of each user's changes; a repeat has the id of the one before. */
async function changesOf(modelId: string): Promise<Change[]> {
  const changes: Change[] = [];
  await scanTopics(createKafka({ brokers: [...product.brokers], clientId: 'spec' }, silent), [`${product.topicPrefix}events.warehouse.audience_changes`], ({ key, value, headers }) => {
    if (String(headers['ce_sourceid']) !== modelId) return;
    changes.push({ id: String(headers['ce_id']), user: String(key), event: (JSON.parse(String(value)) as { event: string }).event });
  });
  return changes;
}

beforeAll(async () => {
  product = await Product.start({ env: { LOADER_REFRESH_MS: '200', FORWARDER_POLL_MS: '100', FORWARDER_SETTLE_MS: '200' } });
  catcher = await startEventCatcher({ secret: SECRET });
  await product.connectWarehouse();
}, 300_000);
afterAll(async () => {
  await product?.stop();
  await catcher?.stop();
}, 120_000);

it('an audience that changes while its loaders are killed tells each change once, by id, and ends right', async () => {
  // Somebody's own table, in the schema of a source that loads nothing.
  const [warehouse] = (await product.api.get<{ data: { id: string }[] }>('warehouses')).data;
  await product.control.rows(`insert into sources (id, workspace_id, connector, name, slug, warehouse_id, state, start_date, interval_minutes, next_run_at)
    select uuid_v7(), workspace_id, 'stripe', 'Shop', 'shop', id, 'paused', now(), 1440, now() from warehouses where id = $1`, [warehouse?.id]);
  await product.warehouse.rows('create schema shop');
  await product.warehouse.rows(`create table shop.people as select 'p' || i as id, i % 2 = 0 as member from generate_series(1, 4000) as i`);
  const { id } = await product.api.post<Model>('audiences', { name: 'Members', statement: 'select id as user_id from shop.people where member', intervalMinutes: null });
  for (let round = 0; round < 4; round++) {
    await product.warehouse.rows(`update shop.people set member = not member where random() < 0.3`);
    await product.api.post(`audiences/${id}/compute`);
    // Anywhere between taking the task and publishing.
    await new Promise((resolve) => { setTimeout(resolve, Math.random() * 400); });
    await product.killed('warehouse-loader');
    // Its lease would run for a minute.
    await product.control.rows(`update model_runs set lease_expires_at = now() where model_id = $1 and state = 'running'`, [id]);
    await untilTrue('the computation is over', async () => (await product.api.get<Model>(`audiences/${id}`)).lastRun?.state === 'succeeded', { ...product, timeoutMs: 180_000 });
  }
  await product.api.post(`audiences/${id}/compute`);
  await untilTrue('the last computation is over', async () => (await product.api.get<Model>(`audiences/${id}`)).lastRun?.state === 'succeeded', product);
  await untilTrue('everything is published', async () => (await product.warehouse.count('_cloud_sources', 'model_changes')) === 0, product);

  const members = (await product.warehouse.rows<{ id: string }>('select user_id as id from audiences.members order by 1')).map((row) => row.id);
  expect(members).toEqual((await product.warehouse.rows<{ id: string }>('select id from shop.people where member order by 1')).map((row) => row.id));
  const changes = await changesOf(id);
  const once = [...new Map(changes.map((change) => [change.id, change])).values()];
  const inside = new Set<string>();
  const wrong: Change[] = [];
  for (const change of once) {
    const entered = change.event === 'audience_entered';
    if (entered === inside.has(change.user)) wrong.push(change);
    if (entered) inside.add(change.user); else inside.delete(change.user);
  }
  expect(wrong).toEqual([]);
  expect([...inside].sort()).toEqual([...members].sort());
  const { data } = await product.api.get<{ data: { userId: string }[] }>(`audiences/${id}/members?limit=1000`);
  expect(data.map(({ userId }) => userId)).toEqual(members.slice(0, 1_000));
}, 600_000);

it('an audience\'s users reach destinations, signed and as users of a tracking API, and leave there when it is deleted, once, though its loader is killed', async () => {
  await product.warehouse.rows(`create table shop.few as select 'f' || i as id, i as value from generate_series(1, 30) as i`);
  const create = (more: object): Promise<{ readonly id: string }> => product.api.post('destinations', { filter: { events: ['audience_*', 'trait_*'] }, ...more });
  await create({ kind: 'webhook', name: 'Receiver', url: `${catcher.url}/signed`, secret: SECRET });
  // Of partners' events this is the user; an audience knows its own.
  await create({ kind: 'segment', name: 'Tracking', url: `${catcher.url}/tracking`, secret: 'write-key-of-the-spec', subject: ['object.customer'] });
  const signed = (event: string) => catcher.requests.filter(({ path, body }) => path === '/signed' && (JSON.parse(body) as { type: string }).type === event);
  const messages = (is: (message: Message) => boolean): Message[] => catcher.requests.filter(({ path }) => path === '/tracking/v1/batch').flatMap(({ body }) => (JSON.parse(body) as { batch: Message[] }).batch).filter(is);
  const users = (event: string): string[][] => [
    signed(event).map(({ body }) => (JSON.parse(body) as { data: { data: { user_id: string } } }).data.data.user_id), messages((message) => message.event === event).map(({ userId }) => userId),
  ].map((all) => [...new Set(all)].sort());
  const everybody = Array.from({ length: 30 }, (_, index) => `f${index + 1}`).sort();
  const told = (event: string): Promise<void> => untilTrue(`everybody's ${event} is at both`, () => users(event).every(({ length }) => length >= 30), product);

  const { id } = await product.api.post<Model>('audiences', { name: 'Few', statement: 'select id as user_id from shop.few', intervalMinutes: null });
  await told('audience_entered');
  expect(users('audience_entered')).toEqual([everybody, everybody]);
  expect(new Set(signed('audience_entered').map((request) => request.signed))).toEqual(new Set([true]));
  expect(messages(({ userId }) => userId === 'f1')[0]).toMatchObject({ type: 'track', event: 'audience_entered', properties: { user_id: 'f1', audience: 'few', audience_id: id, audience_name: 'Few' } });
  const { id: trait } = await product.api.post<Model>('traits', { name: 'Score', statement: 'select id as user_id, value from shop.few where value = 7', intervalMinutes: null });
  await untilTrue('the trait is there', () => messages(({ type }) => type === 'identify').length > 0, product);
  expect(messages(({ type }) => type === 'identify')[0]).toMatchObject({ userId: 'f7', traits: { score: 7 } });

  await product.api.patch(`audiences/${id}`, { enabled: false });
  await product.api.delete(`audiences/${id}`);
  await product.api.delete(`traits/${trait}`);
  for (let round = 0; round < 2; round++) {
    // Anywhere between taking the task and publishing.
    await new Promise((resolve) => { setTimeout(resolve, Math.random() * 300); });
    await product.killed('warehouse-loader');
    await product.control.rows(`update model_runs set lease_expires_at = now() where model_id = $1 and state = 'running'`, [id]);
  }
  await told('audience_exited');
  await untilTrue('the trait is gone', () => messages(({ type }) => type === 'identify').length > 1, product);
  expect(messages(({ type }) => type === 'identify').at(-1)).toMatchObject({ userId: 'f7', traits: { score: null } });
  await untilTrue('everything is published', async () => (await product.warehouse.count('_cloud_sources', 'model_changes')) === 0, product);
  expect(users('audience_exited')).toEqual([everybody, everybody]);
  const ids = (event: string): number => new Set(messages((message) => message.event === event).map(({ messageId }) => messageId)).size;
  expect([ids('audience_entered'), ids('audience_exited')]).toEqual([30, 30]);
  expect(new Map((await changesOf(id)).map((change) => [change.id, change])).size).toBe(60);
  expect(await product.warehouse.rows(`select 1 from information_schema.tables where table_schema = 'audiences' and table_name = 'few'`)).toEqual([]);
  await untilTrue('both are gone', async () => [(await product.api.ask('GET', `audiences/${id}`)).status, (await product.api.ask('GET', `traits/${trait}`)).status].join() === '404,404', product);
}, 300_000);

it('an audience that can\'t be deleted says why, holds its warehouse, and lets everybody go once it can', async () => {
  const { id } = await product.api.post<Model>('audiences', { name: 'Held', statement: 'select id as user_id from shop.few', intervalMinutes: null });
  const deleting = async () => (await product.api.get<Model>(`audiences/${id}`)).deleting;
  await untilTrue('it is computed', async () => (await product.api.get<Model>(`audiences/${id}`)).lastSuccess?.size === 30, product);
  await product.warehouse.rows('create view shop.held as select * from audiences.held');
  await product.api.delete(`audiences/${id}`);
  await untilTrue('it says what holds it', async () => (await deleting())?.error?.title.includes('depend on its table audiences.held') === true, product);
  await product.warehouse.rows('drop view shop.held');
  await product.api.delete(`audiences/${id}`);
  await untilTrue('it is gone', async () => (await product.api.ask('GET', `audiences/${id}`)).status === 404, product);
  expect(new Set((await changesOf(id)).filter(({ event }) => event === 'audience_exited').map(({ user }) => user)).size).toBe(30);
}, 120_000);

it('an audience whose warehouse is away is deleted when it is back, and the warehouse can\'t be disconnected before', async () => {
  const { id } = await product.api.post<Model>('audiences', { name: 'Away', statement: 'select id as user_id from shop.few', intervalMinutes: null });
  await untilTrue('it is computed', async () => (await product.api.get<Model>(`audiences/${id}`)).lastSuccess?.size === 30, product);
  const [{ name } = { name: '' }] = await product.warehouse.rows<{ name: string }>('select current_database()::text as name');
  await product.control.rows(`alter database ${name} allow_connections false`);
  try {
    await product.control.rows('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await product.api.delete(`audiences/${id}`);
    await untilTrue('it says what it waits for', async () => (await product.api.get<Model>(`audiences/${id}`)).deleting?.error?.title.includes('can\'t be reached') === true, product);
    const [warehouse] = (await product.api.get<{ data: { id: string }[] }>('warehouses')).data;
    const refused = await product.api.ask('DELETE', `warehouses/${warehouse?.id}`);
    expect([refused.status, refused.text]).toEqual([409, expect.stringMatching(/being deleted \(Away\)/)]);
  } finally {
    await product.control.rows(`alter database ${name} allow_connections true`);
  }
  await untilTrue('it is gone', async () => (await product.api.ask('GET', `audiences/${id}`)).status === 404, product);
  expect(new Set((await changesOf(id)).filter(({ event }) => event === 'audience_exited').map(({ user }) => user)).size).toBe(30);
}, 120_000);
