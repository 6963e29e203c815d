import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
alter table workspaces
  -- IANA name. Times of day, and the day that a quota counts by, are meant in it.
  add column time_zone text not null default 'UTC',
  -- Syncs a day that the plan allows each source; null: the operator's default, 0: as many as wanted.
  add column syncs_per_day integer check (syncs_per_day >= 0);

-- [{"from": "HH:MM", "to": "HH:MM"}] in the workspace's zone.
alter table warehouses add column busy_hours jsonb not null default '[]';

alter table sources
  add column schedule_mode text not null default 'interval' check (schedule_mode in ('interval', 'times')),
  add column schedule_times text[] not null default '{}',
  -- The workspace's day that syncs_used counts for.
  add column syncs_day date,
  add column syncs_used integer not null default 0,
  -- What a scheduled run or a sync now takes, a moving average of those that succeeded; null: none has yet.
  add column expected_ms bigint,
  add column expected_calls bigint;

alter table source_collections
  -- Read by scheduled runs about so often; null: by each.
  add column every_minutes integer check (every_minutes > 0),
  -- When the run that last tried it was queued, and when the last one that read all of it began.
  add column tried_at timestamptz,
  add column read_at timestamptz;
`;

export class Schedule1795400010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only: the columns hold what people have set. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
