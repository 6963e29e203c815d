import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, startKafka, startPostgres, temporaryFolder } from '#embedded';

export interface TestServers {
  /** Of the servers that were started here. */
  readonly brokers?: readonly string[];
  readonly databaseUrl?: string;
  /** Ends them and takes their data away. */
  stop(): Promise<void>;
}

/** Starts a broker (when told which Java and jars to use) and a PostgreSQL server, in a folder below the system's temporary one. */
export async function startTestServers(wanted: { readonly kafka?: { readonly java: string; readonly jars: string }; readonly postgres: boolean }): Promise<TestServers> {
  const dir = temporaryFolder('cs-test-');
  const records = join(dir, 'processes');
  const [port = 0, controllerPort = 0, databasePort = 0] = await freePorts(3);
  const started = await Promise.allSettled([
    wanted.kafka && startKafka({ dir: join(dir, 'kafka'), records, port, controllerPort, ...wanted.kafka }),
    wanted.postgres ? startPostgres({ dir: join(dir, 'postgres'), records, port: databasePort, password: randomBytes(12).toString('hex'), databases: [], durable: false }) : undefined,
  ] as const);
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((result) => (result.status === 'fulfilled' ? result.value?.stop() : undefined)));
    rmSync(dir, { recursive: true, force: true });
  };
  const [kafka, postgres] = started;
  if (kafka.status === 'rejected' || postgres.status === 'rejected') {
    await stop();
    throw kafka.status === 'rejected' ? kafka.reason : (postgres as PromiseRejectedResult).reason;
  }
  return {
    ...(kafka.value !== undefined && { brokers: kafka.value.brokers }),
    ...(postgres.value !== undefined && { databaseUrl: postgres.value.url('postgres') }),
    stop,
  };
}
