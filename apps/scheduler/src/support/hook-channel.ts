import { Agent } from 'undici';
import { guardedConnector } from '#connector-kit';
import { signatureHeaders } from '#forwarding';
import type { SupportChannel } from './channel.js';
import type { SupportReport } from './report.js';

const TIMEOUT_MS = 10_000;

export interface HookOptions {
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  readonly allowPrivateAddresses: boolean;
  /** Milliseconds since the epoch; ours by default. */
  readonly clock?: () => number;
}

/** The body: a Standard Webhooks event. */
const event = (report: SupportReport, now: number): string => JSON.stringify({ type: 'run.needs_support', timestamp: new Date(now).toISOString(), data: report });

/** The complete log as a signed request. Redirects aren't followed; private addresses are refused unless they are allowed. */
export function hookChannel({ url, secret, allowPrivateAddresses, clock = Date.now }: HookOptions): SupportChannel {
  const target = new URL(url);
  const connect = { timeout: TIMEOUT_MS };
  const agent = new Agent({ headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS, maxResponseSize: 1024 * 1024, connect: allowPrivateAddresses ? connect : guardedConnector(connect) });
  return {
    name: 'hook',
    send: async (report) => {
      const now = clock();
      const body = event(report, now);
      const answer = await agent.request({
        origin: target.origin, path: `${target.pathname}${target.search}`, method: 'POST', body, signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: { 'content-type': 'application/json', 'user-agent': 'cloud-sources', ...signatureHeaders([secret], report.reference, Math.floor(now / 1000), body) },
      }).catch((error: unknown) => { throw new Error(`hook: ${(error as { code?: string }).code ?? (error as Error).name}`); });
      await answer.body.dump();
      if (answer.statusCode < 200 || answer.statusCode > 299) throw new Error(`hook: answered ${answer.statusCode}`);
    },
    close: () => agent.destroy(),
  };
}
