import type { CollectionRunState, ErrorReport, Notice, ReplayProgress, RunState, RunTrigger, SupportState } from '#contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** PostgreSQL's bigint as a number: none of ours reaches 2^53. */
const bigint = { to: (value: number | undefined): number | undefined => value, from: (value: string): number => Number(value) };

/** How a run is going to end. */
export interface Ending { readonly state: 'failed' | 'killed'; readonly error: ErrorReport }

/** What a run reads anew, with checkpoints of its own. Times as ISO 8601; both or none: of the records, or for a replay of what was received. */
export interface RunExtent {
  readonly collections: readonly string[];
  readonly from?: string;
  readonly to?: string;
}

@Entity('runs')
export class RunEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') workspaceId!: string;
  @Column('uuid') sourceId!: string;
  @Column('text') connector!: string;
  @Column('text', { default: 'queued' }) state!: RunState;
  @Column('text') trigger!: RunTrigger;
  /** Null: what is new in all selected collections. */
  @Column('jsonb', { nullable: true }) extent!: RunExtent | null;
  /** Of a replay. */
  @Column('jsonb', { nullable: true }) progress!: ReplayProgress | null;
  @Column('timestamptz', { nullable: true }) detailsDeletedAt!: Date | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) finishedAt!: Date | null;
  /** When a deferred run goes on. */
  @Column('timestamptz', { nullable: true }) resumeAt!: Date | null;
  @Column('text', { nullable: true }) leaseOwner!: string | null;
  /** One more with every claim; who holds an older one can't write. */
  @Column('bigint', { default: 0, transformer: bigint }) fencingToken!: number;
  @Column('timestamptz', { nullable: true }) heartbeatAt!: Date | null;
  @Column('timestamptz', { nullable: true }) leaseExpiresAt!: Date | null;
  /** While it waits for a rate limit within its attempt. */
  @Column('timestamptz', { nullable: true }) waitingUntil!: Date | null;
  /** How it will end once support has its log: see `SupportRepository`. */
  @Column('jsonb', { nullable: true }) ending!: Ending | null;
  @Column('jsonb', { default: () => "'[]'" }) warnings!: Notice[];
  /** Where support must know of it; `notifiedAt` is ISO 8601. */
  @Column('jsonb', { nullable: true }) support!: { readonly state: SupportState; readonly notifiedAt?: string | null } | null;
  /** Attempts in a row that died without getting any further. */
  @Column('integer', { default: 0 }) losses!: number;
  /** When its command was last put into the outbox, and how often since it was queued. */
  @Column('timestamptz', { default: () => 'now()' }) commandSentAt!: Date;
  @Column('integer', { default: 1 }) commandsSent!: number;
  @Column('jsonb', { nullable: true }) error!: ErrorReport | null;
  @Column('bigint', { default: 0, transformer: bigint }) records!: number;
  @Column('bigint', { default: 0, transformer: bigint }) apiCalls!: number;
}

@Entity('collection_runs')
export class CollectionRunEntity {
  @PrimaryColumn('uuid') runId!: string;
  @PrimaryColumn('text') collection!: string;
  @Column('text', { default: 'queued' }) state!: CollectionRunState;
  @Column('timestamptz', { nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) finishedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) waitingUntil!: Date | null;
  @Column('boolean', { nullable: true }) fullPass!: boolean | null;
  @Column('jsonb', { nullable: true }) warning!: Notice | null;
  @Column('jsonb', { nullable: true }) error!: ErrorReport | null;
  @Column('bigint', { default: 0, transformer: bigint }) records!: number;
  @Column('bigint', { default: 0, transformer: bigint }) apiCalls!: number;
}
