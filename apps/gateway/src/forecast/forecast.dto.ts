import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, IsObject, IsOptional, IsString, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { Optional } from '../http/optional.js';
import { ScheduleDto } from '../sources/schedule.dto.js';

export class AskForecastDto {
  @ApiProperty({ description: 'Name in the catalog.' }) @IsString() @MaxLength(100) connector!: string;

  @ApiPropertyOptional({ type: String, isArray: true, description: 'Those selected by default when it is left out. Where accounts have collections of their own, a name that the catalog doesn\'t have is taken for one of them.' })
  @Optional() @IsArray() @ArrayMaxSize(1_000) @IsString({ each: true }) @MaxLength(100, { each: true })
  collections?: string[];

  @ApiPropertyOptional({ type: () => ScheduleDto, description: 'Every 180 minutes when it is left out.' }) @Optional() @ValidateNested() @Type(() => ScheduleDto)
  schedule?: ScheduleDto;

  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' }, description: 'Values of the connector\'s configuration that change what a sync reads; credentials aren\'t needed.' }) @Optional() @IsObject()
  configuration?: Record<string, string>;

  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, description: 'API calls a day (UTC) that the source is to have.' }) @IsOptional() @IsInt() @Min(1) @Max(100_000_000)
  dailyCallBudget?: number | null;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: 99, default: 20, description: 'Percent of the partner\'s own daily limit that are to be left to its other users.' }) @Optional() @IsInt() @Min(0) @Max(99)
  partnerReservePercent?: number;
}

class CollectionForecastDto {
  @ApiProperty() collection!: string;
  @ApiProperty() selected!: boolean;
  @ApiProperty({ type: String, isArray: true, description: 'Selected collections whose records come in its pages; it is read for them, too.' }) readFor!: string[];
  @ApiProperty({ description: 'Calls of a sync that reads it: with basis declared of one in which nothing changed; with measured an average.' }) callsPerSync!: number;
  @ApiProperty({ enum: ['declared', 'measured'] }) basis!: 'declared' | 'measured';
  @ApiProperty({ description: 'Each sync reads all of it, and how many records there are isn\'t known before the first one: it costs no less than this.' }) isLeast!: boolean;
  @ApiProperty({ type: 'integer', description: 'Syncs that the average is made of: the latest, 20 at most.' }) measuredRuns!: number;
  @ApiProperty({ description: 'Scheduled syncs a day that read it, by its rhythm.' }) readsPerDay!: number;
  @ApiProperty({ description: 'Of them those that read all of it, for its calculated columns.' }) fullReadsPerDay!: number;
  @ApiProperty({ type: Number, nullable: true, description: 'Calls of a read of everything, as measured; null: not known yet.' }) fullReadCalls!: number | null;
  @ApiProperty({ description: 'A day, on average.' }) callsPerDay!: number;
}

class FirstSyncDto {
  @ApiProperty({ type: 'integer', nullable: true, description: 'Calls; null when it is unknown.' }) calls!: number | null;
  @ApiProperty({ type: 'integer', description: 'No fewer than this: one page of each collection.' }) atLeast!: number;
  @ApiProperty({ enum: ['measured', 'unknown'] }) basis!: 'measured' | 'unknown';
  @ApiProperty({ description: 'What this is based on.' }) explanation!: string;
}

class ForecastLimitDto {
  @ApiProperty({ enum: ['budget', 'partner'], description: 'The source\'s daily budget, or the partner\'s own limit.' }) kind!: 'budget' | 'partner';
  @ApiProperty() name!: string;
  @ApiProperty({ type: 'integer', description: 'Calls a day.' }) limit!: number;
  @ApiProperty({ type: 'integer', description: 'Of that kept for others by the source\'s reserve.' }) reserved!: number;
  @ApiProperty({ type: 'integer', description: 'Of that used by others when it was read, and by other sources of the account in the last 24 hours.' }) usedByOthers!: number;
  @ApiProperty({ type: 'integer', description: 'What remains for this source.' }) available!: number;
  @ApiProperty({ type: Number, nullable: true, description: 'The forecast in percent of what remains; null when nothing does.' }) percent!: number | null;
  @ApiProperty({ type: Date, nullable: true, description: 'When the partner said so; null: not said by the partner.' }) readAt!: Date | null;
}

const FORECAST_WARNINGS = ['over_budget', 'over_partner_limit', 'full_reads_unknown'] as const;

class ForecastWarningDto {
  @ApiProperty({ enum: FORECAST_WARNINGS, enumName: 'ForecastWarningCode' }) code!: (typeof FORECAST_WARNINGS)[number];
  @ApiProperty({ description: 'What will happen.' }) title!: string;
  @ApiProperty({ description: 'What to do.' }) remedy!: string;
}

export class ForecastDto {
  @ApiProperty({ description: 'Scheduled syncs a day, within the plan\'s quota.' }) runsPerDay!: number;
  @ApiProperty({ description: 'Calls of a sync that reads all selected collections.' }) callsPerSync!: number;
  @ApiProperty({ type: 'integer', description: 'A day, once the first sync is over.' }) callsPerDay!: number;
  @ApiProperty({ type: () => FirstSyncDto }) firstSync!: FirstSyncDto;
  @ApiProperty({ type: () => ForecastLimitDto, isArray: true, description: 'What the calls of a day are held against; empty where there is no budget and the partner has no daily limit, or didn\'t tell yet.' }) limits!: ForecastLimitDto[];
  @ApiProperty({ type: () => ForecastWarningDto, isArray: true }) warnings!: ForecastWarningDto[];
  @ApiProperty({ type: () => CollectionForecastDto, isArray: true, description: 'All collections; those that aren\'t selected cost nothing.' }) collections!: CollectionForecastDto[];
}
