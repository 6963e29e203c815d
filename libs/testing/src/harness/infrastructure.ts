import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

function setting(name: 'TEST_KAFKA_BROKERS' | 'TEST_DATABASE_URL'): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} isn't set. The integration project's global set-up sets it: run this spec as part of that project, or set it to a server of yours.`);
  return value;
}

/** The brokers of the test run. They are shared: make a topic prefix of your own. */
export function testKafka(): Promise<string[]> {
  return Promise.resolve(setting('TEST_KAFKA_BROKERS').split(','));
}

/** A random name that is a valid topic prefix, schema and database name: `t_…`. */
export const randomName = (): string => `t_${randomBytes(6).toString('hex')}`;

export interface TestDatabase {
  readonly url: string;
  /** Takes the database away, also with connections still open. */
  drop(): Promise<void>;
}

/** A fresh, empty database on the test run's PostgreSQL. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = setting('TEST_DATABASE_URL');
  const name = randomName();
  await execute(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(server, `drop database if exists ${name} with (force)`) };
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try { await client.query(sql); } finally { await client.end(); }
}
