import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { spawnOwned, type RunningProcess } from '#embedded';
import { root } from '../../../deploy/local/src/project.js';
import { endWithBench, type BenchStack } from './bench-stack.js';
import type { BenchContext } from './report.js';

const folder = join(root, '.cache', 'bench', 'connect');
/** Connect has its own of these, and drivers of other databases aren't needed. */
const UNWANTED = /^(kafka-clients|connect-api|slf4j-api|jackson-core|jackson-databind|jackson-annotations|ojdbc|orai18n|mssql-jdbc|mysql-connector|mariadb-java-client|jcc|db2)/;

/** Fetches Connect and Debezium's sink by Maven, once. False, with a word to the person, when that isn't possible. */
export async function fetchDebezium({ say }: BenchContext): Promise<boolean> {
  if (existsSync(join(folder, 'ready'))) return true;
  say("Fetching Kafka Connect and Debezium's JDBC sink by Maven into .cache/bench/connect");
  const poms = join(root, 'test', 'bench', 'peers', 'debezium');
  try {
    for (const [pom, target] of [['connect.xml', 'libs'], ['sink.xml', join('plugins', 'debezium')]] as const) {
      await promisify(execFile)('mvn', [
        '-q', '-B', '-s', join(poms, 'settings.xml'), '-f', join(poms, pom), 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies', '-DincludeScope=runtime',
        `-DoutputDirectory=${join(folder, target)}`,
      ], { maxBuffer: 16 * 1024 * 1024 });
    }
    const plugin = join(folder, 'plugins', 'debezium');
    for (const jar of readdirSync(plugin)) if (UNWANTED.test(jar)) rmSync(join(plugin, jar));
    writeFileSync(join(folder, 'ready'), '');
    return true;
  } catch (error) {
    say(`Debezium can't be fetched, so it is not measured: ${(error as Error).message.slice(-400)}`);
    return false;
  }
}

/** Starts the sink in a Connect worker of its own; it goes on until it is stopped. */
export async function startDebezium(stack: BenchStack, java: string, topic: string): Promise<RunningProcess> {
  const dir = join(stack.dir, 'connect');
  mkdirSync(dir, { recursive: true });
  const url = new URL(stack.infrastructure.warehouseUrl);
  writeFileSync(join(dir, 'worker.properties'), [
    `bootstrap.servers=${stack.infrastructure.kafkaBrokers.join()}`, 'key.converter=org.apache.kafka.connect.storage.StringConverter', 'value.converter=org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable=true', `plugin.path=${join(folder, 'plugins')}`, `offset.storage.file.filename=${join(dir, 'offsets')}`, 'consumer.max.poll.records=5000',
    'consumer.auto.offset.reset=earliest', 'offset.flush.interval.ms=5000', 'listeners=http://127.0.0.1:0', '',
  ].join('\n'));
  writeFileSync(join(dir, 'sink.properties'), [
    'name=bench', 'connector.class=io.debezium.connector.jdbc.JdbcSinkConnector', 'tasks.max=1', `topics=${topic}`, `connection.url=jdbc:postgresql://${url.host}${url.pathname}`,
    `connection.username=${url.username}`, `connection.password=${decodeURIComponent(url.password)}`, 'insert.mode=upsert', 'primary.key.mode=record_key', 'delete.enabled=true', 'schema.evolution=basic',
    'collection.name.format=bench_debezium', 'batch.size=5000', 'use.reduction.buffer=true', 'dialect.postgres.unnest.insert.enabled=true', 'transforms=h',
    'transforms.h.type=org.apache.kafka.connect.transforms.HoistField$Key', 'transforms.h.field=id', '',
  ].join('\n'), { mode: 0o600 });
  const running = await spawnOwned({
    name: 'debezium', records: join(dir, 'processes'), command: java, cwd: dir, output: join(dir, 'connect.log'), graceMs: 10_000,
    args: ['-Xmx1g', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', join(folder, 'libs', '*'), 'org.apache.kafka.connect.cli.ConnectStandalone', join(dir, 'worker.properties'), join(dir, 'sink.properties')],
  });
  void running.exited.then(endWithBench(() => running.stop()));
  return running;
}
