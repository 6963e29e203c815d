import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { ListQuery, PageQuery, page, pageOf } from '../http/paging.js';
import { RunDetailDto, RunDto, RunListDto, RunLogDto, ahead, shown } from './runs.dto.js';
import { RunsService } from './runs.service.js';

@ApiTags('runs')
@Controller('api/v1')
export class RunsController {
  constructor(private readonly runs: RunsService) {}

  @Post('sources/:id/sync')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sync now', description: 'Refused with 429 and Retry-After when repeated within a minute, with 409 while a run is under way.' })
  @ApiAcceptedResponse({ type: RunDto })
  async sync(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<RunDto> { return shown(await this.runs.request(workspaceId, id)); }

  @Get('sources/:id/runs')
  @ApiOperation({ summary: 'List a source\'s runs', description: 'Newest first.' })
  @ApiOkResponse({ type: RunListDto })
  async list(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() { limit, cursor }: PageQuery): Promise<RunListDto> {
    const { items, nextCursor } = page(await this.runs.list(workspaceId, id, limit + 1, cursor), limit);
    return { data: items.map(shown), nextCursor };
  }

  @Get('runs/:id')
  @ApiOperation({ summary: 'Get a run', description: 'With each collection and the API calls it made.' })
  @ApiOkResponse({ type: RunDetailDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<RunDetailDto> {
    const { run, collections, calls, attempts, changesSince } = await this.runs.get(workspaceId, id);
    return {
      ...shown(run),
      collections: collections.map(({ collection, state, records, apiCalls, startedAt, finishedAt, waitingUntil, fullPass, error, warning }) =>
        ({ collection, state, fullPass, changesSince: changesSince.get(collection) ?? null, records, apiCalls, startedAt, finishedAt, waitingUntil: ahead(state === 'deferred' ? run.resumeAt : waitingUntil), error, warning })),
      attempts: attempts.map(({ startedAt, endedAt, outcome, records, apiCalls, progressed }) => ({ startedAt, endedAt, outcome, records, apiCalls, progressed })),
      attemptsWithoutProgress: run.losses,
      calls: [...calls],
    };
  }

  @Get('runs/:id/log')
  @ApiOperation({ summary: 'Get a run\'s log' })
  @ApiOkResponse({ type: RunLogDto })
  async log(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() query: ListQuery): Promise<RunLogDto> {
    const { data, nextCursor } = pageOf((await this.runs.log(workspaceId, id)).map((line, index) => ({ ...line, index })), query, ({ index }) => String(index));
    return { data: data.map(({ index: _, ...line }) => line), nextCursor };
  }

  @Post('runs/:id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Cancel a run', description: 'What is durable stays; the next run goes on from there.' })
  @ApiOkResponse({ type: RunDto })
  async cancel(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<RunDto> { return shown(await this.runs.cancel(workspaceId, id)); }
}
