import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const FETCH = `const { ensureKafka, oneAtATime } = await import('./deploy/local/prepare.mjs'); await oneAtATime(ensureKafka);`;

/**
 * Sends values (without line breaks) as Kafka's own producer does, many to a batch.
 * @throws Error with what it said when it fails
 */
export async function javaProduce({ brokers, topic, compression, values }: { readonly brokers: readonly string[]; readonly topic: string; readonly compression: string; readonly values: readonly string[] }): Promise<void> {
  const jars = join(process.cwd(), '.cache', 'kafka');
  // With a broker of somebody's own the set-up has not fetched them.
  if (!existsSync(jars)) await promisify(execFile)(process.execPath, ['--input-type=module', '-e', FETCH]);
  const home = process.env['JAVA_HOME'];
  const java = home !== undefined && existsSync(join(home, 'bin', 'java')) ? join(home, 'bin', 'java') : 'java';
  const child = spawn(java, ['-Xmx128m', '-cp', `${jars}/*`, 'org.apache.kafka.tools.ConsoleProducer', '--bootstrap-server', brokers.join(','), '--topic', topic,
    '--compression-codec', compression, '--max-partition-memory-bytes', '900000', '--producer-property', 'linger.ms=500', '--producer-property', 'max.request.size=8000000'], { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => { said += bytes.toString(); });
  child.stdin.on('error', () => undefined).end(`${values.join('\n')}\n`);
  const [status] = await once(child, 'close') as [number | null];
  if (status !== 0 || /\bERROR\b|Exception/.test(said)) throw new Error(`Kafka's producer failed (${status}): ${said.slice(0, 2_000)}`);
}
