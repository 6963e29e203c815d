import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsString, IsUUID, Matches, MaxLength, MinLength } from 'class-validator';
import { MEASURE_KINDS, type MeasureKind } from '#persistence';
import { Optional } from '../http/optional.js';
import { Page } from '../http/paging.js';

const sql = { description: 'One SELECT. Of a metric: a row with `value`, or rows with `at` and `value` in order of time. Of a segment: a row a member, with `id`.' } as const;
const NO_NUL = /^[^\u0000]*$/;

export class CreateMeasureDto {
  @ApiProperty({ format: 'uuid' }) @IsUUID() warehouseId!: string;
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(200) @Matches(NO_NUL) name!: string;
  @ApiPropertyOptional({ default: '' }) @Optional() @IsString() @MaxLength(2_000) @Matches(NO_NUL) description?: string;
  @ApiProperty(sql) @IsString() @MinLength(1) @MaxLength(100_000) @Matches(NO_NUL) sql!: string;
  @ApiPropertyOptional({ description: 'What a value is of: `%`, `a day`.', default: '' }) @Optional() @IsString() @MaxLength(30) @Matches(NO_NUL) unit?: string;
}

export class ChangeMeasureDto {
  @ApiPropertyOptional() @Optional() @IsString() @MinLength(1) @MaxLength(200) @Matches(NO_NUL) name?: string;
  @ApiPropertyOptional() @Optional() @IsString() @MaxLength(2_000) @Matches(NO_NUL) description?: string;
  @ApiPropertyOptional({ ...sql, description: `${sql.description} Other SQL begins another history.` }) @Optional() @IsString() @MinLength(1) @MaxLength(100_000) @Matches(NO_NUL) sql?: string;
  @ApiPropertyOptional() @Optional() @IsString() @MaxLength(30) @Matches(NO_NUL) unit?: string;
}

export class PreviewMeasureDto {
  @ApiProperty({ format: 'uuid' }) @IsUUID() warehouseId!: string;
  @ApiProperty(sql) @IsString() @MinLength(1) @MaxLength(100_000) @Matches(NO_NUL) sql!: string;
}

class PointDto {
  @ApiProperty() at!: Date;
  @ApiProperty() value!: number;
}

export class MeasureDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: MEASURE_KINDS, enumName: 'MeasureKind' }) kind!: MeasureKind;
  @ApiProperty({ format: 'uuid' }) warehouseId!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Of whose template it was made; null: by hand, or the source is gone.' }) sourceId!: string | null;
  @ApiProperty({ type: String, nullable: true }) template!: string | null;
  @ApiProperty() name!: string;
  @ApiProperty() description!: string;
  @ApiProperty(sql) sql!: string;
  @ApiProperty() unit!: string;
  @ApiProperty({ type: Date, nullable: true, description: 'It is measured once an hour.' }) measuredAt!: Date | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why it could not be measured the last time, and what to do.' }) error!: string | null;
  @ApiProperty({ type: Number, nullable: true, description: 'The newest value; of a segment the number of its members. null: not measured yet.' }) value!: number | null;
  @ApiProperty({ type: () => PointDto, isArray: true, description: 'Oldest first, 400 at most.' }) points!: PointDto[];
  @ApiProperty() createdAt!: Date;
  @ApiProperty() updatedAt!: Date;
}

export class MeasureListDto extends Page {
  @ApiProperty({ type: () => MeasureDto, isArray: true }) data!: MeasureDto[];
}

class MemberColumnDto {
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'As PostgreSQL writes it.' }) type!: string;
}

export class MembersDto {
  @ApiProperty({ type: () => MemberColumnDto, isArray: true }) columns!: MemberColumnDto[];
  @ApiProperty({ type: 'array', items: { type: 'array', items: { type: 'string', nullable: true } }, description: 'Values as PostgreSQL writes them.' }) rows!: (string | null)[][];
  @ApiProperty({ description: 'There are more.' }) truncated!: boolean;
}

export class MeasurePreviewDto extends MembersDto {
  @ApiProperty({ type: () => PointDto, isArray: true, description: 'What would be charted.' }) points!: PointDto[];
}

export class TemplateDto {
  @ApiProperty() connector!: string;
  @ApiProperty({ description: 'Its own within the connector.' }) name!: string;
  @ApiProperty({ enum: MEASURE_KINDS, enumName: 'MeasureKind' }) kind!: MeasureKind;
  @ApiProperty() title!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ type: String, isArray: true, description: 'Collections that it reads.' }) collections!: string[];
  @ApiProperty({ description: '`{{source}}` stands for the source\'s schema.' }) sql!: string;
}

export class TemplateListDto extends Page {
  @ApiProperty({ type: () => TemplateDto, isArray: true }) data!: TemplateDto[];
}

export class UseTemplatesDto {
  @ApiProperty({ format: 'uuid' }) @IsUUID() sourceId!: string;
  @ApiProperty({ type: String, isArray: true, description: 'Names of templates of the source\'s connector.' }) @IsArray() @ArrayNotEmpty() @ArrayMaxSize(100) @IsString({ each: true }) @MaxLength(100, { each: true }) templates!: string[];
}

export class MadeMeasuresDto {
  @ApiProperty({ type: () => MeasureDto, isArray: true, description: 'To be changed as you like; they are measured as soon as their tables have rows.' }) data!: MeasureDto[];
}
