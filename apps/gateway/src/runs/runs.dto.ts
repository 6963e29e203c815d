import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { COLLECTION_RUN_STATES, RUN_STATES, RUN_TRIGGERS, SUPPORT_STATES, type CollectionRunState, type RunState, type RunTrigger, type SupportState } from '#contracts';
import type { RunEntity } from '#persistence';
import { NoticeDto } from '../http/notice.dto.js';
import { Page } from '../http/paging.js';
import { ErrorReportDto } from '../http/problem.dto.js';

class SupportDto {
  @ApiProperty({ enum: SUPPORT_STATES, enumName: 'SupportState', description: 'notified: support has the complete log. pending: it is still being sent.' }) state!: SupportState;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) notifiedAt!: string | null;
}

class AttemptDto {
  @ApiProperty() startedAt!: Date;
  @ApiProperty({ type: Date, nullable: true }) endedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true, description: 'The state that it ended with; lost: its fetcher went silent; released: its fetcher was told to stop; null: under way.' }) outcome!: string | null;
  @ApiProperty({ type: 'integer' }) records!: number;
  @ApiProperty({ type: 'integer' }) apiCalls!: number;
  @ApiProperty({ description: 'Whether a checkpoint moved or a collection was finished.' }) progressed!: boolean;
}

class RunExtentDto {
  @ApiProperty({ type: String, isArray: true }) collections!: readonly string[];
  @ApiPropertyOptional({ format: 'date-time' }) from?: string;
  @ApiPropertyOptional({ format: 'date-time' }) to?: string;
}

class ReplayProgressDto {
  @ApiProperty({ type: 'integer', description: 'Of `total` retained messages of the connector: looked at, and what is of this source normalised again.' }) done!: number;
  @ApiProperty({ type: 'integer' }) total!: number;
  @ApiProperty({ type: 'integer', description: 'Raw pages and webhooks of this source.' }) pages!: number;
  @ApiPropertyOptional({ format: 'date-time', description: 'When the oldest of them was received.' }) oldest?: string;
}

export class RunDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) sourceId!: string;
  @ApiProperty({ enum: RUN_STATES, enumName: 'RunState' }) state!: RunState;
  @ApiProperty({ enum: RUN_TRIGGERS, enumName: 'RunTrigger' }) trigger!: RunTrigger;
  @ApiProperty({ type: () => RunExtentDto, nullable: true, description: 'What a re-sync or a replay brings anew; null: what is new in all selected collections.' }) extent!: RunExtentDto | null;
  @ApiProperty({ type: Date, nullable: true, description: 'When its log and its API calls were deleted, some weeks after its end; null: they are there.' }) detailsDeletedAt!: Date | null;
  @ApiProperty({ type: () => ReplayProgressDto, nullable: true, description: 'Of a replay.' }) progress!: ReplayProgressDto | null;
  @ApiProperty() createdAt!: Date;
  @ApiProperty({ type: Date, nullable: true }) startedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) finishedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true, description: 'When a deferred run goes on.' }) resumeAt!: Date | null;
  @ApiProperty({ type: 'integer', description: 'Records that are durable.' }) records!: number;
  @ApiProperty({ type: 'integer' }) apiCalls!: number;
  @ApiProperty({ type: Date, nullable: true, description: 'It waits until then: for a rate limit, or because it is deferred.' }) waitingUntil!: Date | null;
  @ApiProperty({ type: () => ErrorReportDto, nullable: true }) error!: ErrorReportDto | null;
  @ApiProperty({ type: () => NoticeDto, isArray: true }) warnings!: NoticeDto[];
  @ApiProperty({ type: () => SupportDto, nullable: true, description: 'Present where support is told of the run.' }) support!: SupportDto | null;
}

export const ahead = (until: Date | null): Date | null => (until !== null && until.getTime() > Date.now() ? until : null);

export const shown = ({ id, sourceId, state, trigger, extent, detailsDeletedAt, progress, createdAt, startedAt, finishedAt, resumeAt, waitingUntil, records, apiCalls, error, warnings, support }: RunEntity): RunDto => ({
  id, sourceId, state, trigger, extent, detailsDeletedAt, progress, createdAt, startedAt, finishedAt, resumeAt, waitingUntil: ahead(state === 'deferred' ? resumeAt : waitingUntil), records, apiCalls, error, warnings,
  support: support === null ? null : { state: support.state, notifiedAt: support.notifiedAt ?? null },
});

export class CollectionRunDto {
  @ApiProperty() collection!: string;
  @ApiProperty({ enum: COLLECTION_RUN_STATES, enumName: 'CollectionRunState', description: 'skipped: not reached, because authentication failed first.' }) state!: CollectionRunState;
  @ApiProperty({ type: 'integer' }) records!: number;
  @ApiProperty({ type: 'integer' }) apiCalls!: number;
  @ApiProperty({ type: Date, nullable: true }) startedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) finishedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true, description: 'It waits until then.' }) waitingUntil!: Date | null;
  @ApiProperty({ type: Boolean, nullable: true, description: 'Everything is read, not only what is new; null: not known yet.' }) fullPass!: boolean | null;
  @ApiProperty({ type: Date, nullable: true, description: 'From when on it brings changes: the sync before began then. null: it reads everything.' }) changesSince!: Date | null;
  @ApiProperty({ type: () => ErrorReportDto, nullable: true }) error!: ErrorReportDto | null;
  @ApiProperty({ type: () => NoticeDto, nullable: true }) warning!: NoticeDto | null;
}

export class ApiCallDto {
  @ApiProperty() collection!: string;
  @ApiProperty() method!: string;
  @ApiProperty({ description: 'Path and query, without credentials.' }) request!: string;
  @ApiProperty({ type: 'integer', description: '0: no answer came.' }) status!: number;
  @ApiProperty() startedAt!: Date;
  @ApiProperty({ type: 'integer' }) durationMs!: number;
  @ApiProperty({ type: 'integer' }) bytes!: number;
}

export class RunDetailDto extends RunDto {
  @ApiProperty({ type: () => CollectionRunDto, isArray: true }) collections!: CollectionRunDto[];
  @ApiProperty({ type: () => AttemptDto, isArray: true, description: 'Each time that a fetcher took the run, in order. One that gets no further three times in a row fails.' }) attempts!: AttemptDto[];
  @ApiProperty({ type: 'integer', description: 'Attempts in a row that died without getting any further.' }) attemptsWithoutProgress!: number;
  @ApiProperty({ type: () => ApiCallDto, isArray: true, description: 'The first 2,000 calls of the run, in order.' }) calls!: ApiCallDto[];
}

export class RunListDto extends Page {
  @ApiProperty({ type: () => RunDto, isArray: true }) data!: RunDto[];
}

class LogLineDto {
  @ApiProperty() at!: Date;
  @ApiProperty({ enum: ['info', 'warn', 'error'] }) level!: string;
  @ApiProperty() message!: string;
}

export class RunLogDto extends Page {
  @ApiProperty({ type: () => LogLineDto, isArray: true }) data!: LogLineDto[];
}
