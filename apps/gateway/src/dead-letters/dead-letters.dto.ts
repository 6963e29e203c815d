import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { IsIn, IsString, IsUUID, MaxLength } from 'class-validator';
import { DEAD_LETTER_SERVICES } from '#contracts';
import { DEAD_LETTER_STATES, type DeadLetterState } from '#persistence';
import { Optional } from '../http/optional.js';
import { Page, PageQuery } from '../http/paging.js';

/** Which letters. */
export class DeadLetterFilterDto {
  @ApiPropertyOptional({ format: 'uuid' }) @Optional() @IsUUID()
  sourceId?: string;

  @ApiPropertyOptional() @Optional() @IsString() @MaxLength(200)
  collection?: string;

  @ApiPropertyOptional({ enum: DEAD_LETTER_SERVICES, enumName: 'DeadLetterService', description: 'The service that could not process it.' }) @Optional() @IsIn(DEAD_LETTER_SERVICES)
  service?: (typeof DEAD_LETTER_SERVICES)[number];

  @ApiPropertyOptional({ description: 'The stable word for why, e.g. `record_without_id`.' }) @Optional() @IsString() @MaxLength(200)
  reason?: string;
}

export class DeadLetterCountQuery extends DeadLetterFilterDto {
  @ApiPropertyOptional({ enum: DEAD_LETTER_STATES, enumName: 'DeadLetterState' }) @Optional() @IsIn(DEAD_LETTER_STATES)
  state?: DeadLetterState;
}

export class DeadLetterQuery extends IntersectionType(PageQuery, DeadLetterCountQuery) {}

class DeadLetterRecordDto {
  @ApiProperty({ type: String, nullable: true, description: 'The bytes as text, where they are UTF-8.' }) text!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Otherwise in base64.' }) base64!: string | null;
  @ApiProperty({ type: 'integer', description: 'Size of the whole record.' }) bytes!: number;
  @ApiProperty({ description: 'Only the beginning is shown.' }) cut!: boolean;
}

export class DeadLetterDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ description: 'The service that could not process it.' }) service!: string;
  @ApiProperty({ description: 'A stable word for grouping.' }) reason!: string;
  @ApiProperty({ description: 'What happened, to what.' }) message!: string;
  @ApiProperty({ enum: DEAD_LETTER_STATES, enumName: 'DeadLetterState' }) state!: DeadLetterState;
  @ApiProperty({ description: 'False for a webhook whose signature does not hold: it isn\'t known to be the partner\'s.' }) replayable!: boolean;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) sourceId!: string | null;
  @ApiProperty({ type: String, nullable: true }) connector!: string | null;
  @ApiProperty({ type: String, nullable: true }) collection!: string | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Position in its page, when only this record of it failed.' }) recordIndex!: number | null;
  @ApiProperty() at!: Date;
  @ApiProperty({ type: Date, nullable: true, description: 'When it was replayed or discarded.' }) settledAt!: Date | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The letter whose replay this is.' }) replayOf!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The letter that its own replay became, where that failed too.' }) failedAgainAs!: string | null;
  @ApiProperty({ type: () => DeadLetterRecordDto }) record!: DeadLetterRecordDto;
}

export class DeadLetterListDto extends Page {
  @ApiProperty({ type: () => DeadLetterDto, isArray: true }) data!: DeadLetterDto[];
}

class DeadLetterCountDto {
  @ApiProperty() service!: string;
  @ApiProperty() reason!: string;
  @ApiProperty({ type: 'integer' }) open!: number;
  @ApiProperty({ type: 'integer' }) replayed!: number;
  @ApiProperty({ type: 'integer' }) discarded!: number;
}

export class DeadLetterCountsDto {
  @ApiProperty({ type: () => DeadLetterCountDto, isArray: true }) data!: DeadLetterCountDto[];
}

export class SettledDto {
  @ApiProperty({ type: 'integer', description: 'How many letters were meant.' }) count!: number;
}
