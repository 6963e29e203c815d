import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeadLetterRepository, newId, type NewDeadLetter } from '#persistence';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { anyId, startGateway, type TestGateway } from './gateway.factory.js';

const TOPIC = 'cs.dead-letter.normalizer';
interface Letter { readonly id: string; readonly state: string; readonly reason: string; readonly record: { readonly text: string | null; readonly base64: string | null; readonly bytes: number; readonly cut: boolean } }

let control: TestDatabase;
let gateway: TestGateway;
let letters: DeadLetterRepository;
let mine: string;
const theirs = newId();

const letter = (offset: number, more: { readonly workspaceId?: string; readonly sourceId?: string; readonly reason?: string; readonly service?: string; readonly value?: Buffer } = {}): NewDeadLetter => ({
  letter: { service: 'normalizer', reason: 'not_json', message: 'not JSON', topic: 'cs.raw.stripe', partition: 0, offset: String(offset), workspaceId: mine, connector: 'stripe', collection: 'customers', ...more },
  at: new Date(1_778_000_000_000 + offset), key: null, value: more.value ?? Buffer.from(`record ${offset}`), headers: {}, offset: String(offset),
});
const list = async (query = ''): Promise<readonly Letter[]> => (await gateway.call('GET', `/dead-letters?${query}`)).body.data as unknown as Letter[];
const texts = async (query = ''): Promise<unknown[]> => (await list(query)).map(({ record: { text } }) => text);

beforeAll(async () => {
  control = await testDatabase();
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`);
  letters = new DeadLetterRepository(gateway.database);
  [{ id: mine }] = await gateway.database.query('select id from workspaces') as [{ id: string }];
  await gateway.database.query(`insert into workspaces (id, name) values ($1, 'Other')`, [theirs]);
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await control.drop();
});

describe('dead letters', () => {
  it('are kept once each, whatever comes again', async () => {
    await letters.keep(TOPIC, 0, [letter(0), letter(1)], '2');
    await letters.keep(TOPIC, 0, [letter(1), letter(2, { reason: 'record_without_id' })], '3');
    await letters.keep(TOPIC, 0, [letter(0)], '1');
    expect(await texts()).toEqual(['record 2', 'record 1', 'record 0']);
  });

  it('of other workspaces, or of none, are not there', async () => {
    const source = await gateway.made();
    await gateway.database.query('insert into sources (id, workspace_id, connector, name, slug, start_date, interval_minutes, next_run_at) select $1, $2, connector, name, slug, start_date, interval_minutes, next_run_at from sources where id = $3', [anyId, theirs, source]);
    // What a letter says of its workspace doesn't count where its source says otherwise.
    await letters.keep(TOPIC, 1, [letter(0, { workspaceId: theirs }), letter(1, { sourceId: anyId }), letter(2, { sourceId: newId() }), letter(3, { workspaceId: 'nonsense' }), letter(4, { sourceId: source, workspaceId: theirs })], '5');
    expect(await texts(`sourceId=${source}`)).toEqual(['record 4']);
    expect(await list()).toHaveLength(4);
    const [{ id }] = await gateway.database.query('select id from dead_letters where workspace_id = $1 limit 1', [theirs]) as [{ id: string }];
    for (const [method, path] of [['GET', ''], ['POST', '/replay'], ['POST', '/discard']] as const) expect((await gateway.call(method, `/dead-letters/${id}${path}`)).status).toBe(404);
    expect((await gateway.call('POST', '/dead-letters/discard', { sourceId: anyId })).body).toEqual({ count: 0 });
  });

  it('are paged, filtered and counted by reason', async () => {
    const first = (await gateway.call('GET', '/dead-letters?limit=2&service=normalizer')).body;
    expect(first.data).toHaveLength(2);
    const second = (await gateway.call('GET', `/dead-letters?limit=2&service=normalizer&cursor=${first.nextCursor ?? ''}`)).body;
    expect([second.data.length, second.nextCursor]).toEqual([2, null]);
    expect(await texts('reason=record_without_id')).toEqual(['record 2']);
    expect(await texts('collection=products')).toEqual([]);
    expect((await gateway.call('GET', '/dead-letters/counts')).body.data).toEqual([
      { service: 'normalizer', reason: 'not_json', open: 3, replayed: 0, discarded: 0 }, { service: 'normalizer', reason: 'record_without_id', open: 1, replayed: 0, discarded: 0 },
    ]);
    expect((await gateway.call('GET', '/dead-letters?service=nobody')).status).toBe(400);
  });

  it('show text or base64, and of a large record the beginning', async () => {
    await letters.keep(TOPIC, 2, [letter(0, { reason: 'bytes', value: Buffer.from([0xff, 0]) }), letter(1, { reason: 'large', value: Buffer.from(`x${'ä'.repeat(5_000)}`) })], '2');
    expect((await list('reason=bytes'))[0]?.record).toEqual({ text: null, base64: '/wA=', bytes: 2, cut: false });
    const [large] = await list('reason=large');
    expect(large?.record).toEqual({ text: `x${'ä'.repeat(2_047)}`, base64: null, bytes: 10_001, cut: true });
    expect((await gateway.call('GET', `/dead-letters/${large?.id ?? ''}`)).body).toMatchObject({ record: { cut: false } });
  });

  it('are acted on by editors only, once, and a webhook with a bad signature is never replayed', async () => {
    const { body: { key } } = await gateway.call('POST', '/api-keys', { name: 'viewer', role: 'viewer' });
    const viewer = { authorization: `Bearer ${key}` };
    await letters.keep('cs.dead-letter.webhook-gateway', 0, [letter(0, { service: 'webhook-gateway', reason: 'bad_signature' })], '1');
    const [forged] = await list('service=webhook-gateway');
    const [one] = await list('reason=bytes');
    expect((await gateway.call('GET', '/dead-letters', undefined, viewer)).status).toBe(200);
    for (const path of [`/${one?.id}/replay`, `/${one?.id}/discard`, '/replay', '/discard']) expect((await gateway.call('POST', `/dead-letters${path}`, {}, viewer)).status).toBe(403);
    expect((await gateway.call('POST', `/dead-letters/${one?.id}/replay`)).body.state).toBe('replayed');
    expect((await gateway.call('POST', `/dead-letters/${one?.id}/discard`)).status).toBe(409);
    expect((await gateway.call('POST', `/dead-letters/${forged?.id}/replay`)).status).toBe(409);
    expect((await gateway.call('POST', '/dead-letters/replay', {})).body).toEqual({ count: 5 });
    expect((await list('state=open')).map(({ id }) => id)).toEqual([forged?.id]);
    expect((await gateway.call('POST', '/dead-letters/discard', {})).body).toEqual({ count: 1 });
    const taken: string[] = [];
    expect(await letters.takeReplays(100, async (some) => { taken.push(...some.map(({ id }) => id)); })).toBe(6);
    expect(new Set(taken).size).toBe(6);
    await expect(letters.takeReplays(100, () => Promise.reject(new Error('nothing is left to send')))).resolves.toBe(0);
  });
});
