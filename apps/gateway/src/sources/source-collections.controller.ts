import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { Asks } from '../http/keyed.js';
import { ListQuery, pageOf } from '../http/paging.js';
import { SourceCollections, type SourceCollection } from './source-collections.service.js';
import { CollectionsDto, DiscoverDto, FoundCollectionListDto, SourceCollectionDto, SourceCollectionListDto, SourceDto } from './sources.dto.js';
import { SourceViews } from './source-views.js';
import { SourcesService } from './sources.service.js';

const listed = (collections: readonly SourceCollection[]): SourceCollectionDto[] => collections.map(({ declaration: { name, kind, title, callsPerSync, partnerName = null }, chosen, health, calculated }) => ({
  name, kind, title, partnerName, callsPerSync, selected: chosen !== undefined, everyMinutes: chosen?.everyMinutes ?? null, readAt: chosen?.readAt ?? null,
  failedRuns: health?.failedRuns ?? 0, failingSince: health?.failingSince ?? null, warning: health?.warning ?? null, calculated: [...calculated],
}));

@ApiTags('sources')
@Controller('api/v1/sources')
export class SourceCollectionsController {
  constructor(private readonly sources: SourcesService, private readonly collections: SourceCollections, private readonly views: SourceViews) {}

  @Post('discover')
  @Asks()
  @HttpCode(200)
  @ApiOperation({ summary: 'Look for an account\'s own collections', description: 'Such as custom objects, before a source is created. Nothing is saved; they are selected by their names like all others.' })
  @ApiOkResponse({ type: FoundCollectionListDto })
  async preview(@Caller() caller: Principal, @Body() { connector, ...given }: DiscoverDto): Promise<FoundCollectionListDto> {
    const found = await this.collections.preview(caller, connector, given);
    return { data: found.map(({ name, kind, title, description, partnerName = null, permissions, callsPerSync }) => ({ name, kind, title, description, partnerName, permissions: [...permissions], callsPerSync })) };
  }

  @Get(':id/collections')
  @ApiOperation({ summary: 'List a source\'s collections', description: 'Those that its connector declares, and those that were found in its account.' })
  @ApiOkResponse({ type: SourceCollectionListDto })
  async list(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() query: ListQuery): Promise<SourceCollectionListDto> { return pageOf(listed(await this.collections.list(workspaceId, id)), query, ({ name }) => name); }

  @Post(':id/collections/discover')
  @HttpCode(200)
  @ApiOperation({ summary: 'Look for new collections', description: 'Asks the partner for what only the account knows, such as custom objects. What was found before stays.' })
  @ApiOkResponse({ type: SourceCollectionListDto })
  async discover(@Caller() caller: Principal, @Param('id') id: string): Promise<SourceCollectionListDto> { return { data: listed(await this.collections.discover(caller, id)), nextCursor: null }; }

  @Put(':id/collections')
  @ApiOperation({ summary: 'Select collections', description: 'Exactly these, from the next run on.' })
  @ApiOkResponse({ type: SourceDto })
  async select(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() { collections }: CollectionsDto): Promise<SourceDto> {
    return this.views.one(await this.sources.select(workspaceId, id, collections));
  }
}
