import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NormalizedRecord, WebhookRequest } from '#connector-kit';
import { startZendeskSimulator, type ZendeskSimulator } from '#testing';
import { connector } from './src/index.js';

let simulator: ZendeskSimulator;
let secret: string;
let close: () => void;
const received: WebhookRequest[] = [];

beforeEach(async () => {
  received.length = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      received.push({ method: 'POST', url: 'https://hooks.example.com/x', headers: request.headers, body: Buffer.concat(parts), receivedAt: Date.now() });
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  close = () => { server.closeAllConnections(); server.close(); };
  simulator = await startZendeskSimulator({ data: { tickets: 5 } });
  ({ secret } = simulator.addWebhookEndpoint({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
});
afterEach(async () => {
  close();
  await simulator.stop();
});

/** What the deliveries so far become; each must be signed. */
async function records(): Promise<NormalizedRecord[]> {
  await simulator.webhooks.idle();
  return received.flatMap((request) => {
    const verdict = connector.webhook?.verify(request, [secret]);
    if (verdict?.ok !== true) throw new Error(`refused: ${JSON.stringify(verdict)}`);
    return connector.normalize(JSON.parse(request.body.toString('utf8')) as Record<string, unknown>, {
      id: verdict.deliveryId, workspaceId: 'w', sourceId: 's', connector: 'zendesk', collection: 'webhook_events', component: 'webhook', receivedAt: new Date(request.receivedAt).toISOString(), observedAt: request.receivedAt, recordsAt: '',
    }) as NormalizedRecord[];
  });
}

describe('webhooks of the simulator', () => {
  it('are taken and become events and objects', async () => {
    const { id } = simulator.create('organizations', { name: 'Acme' });
    simulator.update('organizations', id, { name: 'Acme Ltd' });
    simulator.delete('organizations', id);
    const found = await records();
    expect(found.filter(({ kind }) => kind === 'event').map(({ eventText }) => eventText)).toEqual(expect.arrayContaining(['organization.created', 'organization.name_changed', 'organization.deleted']));
    const objects = found.filter(({ kind }) => kind === 'object');
    expect(objects).toHaveLength(3);
    expect(objects.every((object) => object.collection === 'organizations' && object.id === String(id))).toBe(true);
    expect(objects.filter(({ data }) => data['name'] === 'Acme Ltd')).toHaveLength(1);
    expect(objects.filter(({ deleted }) => deleted === true)).toHaveLength(1);
  });

  it('of tickets say the same as the API does', async () => {
    const [user = 0] = simulator.ids('users');
    const { id } = simulator.create('tickets', { description: 'It burns', requester_id: user, priority: 'urgent', type: 'incident' });
    simulator.update('tickets', id, { status: 'pending' });
    const ticket = simulator.get('tickets', id) ?? {};
    const told = (await records()).filter(({ collection }) => collection === 'tickets').find(({ data }) => data['status'] === 'pending');
    for (const name of ['status', 'priority', 'type', 'subject', 'description', 'updated_at', 'created_at']) expect([name, told?.data[name]]).toEqual([name, ticket[name as keyof typeof ticket]]);
    expect(told?.data['requester_id']).toBe(String(user));
  });

  it('that come twice have one id', async () => {
    simulator.webhooks.copies = 2;
    const { id } = simulator.create('users', { name: 'Ada', email: 'ada@example.com' });
    const [first, second, ...more] = (await records()).filter(({ kind }) => kind === 'event');
    expect(more).toEqual([]);
    expect([first?.id, first?.data['object_id']]).toEqual([second?.id, String(id)]);
  });
});
