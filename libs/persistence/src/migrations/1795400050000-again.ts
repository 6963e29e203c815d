import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- What a run is asked to read anew; null for a run that reads what is new.
alter table runs add column extent jsonb;
-- Of runs with an extent: the source's own checkpoints stay where they are.
create table run_checkpoints (
  run_id uuid not null references runs on delete cascade, collection text not null, checkpoint jsonb not null, fencing_token bigint not null, updated_at timestamptz not null default now(),
  primary key (run_id, collection)) with (fillfactor = 70);
`;

export class Again1795400050000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
