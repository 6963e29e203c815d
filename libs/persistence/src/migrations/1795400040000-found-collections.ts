import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- Collections that only the source's account knows (custom objects), as the partner last told.
create table found_collections (
  source_id uuid not null references sources on delete cascade, collection text not null, declaration jsonb not null, found_at timestamptz not null default now(), primary key (source_id, collection));

-- Types of columns as the partner describes them; the version grows with each change.
create table described_fields (
  source_id uuid not null references sources on delete cascade, collection text not null, types jsonb not null, calculated text[] not null default '{}', version integer not null default 1,
  described_at timestamptz not null default now(), primary key (source_id, collection));
`;

export class FoundCollections1795400040000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  async down(runner: QueryRunner): Promise<void> { await runner.query('drop table described_fields; drop table found_collections'); }
}
