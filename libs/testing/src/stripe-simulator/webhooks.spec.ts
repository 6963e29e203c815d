import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startStripeSimulator, type StripeSimulator } from './index.js';

let simulator: StripeSimulator;
let receiver: Server;
let url: string;
let statuses: number[] = [];
let received: { headers: IncomingHttpHeaders; body: string; event: { id: string; type: string; api_version: string; data: { object: Record<string, unknown> } } }[] = [];

beforeEach(async () => {
  statuses = [];
  received = [];
  receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      received.push({ headers: request.headers, body, event: JSON.parse(body) as (typeof received)[number]['event'] });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => { receiver.listen(0, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  simulator = await startStripeSimulator();
});
afterEach(async () => {
  await simulator.stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});
const names = (): string[] => received.map(({ event }) => String(event.data.object.name));

describe('a webhook endpoint', () => {
  it('gets every event, signed with each secret over the bytes that are sent', async () => {
    const endpoint = simulator.addWebhookEndpoint({ url, secret: ['whsec_new', 'whsec_old'] });
    expect(endpoint.secret).toEqual(['whsec_new', 'whsec_old']);
    simulator.post('customers', { name: 'Zoë' });
    await simulator.webhooks.idle();
    const [sent] = received;
    const header = String(sent?.headers['stripe-signature']);
    const time = Number(/^t=(\d+),/.exec(header)?.[1]);
    const sign = (secret: string): string => createHmac('sha256', secret).update(`${time}.${sent?.body}`).digest('hex');
    expect(header.match(/v1=[0-9a-f]{64}/g)).toEqual([`v1=${sign('whsec_new')}`, `v1=${sign('whsec_old')}`]);
    expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(5);
    expect(simulator.webhooks.deliveries).toMatchObject([{ eventId: sent?.event.id, type: 'customer.created', attempt: 1, status: 200 }]);
    expect(simulator.snapshot('events')).toMatchObject([{ pending_webhooks: 1 }]);
  });

  it('gets only its types, in its own version', async () => {
    simulator.addWebhookEndpoint({ url, enabledEvents: ['charge.succeeded'], apiVersion: '2022-11-15' });
    simulator.post('charges', { amount: 100, currency: 'usd', customer: simulator.post('customers').id });
    await simulator.webhooks.idle();
    expect(received.map(({ event }) => event)).toMatchObject([{ type: 'charge.succeeded', api_version: '2022-11-15', data: { object: { invoice: null } } }]);
  });

  it('is tried again until it answers 2xx', async () => {
    simulator.webhooks.behaviour = { retryDelaysMs: [1, 1, 1] };
    statuses = [500, 503];
    simulator.addWebhookEndpoint({ url });
    simulator.post('customers');
    while (!simulator.webhooks.deliveries.some(({ status }) => status === 200)) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(simulator.webhooks.deliveries.map(({ status, attempt }) => [attempt, status])).toEqual([[1, 500], [2, 503], [3, 200]]);
    expect(new Set(received.map(({ event }) => event.id)).size).toBe(1);
  });

  it('gets events twice and out of order when told so', async () => {
    simulator.webhooks.behaviour = { copies: 2, reverseEvery: 6, concurrency: 1 };
    simulator.addWebhookEndpoint({ url });
    for (const name of ['a', 'b', 'c']) simulator.post('customers', { name });
    await simulator.webhooks.idle();
    expect(names()).toEqual(['c', 'c', 'b', 'b', 'a', 'a']);
    simulator.webhooks.redeliver(received[0]?.event.id ?? '');
    await simulator.webhooks.idle();
    expect(names().at(-1)).toBe('c');
  });
});
