import { spawn } from 'node:child_process';
import { inheritedEnvironment } from '../prepare-job.js';
import { compiled, stateFolder } from '../project.js';
import { loadSecrets } from '../secrets.js';
import { setTraffic, TRAFFIC } from '../simulator.js';
import { requireState } from '../state.js';

/**
 * `npm run verify`: the product's own `verify` on the stack that runs. It syncs first, and the demo's shop holds still
 * meanwhile; `-- --no-sync` compares what is there.
 */
export async function verify(args: readonly string[]): Promise<void> {
  const { kafkaBrokers, topicPrefix, databaseUrl, simulator } = requireState();
  const rest = args.filter((arg) => arg !== '--no-sync');
  if (simulator !== undefined) await setTraffic(simulator.url, 0);
  process.on('SIGINT', () => {}); // the job gets it too; the shop has to open again
  try {
    const child = spawn(process.execPath, [compiled('deploy', 'jobs', 'src', 'verify.js'), ...(rest.length === args.length ? ['--sync'] : []), ...rest], {
      stdio: 'inherit',
      env: {
        ...inheritedEnvironment(), LOG_LEVEL: 'warn', KAFKA_BROKERS: kafkaBrokers.join(','), TOPIC_PREFIX: topicPrefix, DATABASE_URL: databaseUrl,
        VAULT_KEYS: loadSecrets(stateFolder).vaultKey, ALLOW_PRIVATE_ADDRESSES: 'true',
      },
    });
    process.exitCode = await new Promise<number>((resolve) => { child.once('close', (code) => resolve(code ?? 1)); });
  } finally {
    if (simulator !== undefined) await setTraffic(simulator.url, TRAFFIC);
  }
}
