import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsBoolean, IsInt, IsString, IsUUID, Matches, Max, MaxLength, Min, MinLength, ValidateIf } from 'class-validator';
import { Optional } from '../http/optional.js';
import { Page } from '../http/paging.js';
import { QueryResultDto, STORABLE, SqlErrorDto, StatementDto } from '../sql/sql.dto.js';

const STATEMENT = 'One SELECT that finds a column `user_id`, and for a trait a column `value`.';
const INTERVAL = { type: 'integer', nullable: true, minimum: 5, maximum: 10_080 } as const;

export class PreviewModelDto extends StatementDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'Default: the workspace\'s only enabled warehouse.' }) @Optional() @IsUUID() warehouseId?: string;
}

export class CreateModelDto extends PreviewModelDto {
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(200) @Matches(...STORABLE) name!: string;

  @ApiPropertyOptional({ description: 'Name of its table. Made of the name when it isn\'t given; it can\'t be changed later.', example: 'big_spenders' })
  @Optional() @Matches(/^[a-z_][a-z0-9_]{0,54}$/, { message: 'slug must be lower-case letters, digits and _, and begin with no digit' })
  slug?: string;

  @ApiPropertyOptional() @Optional() @IsString() @MaxLength(2_000) @Matches(...STORABLE) description: string = '';

  @ApiPropertyOptional({ ...INTERVAL, default: 60, description: 'How often it is computed, in minutes. null: only when somebody asks.' })
  @ValidateIf((_, value) => value !== null) @IsInt() @Min(5) @Max(10_080)
  intervalMinutes: number | null = 60;
}

export class ChangeModelDto {
  @ApiPropertyOptional() @Optional() @IsString() @MinLength(1) @MaxLength(200) @Matches(...STORABLE) name?: string;
  @ApiPropertyOptional() @Optional() @IsString() @MaxLength(2_000) @Matches(...STORABLE) description?: string;
  @ApiPropertyOptional({ description: `${STATEMENT} It is computed at once.` }) @Optional() @IsString() @MinLength(1) @MaxLength(100_000) @Matches(...STORABLE) statement?: string;
  @ApiPropertyOptional({ ...INTERVAL, description: 'null: only when somebody asks.' }) @ValidateIf((_, value) => value !== null && value !== undefined) @IsInt() @Min(5) @Max(10_080) intervalMinutes?: number | null;
  @ApiPropertyOptional({ description: 'A disabled one is not computed: its table stays as it is, and nobody is told anything.' }) @Optional() @IsBoolean() enabled?: boolean;
}

export class DeleteModelQuery {
  @ApiPropertyOptional({ type: 'boolean', default: false, description: 'Gives it up at once, for a warehouse that is gone for good: nobody is told that they left, destinations keep its users, and its table stays in the warehouse.' })
  @Optional() @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value)) @IsBoolean()
  force: boolean = false;
}

export class ModelMembersQuery {
  @ApiPropertyOptional({ description: 'Most items in the answer.', type: 'integer', minimum: 1, maximum: 1_000, default: 50 })
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(1_000)
  limit: number = 50;

  @ApiPropertyOptional({ description: '`nextCursor` of the page before.' }) @Optional() @Matches(/^[\w-]{1,4000}$/, { message: 'cursor must be a nextCursor' }) cursor?: string;

  @ApiPropertyOptional({ description: 'Users whose id begins so.' }) @Optional() @IsString() @MaxLength(500) @Matches(...STORABLE) prefix: string = '';
}

export class ModelRunDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['schedule', 'manual', 'change', 'delete'] }) trigger!: string;
  @ApiProperty({ enum: ['queued', 'running', 'succeeded', 'failed'] }) state!: string;
  @ApiProperty() createdAt!: Date;
  @ApiProperty({ type: Date, nullable: true }) startedAt!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) finishedAt!: Date | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Users in it afterwards.' }) size!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) entered!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) exited!: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Of a trait: users who have another value than before.' }) changed!: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Rows without a user_id.' }) skipped!: number | null;
  @ApiProperty({ type: () => SqlErrorDto, nullable: true, description: 'Why it failed, and members are as they were; or why it waits.' }) error!: SqlErrorDto | null;
}

export class ModelRunListDto extends Page {
  @ApiProperty({ type: () => ModelRunDto, isArray: true }) data!: ModelRunDto[];
}

export class ModelDeletionDto {
  @ApiProperty() since!: Date;
  @ApiProperty({ type: () => SqlErrorDto, nullable: true, description: 'Why it was not done the last time, or why it waits.' }) error!: SqlErrorDto | null;
  @ApiProperty({ type: Date, nullable: true, description: 'After each try that failed later, up to an hour. null: it waits for its loader, or is being done.' }) nextTryAt!: Date | null;
}

export class ModelDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) warehouseId!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'Name of its table in the warehouse, in the schema `audiences` or `traits`.' }) slug!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ description: STATEMENT }) statement!: string;
  @ApiProperty(INTERVAL) intervalMinutes!: number | null;
  @ApiProperty() enabled!: boolean;
  @ApiProperty({ type: Date, nullable: true }) nextRunAt!: Date | null;
  @ApiProperty({ description: 'E-mail address, or name of the API key, of who made it.' }) author!: string;
  @ApiProperty() createdAt!: Date;
  @ApiProperty() updatedAt!: Date;
  @ApiProperty({ type: () => ModelRunDto, nullable: true }) lastRun!: ModelRunDto | null;
  @ApiProperty({ type: () => ModelRunDto, nullable: true, description: 'What its table holds.' }) lastSuccess!: ModelRunDto | null;
  @ApiProperty({ type: () => ModelDeletionDto, nullable: true, description: 'Somebody deleted it: it goes once everybody has left it.' }) deleting!: ModelDeletionDto | null;
}

export class ModelListDto extends Page {
  @ApiProperty({ type: () => ModelDto, isArray: true }) data!: ModelDto[];
}

export class ModelPreviewDto {
  @ApiProperty({ type: 'integer', description: 'Users that the query finds now.' }) users!: number;
  @ApiProperty({ type: () => QueryResultDto, description: 'Its first rows.' }) sample!: QueryResultDto;
}

export class ModelMemberDto {
  @ApiProperty() userId!: string;
  @ApiProperty({ description: 'When the user came in, or got the value.' }) since!: Date;
  @ApiProperty({ type: String, nullable: true, description: 'Of a trait, as PostgreSQL writes it.' }) value!: string | null;
}

export class ModelMemberListDto extends Page {
  @ApiProperty({ type: () => ModelMemberDto, isArray: true }) data!: ModelMemberDto[];
}
