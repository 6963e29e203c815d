import { spawn } from 'node:child_process';
import { inheritedEnvironment } from '../prepare-job.js';
import { compiled, stateFolder } from '../project.js';
import { loadSecrets } from '../secrets.js';
import { requireState } from '../state.js';

/**
 * `npm run verify`: the product's own `verify` on the stack that runs, while the demo's partners go on. It syncs first;
 * `-- --no-sync` compares what is there.
 */
export async function verify(args: readonly string[]): Promise<void> {
  const { kafkaBrokers, topicPrefix, databaseUrl } = requireState();
  const rest = args.filter((arg) => arg !== '--no-sync');
  const child = spawn(process.execPath, [compiled('deploy', 'jobs', 'src', 'verify.js'), ...(rest.length === args.length ? ['--sync'] : []), ...rest], {
    stdio: 'inherit',
    env: {
      ...inheritedEnvironment(), LOG_LEVEL: 'warn', KAFKA_BROKERS: kafkaBrokers.join(','), TOPIC_PREFIX: topicPrefix, DATABASE_URL: databaseUrl,
      VAULT_KEYS: loadSecrets(stateFolder).vaultKey, ALLOW_PRIVATE_ADDRESSES: 'true',
    },
  });
  process.exitCode = await new Promise<number>((resolve) => { child.once('close', (code) => resolve(code ?? 1)); });
}
