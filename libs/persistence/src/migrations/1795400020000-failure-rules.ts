import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
alter table runs
  -- The state and error that a run will end with once support has its log; until then it is still running, without a lease.
  add column ending jsonb,
  add column waiting_until timestamptz,
  add column warnings jsonb not null default '[]',
  -- What support knows of it, where they must.
  add column support jsonb;
create index runs_ending on runs (id) where state = 'running' and ending is not null;
alter table collection_runs
  add column waiting_until timestamptz,
  -- Everything was read, not only what is new; null: not known.
  add column full_pass boolean,
  add column warning jsonb;

alter table sources
  -- Runs in a row that failed, and the start of the first of them.
  add column failed_runs integer not null default 0,
  add column failing_since timestamptz,
  add column warning jsonb,
  add column paused_reason jsonb;
create index sources_failing on sources (failed_runs) where failed_runs > 0 and state = 'active' and deleted_at is null;

-- One row for each time that a fetcher took a run; the token is its lease's.
create table run_attempts (
  run_id uuid not null references runs on delete cascade, fencing_token bigint not null, owner text not null, started_at timestamptz not null default now(), ended_at timestamptz,
  outcome text, records_before bigint not null, records bigint not null default 0, calls_before bigint not null, api_calls bigint not null default 0,
  progressed boolean not null default false, primary key (run_id, fencing_token));

create table collection_health (
  source_id uuid not null references sources on delete cascade, collection text not null, failed_runs integer not null default 0, failing_since timestamptz,
  -- Successful runs in a row that found records, and since when.
  streak_runs integer not null default 0, streak_since timestamptz,
  -- What the last full pass found.
  full_records bigint, warning jsonb, primary key (source_id, collection));

create table support_notifications (
  run_id uuid primary key references runs on delete cascade, reference text not null, trace jsonb, created_at timestamptz not null default now(),
  tries integer not null default 0, next_try_at timestamptz not null default now(), delivered jsonb not null default '[]', last_error text, done_at timestamptz);
create index support_notifications_due on support_notifications (next_try_at) where done_at is null;
`;

export class FailureRules1795400020000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only: the version before doesn't see what is added. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
