import { freePorts, portIsTaken } from '#embedded';
import { Problem } from './problem.js';

/** Each port's distance from `CS_PORT_BASE` and what it is for. */
const PLAN = {
  gateway: [0, 'the REST API'],
  webhooks: [1, 'the webhook endpoint'],
  schedulerHealth: [2, "the scheduler's health"],
  fetcherHealth: [3, "the fetcher's health"],
  normalizerHealth: [4, "the normalizer's health"],
  loaderHealth: [5, "the warehouse-loader's health"],
  gatewayHealth: [6, "the gateway's health"],
  webhooksHealth: [7, "the webhook-gateway's health"],
  forwarderHealth: [8, "the event-forwarder's health"],
  stripeSimulator: [10, 'the Stripe simulator'],
  zendeskSimulator: [11, 'the Zendesk simulator'],
  salesforceSimulator: [12, 'the Salesforce simulator'],
  mailCatcher: [13, "the support's mailbox"],
  smtp: [14, "the support's mail server"],
  eventCatcher: [15, 'the receiver of events'],
  postgres: [32, 'PostgreSQL'],
  kafka: [92, 'Kafka'],
  kafkaController: [93, "Kafka's controller"],
} as const satisfies Record<string, readonly [number, string]>;

export type PortName = keyof typeof PLAN;
export type Ports = Readonly<Record<PortName, number>>;

export const DEFAULT_PORT_BASE = 7300;
const names = Object.keys(PLAN) as PortName[];

/** @throws Problem when `CS_PORT_BASE` isn't a number from which all ports fit. */
export function portsFrom(base: string | undefined): Ports {
  const first = base === undefined || base === '' ? DEFAULT_PORT_BASE : Number(base);
  if (!Number.isInteger(first) || first < 1024 || first > 65_000) throw new Problem(`CS_PORT_BASE must be a whole number from 1024 to 65000; it is "${base}".`);
  return Object.fromEntries(names.map((name) => [name, first + PLAN[name][0]])) as Ports;
}

/** Free ports anywhere, for tests and benchmarks. */
export async function randomPorts(): Promise<Ports> {
  const free = await freePorts(names.length);
  return Object.fromEntries(names.map((name, index) => [name, free[index]])) as Ports;
}

/** @throws Problem that names the first port of these which something else has, and the way out. */
export async function requireFree(ports: Ports, wanted: readonly PortName[]): Promise<void> {
  for (const name of wanted) {
    if (!(await portIsTaken(ports[name]))) continue;
    throw new Problem(`Port ${ports[name]} is taken by another program, and ${PLAN[name][1]} needs it: end that program, or start with other ports, for example CS_PORT_BASE=${ports.gateway + 1000} npm start.`);
  }
}
