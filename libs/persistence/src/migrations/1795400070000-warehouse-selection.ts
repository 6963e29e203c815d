import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- What a warehouse takes beyond the sources whose warehouse_id it is, and what of them it leaves out.
create table warehouse_sources (
  warehouse_id uuid not null references warehouses on delete cascade, source_id uuid not null references sources on delete cascade,
  included boolean not null, collections_left_out text[] not null default '{}', columns_left_out jsonb not null default '{}',
  updated_at timestamptz not null default now(), primary key (warehouse_id, source_id));
create index warehouse_sources_source on warehouse_sources (source_id);

-- Grows with every change of what a warehouse takes: a loader that doesn't know of it yet is refused by the warehouse.
alter table warehouses add column selection_version bigint not null default 0;

-- Records of a source that are to be loaded from the beginning of their topics. collections null: all.
create table warehouse_catch_ups (
  id uuid primary key, warehouse_id uuid not null references warehouses on delete cascade, source_id uuid not null references sources on delete cascade,
  collections text[], selection_version bigint not null, state text not null default 'queued' check (state in ('queued', 'running', 'done')),
  positions jsonb not null default '{}', records_read bigint not null default 0, records_total bigint,
  lease_owner text, lease_expires_at timestamptz, created_at timestamptz not null default now(), finished_at timestamptz) with (fillfactor = 70);
create unique index warehouse_catch_ups_open on warehouse_catch_ups (warehouse_id, source_id) where state <> 'done';
create index warehouse_catch_ups_source on warehouse_catch_ups (source_id);

create table verifications (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, source_id uuid not null references sources on delete cascade,
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')), lease_owner text, lease_expires_at timestamptz,
  requested_at timestamptz not null default now(), started_at timestamptz, finished_at timestamptz, progress jsonb, verdicts jsonb, error jsonb,
  difference bigint, api_calls bigint not null default 0) with (fillfactor = 70);
create unique index verifications_open on verifications (source_id) where state in ('queued', 'running');
create index verifications_source on verifications (source_id, id);
`;

export class WarehouseSelection1795400070000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only: the tables hold what people chose. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
