import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
create function uuid_v7() returns uuid language sql volatile parallel safe as $$
  -- RFC 9562: 48 bits of milliseconds, then a random UUID's bits with version 7 instead of 4.
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;

create table workspaces (id uuid primary key, name text not null, created_at timestamptz not null default now());

create table users (
  id uuid primary key, email text not null, password_hash text not null,
  failed_logins integer not null default 0, last_failed_at timestamptz, created_at timestamptz not null default now());
create unique index users_email on users (lower(email));

create table memberships (
  workspace_id uuid not null references workspaces on delete cascade, user_id uuid not null references users on delete cascade,
  role text not null check (role in ('owner', 'editor', 'viewer')), created_at timestamptz not null default now(), primary key (workspace_id, user_id));
create index memberships_user on memberships (user_id);

create table sessions (
  token_hash text primary key, user_id uuid not null references users on delete cascade, workspace_id uuid not null references workspaces on delete cascade,
  created_at timestamptz not null default now(), expires_at timestamptz not null);
create index sessions_expires on sessions (expires_at);

create table api_keys (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, name text not null, prefix text not null, key_hash text not null unique,
  role text not null check (role in ('owner', 'editor', 'viewer')), created_at timestamptz not null default now(), last_used_at timestamptz, revoked_at timestamptz);
create index api_keys_workspace on api_keys (workspace_id, id);

create table idempotency_keys (
  workspace_id uuid not null references workspaces on delete cascade, key text not null, fingerprint text not null, resource_id uuid not null,
  created_at timestamptz not null default now(), primary key (workspace_id, key));

create table warehouses (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, name text not null, kind text not null default 'postgres',
  url_sealed text not null, location text not null, enabled boolean not null default true, created_at timestamptz not null default now());
create index warehouses_workspace on warehouses (workspace_id, id);

create table sources (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, connector text not null, name text not null,
  slug text not null check (slug ~ '^[a-z_][a-z0-9_]{0,62}$'), warehouse_id uuid references warehouses,
  state text not null default 'active' check (state in ('active', 'paused', 'error')), configuration jsonb not null default '{}',
  start_date timestamptz not null, interval_minutes integer not null check (interval_minutes > 0), next_run_at timestamptz not null,
  last_sync_requested_at timestamptz, last_run_at timestamptz, last_run_state text, last_success_at timestamptz, error jsonb,
  created_at timestamptz not null default now(), deleted_at timestamptz);
-- Deleted sources count: their tables are still there.
create unique index sources_slug on sources (workspace_id, slug);
create unique index sources_warehouse_slug on sources (warehouse_id, slug);
create index sources_workspace on sources (workspace_id, id) where deleted_at is null;
create index sources_due on sources (next_run_at) where state = 'active' and deleted_at is null;

create table source_credentials (source_id uuid primary key references sources on delete cascade, sealed text not null, updated_at timestamptz not null default now());
create table source_collections (source_id uuid not null references sources on delete cascade, collection text not null, primary key (source_id, collection));

create table webhook_endpoints (
  token_hash text primary key, source_id uuid not null references sources on delete cascade, token_sealed text not null,
  created_at timestamptz not null default now(), not_after timestamptz);
create index webhook_endpoints_source on webhook_endpoints (source_id);
create table webhook_secrets (
  id uuid primary key, source_id uuid not null references sources on delete cascade, sealed text not null,
  not_before timestamptz not null default now(), not_after timestamptz);
create index webhook_secrets_source on webhook_secrets (source_id);

create table runs (
  id uuid primary key, workspace_id uuid not null, source_id uuid not null references sources on delete cascade, connector text not null,
  state text not null default 'queued' check (state in ('queued', 'running', 'succeeded', 'partial', 'deferred', 'failed', 'killed', 'cancelled')),
  trigger text not null, created_at timestamptz not null default now(), started_at timestamptz, finished_at timestamptz, resume_at timestamptz,
  lease_owner text, fencing_token bigint not null default 0, heartbeat_at timestamptz, lease_expires_at timestamptz, losses integer not null default 0,
  command_sent_at timestamptz not null default now(), commands_sent integer not null default 1,
  error jsonb, records bigint not null default 0, api_calls bigint not null default 0) with (fillfactor = 70);
-- Never two runs of one source at a time, whoever asks.
create unique index runs_active on runs (source_id) where state in ('queued', 'running', 'deferred');
create index runs_source on runs (source_id, id);
create index runs_queued on runs (command_sent_at) where state = 'queued';
create index runs_leased on runs (state) where state = 'running';
create index runs_deferred on runs (resume_at) where state = 'deferred';

create table collection_runs (
  run_id uuid not null references runs on delete cascade, collection text not null, state text not null default 'queued',
  started_at timestamptz, finished_at timestamptz, error jsonb, records bigint not null default 0, api_calls bigint not null default 0,
  primary key (run_id, collection)) with (fillfactor = 70);

create table checkpoints (
  source_id uuid not null references sources on delete cascade, collection text not null, checkpoint jsonb not null,
  run_id uuid not null, fencing_token bigint not null, updated_at timestamptz not null default now(), primary key (source_id, collection)) with (fillfactor = 70);

-- run_id is the nil UUID for calls outside a run (a test of the credentials).
create table api_usage (
  source_id uuid not null references sources on delete cascade, day date not null, collection text not null, run_id uuid not null, calls bigint not null,
  primary key (source_id, day, collection, run_id)) with (fillfactor = 70);

create table api_calls (
  run_id uuid not null references runs on delete cascade, id bigint generated always as identity, collection text not null, method text not null, request text not null,
  status integer not null, started_at timestamptz not null, duration_ms integer not null, bytes bigint not null, primary key (run_id, id));

create table run_log (
  run_id uuid not null references runs on delete cascade, id bigint generated always as identity, at timestamptz not null, level text not null, message text not null, primary key (run_id, id));

create table outbox (
  id bigint generated always as identity primary key, topic text not null, key text, headers jsonb not null, value text not null, created_at timestamptz not null default now());
create function notify_outbox() returns trigger language plpgsql as $$ begin perform pg_notify('outbox', ''); return null; end $$;
create trigger outbox_notify after insert on outbox for each statement execute function notify_outbox();
`;

export class Initial1795305600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only: a step back is a restore. */
  async down(): Promise<void> { throw new Error('The first migration of the control database has no way back. Restore a backup instead.'); }
}
