import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RAW_SPLIT_BYTES, type RawRecordMeta } from '#contracts';
import { splitPage } from '#connector-kit';
import { connector } from '#connectors/zendesk';
import { normalizeRaw, type Normalized } from '#normalization';
import { startZendeskSimulator, type ZendeskSimulator } from '#testing';

const TICKETS = 900;
type Row = Readonly<Record<string, unknown>> & { readonly id: number };
type Export = { readonly tickets: readonly Row[]; readonly users: readonly Row[]; readonly groups: readonly Row[]; readonly organizations: readonly Row[]; readonly after_cursor: string };

let simulator: ZendeskSimulator;
let page: Buffer;
beforeAll(async () => {
  simulator = await startZendeskSimulator({ startAt: Date.now() - 7_200_000 });
  const then = simulator.now() - 3_600_000;
  simulator.inPast(then, () => {
    const group = simulator.create('groups', { name: 'Support' });
    const people = Array.from({ length: 300 }, (_unused, index) => simulator.create('users', { name: `person ${index}`, details: 'd'.repeat(1_000), organization_id: null }));
    for (let index = 0; index < TICKETS; index++) {
      simulator.create('tickets', { description: `${index} "said" {so} [é]`.repeat(60), requester_id: people[index % people.length]?.id, group_id: group.id });
    }
  });
  const answer = await fetch(`${simulator.url}/api/v2/incremental/tickets/cursor.json?start_time=${Math.floor(then / 1_000)}&include=metric_sets,users,groups,organizations`, { headers: { authorization: `Bearer ${simulator.accessToken}` } });
  page = Buffer.from(await answer.arrayBuffer());
});
afterAll(() => simulator.stop());

const meta: RawRecordMeta = {
  id: 'run/1/1/0', workspaceId: 'w', sourceId: 's', connector: 'zendesk', collection: 'tickets', component: 'sync',
  receivedAt: '2026-11-22T10:00:01.000Z', observedAt: Date.parse('2026-11-22T10:00:00Z'), recordsAt: 'tickets', selected: ['tickets', 'ticket_metrics'],
};
const normalized = (body: Buffer): Normalized => normalizeRaw(connector.normalize, meta, body);

describe('a page of Zendesk\'s with side-loads that is too large for one message', () => {
  it('gives the same records in parts as whole, and each part has the side-loads of its tickets', () => {
    expect(page.length).toBeGreaterThan(2_000_000);
    const parts = splitPage(page, 'tickets', RAW_SPLIT_BYTES);
    expect(parts.length).toBeGreaterThan(2);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(RAW_SPLIT_BYTES);

    const whole = normalized(page);
    expect(whole.messages).toHaveLength(2 * TICKETS);
    expect(parts.flatMap((part) => normalized(part).messages)).toEqual(whole.messages);
    expect([whole, ...parts.map(normalized)].flatMap(({ failures }) => failures)).toEqual([]);

    const { users, after_cursor: cursor } = JSON.parse(page.toString('utf8')) as Export;
    const read = parts.map((part) => JSON.parse(part.toString('utf8')) as Export);
    for (const part of read) {
      expect(part).toMatchObject({ after_cursor: cursor, organizations: [] });
      const has = { users: new Set(part.users.map(({ id }) => id)), groups: new Set(part.groups.map(({ id }) => id)) };
      expect(part.tickets.filter((ticket) => !has.users.has(ticket['requester_id'] as number) || !has.groups.has(ticket['group_id'] as number))).toEqual([]);
    }
    expect(new Set(read.flatMap((part) => part.users.map(({ id }) => id)))).toEqual(new Set(users.map(({ id }) => id)));
  });
});
