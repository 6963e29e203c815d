import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsNumber, IsObject, IsString, IsUUID, Matches, Max, MaxLength, Min, MinLength, ValidateNested } from 'class-validator';
import { DEFAULT_SUBJECT, DESTINATION_KINDS, type DestinationKind } from '#forwarding';
import { Optional } from '../http/optional.js';
import { Page } from '../http/paging.js';

const EVENT = /^[\p{L}\p{N}_*.: -]{1,200}$/u;
const PATH = /^[\w-]+(\.[\w-]+){0,9}$/;

export class EventFilterDto {
  @ApiPropertyOptional({ type: String, format: 'uuid', isArray: true, description: 'Ids of the sources whose events it gets; none: all.' })
  @Optional() @IsArray() @ArrayMaxSize(200) @IsUUID(undefined, { each: true })
  sources?: string[];

  @ApiPropertyOptional({ type: String, isArray: true, example: ['customer_*', 'invoice_paid'], description: 'Names of the events that it gets, `*` for anything; none: all.' })
  @Optional() @IsArray() @ArrayMaxSize(200) @Matches(EVENT, { each: true, message: 'each of events must be a name such as customer_created, or customer_*' })
  events?: string[];

  @ApiPropertyOptional({
    maxLength: 2_000, example: 'object.amount >= 1000 and object.currency in ["eur", "usd"]',
    description: 'A condition on the event\'s properties. Comparisons: `path = value`, `!=`, `<`, `<=`, `>`, `>=`, `path in [value, …]`, `path contains "text"` (or an item of a list), `starts with`, `ends with`, `path exists`; joined by `and`, `or`, `not` and brackets. '
      + 'Values are JSON strings and numbers, true, false and null; a path is `object.amount`, with names that hold other characters in backquotes. What isn\'t there equals null and is neither smaller nor greater than anything.',
  })
  @Optional() @IsString() @MaxLength(2_000)
  condition?: string;
}

class DestinationInput {
  @ApiPropertyOptional({ type: () => EventFilterDto }) @Optional() @IsObject() @ValidateNested() @Type(() => EventFilterDto)
  filter?: EventFilterDto;

  @ApiPropertyOptional({
    type: String, isArray: true, default: DEFAULT_SUBJECT,
    description: 'Properties that say whom an event is about; the first one that holds something counts. It is the `userId` towards a tracking API, and events about the same one are delivered one after the other.',
  })
  @Optional() @IsArray() @ArrayMinSize(1) @ArrayMaxSize(20) @Matches(PATH, { each: true, message: 'each of subject must be a path such as object.customer' })
  subject?: string[];
}

const URL_WORDS = 'webhook: the endpoint. segment: the API\'s base, without `/v1/batch`: `https://api.segment.io`, in the EU `https://events.eu1.segmentapis.com`, or any API that speaks the same.';

export class CreateDestinationDto extends DestinationInput {
  @ApiProperty({ enum: DESTINATION_KINDS, enumName: 'DestinationKind', description: 'webhook: each event as a signed request (Standard Webhooks). segment: `track` messages to a Segment-compatible tracking API.' }) @IsIn(DESTINATION_KINDS)
  kind!: DestinationKind;

  @ApiProperty() @IsString() @MinLength(1) @MaxLength(200)
  name!: string;

  @ApiProperty({ format: 'uri', description: URL_WORDS }) @IsString() @MaxLength(2_000)
  url!: string;

  @ApiPropertyOptional({ format: 'password', description: 'segment: the write key. webhook: a signing secret of yours (`whsec_` and 24 to 64 bytes in base64); left out, one is made. Stored encrypted, never returned.' })
  @Optional() @Matches(/^[\x21-\x7e]+$/, { message: 'secret must be visible ASCII characters' }) @MaxLength(500)
  secret?: string;
}

export class ChangeDestinationDto extends DestinationInput {
  @ApiPropertyOptional() @Optional() @IsString() @MinLength(1) @MaxLength(200)
  name?: string;

