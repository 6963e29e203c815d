import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { stripeSignature } from '#testing';
import { untilTrue } from '../e2e/support/eventually.js';
import type { Part } from '../e2e/support/product.js';
import { seconds, type Fault } from './fault.js';
import { OWNER_FAULTS } from './owner-faults.js';
import { PERSON_FAULTS } from './person-faults.js';
import { CLOCK_FAULTS } from './clock-faults.js';
import { RECORD_FAULTS } from './record-faults.js';
import { SmallDisk } from './small-disk.js';
import { SLUG, type World } from './world.js';

const SERVICES = ['fetcher', 'normalizer', 'warehouse-loader', 'event-forwarder', 'webhook-gateway', 'scheduler', 'gateway'] as const;
/** Memory that a service may grow by while something is away, in MiB: what waits is bounded. */
const MAX_GROWTH_MB = 150;
const LONGEST_ANSWER_MS = 2_500;

const kill = (part: Part): Fault => ({
  name: `kill-${part}`, about: `kill -9 of ${part}`,
  async run(world, { kills }) {
    for (let time = 0; time < kills; time += 1) {
      await sleep(300 + Math.random() * 1_200);
      // Started again at once: the supervisor would wait longer and longer
      await world.product.gone(part);
      await world.product.back(part);
    }
    return `${kills} times`;
  },
});

/** One webhook by hand, of a collection that isn't selected: status, and how much longer its answer took than one that needs no broker, in ms. */
async function hook({ product, source }: World): Promise<{ readonly status: number; readonly ms: number }> {
  const { url } = await product.api.get<{ url: string }>(`sources/${source.id}/webhook`);
  const created = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ id: `evt_chaos${created}`, object: 'event', type: 'product.created', created, api_version: '2026-08-26.dahlia', data: { object: { id: 'prod_none', object: 'product', created } } });
  const ask = async (address: string, headers: Readonly<Record<string, string>>): Promise<{ status: number; ms: number }> => {
    const begin = performance.now();
    const answer = await fetch(address, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
    await answer.arrayBuffer();
    return { status: answer.status, ms: performance.now() - begin };
  };
  const [taken, machine] = await Promise.all([ask(url, { 'stripe-signature': stripeSignature(body, [product.secrets.webhookSecret], created) }), ask(`${product.webhooksUrl}/hooks/nobody`, {})]);
  return { status: taken.status, ms: taken.ms - machine.ms };
}

/** How much the services grew while `work` went on. @throws when one of them grew without bound */
async function growth(world: World, parts: readonly Part[], work: () => Promise<void>): Promise<string> {
  const before = parts.map((part) => world.memory(part));
  await work();
  const grown = parts.map((part, at) => world.memory(part) - (before[at] ?? 0));
  const worst = Math.max(...grown);
  if (worst > MAX_GROWTH_MB) throw new Error(`Memory grew by ${worst} MiB (${parts[grown.indexOf(worst)]}).`);
  return `memory ${parts.map((part, at) => `${part} ${(grown[at] ?? 0) >= 0 ? '+' : ''}${grown[at]} MiB`).join(', ')}`;
}

const awayOrSlow: readonly Fault[] = [
  {
    name: 'broker-away', about: 'the broker is killed and stays away: webhooks are refused in time, memory is bounded',
    async run(world, { brokerMs }) {
      await world.product.gone('kafka');
      let [asked, longest] = [0, 0];
      const memory = await growth(world, ['webhook-gateway', 'fetcher', 'normalizer', 'warehouse-loader'], async () => {
        for (const until = Date.now() + brokerMs; Date.now() < until; await sleep(500)) {
          const { status, ms } = await hook(world);
          if (status !== 503) throw new Error(`A webhook was answered with ${status} while the broker was away.`);
          [asked, longest] = [asked + 1, Math.max(longest, ms)];
        }
      });
      await world.product.back('kafka');
      if (longest > LONGEST_ANSWER_MS) throw new Error(`A webhook waited ${Math.round(longest)} ms for its answer.`);
      return `${asked} webhooks refused, the slowest in ${Math.round(longest)} ms; ${memory}; loads again after ${await seconds(world.loads())}`;
    },
  },
  {
    name: 'warehouse-away', about: 'nobody reaches the warehouse (9): partitions wait, memory is flat, loading goes on by itself',
    async run(world, { awayMs }) {
      world.proxy.cut();
      const memory = await growth(world, ['warehouse-loader'], () => sleep(awayMs));
      world.proxy.mend();
      return `${awayMs / 1000} s; ${memory}; loads again after ${await seconds(world.loads())}`;
    },
  },
  {
    name: 'lost-commit', about: 'the answer to COMMIT is lost (15)',
    async run(world, { kills }) {
      const wanted = world.proxy.cuts + Math.max(3, kills);
      for (; world.proxy.cuts < wanted; await world.loads()) {
        const cuts = world.proxy.cuts;
        world.proxy.loseAnswerTo('COMMIT');
        await untilTrue('an answer was cut off', () => world.proxy.cuts > cuts, { context: world.product.context });
      }
      return `${Math.max(3, kills)} times`;
    },
  },
  {
    name: 'read-only', about: 'the warehouse turns read-only (8): loading pauses, nothing is buried',
    async run(world) {
      const database = new URL(world.product.warehouseUrl).pathname.slice(1);
      const turn = async (to: 'on' | 'off'): Promise<void> => {
        await world.product.control.rows(`alter database "${database}" set default_transaction_read_only = ${to}`);
        await world.product.control.rows(`select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name like 'cloud-sources%'`, [database]);
      };
      await turn('on');
      await sleep(5_000);
      await turn('off');
      return `loads again after ${await seconds(world.loads())}`;
    },
  },
  {
    name: 'table-held', about: 'somebody holds a table (7): it waits, the others go on',
    async run({ product }) {
      const holder = new Client({ connectionString: product.warehouseUrl });
      await holder.connect();
      try {
        await holder.query(`begin; lock table ${SLUG}.customers in access exclusive mode`);
        await untilTrue('the table is known to be held', () => product.lines.some(({ line }) => line.includes('A table waits')), { context: product.context });
        const before = await product.warehouse.count(SLUG, 'customer_events');
        await untilTrue('another table is loaded', async () => await product.warehouse.count(SLUG, 'customer_events') > before, { context: product.context });
      } finally {
        await holder.end();
      }
      return 'other tables went on';
    },
  },
  {
    name: 'disk-full', about: 'the disk of a table is full (8): loading pauses, nothing is buried',
    async run(world) {
      const disk = await SmallDisk.mount(world.product);
      if (disk === undefined) return 'not tried: this login may not mount a small disk';
      try {
        await disk.fill();
        await untilTrue('the loader stands still because of it', () => world.product.lines.some(({ line }) => line.includes('its disk is full')), { context: world.product.context });
        await disk.free();
        return `loads again after ${await seconds(world.loads())}`;
      } finally {
        await disk.unmount();
      }
    },
  },
];

export const FAULTS: readonly Fault[] = [...SERVICES.map(kill), kill('kafka'), kill('postgres'), ...awayOrSlow, ...OWNER_FAULTS, ...CLOCK_FAULTS, ...PERSON_FAULTS, ...RECORD_FAULTS];
