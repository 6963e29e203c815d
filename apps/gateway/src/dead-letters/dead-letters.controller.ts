import { isUtf8 } from 'node:buffer';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { DeadLetterRow, Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { page } from '../http/paging.js';
import { DeadLetterCountQuery, DeadLetterCountsDto, DeadLetterDto, DeadLetterFilterDto, DeadLetterListDto, DeadLetterQuery, SettledDto } from './dead-letters.dto.js';
import { DeadLettersService, isReplayable } from './dead-letters.service.js';

/** Bytes of a record that was cut may end within a character. */
function whole(value: Buffer, cut: boolean): Buffer {
  for (let less = 0; cut && less < 4; less += 1) if (isUtf8(value.subarray(0, value.length - less))) return value.subarray(0, value.length - less);
  return value;
}

function shown({ value, bytes, ...letter }: DeadLetterRow): DeadLetterDto {
  const cut = bytes > (value?.length ?? 0);
  const part = value === null ? null : whole(value, cut);
  const isText = part !== null && isUtf8(part);
  return {
    id: letter.id, service: letter.service, reason: letter.reason, message: letter.message, state: letter.state, replayable: isReplayable(letter), sourceId: letter.sourceId, connector: letter.connector, collection: letter.collection,
    recordIndex: letter.recordIndex, at: letter.at, settledAt: letter.settledAt, replayOf: letter.replayOf, failedAgainAs: letter.failedAgainAs,
    record: { text: isText ? part.toString() : null, base64: part === null || isText ? null : part.toString('base64'), bytes, cut },
  };
}

@ApiTags('dead letters')
@Controller('api/v1/dead-letters')
export class DeadLettersController {
  constructor(private readonly letters: DeadLettersService) {}

  @Get()
  @ApiOperation({ summary: 'List what could not be processed', description: 'Newest first, each with the record\'s bytes (the first 4 KiB) and why. Nothing of it is lost: its neighbours went on without it.' })
  @ApiOkResponse({ type: DeadLetterListDto })
  async list(@Caller() { workspaceId }: Principal, @Query() { limit, cursor, ...filter }: DeadLetterQuery): Promise<DeadLetterListDto> {
    const { items, nextCursor } = page(await this.letters.list(workspaceId, filter, limit + 1, cursor), limit);
    return { data: items.map(shown), nextCursor };
  }

  @Get('counts')
  @ApiOperation({ summary: 'Count dead letters by reason' })
  @ApiOkResponse({ type: DeadLetterCountsDto })
  async counts(@Caller() { workspaceId }: Principal, @Query() filter: DeadLetterCountQuery): Promise<DeadLetterCountsDto> { return { data: await this.letters.counts(workspaceId, filter) }; }

  @Get(':id')
  @ApiOperation({ summary: 'Get a dead letter', description: 'With up to 256 KiB of the record.' })
  @ApiOkResponse({ type: DeadLetterDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<DeadLetterDto> { return shown(await this.letters.get(workspaceId, id)); }

  @Post('replay')
  @HttpCode(202)
  @ApiOperation({ summary: 'Replay all that match', description: 'All open ones of the workspace when the filter is empty. Webhooks whose signature does not hold stay open.' })
  @ApiAcceptedResponse({ type: SettledDto })
  async replayAll(@Caller() { workspaceId }: Principal, @Body() filter: DeadLetterFilterDto): Promise<SettledDto> { return { count: await this.letters.settleAll(workspaceId, filter, 'replayed') }; }

  @Post('discard')
  @HttpCode(200)
  @ApiOperation({ summary: 'Discard all that match', description: 'All open ones of the workspace when the filter is empty.' })
  @ApiOkResponse({ type: SettledDto })
  async discardAll(@Caller() { workspaceId }: Principal, @Body() filter: DeadLetterFilterDto): Promise<SettledDto> { return { count: await this.letters.settleAll(workspaceId, filter, 'discarded') }; }

  @Post(':id/replay')
  @HttpCode(202)
  @ApiOperation({ summary: 'Replay a dead letter', description: 'Its bytes go back to where they failed, into the same ids and versions. When they fail again there is a new letter, linked to this one.' })
  @ApiAcceptedResponse({ type: DeadLetterDto })
  async replay(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<DeadLetterDto> { return shown(await this.letters.settle(workspaceId, id, 'replayed')); }

  @Post(':id/discard')
  @HttpCode(200)
  @ApiOperation({ summary: 'Discard a dead letter' })
  @ApiOkResponse({ type: DeadLetterDto })
  async discard(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<DeadLetterDto> { return shown(await this.letters.settle(workspaceId, id, 'discarded')); }
}
