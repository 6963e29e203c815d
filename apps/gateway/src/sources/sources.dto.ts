import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsInt, IsISO8601, IsObject, IsOptional, IsString, IsUUID, Max, MaxLength, Min, MinLength, ValidateIf, ValidateNested } from 'class-validator';
import { RUN_STATES, SOURCE_STATES, type RunState, type SourceState } from '#contracts';
import { Type } from 'class-transformer';
import { Page } from '../http/paging.js';
import { NoticeDto } from '../http/notice.dto.js';
import { Optional } from '../http/optional.js';
import { ErrorReportDto } from '../http/problem.dto.js';
import { ScheduleDto, ScheduleWarningDto, ShownScheduleDto, SyncQuotaDto } from './schedule.dto.js';

const configuration = { type: 'object', additionalProperties: { type: 'string' }, description: 'Values of the connector\'s configuration (see the catalog). Secrets are stored encrypted and never returned.' } as const;

const budget = { type: 'integer', nullable: true, minimum: 1, description: 'API calls a day (UTC) that the source may make; null: any number. When it is used up, a run waits for the next day and goes on where it stopped.' } as const;
const reserve = { type: 'integer', minimum: 0, maximum: 99, default: 20, description: 'Percent of the partner\'s own daily limit that are left to its other users, where the partner tells how much is used.' } as const;

export class CollectionsDto {
  @ApiProperty({ type: String, isArray: true, description: 'Names of collections. Those left out cost no call.' })
  @IsArray() @ArrayNotEmpty() @ArrayMaxSize(1_000) @IsString({ each: true })
  collections!: string[];
}

export class CredentialsDto {
  @ApiPropertyOptional(configuration) @ValidateIf(({ grantId, configuration: given }: CredentialsDto) => grantId === undefined || given !== undefined) @IsObject()
  configuration?: Record<string, string>;

  @ApiPropertyOptional({ format: 'uuid', description: 'Of an OAuth sign-in that a person agreed to (POST /api/v1/oauth/{connector}/start): instead of credentials in the configuration, by the user or key that began it, once.' })
  @Optional() @IsUUID()
  grantId?: string;
}

export class TestSourceDto extends CredentialsDto {
  @ApiProperty({ description: 'Name in the catalog.' }) @IsString() @MaxLength(100) connector!: string;

  @ApiPropertyOptional({ type: String, isArray: true, description: 'Collections whose permission is tried; all of them when it is left out.' })
  @Optional() @IsArray() @ArrayMaxSize(1_000) @IsString({ each: true })
  collections?: string[];
}

export class DiscoverDto extends CredentialsDto {
  @ApiProperty({ description: 'Name in the catalog.' }) @IsString() @MaxLength(100) connector!: string;
}

export class CreateSourceDto extends TestSourceDto {
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(200) name!: string;

  @ApiPropertyOptional({ description: 'Name of the source\'s schema in the warehouse: permanent. Made of the name when it is left out.', pattern: '^[a-z][a-z0-9_]{0,62}$' })
  @Optional() @IsString() @MaxLength(63)
  slug?: string;

  @ApiPropertyOptional({ type: String, format: 'uuid', nullable: true, description: 'Where it loads; the workspace\'s only enabled warehouse when it is left out. Object collections need one.' })
  @IsOptional() @IsUUID()
  warehouseId?: string | null;

  @ApiPropertyOptional({ format: 'date-time', description: 'Nothing older is asked for; at most one year back, and that when it is left out.' })
  @Optional() @IsISO8601({ strict: true })
  startDate?: string;

  @ApiPropertyOptional({ type: 'integer', maximum: 1_440, default: 180, description: 'The same as schedule.intervalMinutes.' })
  @Optional() @IsInt()
  intervalMinutes?: number;

  @ApiPropertyOptional({ type: () => ScheduleDto, description: 'Every 180 minutes when it is left out.' }) @Optional() @ValidateNested() @Type(() => ScheduleDto)
  schedule?: ScheduleDto;

  @ApiPropertyOptional(budget) @IsOptional() @IsInt() @Min(1) @Max(100_000_000)
  dailyCallBudget?: number | null;

  @ApiPropertyOptional(reserve) @Optional() @IsInt() @Min(0) @Max(99)
  partnerReservePercent?: number;
}

export class ChangeSourceDto {
  @ApiPropertyOptional() @Optional() @IsString() @MinLength(1) @MaxLength(200) name?: string;
  @ApiPropertyOptional({ type: String, format: 'uuid', nullable: true }) @ValidateIf((_, value) => value !== null && value !== undefined) @IsUUID() warehouseId?: string | null;
  @ApiPropertyOptional({ type: () => ScheduleDto }) @Optional() @ValidateNested() @Type(() => ScheduleDto) schedule?: ScheduleDto;
  @ApiPropertyOptional({ ...budget, description: `${budget.description} Raising it lets a run that waits for it go on at once.` }) @IsOptional() @IsInt() @Min(1) @Max(100_000_000) dailyCallBudget?: number | null;
  @ApiPropertyOptional(reserve) @ValidateIf((_, value) => value !== undefined) @IsInt() @Min(0) @Max(99) partnerReservePercent?: number;
}

