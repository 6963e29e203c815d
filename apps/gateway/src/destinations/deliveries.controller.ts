import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { DestinationKind } from '#forwarding';
import type { DeliveryRow, Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { page } from '../http/paging.js';
import { EventDeliveryDetailDto, EventDeliveryDto, EventDeliveryListDto, EventDeliveryQuery, RetriedDeliveriesDto } from './deliveries.dto.js';
import { shownAttempt } from './destinations.controller.js';
import { DestinationsService } from './destinations.service.js';

const shown = (kind: DestinationKind, { id, messageId, event, sourceId, connector, collection, orderKey, state, reason, attempts, dueAt, createdAt, finishedAt, bytes, log }: DeliveryRow): EventDeliveryDto => ({
  id, messageId, event, sourceId, connector, collection, orderKey, state, reason, attempts, nextTryAt: state === 'waiting' ? dueAt : null, createdAt, finishedAt, bytes, log: log.map((attempt) => shownAttempt(kind, attempt)),
});

@ApiTags('destinations')
@Controller('api/v1/destinations/:id/deliveries')
export class DeliveriesController {
  constructor(private readonly destinations: DestinationsService) {}

  @Get()
  @ApiOperation({ summary: 'List deliveries', description: 'Newest first, each with its tries. Finished ones are kept for DELIVERY_LOG_DAYS.' })
  @ApiOkResponse({ type: EventDeliveryListDto })
  async list(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() { limit, cursor, state }: EventDeliveryQuery): Promise<EventDeliveryListDto> {
    const { kind, rows } = await this.destinations.log(workspaceId, id, state, limit + 1, cursor);
    const { items, nextCursor } = page(rows, limit);
    return { data: items.map((row) => shown(kind, row)), nextCursor };
  }

  @Post('retry')
  @HttpCode(202)
  @ApiOperation({ summary: 'Retry all failed deliveries', description: 'In the order in which they arrived, for another three days.' })
  @ApiAcceptedResponse({ type: RetriedDeliveriesDto })
  async retryAll(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<RetriedDeliveriesDto> { return { count: await this.destinations.retryAll(workspaceId, id) }; }

  @Get(':deliveryId')
  @ApiOperation({ summary: 'Get a delivery', description: 'With its event.' })
  @ApiOkResponse({ type: EventDeliveryDetailDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Param('deliveryId') deliveryId: string): Promise<EventDeliveryDetailDto> {
    const { kind, row } = await this.destinations.delivery(workspaceId, id, deliveryId);
    return { ...shown(kind, row), payload: row.payload?.toString() ?? null };
  }

  @Post(':deliveryId/retry')
  @HttpCode(202)
  @ApiOperation({ summary: 'Retry a delivery', description: 'One that failed, or one that waits, is tried at once.' })
  @ApiAcceptedResponse({ type: RetriedDeliveriesDto })
  async retry(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Param('deliveryId') deliveryId: string): Promise<RetriedDeliveriesDto> {
    await this.destinations.retry(workspaceId, id, deliveryId);
    return { count: 1 };
  }
}
