import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- Set once the log and the calls of an old run were deleted.
alter table runs add column details_deleted_at timestamptz;
create index runs_with_details on runs (finished_at) where details_deleted_at is null;
create index runs_without_details on runs (finished_at) where details_deleted_at is not null;
create index idempotency_keys_created on idempotency_keys (created_at);
create index api_usage_day on api_usage (day);
create index account_calls_hour on account_calls (hour);
create index webhook_endpoints_not_after on webhook_endpoints (not_after) where not_after is not null;
create index webhook_secrets_not_after on webhook_secrets (not_after) where not_after is not null;
`;

export class Housekeeping1795500040000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  /** Goes forward only: what was deleted is gone. */
  async down(): Promise<void> { throw new Error('This migration has no way back. The version before works with it.'); }
}
