import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { Asks, CreatesOnce } from '../http/keyed.js';
import { PageQuery, page } from '../http/paging.js';
import { ScheduleDto } from './schedule.dto.js';
import { SourceViews } from './source-views.js';
import { ChangeSourceDto, CreateSourceDto, CredentialsDto, SourceDto, SourceListDto, SourceTestDto, TestSavedSourceDto, TestSourceDto } from './sources.dto.js';
import { SourcesService } from './sources.service.js';

@ApiTags('sources')
@Controller('api/v1/sources')
export class SourcesController {
  constructor(private readonly sources: SourcesService, private readonly views: SourceViews) {}

  @Get()
  @ApiOperation({ summary: 'List sources' })
  @ApiOkResponse({ type: SourceListDto })
  async list(@Caller() { workspaceId }: Principal, @Query() { limit, cursor }: PageQuery): Promise<SourceListDto> {
    const views = await this.sources.list(workspaceId, limit + 1, cursor);
    const { items, nextCursor } = page(views.map((view) => ({ id: view.source.id, view })), limit);
    return { data: await this.views.show(workspaceId, items.map(({ view }) => view)), nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Create a source', description: 'Its credentials are tested first; its first sync begins at once.' })
  @CreatesOnce()
  @ApiCreatedResponse({ type: SourceDto })
  async create(@Caller() caller: Principal, @Body() body: CreateSourceDto, @Headers('idempotency-key') key: string | undefined): Promise<SourceDto> {
    return this.views.one(await this.sources.create(caller, body, key));
  }

  @Post('test')
  @Asks()
  @HttpCode(200)
  @ApiOperation({ summary: 'Test credentials', description: 'At the partner\'s, and the permission for each collection. Nothing is saved.' })
  @ApiOkResponse({ type: SourceTestDto })
  async test(@Caller() caller: Principal, @Body() { connector, collections, ...given }: TestSourceDto): Promise<SourceTestDto> {
    const { account, access } = await this.sources.test(caller, connector, given, collections);
    return { account, access: [...access] };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a source' })
  @ApiOkResponse({ type: SourceDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<SourceDto> { return this.views.one(await this.sources.get(workspaceId, id)); }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a source\'s name, warehouse, schedule or budget' })
  @ApiOkResponse({ type: SourceDto })
  async change(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() body: ChangeSourceDto): Promise<SourceDto> {
    return this.views.one(await this.sources.change(workspaceId, id, body));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a source', description: 'Its run ends, its credentials and webhook URL are gone; its tables and topics keep their records.' })
  @ApiNoContentResponse({ description: 'Deleted.' })
  delete(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<void> { return this.sources.delete(workspaceId, id); }

  @Put(':id/schedule')
  @ApiOperation({ summary: 'Change the schedule', description: 'Takes effect on the next due time, which the answer shows as nextRunAt.' })
  @ApiOkResponse({ type: SourceDto })
  async schedule(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() body: ScheduleDto): Promise<SourceDto> {
    return this.views.one(await this.sources.schedule(workspaceId, id, body));
  }

  @Post(':id/test')
  @Asks()
  @HttpCode(200)
  @ApiOperation({ summary: 'Test a source', description: 'Its credentials at the partner\'s, and the permission for each collection, as a run would meet them. Changes nothing.' })
  @ApiOkResponse({ type: SourceTestDto })
  async testSaved(@Caller() caller: Principal, @Param('id') id: string, @Body() { collections }: TestSavedSourceDto): Promise<SourceTestDto> {
    const { account, access } = await this.sources.testSaved(caller, id, collections);
    return { account, access: [...access] };
  }

  @Post(':id/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Pause', description: 'Nothing is scheduled any more; a run under way goes on. Webhooks are still taken.' })
  @ApiOkResponse({ type: SourceDto })
  async pause(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<SourceDto> { return this.views.one(await this.sources.pause(workspaceId, id)); }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Resume' })
  @ApiOkResponse({ type: SourceDto })
  async resume(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<SourceDto> { return this.views.one(await this.sources.resume(workspaceId, id)); }

  @Put(':id/credentials')
  @ApiOperation({ summary: 'Change credentials', description: 'What is left out stays as it is. Tested first; ends the error state.' })
  @ApiOkResponse({ type: SourceDto })
  async credentials(@Caller() caller: Principal, @Param('id') id: string, @Body() body: CredentialsDto): Promise<SourceDto> {
    return this.views.one(await this.sources.replaceCredentials(caller, id, body));
  }
}
