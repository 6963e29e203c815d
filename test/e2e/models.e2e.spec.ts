import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createKafka, scanTopics } from '#kafka';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

interface Model { readonly id: string; readonly slug: string; readonly lastRun: { readonly id: string; readonly state: string } | null; readonly lastSuccess: { readonly size: number } | null }
interface Change { readonly id: string; readonly user: string; readonly event: string }

let product: Product;
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
  product = await Product.start({ env: { LOADER_REFRESH_MS: '200' } });
  await product.connectWarehouse();
}, 300_000);
afterAll(async () => { await product?.stop(); }, 120_000);

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
