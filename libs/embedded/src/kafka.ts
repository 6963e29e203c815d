import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lockFolder } from './folder-lock.js';
import { brokerAnswers } from './kafka-probe.js';
import { refuseTakenPorts } from './ports.js';
import { endOf, spawnOwned, type RunningProcess } from './processes.js';

export interface KafkaOptions {
  /** Its folder: data, configuration and log. One broker a folder. */
  readonly dir: string;
  /** The folder of the broker's jars. */
  readonly jars: string;
  readonly port: number;
  readonly controllerPort: number;
  /** Where the record of the process is kept. */
  readonly records: string;
  /** The Java program; `java` on the path unless it is said otherwise. */
  readonly java?: string;
  readonly heapMb?: number;
}

export interface RunningKafka extends RunningProcess {
  readonly brokers: readonly string[];
}

const START_MS = 180_000;

/** The largest message, in bytes; the topics say how much of it each of them takes. */
const MESSAGE_BYTES = 16 * 1024 * 1024;

function properties(options: KafkaOptions, data: string): string {
  const listeners = `PLAINTEXT://127.0.0.1:${options.port}`;
  const controller = `127.0.0.1:${options.controllerPort}`;
  return [
    'process.roles=broker,controller', 'node.id=1', `controller.quorum.voters=1@${controller}`,
    `listeners=${listeners},CONTROLLER://${controller}`, `advertised.listeners=${listeners}`,
    'controller.listener.names=CONTROLLER', 'inter.broker.listener.name=PLAINTEXT',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${data}`, 'auto.create.topics.enable=false', 'num.partitions=1', 'default.replication.factor=1',
    'offsets.topic.replication.factor=1', 'transaction.state.log.replication.factor=1', 'transaction.state.log.min.isr=1',
    // one broker: fewer partitions of its own topics start and stop faster
    'offsets.topic.num.partitions=8', 'transaction.state.log.num.partitions=8', 'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1', 'group.initial.rebalance.delay.ms=0',
    // after a kill the new broker waits until the old one's session has ended
    'broker.session.timeout.ms=5000', 'broker.heartbeat.interval.ms=1000',
    `message.max.bytes=${MESSAGE_BYTES}`, `replica.fetch.max.bytes=${MESSAGE_BYTES}`, '',
  ].join('\n');
}

const LOGGING = [
  'appender.out.type=Console', 'appender.out.name=out', 'appender.out.layout.type=PatternLayout',
  'appender.out.layout.pattern=%d{ISO8601} %p %m (%c)%n', 'rootLogger.level=WARN', 'rootLogger.appenderRef.out.ref=out', '',
].join('\n');

/**
 * Starts a Kafka broker (KRaft, broker and controller in one process) on the loopback and waits until it answers. The
 * data folder is formatted the first time; later starts go on with what is in it.
 * @throws FolderInUseError when another broker has the folder; Error with the end of its log when it doesn't come up.
 */
export async function startKafka(options: KafkaOptions): Promise<RunningKafka> {
  const { dir, port, java = 'java' } = options;
  const lock = lockFolder(dir);
  try {
    const data = join(dir, 'data');
    const classPath = join(resolve(options.jars), '*');
    const configuration = join(dir, 'server.properties');
    const logging = join(dir, 'log4j2.properties');
    writeFileSync(logging, LOGGING);
    if (!existsSync(join(data, 'meta.properties'))) await format(options, data, java, classPath, logging);
    writeFileSync(configuration, properties(options, data));
    await refuseTakenPorts('Kafka', [port, options.controllerPort]);
    const log = join(dir, 'kafka.log');
    // Made for a small machine: G1 takes every buffer above half a megabyte for a giant and works beside the broker, C2 compiles for minutes.
    const jvm = [`-Xmx${options.heapMb ?? 768}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError'];
    const running = await spawnOwned({
      name: 'kafka', records: options.records, command: java, cwd: dir, output: log,
      args: [...jvm, `-Dlog4j2.configurationFile=${logging}`, '-cp', classPath, 'kafka.Kafka', configuration],
    });
    void running.exited.then(() => lock.release());
    await untilItAnswers(running, port, log);
    return { ...running, brokers: [`127.0.0.1:${port}`] };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function format(options: KafkaOptions, data: string, java: string, classPath: string, logging: string): Promise<void> {
  const fresh = `${data}.new`; // a format that was cut off must not look like a finished one
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const configuration = join(options.dir, 'format.properties');
  writeFileSync(configuration, properties(options, fresh));
  const id = `k${randomBytes(16).toString('base64url').slice(1)}`; // must not begin with a dash
  try {
    await promisify(execFile)(java, [`-Dlog4j2.configurationFile=${logging}`, '-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', configuration], { cwd: options.dir });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    throw new Error(`Kafka's data folder ${data} can't be formatted: ${`${stdout}${stderr}`.trim() || message}`, { cause: error });
  }
  renameSync(fresh, data);
}

async function untilItAnswers(running: RunningProcess, port: number, log: string): Promise<void> {
  let ended = false;
  void running.exited.then(() => { ended = true; });
  const until = Date.now() + START_MS;
  while (!(await brokerAnswers(port))) {
    if (ended) throw new Error(`Kafka ended while it started. The end of ${log}:\n${endOf(log)}`);
    if (Date.now() > until) {
      await running.stop();
      throw new Error(`Kafka didn't answer on port ${port} within ${START_MS / 1000} s. The end of ${log}:\n${endOf(log)}`);
    }
    await sleep(100);
  }
}
