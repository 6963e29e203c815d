import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { explain, type Attempt, type DestinationKind, type Explanation } from '#forwarding';
import type { DestinationRow, Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { CreatesOnce } from '../http/keyed.js';
import { PageQuery, page } from '../http/paging.js';
import { ChangeDestinationDto, CreateDestinationDto, DestinationDto, DestinationListDto, DestinationTestDto, DestinationWithSecretDto, RotateDestinationSecretDto, type DeliveryAttemptDto } from './destinations.dto.js';
import { DestinationsService, type Counted } from './destinations.service.js';

const DISABLED: Readonly<Record<string, Explanation>> = {
  by_hand: { title: 'Disabled by a person.', remedy: 'Enable it to go on. Events that arrive until then are not sent to it; what waits for it is kept.' },
  gone: { title: 'The destination answered that it is gone for good (410).', remedy: 'Enable it again when that was a mistake: what waits for it is kept. Otherwise delete it.' },
  failing: { title: 'The destination took nothing for three days and was disabled.', remedy: 'Mend it, send a test event, then enable it: what waits for it is kept. Failed deliveries can be retried.' },
};

function troubleOf({ kind, enabled, disabled, failingSince, lastFailure }: DestinationRow): DestinationDto['trouble'] {
  if (!enabled) return { ...DISABLED[disabled?.reason ?? 'by_hand'] as Explanation, at: disabled?.at ?? new Date(0).toISOString() };
  return failingSince === null || lastFailure === null ? null : { ...explain(kind, lastFailure), at: lastFailure.at };
}

const shown = ({ destination, counts }: Counted): DestinationDto => {
  const { id, kind, name, url, filter: { sources, events, condition }, subject, enabled, startsAt, failingSince, heldUntil, lastDeliveredAt, createdAt } = destination;
  return {
    id, kind, name, url, filter: { ...(sources !== undefined && { sources: [...sources] }), ...(events !== undefined && { events: [...events] }), ...(condition !== undefined && { condition }) },
    subject: [...subject], enabled, state: !enabled ? 'disabled' : failingSince !== null ? 'failing' : 'active', trouble: troubleOf(destination), startsAt, failingSince, heldUntil, lastDeliveredAt, deliveries: { ...counts }, createdAt,
  };
};

/** A try with words for a person. */
export function shownAttempt(kind: DestinationKind, { at, status, durationMs, error, answer }: Attempt): DeliveryAttemptDto {
  return { at, status, durationMs, error, answer, explanation: status !== null && status >= 200 && status < 300 ? null : explain(kind, { status, error }) };
}

@ApiTags('destinations')
@Controller('api/v1/destinations')
export class DestinationsController {
  constructor(private readonly destinations: DestinationsService) {}

  @Get()
  @ApiOperation({ summary: 'List destinations', description: 'Where events go besides the warehouse.' })
  @ApiOkResponse({ type: DestinationListDto })
  async list(@Caller() { workspaceId }: Principal, @Query() { limit, cursor }: PageQuery): Promise<DestinationListDto> {
    const { items, nextCursor } = page(await this.destinations.list(workspaceId, limit + 1, cursor), limit);
    return { data: items.map(shown), nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Create a destination', description: 'It gets the events that arrive from now on. A signing secret that is made for it is in this answer only.' })
  @CreatesOnce()
  @ApiCreatedResponse({ type: DestinationWithSecretDto })
  async create(@Caller() { workspaceId }: Principal, @Body() body: CreateDestinationDto, @Headers('idempotency-key') key: string | undefined): Promise<DestinationWithSecretDto> {
    const { secret, ...created } = await this.destinations.create(workspaceId, body, key);
    return { ...shown(created), secret };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a destination' })
  @ApiOkResponse({ type: DestinationDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<DestinationDto> { return shown(await this.destinations.get(workspaceId, id)); }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a destination', description: 'A new filter is for events that arrive from now on; a new URL also for what waits.' })
  @ApiOkResponse({ type: DestinationDto })
  async change(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() change: ChangeDestinationDto): Promise<DestinationDto> { return shown(await this.destinations.change(workspaceId, id, change)); }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a destination', description: 'With its delivery log and what waits for it.' })
  @ApiNoContentResponse({ description: 'Deleted.' })
  delete(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<void> { return this.destinations.delete(workspaceId, id); }

  @Post(':id/enable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Enable a destination', description: 'It gets the events that arrive from now on, and what waits for it.' })
  @ApiOkResponse({ type: DestinationDto })
  async enable(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<DestinationDto> { return shown(await this.destinations.enable(workspaceId, id, true)); }

  @Post(':id/disable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Disable a destination', description: 'Events that arrive until it is enabled are not sent to it. What waits is kept for DELIVERY_LOG_DAYS.' })
  @ApiOkResponse({ type: DestinationDto })
  async disable(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<DestinationDto> { return shown(await this.destinations.enable(workspaceId, id, false)); }

  @Post(':id/rotate-secret')
  @HttpCode(200)
  @ApiOperation({ summary: 'Rotate the secret', description: 'Requests are signed with the new secret and with those before it until the overlap is over. The new one is in this answer only. A tracking API has one write key: the new one counts at once.' })
  @ApiOkResponse({ type: DestinationWithSecretDto })
  async rotate(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() { secret: given, overlapHours }: RotateDestinationSecretDto): Promise<DestinationWithSecretDto> {
    const { secret, ...changed } = await this.destinations.rotate(workspaceId, id, given, overlapHours * 3_600_000);
    return { ...shown(changed), secret };
  }

  @Post(':id/test')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send a test event', description: 'At once, past the filter, also to a disabled destination. The answer is what the destination said.' })
  @ApiOkResponse({ type: DestinationTestDto })
  async test(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<DestinationTestDto> {
    const { verdict, attempt, kind, message } = await this.destinations.test(workspaceId, id);
    return { ok: verdict === 'delivered', attempt: shownAttempt(kind, attempt), sent: message };
  }
}
