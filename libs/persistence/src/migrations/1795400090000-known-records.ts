import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- Of collections whose deletes are found by comparing complete passes: what the passes found and was not deleted since.
create table known_records (
  source_id uuid not null references sources on delete cascade, collection text not null, record_id text not null,
  -- The run whose pass missed it and was doubted; the next run's pass decides.
  missing_in uuid, primary key (source_id, collection, record_id));
create table full_passes (
  source_id uuid not null references sources on delete cascade, collection text not null, run_id uuid not null, at timestamptz not null default now(),
  -- The newest version of a record in any pass, so that a deletion is newer.
  newest bigint not null, primary key (source_id, collection));
`;

export class KnownRecords1795400090000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
