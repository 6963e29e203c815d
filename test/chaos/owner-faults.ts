import { setTimeout as sleep } from 'node:timers/promises';
import { untilTrue } from '../e2e/support/eventually.js';
import { seconds, type Fault } from './fault.js';
import { SLUG, type World } from './world.js';

/** Longer than the session of a loader. */
const SESSION_MS = 20_000;
/** Between two comings or goings of a loader. */
const STORM_MS = 2_000;
const MORE_LOADERS = [2, 3, 4] as const;

/** Nobody is connected to the database while `work` runs; who was, lost the connection. */
async function closed({ product }: World, database: string, work: () => Promise<void>): Promise<void> {
  await product.control.rows(`alter database "${database}" with allow_connections false`);
  await product.control.rows('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [database]);
  await untilTrue('nobody is connected', async () => (await product.control.rows('select 1 from pg_stat_activity where datname = $1', [database])).length === 0, { context: product.context });
  await work();
}

/** Faults of who loads, and of what is believed to be loaded. */
export const OWNER_FAULTS: readonly Fault[] = [
  {
    name: 'zombie', about: 'a loader is stopped longer than its session, another one takes over, the first one wakes up (2, 3)',
    async run(world, { kills }) {
      const { product } = world;
      await product.another('warehouse-loader');
      await sleep(3_000);
      product.signal('warehouse-loader', 'SIGSTOP');
      await sleep(SESSION_MS);
      await world.loads();
      product.signal('warehouse-loader', 'SIGCONT');
      await world.loads();
      for (let time = 0; time < kills; time += 1) { await product.killed('warehouse-loader-2'); await sleep(2_000); }
      await product.gone('warehouse-loader-2');
      return `${kills} more rebalances`;
    },
  },
  {
    name: 'rebalance-storm', about: 'three more loaders come and go every two seconds, killed each time (3)',
    async run(world, { kills }) {
      const { product } = world;
      for (const number of MORE_LOADERS) await product.another('warehouse-loader', {}, number);
      const there = new Set<(typeof MORE_LOADERS)[number]>(MORE_LOADERS);
      const moves = 6 * Math.max(1, Math.round(kills / 2));
      for (let move = 0; move < moves; move += 1) {
        const number = MORE_LOADERS[move % MORE_LOADERS.length] ?? 2;
        const name = `warehouse-loader-${number}` as const;
        if (there.delete(number)) await product.gone(name);
        else { await product.back(name); there.add(number); }
        await sleep(STORM_MS);
      }
      for (const number of there) await product.gone(`warehouse-loader-${number}`);
      return `${moves} comings and goings; loads again after ${await seconds(world.loads())}`;
    },
  },
  {
    name: 'failover', about: 'the warehouse goes on as a copy of itself that lags behind (15): what it lacks is loaded again',
    async run(world) {
      const { product } = world;
      const database = new URL(product.warehouseUrl).pathname.slice(1);
      const [copy, lost] = [`${database}_copy`, `${database}_lost`];
      const rows = (): Promise<number> => product.warehouse.count(SLUG, 'customer_events');
      await closed(world, database, async () => {
        await product.control.rows(`create database "${copy}" template "${database}"`);
        await product.control.rows(`alter database "${database}" with allow_connections true`);
      });
      const before = await rows();
      await untilTrue('the copy lags behind', async () => await rows() >= before + 20, { context: product.context, timeoutMs: 120_000 });
      const newest = await rows();
      await closed(world, database, async () => {
        await product.control.rows(`alter database "${database}" rename to "${lost}"`);
        await product.control.rows(`alter database "${copy}" rename to "${database}"`);
      });
      const kept = await rows();
      await world.loads();
      await product.control.rows(`drop database "${lost}"`);
      return `${newest - kept} events and more had to be loaded again`;
    },
  },
  {
    name: 'two-schedulers', about: 'a second scheduler, and the first one is killed: never two runs of a source at a time',
    async run({ product, source }) {
      await product.another('scheduler');
      await product.killed('scheduler');
      await sleep(2_000);
      const [active] = await product.control.rows<{ n: string }>(`select count(*) as n from runs where source_id = $1 and state in ('queued', 'running', 'deferred')`, [source.id]);
      if (Number(active?.n) > 1) throw new Error(`${active?.n} runs of one source at a time.`);
      await product.gone('scheduler-2');
      return 'one run at a time';
    },
  },
  {
    name: 'offsets-reset', about: 'everything is loaded again from the first offset (13)',
    async run({ product }) {
      await product.gone('warehouse-loader');
      const rewound = await product.warehouse.rows('update _cloud_sources.offsets set next_offset = 0, epoch = epoch + 1 returning 1');
      await product.back('warehouse-loader');
      return `${rewound.length} partitions`;
    },
  },
  {
    name: 'table-dropped', about: 'a person drops a table and has it loaded again (13)',
    async run({ product, source }) {
      await product.warehouse.rows(`drop table ${SLUG}.customers cascade`);
      const { data: [warehouse] } = await product.api.get<{ data: { id: string }[] }>('warehouses');
      await product.api.post(`warehouses/${warehouse?.id}/reload`, { sourceId: source.id, collections: ['customers'] });
      await untilTrue('it is caught up with', async () => {
        const { data } = await product.api.get<{ data: { catchUp: { state: string } | null }[] }>(`warehouses/${warehouse?.id}/selection`);
        return data.every(({ catchUp }) => catchUp?.state === 'done');
      }, { context: product.context });
      return 'reloaded';
    },
  },
];
