import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- Where a workspace's events are forwarded to. Events that arrived before starts_at are none of its business.
create table destinations (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, kind text not null check (kind in ('webhook', 'segment')), name text not null, url text not null,
  filter jsonb not null default '{}', subject jsonb not null default '[]', enabled boolean not null default true, starts_at timestamptz not null default clock_timestamp(), created_at timestamptz not null default now(),
  -- Health: rounds in a row that got nothing through, since when nothing was delivered, until when it is left alone, and why it was disabled.
  failures integer not null default 0, failing_since timestamptz, held_until timestamptz, last_delivered_at timestamptz, last_failure jsonb, disabled jsonb);
create index destinations_listed on destinations (workspace_id, id);

-- Signing secrets and write keys; one that was rotated goes on signing until not_after.
create table destination_secrets (
  id uuid primary key, destination_id uuid not null references destinations on delete cascade, sealed text not null, not_after timestamptz, created_at timestamptz not null default clock_timestamp());
create index destination_secrets_of on destination_secrets (destination_id);

-- Deliveries: the queue and the log in one. seq is the order of arrival; one that is taken is due again when its lease is over.
create table deliveries (
  id uuid primary key, seq bigint generated always as identity, destination_id uuid not null references destinations on delete cascade, message_id text not null, event text not null,
  source_id uuid, connector text, collection text, order_key text not null, topic text not null, partition integer not null, kafka_offset bigint not null, headers jsonb not null, key bytea, payload bytea, bytes integer not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')), reason text, due_at timestamptz not null default now(), lease uuid, attempts integer not null default 0, log jsonb not null default '[]',
  since timestamptz not null default now(), created_at timestamptz not null default now(), finished_at timestamptz,
  unique (destination_id, message_id));
create index deliveries_due on deliveries (destination_id, due_at, seq) where state = 'waiting';
create index deliveries_in_order on deliveries (destination_id, order_key, seq) where state = 'waiting';
create index deliveries_listed on deliveries (destination_id, state, id);
create index deliveries_finished on deliveries (finished_at) where state <> 'waiting';

-- Of what one destination didn't get.
alter table dead_letters add column destination_id uuid;
create index dead_letters_of_destination on dead_letters (destination_id) where state = 'open' and destination_id is not null;
`;

export class Destinations1795500030000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  async down(runner: QueryRunner): Promise<void> { await runner.query('alter table dead_letters drop column destination_id; drop table deliveries; drop table destination_secrets; drop table destinations'); }
}
