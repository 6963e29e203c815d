import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- The kinds there were when somebody chose: one that came later is told of until somebody says no. By default those that the version before it began with.
alter table notification_settings add column known text[] not null default '{run_failed,access_denied,paused,reads_nothing}';
-- Two came later, together: who chose one of them saw both.
update notification_settings set known = known || '{run_partial,destination_disabled}' where kinds && '{run_partial,destination_disabled}';
`;

export class NotificationKinds1795700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  async down(runner: QueryRunner): Promise<void> { await runner.query('alter table notification_settings drop column known'); }
}
