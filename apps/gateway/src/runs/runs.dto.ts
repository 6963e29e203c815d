import { ApiProperty } from '@nestjs/swagger';
import { COLLECTION_RUN_STATES, RUN_STATES, RUN_TRIGGERS, type CollectionRunState, type RunState, type RunTrigger } from '#contracts';
import { Page } from '../http/paging.js';
import { ErrorReportDto } from '../http/problem.dto.js';

export class RunDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) sourceId!: string;
  @ApiProperty({ enum: RUN_STATES, enumName: 'RunState' }) state!: RunState;
  @ApiProperty({ enum: RUN_TRIGGERS, enumName: 'RunTrigger' }) trigger!: RunTrigger;
  @ApiProperty() createdAt!: Date;
  @ApiProperty({ type: Date, nullable: true }) startedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) finishedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true, description: 'When a deferred run goes on.' }) resumeAt!: Date | null;
  @ApiProperty({ type: 'integer', description: 'Records that are durable.' }) records!: number;
  @ApiProperty({ type: 'integer' }) apiCalls!: number;
  @ApiProperty({ type: () => ErrorReportDto, nullable: true }) error!: ErrorReportDto | null;
}

export class CollectionRunDto {
  @ApiProperty() collection!: string;
  @ApiProperty({ enum: COLLECTION_RUN_STATES, enumName: 'CollectionRunState', description: 'skipped: not reached, because authentication failed first.' }) state!: CollectionRunState;
  @ApiProperty({ type: 'integer' }) records!: number;
  @ApiProperty({ type: 'integer' }) apiCalls!: number;
  @ApiProperty({ type: Date, nullable: true }) startedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) finishedAt!: Date | null;
  @ApiProperty({ type: () => ErrorReportDto, nullable: true }) error!: ErrorReportDto | null;
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

export class RunLogDto {
  @ApiProperty({ type: () => LogLineDto, isArray: true }) data!: LogLineDto[];
}
