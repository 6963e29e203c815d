import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsIn, IsInt, IsString, Matches, MaxLength, ValidateIf, ValidateNested } from 'class-validator';
import { SCHEDULE_MODES, type Schedule } from '#schedule';
import { Optional } from '../http/optional.js';

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const PERIOD = 'Minutes between scheduled syncs; 60 is the least unless the operator allows less, 1440 the most.';

export class CollectionRhythmDto {
  @ApiProperty() @IsString() @MaxLength(100) collection!: string;

  @ApiProperty({ type: 'integer', nullable: true, maximum: 10_080, description: 'Scheduled syncs read it about so often and leave it out in between, without a call. null: each of them reads it. Sync now reads all selected collections.' })
  @ValidateIf((_, value) => value !== null) @IsInt()
  everyMinutes!: number | null;
}

/** What is left out stays as it is. */
export class ScheduleDto {
  @ApiPropertyOptional({ enum: SCHEDULE_MODES, enumName: 'ScheduleMode', description: 'interval: every so many minutes. times: at times of day. Follows from what is given when it is left out.' })
  @Optional() @IsIn(SCHEDULE_MODES)
  mode?: Schedule['mode'];

  @ApiPropertyOptional({ type: 'integer', maximum: 1_440, description: PERIOD })
  @Optional() @IsInt()
  intervalMinutes?: number;

  @ApiPropertyOptional({ example: '00:17', description: 'HH:MM in the workspace\'s time zone that the interval counts from (see GET /api/v1/schedule/suggestion).' })
  @Optional() @Matches(TIME, { message: 'startAt must be a time of day, HH:MM' })
  startAt?: string;

  @ApiPropertyOptional({ type: String, isArray: true, example: ['06:00', '18:00'], description: 'Preferred times of day, HH:MM in the workspace\'s time zone. One that the clocks skip runs when they go on, one that they show twice runs once. A sync starts within the minute.' })
  @Optional() @IsArray() @ArrayNotEmpty() @ArrayMaxSize(1_440) @Matches(TIME, { each: true, message: 'times must be times of day, HH:MM' })
  times?: string[];

  @ApiPropertyOptional({ type: () => CollectionRhythmDto, isArray: true, description: 'Rhythms of single collections; those not named keep theirs.' })
  @Optional() @IsArray() @ArrayMaxSize(1_000) @ValidateNested({ each: true }) @Type(() => CollectionRhythmDto)
  collections?: CollectionRhythmDto[];
}

class ShownRhythmDto {
  @ApiProperty() collection!: string;
  @ApiProperty({ type: 'integer' }) everyMinutes!: number;
  @ApiProperty({ type: Date, nullable: true, description: 'The scheduled sync nearest to it reads the collection; null: the next one does.' }) dueAt!: Date | null;
}

export class ShownScheduleDto {
  @ApiProperty({ enum: SCHEDULE_MODES, enumName: 'ScheduleMode' }) mode!: Schedule['mode'];
  @ApiProperty({ type: 'integer', nullable: true, description: 'null with preferred times.' }) intervalMinutes!: number | null;
  @ApiProperty({ type: String, isArray: true, description: 'Preferred times of day; empty with an interval.' }) times!: string[];
  @ApiProperty({ description: 'Of the workspace.' }) timeZone!: string;
  @ApiProperty({ type: () => ShownRhythmDto, isArray: true, description: 'Collections with a rhythm of their own; each scheduled sync reads the others.' }) collections!: ShownRhythmDto[];
}

export class SyncQuotaDto {
  @ApiProperty({ type: 'integer', description: 'Syncs a day that the plan allows: scheduled ones and sync now.' }) perDay!: number;
  @ApiProperty({ type: 'integer' }) used!: number;
  @ApiProperty({ description: 'The workspace\'s next midnight.' }) resetsAt!: Date;
}

export const WARNING_CODES = ['quota_used_up', 'more_than_quota', 'runs_together', 'busy_hours'] as const;

export class ScheduleWarningDto {
  @ApiProperty({ enum: WARNING_CODES, enumName: 'ScheduleWarningCode' }) code!: (typeof WARNING_CODES)[number];
  @ApiProperty({ description: 'What happens.' }) title!: string;
  @ApiProperty({ description: 'What to do.' }) remedy!: string;
  @ApiPropertyOptional({ description: 'When it happens next; of a quota that is used up, when it ends.' }) at?: Date;
}
