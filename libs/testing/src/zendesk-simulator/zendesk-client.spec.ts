import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createClient } from 'node-zendesk';
import { startZendeskSimulator, type ZendeskSimulator } from './index.js';

let simulator: ZendeskSimulator;
const client = (token = simulator.apiToken) => createClient({ username: simulator.email, token, endpointUri: `${simulator.url}/api/v2` });
const idsOf = (rows: unknown): number[] => (rows as { id: number }[]).map(({ id }) => id).sort((a, b) => a - b);

beforeEach(async () => { simulator = await startZendeskSimulator({ startAt: Date.now() - 7_200_000, data: { tickets: 130 } }); });
afterEach(() => simulator.stop());

describe('a foreign client', () => {
  it('pages through lists to their end', async () => {
    const desk = client();
    expect(idsOf(await desk.tickets.list())).toEqual(simulator.ids('tickets'));
    expect(idsOf(await desk.users.list())).toEqual(simulator.ids('users'));
    expect(idsOf(await desk.organizations.list())).toEqual(simulator.ids('organizations'));
    expect(idsOf(await desk.groups.list())).toEqual(simulator.ids('groups'));
    expect(idsOf(await desk.ticketfields.list())).toEqual(simulator.ids('ticket_fields'));
    expect(idsOf(await desk.groupmemberships.list())).toEqual(simulator.ids('group_memberships'));
    expect(idsOf(await desk.satisfactionratings.list())).toEqual(simulator.ids('satisfaction_ratings'));
  });

  it('writes, and finds what it wrote', async () => {
    const desk = client();
    const { result: made } = await desk.tickets.create({ ticket: { subject: 'Printer', comment: { body: 'It is on fire' } } }) as { result: { id: number } };
    await desk.tickets.update(made.id, { ticket: { status: 'solved' } } as never);
    expect((await desk.tickets.show(made.id) as { result: { status: string; subject: string } }).result).toMatchObject({ subject: 'Printer', status: 'solved' });
    await desk.tickets.delete(made.id);
    await expect(desk.tickets.show(made.id)).rejects.toThrow();
    expect((await desk.users.me() as { result: { role: string } }).result.role).toBe('admin');
  });

  it('reads an export to the end of its stream', async () => {
    const desk = await startZendeskSimulator({ startAt: Date.now() - 7_200_000 });
    for (let index = 0; index < 1_050; index++) desk.inPast(desk.now() - 3_600_000 + index * 1_000, () => desk.create('tickets', { description: `Ticket ${index}` }));
    const { tickets } = createClient({ username: desk.email, token: desk.apiToken, endpointUri: `${desk.url}/api/v2` });
    const found = new Set<number>();
    // This client reads one page of an export at a time: a short one is the last.
    for (let start = 1, size = 1_000; size === 1_000;) {
      const rows = await tickets.incremental(String(start)) as unknown as { id: number; generated_timestamp: number }[];
      for (const { id } of rows) found.add(id);
      size = rows.length;
      start = rows.at(-1)?.generated_timestamp ?? start;
    }
    expect([...found]).toEqual(desk.ids('tickets'));
    await desk.stop();
  });

  it('is refused with a wrong token', async () => {
    await expect(client('0'.repeat(40)).users.list()).rejects.toMatchObject({ statusCode: 401 });
  });
});
