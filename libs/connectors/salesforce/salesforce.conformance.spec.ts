import { randomBytes } from 'node:crypto';
import { describe, it } from '@jest/globals';
import { connectorConformance, type ConformanceHarness, type WebhookRequest } from '#connector-kit';
import { outboundEnvelope, startSalesforceSimulator } from '#testing';
import { connector } from './src/index.js';
import { OBJECTS } from './src/objects.js';

/** Salesforce's clock: an hour behind ours, which no run may fall over. */
const NOW = Date.now() - 3_600_000;
const CODES: Readonly<Record<number, string>> = { 400: 'MALFORMED_QUERY', 401: 'INVALID_SESSION_ID', 403: 'INSUFFICIENT_ACCESS', 404: 'NOT_FOUND', 429: 'REQUEST_LIMIT_EXCEEDED', 500: 'UNKNOWN_EXCEPTION' };

function deliver(organization: string, at: number): WebhookRequest {
  const values = { Id: '001000000000001AAA', Name: 'Ada & Sons', NumberOfEmployees: '12', SystemModstamp: new Date(NOW).toISOString() };
  const body = outboundEnvelope(organization, 'https://acme.my.salesforce.com', [{ id: '04l000000000001AAA', type: 'Account', values }]);
  return { method: 'POST', url: 'https://hooks.example.com/hooks/x', body: Buffer.from(body), receivedAt: at, headers: { 'content-type': 'text/xml; charset=utf-8' } };
}

const harness: ConformanceHarness = {
  async start(account) {
    const simulator = await startSalesforceSimulator({ startAt: NOW - 3_600_000, batchSize: 25, ...(account === 'filled' && { data: { accounts: 60, days: 60 } }) });
    simulator.advance(3_600_000);
    const counts = simulator.counts();
    return {
      credentials: { instanceUrl: simulator.url, accessToken: simulator.accessToken },
      wrongCredentials: { instanceUrl: simulator.url, accessToken: `00D000000000001!${randomBytes(48).toString('base64url')}` },
      expected: Object.fromEntries(OBJECTS.map(({ collection, object }) => [collection, counts[object] ?? 0])),
      stop: () => simulator.stop(),
    };
  },
  errorAnswer: (status) => ({ body: JSON.stringify([{ message: `simulated ${status}`, errorCode: CODES[status] ?? 'UNKNOWN_EXCEPTION' }]) }),
  // Salesforce signs nothing: the secret is the organization id.
  webhook: { newSecret: () => `00D${randomBytes(12).toString('hex').slice(0, 12)}AAA`, deliver, timestamped: false, signed: false },
};

describe('the Salesforce connector holds to the connector bar', () => {
  for (const { name, run } of connectorConformance(connector, harness)) it(name, run, 120_000);
});
