import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- The token is known to the link only. Accepted and withdrawn ones are gone; the audit log remembers them.
create table invitations (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, email text not null, role text not null check (role in ('owner', 'editor', 'viewer')),
  token_hash text not null unique, invited_by uuid references users on delete set null, created_at timestamptz not null default now(), expires_at timestamptz not null);
create unique index invitations_email on invitations (workspace_id, lower(email));

alter table sessions add column id uuid not null default uuid_v7(), add column last_seen_at timestamptz not null default now(), add column ip text, add column user_agent text;
create index sessions_user on sessions (user_id);

-- People who only ever came from an identity provider have a password that nobody knows.
alter table users add column has_password boolean not null default true;
create table identities (
  issuer text not null, subject text not null, user_id uuid not null references users on delete cascade, email text not null,
  created_at timestamptz not null default now(), last_used_at timestamptz not null default now(), primary key (issuer, subject));
create index identities_user on identities (user_id);

-- No status: the request was taken, and its answer was never sent.
create table audit_log (
  id uuid primary key, workspace_id uuid not null references workspaces on delete cascade, at timestamptz not null default now(),
  actor_kind text not null check (actor_kind in ('person', 'api_key', 'nobody')), actor_id uuid, actor_name text not null,
  action text not null, title text not null, method text not null, path text not null, target_id text, target_name text,
  status integer, changes jsonb not null default '{}', ip text not null, user_agent text not null);
create index audit_log_workspace on audit_log (workspace_id, id);
create index audit_log_at on audit_log (at);

-- Counts of a moment: what a crash of the server forgets is no loss.
create unlogged table throttles (key text primary key, failures integer not null, failed_at timestamptz not null);
create index throttles_failed_at on throttles (failed_at);
-- Where a person signed in from: nobody else's wrong passwords keep them out there.
create table known_addresses (user_id uuid not null references users on delete cascade, address text not null, seen_at timestamptz not null default now(), primary key (user_id, address));
`;

export class Access1795500020000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table known_addresses; drop table throttles; drop table audit_log; drop table identities; drop table invitations; alter table users drop column has_password;
      alter table sessions drop column id, drop column last_seen_at, drop column ip, drop column user_agent`);
  }
}
