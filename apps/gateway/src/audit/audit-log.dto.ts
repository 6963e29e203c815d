import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsDate, IsIn, IsString, IsUUID, MaxLength } from 'class-validator';
import { ACTOR_KINDS, type ActorKind } from '#persistence';
import { Optional } from '../http/optional.js';
import { Page, PageQuery } from '../http/paging.js';

const OUTCOMES = ['done', 'refused'] as const;

export class AuditLogQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Only this action.' }) @Optional() @IsString() @MaxLength(200) action?: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'Only what this person or API key did.' }) @Optional() @IsUUID() actorId?: string;
  @ApiPropertyOptional({ description: 'Only what was done to this.' }) @Optional() @IsString() @MaxLength(200) targetId?: string;
  @ApiPropertyOptional({ enum: OUTCOMES }) @Optional() @IsIn(OUTCOMES) outcome?: 'done' | 'refused';
  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Not before.' }) @Optional() @Type(() => Date) @IsDate() from?: Date;
  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Before.' }) @Optional() @Type(() => Date) @IsDate() to?: Date;
}

class AuditActorDto {
  @ApiProperty({ enum: ACTOR_KINDS, enumName: 'ActorKind', description: '`nobody`: a sign-in with this account was refused.' }) kind!: ActorKind;
  @ApiProperty({ type: String, nullable: true, format: 'uuid' }) id!: string | null;
  @ApiProperty({ description: 'The person\'s e-mail, or the API key\'s name, at the time.' }) name!: string;
}

export class AuditEntryDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() at!: Date;
  @ApiProperty({ type: () => AuditActorDto }) actor!: AuditActorDto;
  @ApiProperty({ description: 'Stable name of what was done.' }) action!: string;
  @ApiProperty({ description: 'The same for people.' }) title!: string;
  @ApiProperty() method!: string;
  @ApiProperty() path!: string;
  @ApiProperty({ type: String, nullable: true }) targetId!: string | null;
  @ApiProperty({ type: String, nullable: true }) targetName!: string | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'HTTP status of the answer; null: none was sent.' }) status!: number | null;
  @ApiProperty({ type: 'object', additionalProperties: { type: ['string', 'number', 'boolean', 'null'] }, description: 'The fields that were sent; values only where they can\'t be secret.' }) changes!: Readonly<Record<string, string | number | boolean | null>>;
  @ApiProperty() ip!: string;
  @ApiProperty() userAgent!: string;
}

export class AuditLogDto extends Page {
  @ApiProperty({ type: () => AuditEntryDto, isArray: true }) data!: AuditEntryDto[];
}

class AuditActionDto {
  @ApiProperty() action!: string;
  @ApiProperty() title!: string;
}

export class AuditActionListDto {
  @ApiProperty({ type: () => AuditActionDto, isArray: true }) data!: AuditActionDto[];
}
