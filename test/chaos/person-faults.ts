import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Fault } from './fault.js';
import { SLUG, type World } from './world.js';

const TABLE = `${SLUG}.customers`;

/** A person's own connection to the warehouse. */
async function person<T>({ product }: World, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: product.warehouseUrl });
  await client.connect();
  try { return await work(client); } finally { await client.end(); }
}

export const PERSON_FAULTS: readonly Fault[] = [
  {
    name: 'ddl', about: 'people change a table while two loaders fill it: columns, an index, a view, a rewrite (6)',
    async run(world, { kills }) {
      await world.product.another('warehouse-loader');
      let changes = 0;
      await person(world, async (client) => {
        for (let time = 0; time < 3 + kills; time += 1) {
          for (const change of [
            `alter table ${TABLE} add column note_${time} text`, `create index note_${time} on ${TABLE} (note_${time})`, `create view ${SLUG}.seen_${time} as select id, email from ${TABLE}`,
            `vacuum full ${TABLE}`, `drop view ${SLUG}.seen_${time}`, `alter table ${TABLE} drop column note_${time}`,
          ]) {
            await client.query(change);
            changes += 1;
            await sleep(100);
          }
        }
      });
      await world.loads();
      await world.product.gone('warehouse-loader-2');
      return `${changes} changes`;
    },
  },
  {
    name: 'deadlock', about: 'people lock rows in the other order: somebody loses, nothing is lost (40P01)',
    async run(world, { kills }) {
      let [tried, met] = [0, 0];
      await person(world, async (client) => {
        for (let time = 0; time < 10 * (1 + kills); time += 1) {
          tried += 1;
          try {
            await client.query('begin');
            const { rows } = await client.query<{ id: string }>(`select id from ${TABLE} order by received_at desc limit 20`);
            for (const { id } of rows.sort((a, b) => (a.id < b.id ? 1 : -1))) {
              await client.query(`update ${TABLE} set uuid_ts = uuid_ts where id = $1`, [id]);
              await sleep(20);
            }
            await client.query('commit');
          } catch (error) {
            if ((error as { code?: string }).code !== '40P01') throw error;
            met += 1;
            await client.query('rollback');
          }
        }
      });
      await world.loads();
      return `${tried} transactions, ${met} of them lost a deadlock`;
    },
  },
];
