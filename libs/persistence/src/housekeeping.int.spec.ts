import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '#testing';
import { AccessRepository } from './access.repository.js';
import { migrate, newId, openDatabase, rows } from './database.js';
import { HousekeepingRepository } from './housekeeping.repository.js';
import { SourceRepository } from './source.repository.js';

const KEPT = { runDetailsDays: 30, runsDays: 400, auditDays: 300 };
let test: TestDatabase;
let database: DataSource;
let workspaceId: string;
const sources = [newId(), newId()] as const;

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec' });
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  [{ id: workspaceId }] = await rows<{ id: string }>(database, 'select id from workspaces') as [{ id: string }];
  for (const [n, id] of sources.entries()) {
    await new SourceRepository(database).create({
      id, workspaceId, connector: 'stripe', name: `Payments ${n}`, slug: `payments_${n}`, warehouseId: null, configuration: {}, startDate: new Date('2026-01-01T00:00:00Z'), intervalMinutes: 60,
      sealedCredentials: 'v1.k1.sealed', collections: ['customers'],
    });
  }
  await database.query('delete from runs');
});
afterAll(async () => { await database.destroy(); await test.drop(); });

/** A run that ended so many days ago, with a line of log and a call; `null`: it still runs. */
async function run(sourceId: string, daysAgo: number | null): Promise<string> {
  const id = newId();
  await database.query(`insert into runs (id, workspace_id, source_id, connector, trigger, state, finished_at) values ($1, $2, $3, 'stripe', 'schedule', $4, now() - $5 * interval '1 day')`, [id, workspaceId, sourceId, daysAgo === null ? 'running' : 'succeeded', daysAgo]);
  await database.query(`insert into run_log (run_id, at, level, message) values ($1, now(), 'info', 'read')`, [id]);
  await database.query(`insert into api_calls (run_id, collection, method, request, status, started_at, duration_ms, bytes) values ($1, 'customers', 'GET', '/v1/customers', 200, now(), 1, 1)`, [id]);
  await database.query(`insert into api_usage (source_id, day, collection, run_id, calls) values ($1, current_date - $3::int, 'customers', $2, 1)`, [sourceId, id, daysAgo ?? 0]);
  return id;
}

it('deletes what was kept long enough, and nothing that is still needed', async () => {
  const [busy, quiet] = sources;
  const ancient = await run(busy, 500);
  const old = await run(busy, 31);
  const recent = await run(busy, 29);
  const open = await run(busy, null);
  const last = await run(quiet, 900);
  await database.query(`insert into idempotency_keys (workspace_id, key, fingerprint, resource_id, created_at) values ($1, 'old', 'x', $2, now() - interval '3 days'), ($1, 'new', 'x', $2, now())`, [workspaceId, newId()]);
  await database.query(`insert into webhook_endpoints (token_hash, source_id, token_sealed, not_after) values ('expired', $1, 'x', now() - interval '2 days'), ('expires', $1, 'x', now() + interval '1 hour'), ('current', $1, 'x', null)`, [busy]);
  await database.query(`insert into webhook_secrets (id, source_id, sealed, not_after) values ($2, $1, 'expired', now() - interval '2 days'), ($3, $1, 'current', null)`, [busy, newId(), newId()]);
  await database.query(`insert into audit_log (id, workspace_id, at, actor_kind, actor_name, action, title, method, path, ip, user_agent)
    select uuid_v7(), $1, now() - n * interval '1 day', 'person', 'a', 'a.b', 'a', 'POST', '/', '', '' from unnest(array[301, 299]) n`, [workspaceId]);
  await database.query(`insert into sessions (token_hash, user_id, workspace_id, expires_at) select 's' || n, u.id, $1, now() + n * interval '1 hour' from users u, unnest(array[-1, 1]) n`, [workspaceId]);
  await database.query(`insert into invitations (id, workspace_id, email, role, token_hash, expires_at) select uuid_v7(), $1, n || '@example.com', 'viewer', n::text, now() - n * interval '1 day' from unnest(array[31, 29]) n`, [workspaceId]);
  await database.query(`insert into throttles (key, failures, failed_at) values ('old', 1, now() - interval '2 days'), ('new', 1, now())`);
  await database.query(`insert into known_addresses (user_id, address, seen_at) select u.id, n::text, now() - n * interval '1 day' from users u, unnest(array[91, 89]) n`);
  const housekeeping = new HousekeepingRepository(database);
  expect(await housekeeping.sweep(KEPT)).toEqual({ run_details: 3, runs: 1, api_usage: 2, idempotency_keys: 1, webhook_endpoints: 1, webhook_secrets: 1, audit_log: 1, sessions: 1, invitations: 1, throttles: 1, known_addresses: 1 });
  expect(await housekeeping.sweep(KEPT)).toEqual({});

  const left = async (column: string, table: string): Promise<string[]> => (await rows<{ v: string }>(database, `select ${column} as v from ${table} order by 1`)).map(({ v }) => v);
  expect(await left('id', 'runs')).toEqual([old, recent, open, last].sort());
  expect(await left('run_id', 'run_log')).toEqual([recent, open].sort());
  expect(await left('run_id', 'api_calls')).toEqual([recent, open].sort());
  expect(await left('id', 'runs where details_deleted_at is not null')).toEqual([old, last].sort());
  expect(await left('key', 'idempotency_keys')).toEqual(['new']);
  expect(await left('token_hash', `webhook_endpoints where token_hash like '%ex%' or token_hash = 'current'`)).toEqual(['current', 'expires']);
  expect(await left('sealed', `webhook_secrets where sealed in ('expired', 'current')`)).toEqual(['current']);
  expect(await left('run_id', 'api_usage')).not.toContain(ancient);
});
