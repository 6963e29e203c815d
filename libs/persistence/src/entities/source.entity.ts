import type { ErrorReport, Notice, RunState, SourceState } from '#contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** PostgreSQL's bigint as a number: none of ours reaches 2^53. */
const bigint = { to: (value: number | null | undefined): number | null | undefined => value, from: (value: string | null): number | null => (value === null ? null : Number(value)) };

/** `HH:MM` in the workspace's zone; `to` at or before `from` is on the next day. */
export interface BusyHours { readonly from: string; readonly to: string }

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
  /** The login that people's SQL runs under, when an administrator made it. Its password is sealed as `sealContext.warehouseLogin(id)`. */
  @Column('text', { nullable: true }) readerUser!: string | null;
  @Column('text', { nullable: true }) readerPasswordSealed!: string | null;
  @Column('boolean', { default: true }) enabled!: boolean;
  /** When people need it for themselves. */
  @Column('jsonb', { default: () => "'[]'" }) busyHours!: BusyHours[];
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  /** Grows with every change of what it takes. */
  @Column('bigint', { default: 0 }) selectionVersion!: string;
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
  /** `times`: the interval stays what it was. */
  @Column('text', { default: 'interval' }) scheduleMode!: 'interval' | 'times';
  @Column('integer') intervalMinutes!: number;
  /** `HH:MM` in the workspace's zone, in order. */
  @Column('text', { array: true, default: () => "'{}'" }) scheduleTimes!: string[];
  /** When the next scheduled run is due; keeps its phase. */
  @Column('timestamptz') nextRunAt!: Date;
  /** The workspace's day, `YYYY-MM-DD`, that `syncsUsed` counts for. */
  @Column('date', { nullable: true }) syncsDay!: string | null;
  @Column('integer', { default: 0 }) syncsUsed!: number;
  /** What a scheduled run or a sync now takes, a moving average of those that succeeded; null: none has yet. */
  @Column('bigint', { nullable: true, transformer: bigint }) expectedMs!: number | null;
  @Column('bigint', { nullable: true, transformer: bigint }) expectedCalls!: number | null;
  @Column('timestamptz', { nullable: true }) lastSyncRequestedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) lastRunAt!: Date | null;
  @Column('text', { nullable: true }) lastRunState!: RunState | null;
  /** Set by a run that succeeded: every selected collection is at least as fresh as this. */
  @Column('timestamptz', { nullable: true }) lastSuccessAt!: Date | null;
  @Column('jsonb', { nullable: true }) error!: ErrorReport | null;
  /** Runs in a row that failed, and the start of the first of them. */
  @Column('integer', { default: 0 }) failedRuns!: number;
  @Column('timestamptz', { nullable: true }) failingSince!: Date | null;
  @Column('jsonb', { nullable: true }) warning!: Notice | null;
  /** Why it was paused, unless a person did it. */
  @Column('jsonb', { nullable: true }) pausedReason!: Notice | null;
  /** See `PartnerAccountRepository`. */
  @Column('uuid', { nullable: true }) accountId!: string | null;
  /** Calls a day (UTC); null: any number. */
  @Column('integer', { nullable: true }) dailyCallBudget!: number | null;
  /** Of the partner's own limit, left to its other users. */
  @Column('integer', { default: 20 }) partnerReservePercent!: number;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) deletedAt!: Date | null;
}

@Entity('source_collections')
export class SourceCollectionEntity {
  @PrimaryColumn('uuid') sourceId!: string;
  @PrimaryColumn('text') collection!: string;
  /** Scheduled runs read it about so often; null: each of them. */
  @Column('integer', { nullable: true }) everyMinutes!: number | null;
  /** When the run that last tried it was queued. */
  @Column('timestamptz', { nullable: true }) triedAt!: Date | null;
  /** When the last run that read all of it began. */
  @Column('timestamptz', { nullable: true }) readAt!: Date | null;
}
