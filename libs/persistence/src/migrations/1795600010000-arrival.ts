import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- Where the topics ended when a run was over: the raw topic's partitions, and by warehouse those of the record topics once all was normalised.
create table run_arrivals (
  run_id uuid primary key references runs on delete cascade, raw_ends jsonb not null, record_ends jsonb not null default '{}');
`;

export class Arrival1795600010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  async down(runner: QueryRunner): Promise<void> { await runner.query('drop table run_arrivals'); }
}
