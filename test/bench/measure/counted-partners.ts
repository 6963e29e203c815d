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

/** Those that each sync reads whole. */
const rereadOf = async (connector: string): Promise<ReadonlySet<string>> =>
  new Set((await loadConnector(connector)).declaration.collections.filter(({ rowsPerCall }) => rowsPerCall !== undefined).map(({ name }) => name));

async function stripe(): Promise<CountedPartner> {
  const events = (await loadConnector('stripe')).declaration.collections.filter(({ kind }) => kind === 'event').map(({ name }) => name);
  const simulator = await startStripeSimulator({ startAt: Date.now() - DAY, data: { customers: 230, days: 20 } });
  return {
    connector: 'stripe', rereads: await rereadOf('stripe'), configuration: { apiKey: simulator.apiKey, baseUrl: simulator.url }, collections: await selected('stripe', 'customers'),
    requests: () => simulator.requestLog.map(({ method, url }) => `${method} ${url}`), rest: () => { simulator.advance(30 * MINUTE); }, stop: () => simulator.stop(),
    // One list of all events.
    pages: (collection, records) => Math.ceil((events.includes(collection) ? events : [collection]).reduce((sum, name) => sum + (records.get(name) ?? 0), 0) / 100),
  };
}

async function zendesk(): Promise<CountedPartner> {
  const simulator = await startZendeskSimulator({ startAt: Date.now() - DAY, data: { tickets: 1_300 } });
  const pageRows = new Map([['users', 1_000], ['organizations', 1_000], ['tickets', 1_000], ['ticket_events', 500]]);
  return {
    connector: 'zendesk', rereads: await rereadOf('zendesk'), configuration: { subdomain: 'acme', accessToken: simulator.accessToken, baseUrl: simulator.url }, collections: await selected('zendesk', 'tickets'),
    requests: () => simulator.requestLog.map(({ method, url }) => `${method} ${url}`), rest: () => { simulator.advance(30 * MINUTE); }, stop: () => simulator.stop(),
    // A row of ticket events holds several of them.
    pages: (collection, records) => Math.ceil((collection === 'ticket_events' ? simulator.counts().ticket_event_rows : records.get(collection) ?? 0) / (pageRows.get(collection) ?? 100)),
  };
}

async function salesforce(): Promise<CountedPartner> {
  const simulator = await startSalesforceSimulator({ startAt: Date.now() - DAY, data: { accounts: 1_100, days: 20 } });
  return {
    connector: 'salesforce', rereads: await rereadOf('salesforce'), configuration: { instanceUrl: simulator.url, accessToken: simulator.accessToken }, collections: await selected('salesforce', 'accounts'),
    requests: () => simulator.requestLog.map(({ method, url }) => `${method} ${url}`), rest: () => { simulator.advance(30 * MINUTE); }, stop: () => simulator.stop(),
    pages: (collection, records) => Math.ceil((records.get(collection) ?? 0) / 2_000),
  };
}

/** One for each connector. */
export const COUNTED_PARTNERS: Readonly<Record<string, () => Promise<CountedPartner>>> = { stripe, zendesk, salesforce };