export class SourceDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() connector!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'Name of its schema in the warehouse.' }) slug!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) warehouseId!: string | null;
  @ApiProperty({ enum: SOURCE_STATES, enumName: 'SourceState', description: 'error: nothing is called until its credentials change.' }) state!: SourceState;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, description: 'Without secrets.' }) configuration!: Record<string, string>;
  @ApiProperty({ type: String, isArray: true, description: 'Selected collections.' }) collections!: string[];
  @ApiProperty() startDate!: Date;
  @ApiProperty({ type: 'integer' }) intervalMinutes!: number;
  @ApiProperty({ type: () => ShownScheduleDto }) schedule!: ShownScheduleDto;
  @ApiProperty({ type: Date, nullable: true, description: 'null while it is paused or in error.' }) nextRunAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) lastRunAt!: Date | null;
  @ApiProperty({ enum: RUN_STATES, enumName: 'RunState', nullable: true }) lastRunState!: RunState | null;
  @ApiProperty({ type: Date, nullable: true, description: 'All selected collections are at least as fresh as this.' }) lastSuccessAt!: Date | null;
  @ApiProperty({ type: () => SyncQuotaDto, nullable: true, description: 'null: as many syncs as wanted.' }) syncQuota!: SyncQuotaDto | null;
  @ApiProperty({ type: () => ScheduleWarningDto, isArray: true, description: 'About the schedule.' }) warnings!: ScheduleWarningDto[];
  @ApiProperty({ type: () => ErrorReportDto, nullable: true }) error!: ErrorReportDto | null;
  @ApiProperty({ type: () => NoticeDto, isArray: true, description: 'What needs a look before it becomes an error: its runs and its collections.' }) notices!: NoticeDto[];
  @ApiProperty({ type: 'integer', description: 'Runs in a row that failed.' }) failedRuns!: number;
  @ApiProperty({ type: Date, nullable: true }) failingSince!: Date | null;
  @ApiProperty({ type: () => NoticeDto, nullable: true, description: 'Why it was paused, unless a person did it.' }) pausedReason!: NoticeDto | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'API calls a day (UTC); null: any number.' }) dailyCallBudget!: number | null;
  @ApiProperty({ type: 'integer', description: 'Percent of the partner\'s own daily limit that are left to its other users.' }) partnerReservePercent!: number;
  @ApiProperty() createdAt!: Date;
}

export class SourceListDto extends Page {
  @ApiProperty({ type: () => SourceDto, isArray: true }) data!: SourceDto[];
}

class CollectionAccessDto {
  @ApiProperty() collection!: string;
  @ApiProperty() readable!: boolean;
  @ApiPropertyOptional({ type: () => ErrorReportDto }) error?: ErrorReportDto;
}

export class SourceTestDto {
  @ApiProperty({ description: 'Who the credentials belong to.' }) account!: string;
  @ApiProperty({ type: () => CollectionAccessDto, isArray: true }) access!: CollectionAccessDto[];
}

export class TestSavedSourceDto {
  @ApiPropertyOptional({ type: String, isArray: true, description: 'Collections whose permission is tried; the selected ones when it is left out.' })
  @Optional() @IsArray() @ArrayMaxSize(1_000) @IsString({ each: true })
  collections?: string[];
}

class NamedCollectionDto {
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['object', 'event'] }) kind!: 'object' | 'event';
  @ApiProperty() title!: string;
  @ApiProperty({ type: String, nullable: true, description: 'The partner\'s own name, of a collection that was found in the account (a custom object).' }) partnerName!: string | null;
  @ApiProperty({ type: 'integer', description: 'API calls of one sync in which nothing changed.' }) callsPerSync!: number;
}

export class SourceCollectionDto extends NamedCollectionDto {
  @ApiProperty() selected!: boolean;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Scheduled syncs read it about so often; null: each of them does.' }) everyMinutes!: number | null;
  @ApiProperty({ type: Date, nullable: true, description: 'When the last sync that read all of it began.' }) readAt!: Date | null;
  @ApiProperty({ type: 'integer', description: 'Runs in a row in which it failed.' }) failedRuns!: number;
  @ApiProperty({ type: Date, nullable: true }) failingSince!: Date | null;
  @ApiProperty({ type: () => NoticeDto, nullable: true }) warning!: NoticeDto | null;
  @ApiProperty({ type: String, isArray: true, description: 'Columns that the partner computes when they are read (formulas): they change without a change of the record, so that a sync doesn\'t see it. Known after the first sync.' }) calculated!: string[];
}

class FoundCollectionDto extends NamedCollectionDto {
  @ApiProperty() description!: string;
  @ApiProperty({ type: String, isArray: true, description: 'What the credentials must be allowed to, in the partner\'s words.' }) permissions!: string[];
}

export class FoundCollectionListDto {
  @ApiProperty({ type: () => FoundCollectionDto, isArray: true }) data!: FoundCollectionDto[];
}

export class SourceCollectionListDto extends Page {
  @ApiProperty({ type: () => SourceCollectionDto, isArray: true }) data!: SourceCollectionDto[];
}
