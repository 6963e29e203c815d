import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPartnerHttp, createRunScope, type Checkpoint, type Page } from '#connector-kit';
import { startZendeskSimulator, type ZendeskSimulator } from '#testing';
import { connector } from './src/index.js';

const all = connector.declaration.collections.map(({ name }) => name);
const FOR_ADMINISTRATORS = ['attachments', 'audit_logs', 'organizations', 'satisfaction_ratings', 'sla_policies', 'ticket_comments', 'ticket_events', 'ticket_metrics', 'tickets', 'users'];

let simulator: ZendeskSimulator;
beforeEach(async () => { simulator = await startZendeskSimulator({ startAt: Date.now() - 7_200_000, exportRows: 20, data: { tickets: 60 } }); });
afterEach(() => simulator.stop());

async function withHttp<T>(accessToken: string, work: (context: { http: ReturnType<typeof createPartnerHttp>; credentials: Record<string, string>; signal: AbortSignal }) => Promise<T>): Promise<T> {
  const credentials = { subdomain: simulator.subdomain, accessToken, baseUrl: simulator.url };
  const http = createPartnerHttp({ connector, credentials, limits: {}, allowPrivateAddresses: true, wait: async () => undefined });
  try {
    return await work({ http, credentials, signal: new AbortController().signal });
  } finally {
    await http.close();
  }
}
const check = (accessToken: string) => withHttp(accessToken, (context) => connector.check(context, all));
const refused = async (accessToken: string): Promise<string[]> => (await check(accessToken)).access.filter(({ readable }) => !readable).map(({ collection }) => collection).sort();

const noWarning = (message: string): void => { throw new Error(message); };
const read = (collection: string, { checkpoint, startDate = 0, selected = [collection], warn = noWarning }: { checkpoint?: Checkpoint; startDate?: number; selected?: string[]; warn?: (message: string) => void } = {}): Promise<Page[]> => withHttp(simulator.accessToken, async ({ http, credentials, signal }) => {
  const pages: Page[] = [];
  for await (const page of connector.readers[collection]?.({
    http, credentials, checkpoint, checkpoints: {}, startDate, selected: new Set(selected), run: createRunScope(), now: () => http.now(), signal, warn,
  }) ?? []) pages.push(page);
  return pages;
});
const rows = (pages: readonly Page[], collection: string): number => pages.reduce((sum, { counts }) => sum + (counts[collection] ?? 0), 0);

describe('check', () => {
  it('says who asks, and what an agent may not read', async () => {
    expect((await check(simulator.accessToken)).account).toBe('acme (Ada, admin)');
    expect(await refused(simulator.tokenFor('agent'))).toEqual(FOR_ADMINISTRATORS);
    const { access } = await check(simulator.tokenFor('agent'));
    expect(access.find(({ collection }) => collection === 'tickets')?.error).toMatchObject({ code: 'permission_denied', remedy: expect.stringContaining('administrator') });
  });

  it('names the scope that is missing', async () => {
    const { access } = await check(simulator.tokenFor('admin', ['tickets:read', 'users:read']));
    expect(access.filter(({ readable }) => readable).map(({ collection }) => collection).sort()).toEqual(['attachments', 'ticket_comments', 'ticket_events', 'ticket_metrics', 'tickets', 'users', 'webhook_events']);
    expect(access.find(({ collection }) => collection === 'groups')?.error?.remedy).toContain('the scope read');
  });

  it('is not content with an anonymous user', async () => {
    simulator.fault({ path: '/api/v2/users/me.json', kind: 'rewrite', rewrite: () => '{"user":{"id":null,"name":"Anonymous user","role":"end-user"}}' });
    await expect(check(simulator.accessToken)).rejects.toMatchObject({ code: 'authentication_failed' });
  });
});

describe('reading', () => {
  it('goes on from the last row\'s time when a cursor isn\'t taken any more', async () => {
    const pages = await read('tickets');
    expect(pages.length).toBeGreaterThan(2);
    const checkpoint = { ...pages.at(-2)?.checkpoint, cursor: 'bm9uc2Vuc2U=' };
    const rest = await read('tickets', { checkpoint });
    expect(rest[0]?.request).toContain(`start_time=${String(checkpoint['since' as keyof typeof checkpoint])}`);
    expect(rows(rest, 'tickets')).toBeLessThan(rows(pages, 'tickets'));
  });

  it('says when metrics were asked for and didn\'t come', async () => {
    const warnings: string[] = [];
    simulator.fault({ path: '/api/v2/incremental', times: 1, kind: 'rewrite', rewrite: (body) => body.replaceAll('"metric_set"', '"other"') });
    await read('tickets', { selected: ['tickets', 'ticket_metrics'], warn: (message) => { warnings.push(message); } });
    expect(warnings).toEqual([expect.stringContaining('holds no metrics')]);
  });

  it('walks a list anew when its cursor isn\'t taken any more', async () => {
    const whole = await read('organization_memberships');
    const again = await read('organization_memberships', { checkpoint: { walk: { from: 0, until: 1, reached: 1, after: 'bm9uc2Vuc2U=' } } });
    expect(rows(again, 'organization_memberships')).toBe(rows(whole, 'organization_memberships'));
  });

  it('follows numbered pages', async () => {
    for (let index = 0; index < 150; index++) simulator.create('sla_policies', { title: `Policy ${index}` });
    expect(rows(await read('sla_policies'), 'sla_policies')).toBe(simulator.counts().sla_policies);
  });

  it('reads users of all times, but tickets since the start date only', async () => {
    const startDate = simulator.now() - 3 * 86_400_000;
    const found = rows(await read('tickets', { startDate }), 'tickets');
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(simulator.counts().tickets);
    expect(rows(await read('users', { startDate }), 'users')).toBeGreaterThanOrEqual(simulator.counts().users);
  });

  it('asks a filtered list from shortly before the last run, on Zendesk\'s clock', async () => {
    const [first] = await read('activities');
    const through = Number(first?.checkpoint?.['through']);
    // Our clock is two hours ahead of Zendesk's.
    expect(Math.abs(through * 1_000 - simulator.now())).toBeLessThan(5_000);
    simulator.create('activities', { verb: 'tickets.comment', title: 'new' });
    const later = await read('activities', { checkpoint: { through } });
    expect(rows(later, 'activities')).toBe(1);
  });

  it('has nothing to read yet when the start date is now', async () => {
    expect(rows(await read('tickets', { startDate: simulator.now() + 7_200_000 }), 'tickets')).toBe(0);
  });
});
