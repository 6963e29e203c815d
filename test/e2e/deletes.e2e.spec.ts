import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startZendeskSimulator, type ZendeskSimulator } from '#testing';
import type { RunDetail, Source } from './support/api.js';
import { untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

const MINUTE = 60_000;
const SLUG = 'desk';
const collections = ['groups', 'brands', 'macros', 'tags'] as const;
let desk: ZendeskSimulator;
let product: Product;
let source: Source;

/** What is deleted at the partner without a word: found by comparing complete passes. */
async function sync(): Promise<RunDetail> {
  await product.control.rows('update sources set last_sync_requested_at = null', []);
  return product.runEnds((await product.api.post<{ id: string }>(`sources/${source.id}/sync`)).id);
}
const deleted = (collection: string): Promise<number> => product.warehouse.count(SLUG, collection, 'is_deleted');
const live = (collection: string): Promise<number> => product.warehouse.count(SLUG, collection, 'not is_deleted');
const isDeleted = async (collection: string, id: number): Promise<void> => untilTrue(`${collection} ${id} is deleted`, async () => (await product.warehouse.count(SLUG, collection, `id = '${id}' and is_deleted`)) === 1, product);
const verify = async (): Promise<void> => { expect(await product.verify('--source', SLUG)).toMatchObject({ slug: SLUG, difference: 0 }); };
const notices = async (): Promise<readonly string[]> => (await product.api.get<{ notices: readonly { code: string }[] }>(`sources/${source.id}`)).notices.map(({ code }) => code);

beforeAll(async () => {
  desk = await startZendeskSimulator({ startAt: Date.now() - 2 * 3_600_000, data: { tickets: 20 } });
  while (desk.counts().macros < 250) desk.create('macros', { title: 'One more' });
  product = await Product.start({ services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'], env: { PARTNER_RATE_LIMITS: 'false' } });
  await product.connectWarehouse();
  source = await product.api.post<Source>('sources', { connector: 'zendesk', configuration: { subdomain: 'acme', accessToken: desk.accessToken, baseUrl: desk.url }, name: SLUG, slug: SLUG, collections });
  expect((await product.newestRunEnds(source.id)).state).toBe('succeeded');
  await untilTrue('the first sync is loaded', async () => (await live('macros')) === 250 && (await live('groups')) === desk.counts().groups, product);
}, 600_000);
afterAll(async () => {
  await product?.stop();
  await desk?.stop();
}, 120_000);

describe('deletes that nobody tells of', () => {
  it('are found by the next sync, which compares a complete pass, and what comes back lives again', async () => {
    expect(await deleted('groups') + await deleted('macros')).toBe(0);
    const group = desk.create('groups', { name: 'Short-lived' });
    const [first = 0] = desk.ids('macros');
    expect((await sync()).state).toBe('succeeded');
    desk.delete('groups', group.id);
    desk.delete('macros', first);
    const run = await sync();
    expect(run).toMatchObject({ state: 'succeeded', warnings: [] });
    await isDeleted('groups', group.id);
    await isDeleted('macros', first);
    expect([await live('macros'), await live('groups')]).toEqual([249, desk.counts().groups]);
    await verify();

    // As the partner's recycle bin gives it back: with the time of its last change from before the deletion.
    desk.restore('groups', group);
    await sync();
    await untilTrue('the group is back', async () => (await product.warehouse.count(SLUG, 'groups', `id = '${group.id}' and not is_deleted`)) === 1, product);
    await verify();
  }, 5 * MINUTE);

  it('aren\'t looked for in a pass that failed in its middle, and then are', async () => {
    const gone = desk.ids('macros').at(-1) ?? 0;
    const before = await deleted('macros');
    desk.delete('macros', gone);
    desk.fault({ path: '/api/v2/macros.json', kind: 'status', status: 403, after: 1 });
    expect((await sync()).collections.find(({ collection }) => collection === 'macros')?.state).toBe('failed');
    // Goes on from the checkpoint of its first page: no complete pass either.
    expect((await sync()).collections.find(({ collection }) => collection === 'macros')?.state).toBe('succeeded');
    await product.api.get(`sources/${source.id}`);
    const absent = await product.control.rows(`select 1 from run_log where message like 'macros: % are gone at the partner%'`, []);
    expect(absent).toHaveLength(1); // of the spec before
    expect(await deleted('macros')).toBe(before);
    await sync();
    await isDeleted('macros', gone);
    await verify();
  }, 5 * MINUTE);

  it('are found by a re-sync of the collection too', async () => {
    const brand = desk.create('brands', { name: 'Short-lived' });
    await sync();
    desk.delete('brands', brand.id);
    const { id } = await product.api.post<RunDetail>(`sources/${source.id}/resync`, { collections: ['brands'] });
    expect((await product.runEnds(id)).state).toBe('succeeded');
    await isDeleted('brands', brand.id);
    await verify();
  }, 5 * MINUTE);

  it('are doubted when all are gone, until the next pass finds none either', async () => {
    const before = await live('groups');
    for (const id of desk.ids('groups')) desk.delete('groups', id);
    const doubtful = await sync();
    expect(doubtful).toMatchObject({ state: 'succeeded', warnings: [{ code: 'records_gone', collection: 'groups' }] });
    expect(await notices()).toEqual(['records_gone']);
    expect(await live('groups')).toBe(before);
    expect((await sync()).warnings).toEqual([]);
    await untilTrue('no group lives', async () => (await live('groups')) === 0, product);
    expect(await notices()).toEqual([]);
    await verify();
  }, 5 * MINUTE);

  it('aren\'t made of tags that leave the list of the most used ones', async () => {
    const tags = await live('tags');
    expect(tags).toBeGreaterThan(0);
    for (const id of desk.ids('tickets')) desk.update('tickets', id, { tags: [] });
    await sync();
    expect([await live('tags'), await deleted('tags')]).toEqual([tags, 0]);
  }, 5 * MINUTE);
});
