import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- An account at a partner, as its workspace sees it: sources of one account share its rates and limits. 'account' is the
-- partner's own id of it, or 'source:<id>' where the credentials may not tell. Other workspaces have rows of their own.
create table partner_accounts (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, connector text not null, account text not null,
  state jsonb not null default '{}', unique (workspace_id, connector, account)) with (fillfactor = 50);

-- Calls that were admitted, counted before they are made, by hour: partners count in rolling windows.
create table account_calls (
  account_id uuid not null references partner_accounts on delete cascade, source_id uuid not null, hour timestamptz not null, calls bigint not null,
  primary key (account_id, source_id, hour)) with (fillfactor = 70);
create index account_calls_source on account_calls (source_id, hour);

alter table sources
  add column account_id uuid references partner_accounts on delete set null,
  -- Calls a day (UTC); null: any number.
  add column daily_call_budget integer check (daily_call_budget > 0),
  -- Of the partner's own limit, left to its other users.
  add column partner_reserve_percent integer not null default 20 check (partner_reserve_percent between 0 and 99);
create index sources_account on sources (account_id);
`;

export class Budgets1795400030000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only: what was counted can't be got again. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
