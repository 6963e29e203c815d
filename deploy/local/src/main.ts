import { endLeftovers, FolderInUseError, lockFolder, type FolderLock } from '#embedded';
import { startDemo } from './demo.js';
import { recordsFolder } from './infrastructure.js';
import { readOptions, USAGE, type StartOptions } from './options.js';
import { portsFrom } from './ports.js';
import { Problem } from './problem.js';
import { stateFolder } from './project.js';
import { loadSecrets } from './secrets.js';
import { eventsUrl, gatewayUrl, mailsUrl } from './services.js';
import { OWNER_EMAIL, startStack } from './stack.js';
import { forgetState, writeState } from './state.js';
import { summary } from './summary.js';
import { Supervisor } from './supervisor.js';
import { Terminal } from './terminal.js';

/** npm passes a Ctrl-C on that the terminal has sent us already: a second one counts only after this time. */
const SAME_PRESS_MS = 1000;

function lock(): FolderLock {
  try {
    return lockFolder(stateFolder);
  } catch (error) {
    if (!(error instanceof FolderInUseError)) throw error;
    throw new Problem(`The stack of this folder runs already (process ${error.pid}): stop it with npm stop, or use the one that runs.`);
  }
}

/** `npm start`, after everything is installed and compiled. Resolves when the stack was stopped. */
export async function main(args: readonly string[], { java }: { readonly java?: string }): Promise<void> {
  const options = readOptions(args, process.env);
  if (options === 'help') { process.stdout.write(`${USAGE}\n`); return; }
  const terminal = new Terminal();
  const held = lock();
  const supervisor = new Supervisor({ say: (name, text) => terminal.say(name, text) });
  const stop = stopOnSignal(supervisor, terminal);
  try {
    await start(options, java, supervisor, terminal).catch(async (error: unknown) => {
      if (stop.begun()) return; // what was being started couldn't be: that was wanted
      await supervisor.stopAll();
      throw error;
    });
    await stop.done;
  } finally {
    await endLeftovers(recordsFolder(stateFolder), 2000);
    forgetState();
    held.release();
  }
  terminal.step('Stopped: nothing is left running.');
  process.exit(0);
}

async function start(options: StartOptions, java: string | undefined, supervisor: Supervisor, terminal: Terminal): Promise<void> {
  const begin = Date.now();
  const ports = portsFrom(options.portBase);
  const left = await endLeftovers(recordsFolder(stateFolder));
  if (left.length > 0) terminal.step(`Ended what a killed start had left running: ${left.join(', ')}`);
  const secrets = loadSecrets(stateFolder);
  const { kafkaBrokers, databaseUrl, warehouseUrl, topicPrefix } = options;
  const own = [kafkaBrokers === undefined && 'Kafka', (databaseUrl === undefined || warehouseUrl === undefined) && 'PostgreSQL'].filter((part) => part !== false);
  terminal.step(`Starting ${[...own, 'the services'].join(', ')}`);
  const infrastructure = await startStack({
    dir: stateFolder, ports, secrets, supervisor, topicPrefix, supportMail: true,
    ...(java !== undefined && { java }), ...(kafkaBrokers !== undefined && { kafkaBrokers }),
    ...(databaseUrl !== undefined && { databaseUrl }), ...(warehouseUrl !== undefined && { warehouseUrl }),
    say: (name, text) => terminal.say(name, text), line: (name, line) => terminal.line(name, line),
  });
  const sources = await startDemo({
    infrastructure, ports, secrets, dir: stateFolder, owner: OWNER_EMAIL, ownWarehouse: warehouseUrl === undefined, line: (name, line) => terminal.line(name, line),
    ...(options.source !== undefined && { source: options.source }),
  });
  writeState({
    gatewayUrl: gatewayUrl(ports), apiKey: secrets.apiKey, kafkaBrokers: infrastructure.kafkaBrokers, topicPrefix,
    databaseUrl: infrastructure.databaseUrl, warehouseUrl: infrastructure.warehouseUrl,
  });
  terminal.block(summary({
    gatewayUrl: gatewayUrl(ports), mailsUrl: mailsUrl(ports), ...(options.source === undefined && { eventsUrl: eventsUrl(ports) }), owner: { email: OWNER_EMAIL, password: secrets.ownerPassword }, topicPrefix, sources,
    seconds: (Date.now() - begin) / 1000, colour: terminal.colour,
  }));
}

/** `done` resolves when a signal came and everything was ended; a second signal kills what still runs. */
function stopOnSignal(supervisor: Supervisor, terminal: Terminal): { readonly done: Promise<void>; begun(): boolean } {
  let first: number | undefined;
  const done = new Promise<void>((resolve, reject) => {
    const onSignal = (): void => {
      if (first === undefined) {
        first = Date.now();
        terminal.step('Stopping: services, then Kafka, then PostgreSQL (Ctrl-C again ends them at once)');
        supervisor.stopAll().then(resolve, reject);
      } else if (Date.now() - first > SAME_PRESS_MS) {
        terminal.step('Ending everything at once');
        supervisor.killAll();
        endLeftovers(recordsFolder(stateFolder), 0).finally(() => { forgetState(); process.exit(1); });
      }
    };
    // npm passes SIGINT and SIGTERM on to us, but not the end of its terminal, and nothing when it is killed
    const parent = process.ppid;
    if (process.env['npm_lifecycle_event'] === 'start') setInterval(() => { if (process.ppid !== parent && first === undefined) onSignal(); }, 500).unref();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
  return { done, begun: () => first !== undefined };
}
