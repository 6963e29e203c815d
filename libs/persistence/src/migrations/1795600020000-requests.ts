import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- A key of a request that makes no resource of its own: what it was answered, or until when it is being worked on.
alter table idempotency_keys alter column resource_id drop not null, add column running_until timestamptz, add column status integer, add column answer_sealed text;

-- Requests to routes that take a password or a link, by whom, for all gateways together.
create unlogged table request_counts (key text primary key, tokens double precision not null, at timestamptz not null);

-- A login for people's SQL that an administrator made, where the loader's login may make none.
alter table warehouses add column reader_user text, add column reader_password_sealed text;
`;

export class Requests1795600020000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only: a login that somebody entered can't be got again. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
