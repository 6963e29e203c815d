import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startZendeskSimulator, type ZendeskSimulator } from './index.js';

interface Export { readonly end_of_stream: boolean; readonly end_time: number | null; readonly next_page: string; readonly after_cursor: string | null; readonly count: number; readonly [list: string]: unknown }
let simulator: ZendeskSimulator;
/** Epoch seconds, half an hour ago. */
let then: number;

const get = (path: string): Promise<Response> => fetch(path.startsWith('http') ? path : `${simulator.url}/api/v2/${path}`, { headers: { authorization: `Bearer ${simulator.accessToken}` } });
const ask = async (path: string): Promise<Export> => (await get(path)).json() as Promise<Export>;
const names = (page: Export, list = 'organizations'): unknown[] => (page[list] as { name: string }[]).map(({ name }) => name);
/** Organizations changed at so many seconds after `then`. */
const organizations = (...seconds: number[]): void => { seconds.forEach((second, index) => simulator.inPast((then + second) * 1_000, () => simulator.create('organizations', { name: `o${index}` }))); };
const users = (...seconds: number[]): void => { seconds.forEach((second, index) => simulator.inPast((then + second) * 1_000, () => simulator.create('users', { name: `u${index}` }))); };

beforeEach(async () => {
  simulator = await startZendeskSimulator({ startAt: Date.now() - 7_200_000 });
  then = Math.floor(simulator.now() / 1_000) - 1_800;
});
afterEach(() => simulator.stop());

describe('a time-based export', () => {
  it('that cuts a page inside a second ends there, and the next page begins with that second again', async () => {
    organizations(0, 10, 10, 20);
    const first = await ask(`incremental/organizations.json?start_time=${then}&per_page=2`);
    expect([names(first), first.end_time, first.end_of_stream]).toEqual([['o0', 'o1'], then + 10, false]);
    const second = await ask(`${first.next_page}`);
    expect([names(second), second.end_time]).toEqual([['o1', 'o2'], then + 11]);
    const third = await ask(second.next_page);
    expect([names(third), third.end_time, third.end_of_stream]).toEqual([['o3'], then + 20, true]);
    expect(third.next_page).toContain(`start_time=${then + 20}`);
  });

  it('gives the whole second where a cut would make no progress', async () => {
    organizations(5, 5, 5, 5, 9);
    const page = await ask(`incremental/organizations.json?start_time=${then + 5}&per_page=1`);
    expect([names(page), page.count, page.end_time, page.end_of_stream]).toEqual([['o0', 'o1', 'o2', 'o3'], 4, then + 6, false]);
  });

  it('has full comments only when they are asked for', async () => {
    const { id } = simulator.inPast(then * 1_000, () => simulator.create('tickets', { comment: { body: 'Help', public: false, attachments: [{ file_name: 'a.txt' }] } }));
    const children = async (query: string): Promise<Record<string, unknown>[]> => ((await ask(`incremental/ticket_events.json?start_time=${then}${query}`))['ticket_events'] as { ticket_id: number; child_events: Record<string, unknown>[] }[]).filter((row) => row.ticket_id === id).flatMap((row) => row.child_events);
    expect((await children('')).find(({ event_type: type }) => type === 'Comment')).toMatchObject({ comment_present: true, comment_public: false });
    expect((await children('')).some((child) => 'body' in child)).toBe(false);
    expect((await children('&include=comment_events')).find(({ event_type: type }) => type === 'Comment')).toMatchObject({ body: 'Help', public: false, attachments: [{ file_name: 'a.txt' }] });
  });
});

describe('a cursor export', () => {
  it('has a total order, and a cursor also at the end of the stream', async () => {
    users(3, 3, 1);
    const first = await ask(`incremental/users/cursor.json?start_time=${then}&per_page=2`);
    expect([names(first, 'users'), first.end_of_stream]).toEqual([['u2', 'u0'], false]);
    const [, second] = simulator.ids('users');
    const last = await ask(`incremental/users/cursor.json?cursor=${String(first.after_cursor)}&per_page=2`);
    expect([names(last, 'users'), last.end_of_stream, Buffer.from(String(last.after_cursor), 'base64').toString()]).toEqual([['u1'], true, `${then + 3}.0||${second}|`]);
    const after = await ask(`incremental/users/cursor.json?cursor=${String(last.after_cursor)}`);
    expect([names(after, 'users'), after.end_of_stream, after.after_cursor]).toEqual([[], true, last.after_cursor]);
  });

  it('compares generated_timestamp of tickets, and keeps deleted ones', async () => {
    const [a, b] = [0, 1].map((second) => simulator.inPast((then + second) * 1_000, () => simulator.create('tickets', { description: 'x' })).id);
    simulator.inPast((then + 50) * 1_000, () => { simulator.touch(a ?? 0); simulator.delete('tickets', b ?? 0); });
    const page = await ask(`incremental/tickets/cursor.json?start_time=${then + 50}&include=metric_sets`);
    expect(page['tickets']).toMatchObject([{ id: a, updated_at: new Date(then * 1_000).toISOString().replace('.000Z', 'Z'), metric_set: { ticket_id: a } }, { id: b, status: 'deleted', metric_set: null }]);
    expect((await get(`tickets/${b}.json`)).status).toBe(404);
  });

  it('side-loads identities', async () => {
    simulator.inPast(then * 1_000, () => simulator.create('users', { name: 'Ada', email: 'ada@example.com' }));
    expect(await ask(`incremental/users/cursor.json?start_time=${then}&include=identities`)).toMatchObject({ identities: [{ type: 'email', value: 'ada@example.com' }] });
  });
});

describe('the last minute', () => {
  it('is in no export, and can\'t be asked for', async () => {
    simulator.create('users', { name: 'new' });
    expect(names(await ask(`incremental/users/cursor.json?start_time=${then}`), 'users')).toEqual([]);
    const now = Math.floor(simulator.now() / 1_000);
    const refused = await get(`incremental/users/cursor.json?start_time=${now - 30}`);
    expect([refused.status, await refused.json()]).toEqual([422, { error: 'InvalidValue', description: 'Too recent start_time. Use a start_time older than 60 seconds' }]);
    simulator.advance(61_000);
    expect(names(await ask(`incremental/users/cursor.json?start_time=${then}`), 'users')).toEqual(['new']);
  });
});
