import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startZendeskSimulator, zendeskRateLimits, type ZendeskSimulator } from './index.js';

let simulator: ZendeskSimulator;
const ask = (path: string, token = simulator.accessToken): Promise<Response> => fetch(`${simulator.url}/api/v2/${path}`, { headers: { authorization: `Bearer ${token}` } });
const EXPORT = 'incremental/users/cursor.json?start_time=1';

beforeEach(async () => { simulator = await startZendeskSimulator({ startAt: Date.now() - 7_200_000, data: { tickets: 12 } }); });
afterEach(() => simulator.stop());

describe('lists', () => {
  it('name a next page also at the end: only has_more tells', async () => {
    const page = async (query: string) => (await ask(`activities.json?page[size]=2${query}`)).json() as Promise<{ activities: { id: number }[]; meta: { has_more: boolean; after_cursor: string }; links: { next: string | null } }>;
    const ids: number[] = [];
    for (let after = ''; ;) {
      const { activities, meta, links } = await page(after);
      ids.push(...activities.map(({ id }) => id));
      expect(links.next).toContain('page%5Bafter%5D=');
      if (!meta.has_more) break;
      after = `&page[after]=${meta.after_cursor}`;
    }
    expect(ids).toEqual(simulator.ids('activities'));
    expect((await ask('activities.json?page[size]=101')).status).toBe(400);
    expect(await (await ask('slas/policies.json?per_page=1')).json()).toMatchObject({ count: 1, next_page: null });
    expect(await (await ask('tags.json?page[size]=100')).json()).toMatchObject({ tags: expect.arrayContaining([{ name: expect.any(String), count: expect.any(Number) }]), meta: { has_more: false } });
  });
});

describe('who asks', () => {
  it('is nobody without credentials, refused with wrong ones, and told which kind is over', async () => {
    expect(await (await fetch(`${simulator.url}/api/v2/users/me.json`)).json()).toMatchObject({ user: { id: null, role: 'end-user' } });
    expect((await fetch(`${simulator.url}/api/v2/groups.json`)).status).toBe(401);
    const basic = (token: string): Promise<Response> => fetch(`${simulator.url}/api/v2/users/me.json`, { headers: { authorization: `Basic ${Buffer.from(`${simulator.email}/token:${token}`).toString('base64')}` } });
    expect(await (await basic(simulator.apiToken)).json()).toMatchObject({ user: { role: 'admin', name: 'Ada' } });
    expect(await (await basic('0')).json()).toEqual({ error: "Couldn't authenticate you" });
    const short = simulator.tokenFor('admin', ['read'], 1_800_000);
    expect((await ask('groups.json', short)).status).toBe(200);
    simulator.advance(1_800_000);
    expect(await (await ask('groups.json', short)).json()).toMatchObject({ error: 'invalid_token' });
  });

  it('needs the role, the scope and the plan', async () => {
    const agent = simulator.tokenFor('agent');
    expect((await ask('groups.json', agent)).status).toBe(200);
    expect(await (await ask(EXPORT, agent)).json()).toMatchObject({ error: { title: 'Forbidden' } });
    const tickets = simulator.tokenFor('admin', ['tickets:read']);
    expect((await ask('incremental/tickets/cursor.json?start_time=1', tickets)).status).toBe(200);
    expect(await (await ask(EXPORT, tickets)).json()).toEqual({ error: 'Forbidden', description: 'You are missing the following required scopes: read' });
    const small = await startZendeskSimulator({ enterprise: false });
    expect((await fetch(`${small.url}/api/v2/ticket_forms.json`, { headers: { authorization: `Bearer ${small.accessToken}` } })).status).toBe(403);
    await small.stop();
  });
});

