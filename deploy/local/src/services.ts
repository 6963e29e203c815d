import { join } from 'node:path';
import { spawnOwned } from '#embedded';
import type { Ports } from './ports.js';
import { inheritedEnvironment } from './prepare-job.js';
import { compiled, root } from './project.js';
import type { Program } from './supervisor.js';

export const SERVICE_NAMES = ['gateway', 'scheduler', 'fetcher', 'webhook-gateway', 'normalizer', 'warehouse-loader', 'event-forwarder'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** What the services are told. */
export interface ServiceSettings {
  readonly kafkaBrokers: readonly string[];
  readonly databaseUrl: string;
  readonly topicPrefix: string;
  readonly ports: Ports;
  readonly vaultKey: string;
  readonly owner: { readonly email: string; readonly password: string; readonly apiKey: string };
  /** Mails to support go to the mail catcher. */
  readonly supportMail?: boolean;
  /** More variables, or other values, for every service. */
  readonly env?: Readonly<Record<string, string>>;
}

const healthPort = (ports: Ports, name: ServiceName): number => ({
  gateway: ports.gatewayHealth, scheduler: ports.schedulerHealth, fetcher: ports.fetcherHealth,
  'webhook-gateway': ports.webhooksHealth, normalizer: ports.normalizerHealth, 'warehouse-loader': ports.loaderHealth, 'event-forwarder': ports.forwarderHealth,
})[name];

export const gatewayUrl = (ports: Ports): string => `http://127.0.0.1:${ports.gateway}`;
export const webhooksUrl = (ports: Ports): string => `http://127.0.0.1:${ports.webhooks}`;

/**
 * Keeps a service's memory low and flat; the image sets the same. glibc raises the size from which a buffer is given back to the
 * system to that of the largest freed one, and then keeps them all; V8's young space grows to 16 MiB twice (source: mallopt(3), node --v8-options).
 */
export const MEMORY_ENVIRONMENT = { MALLOC_MMAP_THRESHOLD_: '262144', MALLOC_TRIM_THRESHOLD_: '1048576', NODE_OPTIONS: '--max-semi-space-size=8' } as const;

function environment(name: ServiceName, settings: ServiceSettings): Record<string, string> {
  const { ports, owner } = settings;
  const inherited = inheritedEnvironment();
  return {
    ...MEMORY_ENVIRONMENT, ...inherited,
    NODE_OPTIONS: [MEMORY_ENVIRONMENT.NODE_OPTIONS, inherited['NODE_OPTIONS']].filter((options) => options !== undefined).join(' '),
    KAFKA_BROKERS: settings.kafkaBrokers.join(','), DATABASE_URL: settings.databaseUrl, TOPIC_PREFIX: settings.topicPrefix,
    VAULT_KEYS: settings.vaultKey, HOST: '127.0.0.1', HEALTH_PORT: String(healthPort(ports, name)),
    ALLOW_PRIVATE_ADDRESSES: 'true', // the simulator and the embedded warehouse are on the loopback
    WEBHOOK_PUBLIC_URL: webhooksUrl(ports),
    ...(name === 'gateway' && { PORT: String(ports.gateway), PUBLIC_URL: gatewayUrl(ports), BOOTSTRAP_OWNER_EMAIL: owner.email, BOOTSTRAP_OWNER_PASSWORD: owner.password,
      BOOTSTRAP_API_KEY: owner.apiKey, BOOTSTRAP_WORKSPACE: 'Demo', SECURE_COOKIES: 'false',
    }),
    ...(name === 'scheduler' && settings.supportMail === true && { SUPPORT_SMTP_URL: `smtp://127.0.0.1:${ports.smtp}`, SUPPORT_MAIL_TO: 'support@example.com' }),
    ...(name === 'webhook-gateway' && { PORT: String(ports.webhooks) }),
    ...settings.env,
  };
}

export interface ServiceFolders {
  readonly records: string;
  readonly logs: string;
}

/** A service as a Node process of its own; `onLine` gets its output. `instance` names a second one, which needs ports of its own. */
export function serviceProgram(name: ServiceName, settings: ServiceSettings, folders: ServiceFolders, onLine: (name: string, line: string) => void, instance: string = name): Program {
  return nodeProgram(instance, compiled('apps', name, 'src', 'main.js'), [], environment(name, settings), folders, onLine);
}

/** Any compiled program of ours. */
export function nodeProgram(name: string, file: string, args: readonly string[], env: Readonly<Record<string, string>>, folders: ServiceFolders, onLine: (name: string, line: string) => void): Program {
  return {
    name,
    start: () => spawnOwned({
      name, records: folders.records, command: process.execPath, args: [file, ...args], cwd: root, env,
      output: (line) => onLine(name, line),
      graceMs: 20_000,
    }),
  };
}

export const mailsUrl = (ports: Ports): string => `http://127.0.0.1:${ports.mailCatcher}`;

/** A mail server whose mails are read in the browser: what support would get. */
export const mailCatcher = (ports: Ports, folders: ServiceFolders, onLine: (name: string, line: string) => void): Program =>
  nodeProgram('mail-catcher', compiled('libs', 'testing', 'src', 'mail-catcher', 'main.js'), ['--smtp-port', String(ports.smtp), '--http-port', String(ports.mailCatcher)], inheritedEnvironment(), folders,
    (name, text) => { if (!text.startsWith('{"ready"')) onLine(name, text); });

export const eventsUrl = (ports: Ports): string => `http://127.0.0.1:${ports.eventCatcher}`;

/** A destination whose events are read in the browser. */
export const eventCatcher = (ports: Ports, secret: string, folders: ServiceFolders, onLine: (name: string, line: string) => void): Program =>
  nodeProgram('event-catcher', compiled('libs', 'testing', 'src', 'event-catcher', 'main.js'), ['--port', String(ports.eventCatcher)], { ...inheritedEnvironment(), EVENT_CATCHER_SECRET: secret }, folders,
    (name, text) => { if (!text.startsWith('{"ready"')) onLine(name, text); });

/** Resolves when the service says that it is ready. @throws Error with what it waits for after `timeoutMs`. */
export async function untilReady(name: ServiceName, ports: Ports, { timeoutMs, logs, gaveUp }: { timeoutMs: number; logs: string; gaveUp: () => string | undefined }): Promise<void> {
  const until = Date.now() + timeoutMs;
  let last = 'nothing answered';
  for (;;) {
    const reason = gaveUp();
    if (reason !== undefined) throw new Error(`${name} isn't running: ${reason}.`);
    try {
      const answer = await fetch(`http://127.0.0.1:${healthPort(ports, name)}/health/ready`, { signal: AbortSignal.timeout(2000) });
      if (answer.ok) return;
      last = await answer.text();
    } catch { /* not listening yet */ }
    if (Date.now() > until) throw new Error(`${name} isn't ready after ${timeoutMs / 1000} s: ${last}. Its log is in ${join(logs, `${name}.log`)}.`);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}
