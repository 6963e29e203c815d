import { startSalesforceSimulator } from '#testing';
import type { GatewayClient } from '../../../deploy/local/src/gateway-client.js';
import { newestRun, syncNow, type CountingProduct } from './partner-calls.js';

const HOUR = 3_600_000;
/** The default schedule. */
const SYNCS = 8;
const CHANGES = 12;

/** Requests of one sync by the simulator's count. */
export interface SyncRequests {
  readonly state: string;
  readonly queries: number;
  readonly describes: number;
  /** Of a session that had ended: 401. */
  readonly refused: number;
  readonly renewals: number;
  readonly total: number;
}

/**
 * A day at the default schedule after the first sync: all default collections, connected by OAuth, changes before each sync.
 * A session ends after two hours, so each sync renews it.
 */
export async function salesforceDay(product: CountingProduct & { readonly gateway: Pick<GatewayClient, 'agree'> }): Promise<readonly SyncRequests[]> {
  const simulator = await startSalesforceSimulator({ startAt: Date.now() - 3 * 24 * HOUR, data: { accounts: 60, days: 20 } });
  try {
    const { gateway } = product;
    const { clientId, clientSecret } = simulator.addApp(true);
    await gateway.put('oauth/salesforce/client', { clientId, clientSecret });
    const configuration = { loginUrl: simulator.url };
    const grantId = await gateway.agree('salesforce', configuration, 'admin');
    const { id } = await gateway.post<{ id: string }>('sources', { connector: 'salesforce', name: 'CRM of a day', configuration, grantId });
    await newestRun(product, id);
    const day: SyncRequests[] = [];
    for (let sync = 0; sync < SYNCS; sync++) {
      simulator.step(CHANGES);
      simulator.advance(24 * HOUR / SYNCS);
      const before = simulator.requestLog.length;
      const { state } = await syncNow(product, id);
      const asked = simulator.requestLog.slice(before);
      const count = (of: (one: (typeof asked)[number]) => boolean): number => asked.filter(of).length;
      day.push({
        state, total: asked.length, refused: count(({ status }) => status === 401), renewals: count(({ url }) => url.startsWith('/services/oauth2/token')),
        queries: count(({ url, status }) => status !== 401 && /\/query(All)?\b/.test(url)), describes: count(({ url, status }) => status !== 401 && /\/describe\b/.test(url)),
      });
    }
    return day;
  } finally {
    await simulator.stop();
  }
}
