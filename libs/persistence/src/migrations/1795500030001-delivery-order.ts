import type { MigrationInterface, QueryRunner } from 'typeorm';

const schema = `
-- When the event arrived at the product: the order of deliveries of one key, whatever partition they came by.
alter table deliveries add column arrived_at timestamptz not null default now();
drop index deliveries_in_order;
create index deliveries_in_order on deliveries (destination_id, order_key, arrived_at, seq) where state = 'waiting';
`;

export class DeliveryOrder1795500030001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> { await runner.query(schema); }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop index deliveries_in_order; create index deliveries_in_order on deliveries (destination_id, order_key, seq) where state = 'waiting'; alter table deliveries drop column arrived_at`);
  }
}