  @ApiPropertyOptional({ format: 'uri', description: URL_WORDS }) @Optional() @IsString() @MaxLength(2_000)
  url?: string;
}

export class RotateDestinationSecretDto {
  @ApiPropertyOptional({ format: 'password', description: 'As when it is created. A tracking API\'s write key must be given.' }) @Optional() @Matches(/^[\x21-\x7e]+$/, { message: 'secret must be visible ASCII characters' }) @MaxLength(500)
  secret?: string;

  @ApiPropertyOptional({ minimum: 0, maximum: 168, description: 'Hours that requests are signed with the secrets before, too; 24 unless it is said. 0 when one of them got into the wrong hands.' }) @Optional() @IsNumber() @Min(0) @Max(168)
  overlapHours: number = 24;
}

class ExplanationDto {
  @ApiProperty({ description: 'What happened.' }) title!: string;
  @ApiProperty({ description: 'What to do next.' }) remedy!: string;
}

class DestinationTroubleDto extends ExplanationDto {
  @ApiProperty({ format: 'date-time' }) at!: string;
}

export const DESTINATION_HEALTHS = ['active', 'failing', 'disabled'] as const;

class DeliveryCountsDto {
  @ApiProperty({ type: 'integer' }) waiting!: number;
  @ApiProperty({ type: 'integer' }) delivered!: number;
  @ApiProperty({ type: 'integer' }) failed!: number;
}

export class DestinationDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: DESTINATION_KINDS, enumName: 'DestinationKind' }) kind!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ format: 'uri' }) url!: string;
  @ApiProperty({ type: () => EventFilterDto }) filter!: EventFilterDto;
  @ApiProperty({ type: String, isArray: true }) subject!: string[];
  @ApiProperty() enabled!: boolean;
  @ApiProperty({ enum: DESTINATION_HEALTHS, enumName: 'DestinationState', description: 'failing: nothing was delivered since `failingSince` although it was tried.' }) state!: string;
  @ApiProperty({ type: () => DestinationTroubleDto, nullable: true, description: 'Why it is disabled, or what happened at the newest try of a failing one.' }) trouble!: DestinationTroubleDto | null;
  @ApiProperty({ description: 'It gets the events that arrived since then.' }) startsAt!: Date;
  @ApiProperty({ type: Date, nullable: true }) failingSince!: Date | null;
  @ApiProperty({ type: Date, nullable: true, description: 'While it is down it is left alone until then.' }) heldUntil!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) lastDeliveredAt!: Date | null;
  @ApiProperty({ type: () => DeliveryCountsDto, description: 'Deliveries in the log; 10,000 means that many or more.' }) deliveries!: DeliveryCountsDto;
  @ApiProperty() createdAt!: Date;
}

export class DestinationWithSecretDto extends DestinationDto {
  @ApiProperty({ type: String, nullable: true, description: 'What the receiver checks signatures with. Shown this once; null where you brought it along.' }) secret!: string | null;
}

export class DestinationListDto extends Page {
  @ApiProperty({ type: () => DestinationDto, isArray: true }) data!: DestinationDto[];
}

export class DeliveryAttemptDto {
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'HTTP status; null without an answer.' }) status!: number | null;
  @ApiProperty({ type: 'integer' }) durationMs!: number;
  @ApiProperty({ type: String, nullable: true, description: 'Why there was no answer, a stable word: timeout, blocked_address, too_large, ECONNREFUSED, …' }) error!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The beginning of the answer.' }) answer!: string | null;
  @ApiProperty({ type: () => ExplanationDto, nullable: true, description: 'null when it was delivered.' }) explanation!: ExplanationDto | null;
}

export class DestinationTestDto {
  @ApiProperty({ description: 'Whether the destination took it.' }) ok!: boolean;
  @ApiProperty({ type: () => DeliveryAttemptDto }) attempt!: DeliveryAttemptDto;
  @ApiProperty({ description: 'The message that was sent.' }) sent!: string;
}
