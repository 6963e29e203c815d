import { join } from 'node:path';
import { startKafka, startPostgres, type RunningPostgres } from '#embedded';
import { requireFree, type PortName, type Ports } from './ports.js';
import { runPrepareJob } from './prepare-job.js';
import { jarsFolder } from './project.js';
import { Supervisor } from './supervisor.js';

export interface InfrastructureOptions {
  /** Data and records of processes are kept in it. */
  readonly dir: string;
  readonly ports: Ports;
  readonly postgresPassword: string;
  readonly topicPrefix: string;
  /** Servers to use instead of embedded ones. */
  readonly kafkaBrokers?: readonly string[];
  readonly databaseUrl?: string;
  readonly warehouseUrl?: string;
  readonly java?: string;
  /** False for tests that crash no server: faster. */
  readonly durable?: boolean;
  /** Told what a person should know: that something died, say. */
  readonly say: (name: string, text: string) => void;
  /** To use instead of a new one, so that a stop can begin before everything has started. */
  readonly supervisor?: Supervisor;
}

export interface Infrastructure {
  /** Keeps `kafka` and `postgres` running, and whatever is added to it. Stop everything with its `stopAll`. */
  readonly supervisor: Supervisor;
  readonly kafkaBrokers: readonly string[];
  readonly databaseUrl: string;
  readonly warehouseUrl: string;
}

/** In this order from the last to the first everything is ended. */
export const STAGES = { postgres: 0, kafka: 1, services: 2 } as const;

export const recordsFolder = (dir: string): string => join(dir, 'processes');

/**
 * Starts Kafka and PostgreSQL where no others are named, creates the topics and migrates the control database.
 * Nothing is left running when it fails.
 * @throws Problem when a port is taken.
 */
export async function startInfrastructure(options: InfrastructureOptions): Promise<Infrastructure> {
  const { dir, ports, java, durable } = options;
  const records = recordsFolder(dir);
  const embedsKafka = options.kafkaBrokers === undefined;
  const embedsPostgres = options.databaseUrl === undefined || options.warehouseUrl === undefined;
  const wanted: PortName[] = [...(embedsKafka ? ['kafka', 'kafkaController'] as const : []), ...(embedsPostgres ? ['postgres'] as const : [])];
  await requireFree(ports, wanted);

  const supervisor = options.supervisor ?? new Supervisor({ say: options.say });
  let postgres: RunningPostgres | undefined;
  const kafkaBrokers = options.kafkaBrokers ?? [`127.0.0.1:${ports.kafka}`];
  const parts = [
    ...(embedsKafka ? [supervisor.add({
      name: 'kafka',
      start: () => startKafka({ dir: join(dir, 'kafka'), jars: jarsFolder, port: ports.kafka, controllerPort: ports.kafkaController, records, ...(java !== undefined && { java }) }),
    }, STAGES.kafka)] : []),
    ...(embedsPostgres ? [supervisor.add({
      name: 'postgres',
      start: async () => postgres = await startPostgres({
        dir: join(dir, 'postgres'), port: ports.postgres, password: options.postgresPassword, records,
        databases: ['control', 'warehouse'], ...(durable !== undefined && { durable }),
      }),
    }, STAGES.postgres)] : []),
  ];
  try {
    await Promise.all(parts);
    const url = (database: string, given: string | undefined): string => given ?? postgres?.url(database) ?? '';
    const databaseUrl = url('control', options.databaseUrl);
    await runPrepareJob({ kafkaBrokers, databaseUrl, topicPrefix: options.topicPrefix, dir, records });
    return { supervisor, kafkaBrokers, databaseUrl, warehouseUrl: url('warehouse', options.warehouseUrl) };
  } catch (error) {
    await supervisor.stopAll();
    throw error;
  }
}
