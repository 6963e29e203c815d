import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { Optional } from '../http/optional.js';
import { Page } from '../http/paging.js';

const LONGEST = 100_000;

/** PostgreSQL's text takes every character but this one. */
export const STORABLE = [/^[^\u0000]*$/, { message: '$property must not hold U+0000' }] as const;

export class StatementDto {
  @ApiProperty({ description: 'One SELECT, WITH, VALUES, TABLE or EXPLAIN.', example: 'select 1' })
  @IsString() @MinLength(1) @MaxLength(LONGEST) @Matches(...STORABLE)
  statement!: string;
}

export class RunQueryDto extends StatementDto {
  @ApiPropertyOptional({ description: 'Most rows in the answer; the installation has a limit too.', type: 'integer', minimum: 1, default: 1_000 })
  @Optional() @Type(() => Number) @IsInt() @Min(1) @Max(1_000_000)
  maxRows: number = 1_000;
}

const FORMATS = ['csv', 'json'] as const;

export class ExportDto extends StatementDto {
  @ApiProperty({ enum: FORMATS, description: 'csv: RFC 4180 with a header, NULL is empty and an empty text is `""`. json: an array of objects, numbers with all their digits.' })
  @IsIn(FORMATS)
  format!: (typeof FORMATS)[number];
}

export class SaveQueryDto extends StatementDto {
  @ApiProperty({ description: 'A query of that name is replaced.' }) @IsString() @MinLength(1) @MaxLength(200) @Matches(...STORABLE) name!: string;
}

class ResultColumnDto {
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'As PostgreSQL writes it, e.g. `numeric(12,2)`.' }) type!: string;
}

export class QueryResultDto {
  @ApiProperty({ format: 'uuid', description: 'Of the query in the history.' }) id!: string;
  @ApiProperty({ type: () => ResultColumnDto, isArray: true }) columns!: ResultColumnDto[];
  @ApiProperty({
    type: 'array', items: { type: 'array', items: { type: 'string', nullable: true } },
    description: 'Values as PostgreSQL writes them, so that no digit is lost: `9007199254740993`, `12.50`, `t`, `2026-01-31 08:00:00.123456+00` (always UTC). null is NULL.',
  })
  rows!: (string | null)[][];
  @ApiProperty({ description: 'There are more rows than the limit of rows or bytes.' }) truncated!: boolean;
  @ApiProperty({ type: 'integer' }) durationMs!: number;
}

export class SqlErrorDto {
  @ApiProperty() code!: string;
  @ApiProperty() title!: string;
  @ApiProperty() remedy!: string;
  @ApiPropertyOptional({ description: 'Where in the statement, 1-based, in Unicode characters.' }) position?: number;
}

export class SqlQueryDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['query', 'export'] }) kind!: string;
  @ApiProperty({ description: 'E-mail address, or name of the API key.' }) author!: string;
  @ApiProperty() statement!: string;
  @ApiProperty({ enum: ['running', 'succeeded', 'failed', 'cancelled'] }) state!: string;
  @ApiProperty() startedAt!: Date;
  @ApiProperty({ type: 'integer', nullable: true }) durationMs!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) rowCount!: number | null;
  @ApiProperty({ type: 'boolean', nullable: true, description: 'The result was longer than the limit.' }) truncated!: boolean | null;
  @ApiProperty({ type: () => SqlErrorDto, nullable: true }) error!: SqlErrorDto | null;
}

export class SqlQueryListDto extends Page {
  @ApiProperty({ type: () => SqlQueryDto, isArray: true }) data!: SqlQueryDto[];
}

export class SavedQueryDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty() statement!: string;
  @ApiProperty({ description: 'E-mail address, or name of the API key, of who saved it last.' }) author!: string;
  @ApiProperty() createdAt!: Date;
  @ApiProperty() updatedAt!: Date;
}

export class SavedQueryListDto extends Page {
  @ApiProperty({ type: () => SavedQueryDto, isArray: true }) data!: SavedQueryDto[];
}
