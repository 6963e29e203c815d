import { createHash, randomBytes } from 'node:crypto';
import { DataSource, DefaultNamingStrategy, type EntityManager } from 'typeorm';
import { entities } from './entities/index.js';
import { migrations } from './migrations/index.js';

class SnakeNaming extends DefaultNamingStrategy {
  override columnName(property: string, custom: string | undefined): string {
    return custom ?? property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
}

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`; PostgreSQL 14 or newer. */
  readonly url: string;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Most connections of this process. */
  readonly poolSize?: number;
}

/** The control database, connected. It isn't migrated: see `migrate`. @throws when it can't be reached. */
export function openDatabase({ url, applicationName, poolSize = 10 }: DatabaseOptions): Promise<DataSource> {
  return new DataSource({
    type: 'postgres', url, applicationName, poolSize, entities, migrations, namingStrategy: new SnakeNaming(),
    synchronize: false, logging: false, migrationsTableName: 'migrations',
    extra: { connectionTimeoutMillis: 10_000, keepAlive: true },
  }).initialize();
}

/** Any constant; every process must use the same one. */
const MIGRATION_LOCK = 7_302_111;

/** Brings the schema up to date. Several processes may call it at once: one migrates, the others wait for it. */
export async function migrate(database: DataSource): Promise<void> {
  const lock = database.createQueryRunner();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await database.runMigrations({ transaction: 'each' });
  } finally {
    await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await lock.release();
  }
}

/** Where a statement runs: on its own, or in a transaction. */
export type Executor = DataSource | EntityManager;

/** Rows of any statement. The driver answers `UPDATE` and `DELETE` with `[rows, count]`, everything else with the rows. */
export async function rows<T>(executor: Executor, sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
  const result: unknown = await executor.query(sql, [...parameters]);
  if (!Array.isArray(result)) return [];
  return (result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number' ? result[0] : result) as T[];
}

/** UUID version 7 (RFC 9562 §5.7): ids sort by the time they were made, so that lists can be paged by id. */
export function newId(now = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether PostgreSQL would take it as an id; anything else is simply not found. */
export const isId = (text: string): boolean => UUID.test(text);

/** What is stored of a token or an API key, hex. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** JSON that PostgreSQL's `jsonb` takes: U+0000 and lone surrogates (a partner's words may hold them) become U+FFFD. */
export function jsonb(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const clean = (text: string): string => text.replace(/\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'string') return clean(item);
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).map(([key, entry]) => [clean(key), entry]));
  });
}

/** Whether the error says that a value is taken; `constraint` narrows it down. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const driver = (error as { driverError?: { code?: string; constraint?: string } } | null)?.driverError;
  return driver?.code === '23505' && (constraint === undefined || driver.constraint === constraint);
}
