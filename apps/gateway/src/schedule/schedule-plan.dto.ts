import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsUUID, Max, Min } from 'class-validator';
import { Optional } from '../http/optional.js';
import { Page } from '../http/paging.js';
import { ScheduleWarningDto } from '../sources/schedule.dto.js';
import { BusyHoursDto } from '../warehouses/warehouses.dto.js';

export class SuggestionQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1_440, default: 180, description: 'Of the source that is to start; 1440 for one preferred time a day.' })
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(1_440)
  intervalMinutes: number = 180;

  @ApiPropertyOptional({ format: 'uuid', description: 'Whose busy hours are avoided; those of all warehouses when it is left out.' }) @Optional() @IsUUID() warehouseId?: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'The source that is to be moved: its own runs don\'t count.' }) @Optional() @IsUUID() sourceId?: string;
}

export class DaySuggestionDto {
  @ApiProperty({ description: 'HH:MM in the workspace\'s time zone: a schedule\'s startAt, or its preferred time.' }) startAt!: string;
  @ApiProperty({ type: 'integer', description: 'Minute of the hour of startAt.' }) startMinute!: number;
  @ApiProperty() firstRunAt!: Date;
  @ApiProperty({ type: 'integer' }) intervalMinutes!: number;
  @ApiProperty() timeZone!: string;
  @ApiProperty({ description: 'Calls a minute that other sources are expected to make meanwhile, on average.' }) callsPerMinute!: number;
  @ApiProperty({ type: 'integer' }) runsPerDay!: number;
  @ApiProperty({ type: 'integer', description: 'How many of them begin in busy hours; not 0 only when the interval leaves no choice.' }) busyRunsPerDay!: number;
  @ApiProperty({ type: () => ScheduleWarningDto, isArray: true }) warnings!: ScheduleWarningDto[];
}

class SlotDto {
  @ApiProperty({ description: 'Its beginning; it lasts 15 minutes.' }) at!: Date;
  @ApiProperty({ type: 'integer', description: 'Runs that begin in it.' }) runs!: number;
  @ApiProperty({ type: 'integer', description: 'API calls that are expected in it.' }) calls!: number;
  @ApiProperty({ description: 'Begins within a warehouse\'s busy hours.' }) busy!: boolean;
}

class PlannedSourceDto {
  @ApiProperty({ format: 'uuid' }) sourceId!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: Date, isArray: true }) runs!: Date[];
  @ApiProperty({ type: 'integer', description: 'Of one run, from those that were; 60 until there are any.' }) expectedSeconds!: number;
  @ApiProperty({ type: 'integer', description: 'Of one run, from those that were; 10 until there are any.' }) expectedCalls!: number;
  @ApiProperty({ type: () => ScheduleWarningDto, isArray: true }) warnings!: ScheduleWarningDto[];
}

class WarehouseHoursDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: () => BusyHoursDto, isArray: true }) busyHours!: BusyHoursDto[];
}

export class SchedulePlanDto extends Page {
  @ApiProperty() from!: Date;
  @ApiProperty() to!: Date;
  @ApiProperty() timeZone!: string;
  @ApiProperty({ type: () => SlotDto, isArray: true }) slots!: SlotDto[];
  @ApiProperty({ type: () => WarehouseHoursDto, isArray: true }) warehouses!: WarehouseHoursDto[];
  @ApiProperty({ type: () => PlannedSourceDto, isArray: true, description: 'Active ones, in order of creation.' }) sources!: PlannedSourceDto[];
}
