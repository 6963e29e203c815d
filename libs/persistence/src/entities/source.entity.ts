import type { ErrorReport, RunState, SourceState } from '#contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('warehouses')
export class WarehouseEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') workspaceId!: string;
  @Column('text') name!: string;
  @Column('text', { default: 'postgres' }) kind!: string;
  /** Sealed by the vault as `sealContext.warehouseUrl(id)`. */
  @Column('text') urlSealed!: string;
  /** Host and database, to recognise it by; without user and password. */
  @Column('text') location!: string;
  @Column('boolean', { default: true }) enabled!: boolean;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
}

@Entity('sources')
export class SourceEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') workspaceId!: string;
  @Column('text') connector!: string;
  @Column('text') name!: string;
  /** Name of the warehouse's schema: permanent, and never given to another source, not even after this one is deleted. */
  @Column('text') slug!: string;
  @Column('uuid', { nullable: true }) warehouseId!: string | null;
  @Column('text', { default: 'active' }) state!: SourceState;
  /** Values of the connector's configuration that aren't secret. */
  @Column('jsonb', { default: () => "'{}'" }) configuration!: Record<string, string>;
  /** Nothing older is asked for. */
  @Column('timestamptz') startDate!: Date;
  @Column('integer') intervalMinutes!: number;
  /** When the next scheduled run is due; keeps its phase. */
  @Column('timestamptz') nextRunAt!: Date;
  @Column('timestamptz', { nullable: true }) lastSyncRequestedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) lastRunAt!: Date | null;
  @Column('text', { nullable: true }) lastRunState!: RunState | null;
  /** When a run last read all selected collections: the data is as fresh as this run's start. */
  @Column('timestamptz', { nullable: true }) lastSuccessAt!: Date | null;
  @Column('jsonb', { nullable: true }) error!: ErrorReport | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) deletedAt!: Date | null;
}

@Entity('source_collections')
export class SourceCollectionEntity {
  @PrimaryColumn('uuid') sourceId!: string;
  @PrimaryColumn('text') collection!: string;
}
