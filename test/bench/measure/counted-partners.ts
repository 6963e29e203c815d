import { startSalesforceSimulator, startStripeSimulator, startZendeskSimulator } from '#testing';
import { loadConnector } from '#connectors';
import type { CountedPartner } from './partner-calls.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Collections that are read by default, the one that is kept alone first. */
const selected = async (connector: string, first: string): Promise<string[]> => {
  const names = (await loadConnector(connector)).declaration.collections.filter(({ selectedByDefault }) => selectedByDefault).map(({ name }) => name);
  return [first, ...names.filter((name) => name !== first)];
};

async function stripe(): Promise<CountedPartner> {
  const simulator = await startStripeSimulator({ startAt: Date.now() - DAY, data: { customers: 230, days: 20 } });
  return {
    connector: 'stripe', configuration: { apiKey: simulator.apiKey, baseUrl: simulator.url }, collections: await selected('stripe', 'customers'), besidesPages: 0,
    requests: () => simulator.requestLog.map(({ method, url }) => `${method} ${url}`), pageRows: () => 100, rest: () => { simulator.advance(30 * MINUTE); }, stop: () => simulator.stop(),
  };
}

async function zendesk(): Promise<CountedPartner> {
  const simulator = await startZendeskSimulator({ startAt: Date.now() - DAY, data: { tickets: 1_300 } });
  const exported = new Map([['users', 1_000], ['organizations', 1_000], ['tickets', 1_000]]);
  return {
    connector: 'zendesk', configuration: { subdomain: 'acme', accessToken: simulator.accessToken, baseUrl: simulator.url }, collections: await selected('zendesk', 'tickets'), besidesPages: 0,
    requests: () => simulator.requestLog.map(({ method, url }) => `${method} ${url}`), pageRows: (collection) => exported.get(collection) ?? 100, rest: () => { simulator.advance(30 * MINUTE); }, stop: () => simulator.stop(),
  };
}

async function salesforce(): Promise<CountedPartner> {
  const simulator = await startSalesforceSimulator({ startAt: Date.now() - DAY, data: { accounts: 1_100, days: 20 } });
  return {
    // Besides its pages: one describe.
    connector: 'salesforce', configuration: { instanceUrl: simulator.url, accessToken: simulator.accessToken }, collections: await selected('salesforce', 'accounts'), besidesPages: 1,
    requests: () => simulator.requestLog.map(({ method, url }) => `${method} ${url}`), pageRows: () => 2_000, rest: () => { simulator.advance(30 * MINUTE); }, stop: () => simulator.stop(),
  };
}

/** One for each connector. */
export const COUNTED_PARTNERS: Readonly<Record<string, () => Promise<CountedPartner>>> = { stripe, zendesk, salesforce };
