import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { recordsFolder, startInfrastructure, STAGES, type Infrastructure, type InfrastructureOptions } from './infrastructure.js';
import { requireFree, type PortName } from './ports.js';
import type { Secrets } from './secrets.js';
import { SERVICE_NAMES, mailCatcher, serviceProgram, untilReady, type ServiceFolders, type ServiceName, type ServiceSettings } from './services.js';

export const OWNER_EMAIL = 'owner@example.com';

export interface StackOptions extends Omit<InfrastructureOptions, 'postgresPassword'> {
  readonly secrets: Secrets;
  /** Told every line that a service writes. */
  readonly line: (name: string, line: string) => void;
  /** More variables, or other values, for every service. */
  readonly env?: Readonly<Record<string, string>>;
  /** A mail catcher runs beside the services and gets the mails to support. */
  readonly supportMail?: boolean;
  /** All seven unless it is said otherwise. */
  readonly services?: readonly ServiceName[];
}

export interface ServicesOptions extends StackOptions {
  readonly infrastructure: Infrastructure;
}

export const foldersOf = (dir: string): ServiceFolders => ({ records: recordsFolder(dir), logs: join(dir, 'logs') });

/** Writes each program's lines to `<logs>/<name>.log` and hands them on. */
export function keepLines(logs: string, onLine: (name: string, line: string) => void): (name: string, line: string) => void {
  mkdirSync(logs, { recursive: true });
  const files = new Map<string, ReturnType<typeof createWriteStream>>();
  return (name, line) => {
    let file = files.get(name);
    if (file === undefined) files.set(name, file = createWriteStream(join(logs, `${name}.log`), { flags: 'a', mode: 0o600 }).on('error', () => {})); // a full disk must not end the stack
    file.write(`${line}\n`);
    onLine(name, line);
  };
}

/** The ports that each service listens on. */
const LISTENS: Readonly<Record<ServiceName, readonly PortName[]>> = {
  gateway: ['gateway', 'gatewayHealth'], 'webhook-gateway': ['webhooks', 'webhooksHealth'], scheduler: ['schedulerHealth'], fetcher: ['fetcherHealth'], normalizer: ['normalizerHealth'], 'warehouse-loader': ['loaderHealth'], 'event-forwarder': ['forwarderHealth'],
};

/** Starts the services under the infrastructure's supervisor and waits until every one says that it is ready. */
export async function startServices(options: ServicesOptions): Promise<void> {
  const { infrastructure: { supervisor, kafkaBrokers, databaseUrl }, ports, secrets, dir, topicPrefix, services = SERVICE_NAMES } = options;
  const settings: ServiceSettings = {
    kafkaBrokers, databaseUrl, topicPrefix, ports, vaultKey: secrets.vaultKey,
    owner: { email: OWNER_EMAIL, password: secrets.ownerPassword, apiKey: secrets.apiKey },
    ...(options.supportMail !== undefined && { supportMail: options.supportMail }), ...(options.env !== undefined && { env: options.env }),
  };
  await requireFree(ports, services.flatMap((name) => LISTENS[name]));
  if (options.supportMail === true) await requireFree(ports, ['mailCatcher', 'smtp']);
  const folders = foldersOf(dir);
  const line = keepLines(folders.logs, options.line);
  if (options.supportMail === true) await supervisor.add(mailCatcher(ports, folders, line), STAGES.services);
  await Promise.all(services.map((name) => supervisor.add(serviceProgram(name, settings, folders, line), STAGES.services)));
  await Promise.all(services.map((name) => untilReady(name, ports, { timeoutMs: 180_000, logs: folders.logs, gaveUp: () => supervisor.givenUp(name) })));
}

/** The whole stack but the demo: for `npm start`, end-to-end specs and benchmarks. Nothing is left running when it fails. */
export async function startStack(options: StackOptions): Promise<Infrastructure> {
  const infrastructure = await startInfrastructure({ ...options, postgresPassword: options.secrets.postgresPassword });
  try {
    await startServices({ ...options, infrastructure });
    return infrastructure;
  } catch (error) {
    await infrastructure.supervisor.stopAll();
    throw error;
  }
}
