import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- What a run is asked to read anew; null for a run that reads what is new.
alter table runs add column extent jsonb;
-- Of runs with an extent: the source's own checkpoints stay where they are.
create table run_checkpoints (
  run_id uuid not null references runs on delete cascade, collection text not null, checkpoint jsonb not null, fencing_token bigint not null, updated_at timestamptz not null default now(),
  primary key (run_id, collection)) with (fillfactor = 70);

-- Grows when a person enters new credentials, not when they are renewed.
alter table source_credentials add column entered integer not null default 1;

-- The last complete pass through a collection that is read whole; times in milliseconds on the partner's clock.
create table collection_passes (
  source_id uuid not null references sources on delete cascade, collection text not null, pass bigint not null, closed boolean not null default false, overflowed boolean not null default false,
  primary key (source_id, collection));
create table pass_records (
  source_id uuid not null references sources on delete cascade, collection text not null, record_id text not null,
  -- The newest pass that saw it, and with which credentials.
  pass bigint not null, entered integer not null,
  -- Complete passes since then that did not.
  missed integer not null default 0,
  -- Version of the deletion that was made of it; it may come back.
  gone bigint, told boolean not null default false,
  primary key (source_id, collection, record_id)) with (fillfactor = 80);
create index pass_records_untold on pass_records (source_id, collection) where gone is not null and not told;
create index pass_records_gone on pass_records (source_id) where gone is not null;

-- What is on the dead-letter topics, for people.
create table dead_letters (
  id uuid primary key, topic text not null, partition integer not null, "offset" bigint not null,
  service text not null, letter_id text not null, reason text not null, message text not null,
  workspace_id uuid, source_id uuid, connector text, collection text, record_index integer,
  from_topic text not null, from_partition integer not null, from_offset bigint not null,
  preview text not null, bytes bigint not null, buried_at timestamptz not null,
  state text not null default 'open' check (state in ('open', 'replaying', 'replayed', 'refused', 'discarded')), state_at timestamptz, answer text,
  replay_of uuid);
create unique index dead_letters_place on dead_letters (topic, partition, "offset");
create unique index dead_letters_letter on dead_letters (service, letter_id);
create index dead_letters_workspace on dead_letters (workspace_id, id);
create index dead_letters_replaying on dead_letters (id) where state = 'replaying';
`;

export class Again1795400050000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
