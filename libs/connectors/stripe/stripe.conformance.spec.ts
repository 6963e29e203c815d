import { randomBytes } from 'node:crypto';
import { describe, it } from '@jest/globals';
import { connectorConformance, type ConformanceHarness, type WebhookRequest } from '#connector-kit';
import { startStripeSimulator, stripeSignature } from '#testing';
import { connector } from './src/index.js';

/** Stripe's clock: an hour behind ours, which no run may fall over. */
const NOW = Date.now() - 3_600_000;
const objects = connector.declaration.collections.filter(({ kind }) => kind === 'object').map(({ name }) => name);

function deliver(secret: string, at: number): WebhookRequest {
  const body = JSON.stringify({
    id: 'evt_1', object: 'event', type: 'customer.updated', created: Math.floor(NOW / 1_000), api_version: '2026-08-26.dahlia', livemode: false, pending_webhooks: 1,
    request: { id: null, idempotency_key: null }, data: { object: { id: 'cus_1', object: 'customer', email: 'ada@example.com' }, previous_attributes: { email: null } },
  });
  return { method: 'POST', url: 'https://hooks.example.com/hooks/x', body: Buffer.from(body), receivedAt: at, headers: { 'stripe-signature': stripeSignature(body, [secret], Math.floor(at / 1_000)) } };
}

const harness: ConformanceHarness = {
  async start(account) {
    const simulator = await startStripeSimulator({ startAt: NOW - 3_600_000, ...(account === 'filled' && { data: { customers: 120, days: 60 } }) });
    // The shop's story ends an hour before, so that its events aren't all in the look-back.
    simulator.advance(3_600_000);
    const counts: Readonly<Record<string, number>> = simulator.counts();
    return {
      credentials: { apiKey: simulator.apiKey, baseUrl: simulator.url },
      wrongCredentials: { apiKey: `sk_test_${randomBytes(12).toString('hex')}`, baseUrl: simulator.url },
      // Connected accounts, and the account itself, which is in no list.
      expected: { ...Object.fromEntries(objects.map((name) => [name, counts[name] ?? 0])), accounts: (counts.accounts ?? 0) + 1 },
      stop: () => simulator.stop(),
    };
  },
  errorAnswer: (status) => ({ body: JSON.stringify({ error: { type: 'invalid_request_error', message: `simulated ${status}` } }) }),
  webhook: { newSecret: () => `whsec_${randomBytes(24).toString('hex')}`, deliver, timestamped: true },
};

describe('the Stripe connector holds to the connector bar', () => {
  for (const { name, run } of connectorConformance(connector, harness)) it(name, run, 120_000);
});
