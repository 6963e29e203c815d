import { CE_TYPES, recordKey, recordTopic, toHeaders } from '#contracts';
import { untilTrue } from '../e2e/support/eventually.js';
import type { Fault } from './fault.js';
import { SLUG, type World } from './world.js';

/** A collection that the source hasn't selected: what is put there by hand is nobody else's. */
const COLLECTION = 'products';
const AT = '2026-05-06T07:08:09.000Z';

const topicOf = ({ product }: World): string => recordTopic(product.topicPrefix, 'stripe', COLLECTION, 'object');

/** An object as the normaliser would send it; `body` instead of a whole one. */
function object({ source }: World, id: string, version: number, data: string, { deleted = false, body }: { readonly deleted?: boolean; readonly body?: string } = {}) {
  return {
    key: recordKey(source.id, id),
    value: body ?? `{"id":${JSON.stringify(id)},"version":"${version}","deleted":${deleted},"receivedAt":"${AT}","data":${data}}`,
    headers: toHeaders({
      id: `${id}@${version}`, source: '/sources/chaos', type: CE_TYPES.object, time: AT, workspaceid: source.id, sourceid: source.id, connector: 'stripe', collection: COLLECTION, recordid: id, recordversion: String(version),
    }),
  };
}

const there = (world: World, what: string, where: string, rows: number): Promise<void> =>
  untilTrue(what, async () => await world.product.warehouse.count(SLUG, COLLECTION, where) === rows, { context: world.product.context });

/** Everything that is no record, or none that PostgreSQL can store. */
const POISON = (world: World) => [
  object(world, 'poison-json', 1, '', { body: '{"id":' }), object(world, 'poison-shape', 1, '', { body: '{"id":"poison-shape","version":1}' }), object(world, 'poison-1e200000', 1, '{"list":[1e200000]}'),
  object(world, 'poison-deep', 1, `{"deep":${'['.repeat(20_000)}${']'.repeat(20_000)}}`), object(world, `poison-${'x'.repeat(3_000)}`, 1, '{}'), object(world, 'poison-\0', 1, '{}'),
];
const WELL = 60;

export const RECORD_FAULTS: readonly Fault[] = [
  {
    name: 'poison', about: 'records that can not be stored (4): each is buried alone, its neighbours load',
    async run(world) {
      const poison = POISON(world);
      const well = Array.from({ length: WELL }, (_, i) => object(world, `well${i}`, 1, `{"name":"a\\u0000b\\ud800","xmin":${i},"":"x","n\\u0000":1}`));
      world.expectedLetters += poison.length;
      await world.send(topicOf(world), [...well.slice(0, WELL / 2), ...poison, ...well.slice(WELL / 2)]);
      await there(world, 'the neighbours are loaded', `id like 'well%'`, WELL);
      return `${poison.length} buried, ${WELL} neighbours loaded`;
    },
  },
  {
    name: 'versions', about: 'versions and deletions out of order, in one batch and later (11, 12)',
    async run(world) {
      const send = async (...records: ReturnType<typeof object>[]): Promise<void> => world.send(topicOf(world), records);
      await send(object(world, 'v-a', 3, '{"n":3}'), object(world, 'v-a', 1, '{"n":1}'), object(world, 'v-gone', 5, '{}', { deleted: true }), object(world, 'v-back', 5, '{}', { deleted: true }));
      await there(world, 'the first ones are there', `id in ('v-a', 'v-gone', 'v-back')`, 3);
      await send(object(world, 'v-a', 2, '{"n":2}'), object(world, 'v-gone', 4, '{"n":4}'), object(world, 'v-back', 6, '{"n":6}'), object(world, 'v-end', 1, '{}'));
      await there(world, 'the last one is there', `id = 'v-end'`, 1);
      await there(world, 'the newest states stay', `(id = 'v-a' and _version = 3) or (id = 'v-gone' and is_deleted) or (id = 'v-back' and not is_deleted)`, 3);
      return 'the newest stays, deleted stays deleted';
    },
  },
  {
    name: 'types', about: 'integer, then fraction, text and object in one field, and 2,000 fields (10, 16)',
    async run(world) {
      const many = JSON.stringify(Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`field_${i}`, `value ${i} of twenty bytes`])));
      const values = ['9007199254740993', '0.1', '"five"', '{"a":1}', '7'];
      for (const [i, value] of values.entries()) {
        await world.send(topicOf(world), [object(world, `t-${i}`, 1, `{"mixed":${value}}`)]);
        await there(world, `value ${i} is loaded`, `id = 't-${i}'`, 1);
      }
      await world.send(topicOf(world), [object(world, 't-wide', 1, many)]);
      await there(world, 'the wide one is loaded', `id = 't-wide'`, 1);
      const [sum] = await world.product.warehouse.rows<{ sum: string; kept: string }>(`select sum(mixed)::text as sum, count(_extra) filter (where id in ('t-2', 't-3')) as kept from ${SLUG}.${COLLECTION} where id like 't-%'`);
      if (sum?.sum !== '9007199254741000.1') throw new Error(`The sum is ${sum?.sum}.`);
      return `sum exact, ${sum.kept} values kept in _extra`;
    },
  },
];
