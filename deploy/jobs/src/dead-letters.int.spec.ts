import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DeadLetterRepository, migrate, newId, openDatabase, type DataSource, type DeadLetterMessage } from '#persistence';
import { testDatabase, type TestDatabase } from '#testing';
import { deadLetters } from './dead-letters.job.js';

let test: TestDatabase;
let database: DataSource;
let letters: DeadLetterRepository;
const workspaceId = newId();

async function run(...args: readonly string[]): Promise<{ readonly text: string; readonly error: string | undefined }> {
  let text = '';
  const error = await deadLetters({ databaseUrl: test.url }, args, (more) => { text += more; }).then(() => undefined, (thrown: unknown) => (thrown as Error).message);
  return { text, error };
}
const idOf = (text: string, reason: string): string => new RegExp(`([0-9a-f-]{36})  \\S+  normalizer  ${reason}`).exec(text)?.[1] ?? '';

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec' });
  await migrate(database);
  await database.query(`insert into workspaces (id, name) values ($1, 'w')`, [workspaceId]);
  letters = new DeadLetterRepository(database);
  const letter = (reason: string, value: Buffer | null, offset: string, more: object = {}) => ({
    letter: { service: 'normalizer', reason, message: `Because of ${reason}.`, topic: 'cs.raw.stripe', partition: 2, offset: `10${offset}`, ...more },
    at: new Date(Date.UTC(2026, 0, 31, 8, 0, Number(offset))), key: Buffer.from('k'), value, headers: { ce_id: Buffer.from('no\u001bid').toString('base64') }, offset,
  });
  await letters.keep('cs.dead-letter.normalizer', 0, [
    letter('no_headers', Buffer.from('{"id":"ü"}'), '0'), letter('no_headers', Buffer.from([0xff, 0xfe]), '1'), letter('too_large', null, '2'), letter('theirs', Buffer.from('{}'), '3', { workspaceId }),
  ], '4');
}, 60_000);
afterAll(async () => { await database.destroy(); await test.drop(); }, 30_000);

it('shows what belongs to no workspace, with reason, place and bytes, and nothing else', async () => {
  const { text } = await run();
  expect(text).toContain('       2  normalizer  no_headers\n       1  normalizer  too_large\n');
  expect(text).toContain('Because of no_headers.\n  cs.raw.stripe/2, offset 100, 11 bytes: {"id":"ü"}\n');
  expect(text).toContain('offset 101, 2 bytes: base64 //4=');
  expect(text).not.toContain('theirs');
  expect((await run('--reason', 'too_large')).text).not.toContain('no_headers');
  const one = await run('--show', idOf(text, 'no_headers'));
  expect(one.text).toMatch(/offset 101, 2 bytes\n {2}ce_id: no\\u001bid\n\nbase64 \/\/4=\n$/);
  const [theirs] = await letters.list(workspaceId, {}, 10, 10);
  for (const way of ['--show', '--replay', '--discard']) expect((await run(way, theirs?.id ?? '')).error).toMatch(/belongs to no workspace/);
}, 30_000);

it('discards and replays, once', async () => {
  const { text } = await run();
  const id = idOf(text, 'too_large');
  expect(await run('--discard', id)).toEqual({ text: '1 is discarded.\n', error: undefined });
  expect((await run('--discard', id)).error).toMatch(/no open dead letter/);
  expect((await run('--replay', 'all', '--reason', 'no_headers')).text).toBe('2 are sent again by the scheduler.\n');
  const sent: DeadLetterMessage[] = [];
  await letters.takeReplays(10, async (some) => { sent.push(...some); });
  expect(sent.map(({ topic, value }) => [topic, value])).toEqual([['cs.raw.stripe', Buffer.from('{"id":"ü"}')], ['cs.raw.stripe', Buffer.from([0xff, 0xfe])]]);
  expect((await run()).text).toBe('Nothing that belongs to no workspace.\n');
  expect((await letters.counts(workspaceId, {})).map(({ open }) => open)).toEqual([1]);
}, 30_000);
