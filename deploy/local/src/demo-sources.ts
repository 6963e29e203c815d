import { join } from 'node:path';
import type { Ports } from './ports.js';
import type { Secrets } from './secrets.js';
import { gatewayUrl } from './services.js';
import { Simulator, type Partner, type SimulatorOptions } from './simulator.js';

/** As which the stack is registered at the simulators. */
export const OAUTH_CLIENT = 'cloud-sources-demo';

/** A source of the demo. */
export interface DemoSource {
  readonly name: string;
  readonly slug: string;
  readonly connector: Partner;
  readonly configuration: Readonly<Record<string, string>>;
  /** Who agrees at the partner's authorization page; without one the configuration holds a key. */
  readonly signIn?: 'admin' | 'agent';
  /** Whether the partner's webhooks go to it. */
  readonly webhooks: boolean;
  /** A sentence on it for the summary. */
  readonly about: string;
}

const at = (ports: Ports, partner: Partner): string => `http://127.0.0.1:${ports[`${partner}Simulator`]}`;

export const demoSources = (ports: Ports, secrets: Secrets): DemoSource[] => [
  { name: 'Stripe demo', slug: 'stripe_demo', connector: 'stripe', configuration: { apiKey: secrets.simulatorKey, baseUrl: at(ports, 'stripe') }, webhooks: true, about: 'a shop that goes on selling; connected with an API key' },
  { name: 'Zendesk demo', slug: 'zendesk_demo', connector: 'zendesk', configuration: { subdomain: 'acme', baseUrl: at(ports, 'zendesk') }, signIn: 'admin', webhooks: true, about: 'its help desk; connected by OAuth' },
  { name: 'Salesforce demo', slug: 'salesforce_demo', connector: 'salesforce', configuration: { loginUrl: at(ports, 'salesforce') }, signIn: 'admin', webhooks: true, about: 'its sales team; connected by OAuth' },
  {
    name: 'Zendesk as an agent', slug: 'zendesk_agent', connector: 'zendesk', configuration: { subdomain: 'acme', baseUrl: at(ports, 'zendesk') }, signIn: 'agent', webhooks: false,
    about: 'fails on purpose: an agent may not read most of it. Look at what its runs say',
  },
];

/** The partners: what each starts with, and how lively it is. Enough to watch, little enough to leave on over a weekend. */
export function demoSimulators(ports: Ports, secrets: Secrets, dir: string, rest: Pick<SimulatorOptions, 'folders' | 'line'>): Record<Partner, Simulator> {
  const client = ['--client-id', OAUTH_CLIENT, '--client-secret', secrets.oauthClientSecret];
  const make = (partner: Partner, journal: string, traffic: number, args: readonly string[]): Simulator =>
    new Simulator({ partner, port: ports[`${partner}Simulator`], traffic, journal: join(dir, 'simulator', journal), args, ...rest });
  return {
    stripe: make('stripe', 'account.jsonl', 0.2, ['--api-key', secrets.simulatorKey]),
    zendesk: make('zendesk', 'zendesk.jsonl', 0.1, [...client, '--redirect-uri', `${gatewayUrl(ports)}/api/v1/oauth/callback`]),
    salesforce: make('salesforce', 'salesforce.jsonl', 0.1, client),
  };
}