describe('limits and faults', () => {
  it('let ten exports a minute through, on the simulator\'s clock, and say when to come back', async () => {
    simulator.setRateLimits(zendeskRateLimits);
    const statuses: number[] = [];
    for (let index = 0; index < 10; index++) statuses.push((await ask(EXPORT)).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const refused = await ask(EXPORT);
    expect([refused.status, Number(refused.headers.get('retry-after')) > 50, refused.headers.get('x-rate-limit')]).toEqual([429, true, '10']);
    expect((await ask('groups.json')).headers.get('x-rate-limit-remaining')).toBe('699');
    simulator.advance(60_000);
    expect((await ask(EXPORT)).status).toBe(200);
    expect(simulator.requests()).toMatchObject({ 'GET /api/v2/incremental/users/cursor': 12 });
  });

  it('happen as told', async () => {
    simulator.fault({ path: '/api/v2/groups.json', kind: 'status', status: 429 });
    const limited = await ask('groups.json');
    expect([limited.status, limited.headers.get('retry-after'), limited.headers.get('content-type')]).toEqual([429, null, 'text/plain']);
    simulator.fault({ kind: 'cut_json' });
    await expect((await ask('groups.json')).json()).rejects.toThrow();
    simulator.fault({ kind: 'reset' });
    await expect(ask('groups.json')).rejects.toThrow();
    expect((await ask('groups.json')).status).toBe(200);
  });
});

describe('a webhook', () => {
  it('tells of changes, signed over the time and the body, and again after 409', async () => {
    const received: { headers: IncomingHttpHeaders; body: string }[] = [];
    const statuses = [409];
    const receiver = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => { received.push({ headers: request.headers, body: Buffer.concat(parts).toString() }); response.writeHead(statuses.shift() ?? 200).end(); });
    });
    await new Promise<void>((resolve) => { receiver.listen(0, '127.0.0.1', resolve); });
    const { secret } = simulator.addWebhookEndpoint({ url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`, subscriptions: ['zen:event-type:user.name_changed'] });
    const [, user = 0] = simulator.ids('users');
    simulator.update('users', user, { name: 'Zoë', notes: 'no one subscribed to this' });
    await simulator.webhooks.idle();
    expect(simulator.webhooks.deliveries.map(({ attempt, status }) => [attempt, status])).toEqual([[1, 409], [2, 200]]);
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    expect(JSON.parse(body)).toMatchObject({ type: 'zen:event-type:user.name_changed', subject: `zen:user:${user}`, detail: { id: String(user), organization_id: '0' }, event: { current: 'Zoë', previous: 'Ben' } });
    expect(headers['x-zendesk-webhook-signature']).toBe(createHmac('sha256', secret).update(`${String(headers['x-zendesk-webhook-signature-timestamp'])}${body}`).digest('base64'));
    expect(received[1]?.headers['x-zendesk-webhook-invocation-id']).toBe(headers['x-zendesk-webhook-invocation-id']);
    receiver.closeAllConnections();
    receiver.close();
  });
});

describe('the control paths', () => {
  it('are there only when asked for, and drive the simulator from another process', async () => {
    expect((await fetch(`${simulator.url}/_simulator/counts`)).status).toBe(404);
    const open = await startZendeskSimulator({ control: true });
    const post = (path: string, body: object): Promise<Response> => fetch(`${open.url}/_simulator/${path}`, { method: 'POST', body: JSON.stringify(body) });
    const user = await (await post('create', { resource: 'users', fields: { name: 'Ada' } })).json() as { id: number };
    await post('update', { resource: 'users', id: user.id, fields: { name: 'Ada L.' } });
    await post('tickets', { count: 30 });
    expect(open.get('users', user.id)).toMatchObject({ name: 'Ada L.' });
    expect(await (await fetch(`${open.url}/_simulator/counts`)).json()).toMatchObject({ users: 1, tickets: 30, ticket_comments: 30 });
    expect((await post('update', { resource: 'users', id: 1, fields: {} })).status).toBe(400);
    await post('faults', { path: '/api/v2/users/me.json', kind: 'status', status: 503 });
    expect((await fetch(`${open.url}/api/v2/users/me.json`)).status).toBe(503);
    await open.stop();
  });
});
