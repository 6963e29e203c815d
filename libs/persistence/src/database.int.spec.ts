import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '#testing';
import { AccessRepository } from './access.repository.js';
import { migrate, newId, openDatabase, rows } from './database.js';
import { Leadership } from './leadership.js';
import { OutboxRepository, putCommands, type OutboxMessage } from './outbox.repository.js';

let test: TestDatabase;
let database: DataSource;

beforeAll(async () => {
  test = await testDatabase();
  // Three processes start at once.
  const opened = await Promise.all([1, 2, 3].map((n) => openDatabase({ url: test.url, applicationName: `spec ${n}`, poolSize: 4 })));
  await Promise.all(opened.map(migrate));
  database = opened[0]!;
  await Promise.all(opened.slice(1).map((other) => other.destroy()));
});
afterAll(async () => { await database.destroy(); await test.drop(); });

describe('migrations', () => {
  it('run once, whoever comes first', async () => {
    expect(await rows(database, 'select count(*)::int as migrations from migrations')).toEqual([{ migrations: database.migrations.length }]);
    await migrate(database);
  });

  it('make exactly the columns that the entities have', async () => {
    const { upQueries } = await database.driver.createSchemaBuilder().log();
    // Nobody reads these any more; they stay until no version that does can run beside this one
    const left = ['failed_logins', 'last_failed_at'].map((column) => `ALTER TABLE "users" DROP COLUMN "${column}"`);
    expect(upQueries.map(({ query }) => query).filter((query) => /ADD "|DROP COLUMN|ALTER COLUMN|CREATE TABLE/.test(query) && !left.includes(query))).toEqual([]);
  });
});

describe('bootstrap', () => {
  it('makes one owner, also when several gateways start at once', async () => {
    const access = new AccessRepository(database);
    const made = await Promise.all(['a', 'b', 'c'].map((name) => access.bootstrap({ workspace: name, email: `${name}@example.com`, passwordHash: 'x', apiKey: `cs_${name}` })));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await rows(database, 'select (select count(*)::int from workspaces) as workspaces, (select count(*)::int from users) as users, (select count(*)::int from api_keys) as keys')).toEqual([{ workspaces: 1, users: 1, keys: 1 }]);
  });
});

describe('outbox', () => {
  const command = (n: number) => ({ runId: newId(), sourceId: `s${n}`, workspaceId: 'w', connector: 'stripe' });

  it('gives its messages in order, keeps them when the taker fails, deletes them when it does not', async () => {
    const outbox = new OutboxRepository(database);
    await putCommands(database, Array.from({ length: 12 }, (_, n) => command(n)));
    await expect(outbox.take(10, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const taken: OutboxMessage[] = [];
    const send = async (messages: readonly OutboxMessage[]) => { taken.push(...messages); };
    expect([await outbox.take(10, send), await outbox.take(10, send), await outbox.take(10, send)]).toEqual([10, 2, 0]);
    expect(taken.map(({ key }) => key)).toEqual(Array.from({ length: 12 }, (_, n) => `s${n}`));
    expect(taken[0]).toMatchObject({ topic: 'sync.commands.stripe', headers: { ce_type: 'cloud-sources.sync.command.v1', ce_connector: 'stripe' } });
    expect(JSON.parse(taken[0]!.value)).toMatchObject({ sourceId: 's0', connector: 'stripe' });
  });

  it('two takers never have the same message', async () => {
    const outbox = new OutboxRepository(database);
    await putCommands(database, Array.from({ length: 40 }, (_, n) => command(n)));
    const seen: string[] = [];
    const drain = async () => { while (await outbox.take(5, async (messages) => { seen.push(...messages.map(({ id }) => id)); }) > 0); };
    await Promise.all([drain(), drain()]);
    while (await outbox.take(5, async (messages) => { seen.push(...messages.map(({ id }) => id)); }) > 0);
    expect(seen).toHaveLength(40);
    expect(new Set(seen).size).toBe(40);
  });
});

describe('leadership', () => {
  it('is held by one, hears notifications, and passes on', async () => {
    let heard = 0;
    let tell: () => void = () => undefined;
    const notified = new Promise<void>((resolve) => { tell = resolve; });
    const [one, two] = [new Leadership(test.url, 1, 'outbox', () => { heard += 1; tell(); }), new Leadership(test.url, 1, 'outbox', () => undefined)];
    expect([await one.isActive(), await two.isActive(), await one.isActive()]).toEqual([true, false, true]);
    await putCommands(database, [{ runId: newId(), sourceId: 's', workspaceId: 'w', connector: 'stripe' }]);
    await notified;
    expect(heard).toBeGreaterThan(0);
    await one.release();
    expect(await two.isActive()).toBe(true);
    await two.release();
  });
});

describe('newId', () => {
  it('sorts by time and says that it is version 7, as the database\'s own function does', async () => {
    const [made] = await rows<{ id: string }>(database, 'select uuid_v7()::text as id');
    for (const id of [newId(), made!.id]) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newId(1_000) < newId(1_001)).toBe(true);
    expect(Math.abs(Number.parseInt(made!.id.replaceAll('-', '').slice(0, 12), 16) - Date.now())).toBeLessThan(3_600_000);
  });
});
