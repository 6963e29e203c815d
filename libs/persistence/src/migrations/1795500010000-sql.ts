import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- The login that people's SQL runs under: it may read the workspace's schemas and nothing else.
create table warehouse_readers (
  warehouse_id uuid primary key references warehouses on delete cascade, role text not null, sealed text not null, created_at timestamptz not null default now());

create table sql_queries (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, warehouse_id uuid not null references warehouses on delete cascade,
  kind text not null check (kind in ('query', 'export')), author text not null, statement text not null,
  state text not null default 'running' check (state in ('running', 'succeeded', 'failed', 'cancelled')), started_at timestamptz not null default now(),
  -- Until then it may run; afterwards it has lost its gateway.
  deadline timestamptz not null, row_count bigint, truncated boolean, duration_ms integer, error jsonb);
create index sql_queries_warehouse on sql_queries (warehouse_id, id);

create table saved_queries (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, warehouse_id uuid not null references warehouses on delete cascade,
  name text not null, statement text not null, author text not null, created_at timestamptz not null default now(), updated_at timestamptz not null default now(), unique (warehouse_id, name));

-- SQL whose result is kept up to date: an audience is a set of users, a trait a value per user.
create table models (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, warehouse_id uuid not null references warehouses on delete cascade,
  kind text not null check (kind in ('audience', 'trait')), name text not null, slug text not null check (slug ~ '^[a-z_][a-z0-9_]{0,62}$'), description text not null default '', statement text not null,
  -- Null: only when somebody asks.
  interval_minutes integer check (interval_minutes > 0), enabled boolean not null default true, next_run_at timestamptz,
  author text not null, created_at timestamptz not null default now(), updated_at timestamptz not null default now(), deleted_at timestamptz);
create unique index models_slug on models (warehouse_id, kind, slug) where deleted_at is null;
create index models_workspace on models (workspace_id, kind, id) where deleted_at is null;
create index models_due on models (next_run_at) where enabled and deleted_at is null and next_run_at is not null;

-- Grows with every lease: the warehouse takes a result only from the newest one.
create sequence model_run_tokens;
create table model_runs (
  id uuid primary key, model_id uuid not null references models on delete cascade, warehouse_id uuid not null,
  trigger text not null check (trigger in ('schedule', 'manual', 'change', 'delete')), state text not null default 'queued' check (state in ('queued', 'running', 'succeeded', 'failed')),
  token bigint, lease_owner text, lease_expires_at timestamptz, losses integer not null default 0, created_at timestamptz not null default now(), started_at timestamptz, finished_at timestamptz,
  size bigint, entered bigint, exited bigint, changed bigint, skipped bigint, error jsonb) with (fillfactor = 70);
create unique index model_runs_open on model_runs (model_id) where state in ('queued', 'running');
create index model_runs_model on model_runs (model_id, id);
create index model_runs_waiting on model_runs (warehouse_id, id) where state in ('queued', 'running');
`;

export class Sql1795500010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only: the tables hold what people wrote. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
