import { randomBytes } from 'node:crypto';
import { describe, it } from '@jest/globals';
import { connectorConformance, type ConformanceHarness } from '#connector-kit';
import { startSalesforceSimulator } from '#testing';
import { connector } from './src/index.js';
import { OBJECTS } from './src/objects.js';

/** Salesforce's clock: an hour behind ours, which no run may fall over. */
const NOW = Date.now() - 3_600_000;
const CODES: Readonly<Record<number, string>> = { 400: 'MALFORMED_QUERY', 401: 'INVALID_SESSION_ID', 403: 'INSUFFICIENT_ACCESS', 404: 'NOT_FOUND', 429: 'REQUEST_LIMIT_EXCEEDED', 500: 'UNKNOWN_EXCEPTION' };

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
};

describe('the Salesforce connector holds to the connector bar', () => {
  for (const { name, run } of connectorConformance(connector, harness)) it(name, run, 120_000);
});
