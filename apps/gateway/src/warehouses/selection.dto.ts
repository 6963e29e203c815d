import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, IsObject, IsString, IsUUID } from 'class-validator';
import { Optional } from '../http/optional.js';
import { Page } from '../http/paging.js';

const columns = {
  type: 'object', additionalProperties: { type: 'array', items: { type: 'string' } }, example: { customers: ['email', 'address.line1'] },
  description: 'Fields by collection, as the partner spells them; parts of nested ones joined by dots. Rows that come from now on have NULL there.',
} as const;

export class ChooseDto {
  @ApiProperty({ description: 'Whether the warehouse takes the source.' }) @IsBoolean() included!: boolean;

  @ApiPropertyOptional({ type: String, isArray: true, description: 'Collections that the warehouse leaves out. Their tables stay as they are.' })
  @Optional() @IsArray() @ArrayMaxSize(1_000) @IsString({ each: true })
  collectionsLeftOut?: string[];

  @ApiPropertyOptional(columns) @Optional() @IsObject()
  columnsLeftOut?: Record<string, string[]>;
}

export class ReloadDto {
  @ApiProperty({ format: 'uuid' }) @IsUUID() sourceId!: string;

  @ApiPropertyOptional({ type: String, isArray: true, description: 'All when it is left out.' })
  @Optional() @IsArray() @ArrayMaxSize(1_000) @IsString({ each: true })
  collections?: string[];
}

class CatchUpDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['queued', 'running', 'done'] }) state!: 'queued' | 'running' | 'done';
  @ApiProperty({ type: String, isArray: true, nullable: true, description: 'Null: all.' }) collections!: string[] | null;
  @ApiProperty({ type: 'integer', description: 'Of all sources that share the topics.' }) recordsRead!: number;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Null until the topics have been looked at. Records that compaction took away count.' }) recordsTotal!: number | null;
  @ApiProperty() createdAt!: Date;
  @ApiProperty({ type: Date, nullable: true }) finishedAt!: Date | null;
}

export class SelectionDto {
  @ApiProperty({ format: 'uuid' }) sourceId!: string;
  @ApiProperty({ description: 'The source\'s schema.' }) slug!: string;
  @ApiProperty() included!: boolean;
  @ApiProperty({ type: String, isArray: true }) collectionsLeftOut!: string[];
  @ApiProperty(columns) columnsLeftOut!: Record<string, string[]>;
  @ApiProperty({ type: () => CatchUpDto, nullable: true, description: 'The newest one: records from before they were chosen, on their way into the warehouse.' }) catchUp!: CatchUpDto | null;
}

export class SelectionListDto extends Page {
  @ApiProperty({ type: () => SelectionDto, isArray: true }) data!: SelectionDto[];
}
