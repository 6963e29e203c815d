import type { Fault } from './faults.js';
import type { WriteParameters } from './perform.js';
import type { RateLimits } from './rate-limit.js';
import type { StripeSimulator } from './simulator.js';
import type { WebhookBehaviour } from './webhooks.js';

type Handler = (simulator: StripeSimulator, input: Record<string, unknown>) => unknown;

/** What tests and the demo may ask another process's simulator at `/_simulator/<name>`; JSON in, JSON out. */
const handlers: Readonly<Record<string, Handler>> = {
  'GET health': (simulator) => ({ ok: true, now: simulator.now(), account: simulator.accountId }),
  'GET counts': (simulator) => simulator.counts(),
  'GET requests': (simulator) => simulator.requests(),
  'DELETE requests': (simulator) => simulator.resetRequests(),
  'GET deliveries': (simulator) => simulator.webhooks.deliveries,
  'POST ids': (simulator, { resource }) => simulator.ids(resource as Parameters<StripeSimulator['ids']>[0]),
  'POST advance': (simulator, { ms }) => simulator.advance(Number(ms)),
  'POST faults': (simulator, fault) => simulator.fault(fault as unknown as Fault),
  'DELETE faults': (simulator) => simulator.clearFaults(),
  'POST rate-limits': (simulator, limits) => simulator.setRateLimits(limits.global === undefined ? undefined : limits as unknown as RateLimits),
  'POST traffic': (simulator, { perSecond }) => simulator.traffic.run(Number(perSecond)),
  'POST step': (simulator, { times }) => simulator.step(Number(times ?? 1)),
  'POST customers': (simulator, { count }) => simulator.addCustomers(Number(count)),
  'POST write': (simulator, { path, parameters }) => simulator.post(String(path), parameters as WriteParameters | undefined),
  'POST delete': (simulator, { path }) => simulator.delete(String(path)),
  'POST restricted-key': (simulator, { permissions }) => ({ key: simulator.restrictedKey(permissions as string[]) }),
  'POST webhook-endpoints': (simulator, { url, secret }) => simulator.addWebhookEndpoint({ url: String(url), ...secret === undefined ? {} : { secret: secret as string } }),
  'DELETE webhook-endpoints': (simulator) => { simulator.webhooks.endpoints.length = 0; },
  'POST webhook-behaviour': (simulator, behaviour) => { simulator.webhooks.behaviour = behaviour as WebhookBehaviour; },
};

/** @returns undefined when there is no such request */
export function controlAnswer(simulator: StripeSimulator, method: string, path: string, body: string): string | undefined {
  const handler = handlers[`${method} ${path}`];
  if (handler === undefined) return undefined;
  const result = handler(simulator, body === '' ? {} : JSON.parse(body) as Record<string, unknown>);
  return JSON.stringify(result ?? { ok: true });
}
