import { randomBytes } from 'node:crypto';
import { describe, it } from '@jest/globals';
import { connectorConformance, type ConformanceHarness, type WebhookRequest } from '#connector-kit';
import { startZendeskSimulator, zendeskSignature } from '#testing';
import { connector } from './src/index.js';

/** Zendesk's clock: an hour behind ours, which no run may fall over. */
const NOW = Date.now() - 3_600_000;
const objects = connector.declaration.collections.filter(({ kind }) => kind === 'object').map(({ name }) => name);

function deliver(secret: string, at: number): WebhookRequest {
  const body = JSON.stringify({
    type: 'zen:event-type:user.name_changed', account_id: 12_345_678, id: '5f1b0c4e-0000-4000-8000-000000000001', time: '2026-11-22T08:00:00.250Z', zendesk_event_version: '2022-06-20', subject: 'zen:user:360000000001',
    detail: { id: '360000000001', email: 'ada@example.com', role: 'end-user', external_id: '', organization_id: '0', default_group_id: '0', created_at: '2026-11-01T00:00:00Z', updated_at: '2026-11-22T08:00:00Z' },
    event: { current: 'Ada', previous: 'A' },
  });
  const timestamp = new Date(at).toISOString();
  return {
    method: 'POST', url: 'https://hooks.example.com/hooks/x', body: Buffer.from(body), receivedAt: at,
    headers: { 'x-zendesk-webhook-signature': zendeskSignature(body, secret, timestamp), 'x-zendesk-webhook-signature-timestamp': timestamp, 'x-zendesk-webhook-invocation-id': '01HW000000000000000000000A' },
  };
}

const harness: ConformanceHarness = {
  async start(account) {
    const simulator = await startZendeskSimulator({ startAt: NOW, exportRows: 40, ...(account === 'filled' && { data: { tickets: 60, days: 20 } }) });
    const counts: Readonly<Record<string, number>> = simulator.counts();
    return {
      credentials: { subdomain: simulator.subdomain, accessToken: simulator.accessToken, baseUrl: simulator.url },
      wrongCredentials: { subdomain: simulator.subdomain, accessToken: randomBytes(32).toString('hex'), baseUrl: simulator.url },
      expected: { ...Object.fromEntries(objects.map((name) => [name, counts[name] ?? 0])), ticket_events: counts['ticket_events'] ?? 0 },
      stop: () => simulator.stop(),
    };
  },
  errorAnswer: (status) => ({ body: JSON.stringify(status === 403 ? { error: { title: 'Forbidden', message: 'You do not have access to this page.' } } : { error: 'Simulated', description: `simulated ${status}` }) }),
  webhook: { newSecret: () => randomBytes(32).toString('base64'), deliver, timestamped: true },
};

describe('the Zendesk connector holds to the connector bar', () => {
  for (const { name, run } of connectorConformance(connector, harness)) it(name, run, 120_000);
});
