import type { Fault } from '../stripe-simulator/faults.js';
import type { SalesforceRow } from './org.js';
import type { OutboundMessage } from './outbound-messages.js';
import type { SalesforceSimulator } from './simulator.js';

type Handler = (simulator: SalesforceSimulator, input: Record<string, unknown>) => unknown;

/** What tests and the demo may ask another process's simulator at `/_simulator/<name>`; JSON in, JSON out. */
const handlers: Readonly<Record<string, Handler>> = {
  'GET health': (simulator) => ({ ok: true, now: simulator.now(), organization: simulator.organizationId }),
  'GET counts': (simulator) => simulator.counts(),
  'GET requests': (simulator) => ({ used: simulator.used, log: simulator.requestLog }),
  'DELETE requests': (simulator) => simulator.resetRequests(),
  'GET deliveries': (simulator) => simulator.outbound.deliveries,
  'POST ids': (simulator, { object }) => simulator.ids(String(object)),
  'POST advance': (simulator, { ms }) => simulator.advance(Number(ms)),
  'POST faults': (simulator, fault) => simulator.fault(fault as unknown as Fault),
  'DELETE faults': (simulator) => simulator.clearFaults(),
  'POST create': (simulator, { object, values }) => ({ id: simulator.create(String(object), values as SalesforceRow) }),
  'POST update': (simulator, { object, id, values }) => simulator.update(String(object), String(id), values as SalesforceRow),
  'POST delete': (simulator, { object, id }) => simulator.delete(String(object), String(id)),
  'POST traffic': (simulator, { perSecond }) => { simulator.traffic.run(Number(perSecond)); },
  'POST step': (simulator, { times }) => { simulator.step(Number(times ?? 1)); },
  'POST expire-sessions': (simulator) => simulator.sessions.expire(),
  'POST sign-in': (simulator) => ({ accessToken: simulator.signIn(simulator.admin) }),
  'DELETE webhook-endpoints': (simulator) => { simulator.outbound.messages.length = 0; },
  'POST webhook-endpoints': (simulator, { url }) => { simulator.sendMessages(String(url)); },
  'POST outbound-messages': (simulator, message) => { simulator.outbound.messages.push(message as unknown as OutboundMessage); },
};

/** @returns undefined when there is no such request */
export function controlAnswer(simulator: SalesforceSimulator, method: string, path: string, body: string): string | undefined {
  const handler = handlers[`${method} ${path}`];
  if (handler === undefined) return undefined;
  return JSON.stringify(handler(simulator, body === '' ? {} : JSON.parse(body) as Record<string, unknown>) ?? { ok: true });
}
