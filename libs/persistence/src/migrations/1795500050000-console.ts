import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- How each source's webhooks were answered, hour by hour, and the newest one by one. Their ids begin with the time.
create table webhook_hours (
  source_id uuid not null references sources on delete cascade, hour timestamptz not null, taken bigint not null default 0, refused bigint not null default 0,
  primary key (source_id, hour)) with (fillfactor = 70);
create table webhook_deliveries (
  source_id uuid not null references sources on delete cascade, id uuid not null, received_at timestamptz not null, status integer not null,
  reason text not null, delivery_id text, bytes integer not null, duration_ms integer not null, primary key (source_id, id));

-- The runs of a workspace's last days are summed up.
create index runs_workspace on runs (workspace_id, created_at);

-- Whom a workspace wants to be told, and of what. The hook's URL is a secret of its own.
create table notification_settings (
  workspace_id uuid primary key references workspaces on delete cascade, emails text[] not null default '{}', hook_sealed text, hook_location text,
  kinds text[] not null, updated_at timestamptz not null default now());
create table notifications (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, source_id uuid references sources on delete cascade, run_id uuid,
  kind text not null, title text not null, remedy text not null, created_at timestamptz not null default now(),
  tries integer not null default 0, next_try_at timestamptz not null default now(), delivered jsonb not null default '[]', done_at timestamptz, last_error text) with (fillfactor = 70);
create index notifications_due on notifications (next_try_at) where done_at is null;
create index notifications_workspace on notifications (workspace_id, id);

-- Metrics and segments: SQL over a warehouse, made from a template or by hand. A metric has a value, a segment members.
create table measures (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, kind text not null check (kind in ('metric', 'segment')),
  warehouse_id uuid not null references warehouses on delete cascade, source_id uuid references sources on delete set null, template text,
  name text not null, description text not null default '', sql text not null, unit text not null default '',
  measured_at timestamptz, error text, created_at timestamptz not null default now(), updated_at timestamptz not null default now());
create index measures_workspace on measures (workspace_id, kind, id);
create index measures_due on measures (measured_at nulls first);
create table measure_points (
  measure_id uuid not null references measures on delete cascade, at timestamptz not null, value double precision not null, primary key (measure_id, at));
`;

export class Console1795500050000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only: what people wrote and what was counted can't be got again. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
