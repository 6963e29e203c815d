import { join } from 'node:path';
import { endOf, spawnOwned } from '#embedded';
import { compiled, root } from './project.js';

/** This process's variables, without those that npm adds. */
export const inheritedEnvironment = (): Record<string, string> =>
  Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('npm_')));

/**
 * Runs the job that a cluster runs before an upgrade, too: migrates the control database and creates the topics.
 * @throws Error with the end of its log.
 */
export async function runPrepareJob(settings: { readonly kafkaBrokers: readonly string[]; readonly databaseUrl: string; readonly topicPrefix: string; readonly dir: string; readonly records: string }): Promise<void> {
  const log = join(settings.dir, 'logs', 'prepare.log');
  const job = await spawnOwned({
    name: 'prepare', records: settings.records, command: process.execPath, args: [compiled('deploy', 'jobs', 'src', 'prepare.js')], cwd: root, output: log,
    env: { ...inheritedEnvironment(), KAFKA_BROKERS: settings.kafkaBrokers.join(','), DATABASE_URL: settings.databaseUrl, TOPIC_PREFIX: settings.topicPrefix },
  });
  const { code } = await job.exited;
  if (code !== 0) throw new Error(`The control database and the topics couldn't be prepared. The end of ${log}:\n${endOf(log)}`);
}
