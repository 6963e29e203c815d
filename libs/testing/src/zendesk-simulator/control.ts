import type { Fault } from '../stripe-simulator/faults.js';
import type { Role } from './credentials.js';
import type { ZendeskRateLimits } from './rate-limit.js';
import type { ResourceName } from './resources.js';
import type { ZendeskSimulator } from './simulator.js';

type Handler = (simulator: ZendeskSimulator, input: Record<string, unknown>) => unknown;

/** What tests and the demo may ask another process's simulator at `/_simulator/<name>`; JSON in, JSON out. */
const handlers: Readonly<Record<string, Handler>> = {
  'GET health': (simulator) => ({ ok: true, now: simulator.now(), subdomain: simulator.subdomain }),
  'GET counts': (simulator) => simulator.counts(),
  'GET requests': (simulator) => simulator.requests(),
  'DELETE requests': (simulator) => { simulator.resetRequests(); },
  'GET deliveries': (simulator) => simulator.webhooks.deliveries,
  'POST ids': (simulator, { resource }) => simulator.ids(resource as ResourceName),
  'POST advance': (simulator, { ms }) => { simulator.advance(Number(ms)); },
  'POST faults': (simulator, fault) => { simulator.fault(fault as unknown as Fault); },
  'DELETE faults': (simulator) => { simulator.clearFaults(); },
  'POST rate-limits': (simulator, limits) => { simulator.setRateLimits(limits['incremental'] === undefined ? undefined : limits as unknown as ZendeskRateLimits); },
  'POST traffic': (simulator, { perSecond }) => { simulator.traffic.run(Number(perSecond)); },
  'POST step': (simulator, { times }) => { simulator.step(Number(times ?? 1)); },
  'POST tickets': (simulator, { count }) => { simulator.addTickets(Number(count)); },
  'POST create': (simulator, { resource, fields }) => simulator.create(resource as ResourceName, fields as Record<string, unknown>),
  'POST update': (simulator, { resource, id, fields }) => simulator.update(resource as ResourceName, Number(id), fields as Record<string, unknown>),
  'POST delete': (simulator, { resource, id }) => { simulator.delete(resource as ResourceName, Number(id)); },
  'POST token': (simulator, { role, scopes, lifetimeMs }) => ({ accessToken: simulator.tokenFor(role as Role, scopes as string[] | undefined, lifetimeMs as number | undefined) }),
  'POST oauth-clients': (simulator, { redirectUris, isPublic, role }) => simulator.addOAuthClient({ redirectUris: redirectUris as string[], ...(isPublic === true && { isPublic }), ...(role !== undefined && { role: role as Role }) }),
  'DELETE grants': (simulator) => { simulator.revokeGrants(); },
  'DELETE tokens': (simulator) => { simulator.credentials.revokeAll(); },
  'POST webhook-endpoints': (simulator, { url, secret }) => simulator.addWebhookEndpoint({ url: String(url), ...(typeof secret === 'string' && { secret }) }),
  'DELETE webhook-endpoints': (simulator) => { simulator.webhooks.webhooks.length = 0; },
};

/** @returns undefined when there is no such request */
export function controlAnswer(simulator: ZendeskSimulator, method: string, path: string, body: string): string | undefined {
  const handler = handlers[`${method} ${path}`];
  if (handler === undefined) return undefined;
  const result = handler(simulator, body === '' ? {} : JSON.parse(body) as Record<string, unknown>);
  return JSON.stringify(result ?? { ok: true });
}
