import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- How far a replay has come.
alter table runs add column progress jsonb;

-- Index of the dead-letter topics. Letters of nobody's workspace are in it too, and are seen by nobody.
create table dead_letters (
  id uuid primary key, workspace_id uuid references workspaces on delete cascade, source_id uuid, service text not null, reason text not null, message text not null,
  connector text, collection text, topic text not null, partition integer not null, kafka_offset bigint not null, record_index integer,
  letter_topic text not null, letter_partition integer not null, letter_offset bigint not null, key bytea, value bytea, headers jsonb not null,
  state text not null default 'open' check (state in ('open', 'replayed', 'discarded')), at timestamptz not null, settled_at timestamptz, sent_at timestamptz, replay_of uuid,
  unique (letter_topic, letter_partition, letter_offset));
create index dead_letters_listed on dead_letters (workspace_id, state, id);
create index dead_letters_unsent on dead_letters (id) where state = 'replayed' and sent_at is null;
create index dead_letters_settled on dead_letters (settled_at) where state <> 'open';
create index dead_letters_replay_of on dead_letters (replay_of) where replay_of is not null;
create table dead_letter_offsets (topic text not null, partition integer not null, next_offset bigint not null, primary key (topic, partition));
`;

export class Replay1795400100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  async down(runner: QueryRunner): Promise<void> { await runner.query('drop table dead_letter_offsets; drop table dead_letters; alter table runs drop column progress'); }
}
