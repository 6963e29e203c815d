import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- Without a workspace: the operator's, for all workspaces that have none of their own.
create table oauth_clients (
  id uuid primary key, connector text not null, workspace_id uuid references workspaces on delete cascade, client_id text not null, secret_sealed text,
  updated_at timestamptz not null default now());
create unique index oauth_clients_workspace on oauth_clients (connector, workspace_id) where workspace_id is not null;
create unique index oauth_clients_operator on oauth_clients (connector) where workspace_id is null;

-- A person is on the way to the partner and back; gone with the first return.
create table oauth_authorizations (
  id uuid primary key, state_hash text not null unique, workspace_id uuid not null references workspaces on delete cascade,
  user_id uuid references users on delete cascade, api_key_id uuid references api_keys on delete cascade, connector text not null,
  source_id uuid references sources on delete cascade, client_id text not null, sealed text not null, redirect_uri text not null, return_to text,
  created_at timestamptz not null default now(), expires_at timestamptz not null);
create index oauth_authorizations_expires on oauth_authorizations (expires_at);

-- Tokens that no source has yet; gone when one takes them.
create table oauth_grants (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, user_id uuid references users on delete cascade, api_key_id uuid references api_keys on delete cascade,
  connector text not null, source_id uuid references sources on delete cascade, sealed text not null, created_at timestamptz not null default now(), expires_at timestamptz not null);
create index oauth_grants_expires on oauth_grants (expires_at);

alter table source_credentials
  add column version bigint not null default 1,
  -- When the partner forgets the refresh token unless it is used; null: it doesn't, or there is none.
  add column keep_alive_at timestamptz,
  -- Set before the partner is asked and cleared with its answer: still set means that the answer was lost.
  add column renewal_began_at timestamptz,
  add column renew_after timestamptz,
  add column renewal_error jsonb,
  add column refused boolean not null default false;
create index source_credentials_keep_alive on source_credentials (keep_alive_at) where keep_alive_at is not null;
`;

export class OAuth1795348800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only: the tables hold what can't be got again. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
