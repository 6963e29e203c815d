import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { DELIVERY_STATES, type DeliveryState } from '#persistence';
import { Optional } from '../http/optional.js';
import { Page, PageQuery } from '../http/paging.js';
import { DeliveryAttemptDto } from './destinations.dto.js';

export class EventDeliveryQuery extends PageQuery {
  @ApiPropertyOptional({ enum: DELIVERY_STATES, enumName: 'DeliveryState' }) @Optional() @IsIn(DELIVERY_STATES)
  state?: DeliveryState;
}

export class EventDeliveryDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ description: 'The same at every try: `webhook-id`, or `messageId`.' }) messageId!: string;
  @ApiProperty() event!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) sourceId!: string | null;
  @ApiProperty({ type: String, nullable: true }) connector!: string | null;
  @ApiProperty({ type: String, nullable: true }) collection!: string | null;
  @ApiProperty({ description: 'Deliveries with the same key go one after the other.' }) orderKey!: string;
  @ApiProperty({ enum: DELIVERY_STATES, enumName: 'DeliveryState' }) state!: DeliveryState;
  @ApiProperty({ type: String, nullable: true, description: 'Why it failed, a stable word: refused_by_destination, too_large, given_up.' }) reason!: string | null;
  @ApiProperty({ type: 'integer' }) attempts!: number;
  @ApiProperty({ type: Date, nullable: true, description: 'When it is tried next, if its destination is not held up.' }) nextTryAt!: Date | null;
  @ApiProperty() createdAt!: Date;
  @ApiProperty({ type: Date, nullable: true }) finishedAt!: Date | null;
  @ApiProperty({ type: 'integer', description: 'Size of the event.' }) bytes!: number;
  @ApiProperty({ type: () => DeliveryAttemptDto, isArray: true, description: 'The first try and the newest ones.' }) log!: DeliveryAttemptDto[];
}

export class EventDeliveryDetailDto extends EventDeliveryDto {
  @ApiProperty({ type: String, nullable: true, description: 'The event as JSON, up to 256 KiB; null once it was delivered.' }) payload!: string | null;
}

export class EventDeliveryListDto extends Page {
  @ApiProperty({ type: () => EventDeliveryDto, isArray: true }) data!: EventDeliveryDto[];
}

export class RetriedDeliveriesDto {
  @ApiProperty({ type: 'integer', description: 'How many deliveries are sent again.' }) count!: number;
}
