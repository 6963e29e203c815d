import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { leaving } from '../http/leaving.js';
import { Asks, CreatesOnce } from '../http/keyed.js';
import { PageQuery, page } from '../http/paging.js';
import { ModelPreview } from './model-preview.service.js';
import { membersOf, shown } from './model-views.js';
import { ChangeModelDto, CreateModelDto, DeleteModelQuery, ModelMemberListDto, ModelMembersQuery, ModelDto, ModelListDto, ModelPreviewDto, ModelRunListDto, PreviewModelDto } from './models.dto.js';
import { ModelsService } from './models.service.js';

/** A value for each user, found by SQL. Everybody reads them; editors write them. */
@ApiTags('traits')
@Controller('api/v1/traits')
export class TraitsController {
  constructor(private readonly models: ModelsService, private readonly previews: ModelPreview) {}

  @Get()
  @ApiOperation({ summary: 'List traits' })
  @ApiOkResponse({ type: ModelListDto })
  async list(@Caller() { workspaceId }: Principal, @Query() { limit, cursor }: PageQuery): Promise<ModelListDto> {
    const { items, nextCursor } = page(await this.models.list(workspaceId, 'trait', limit + 1, cursor), limit);
    return { data: items.map(shown), nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Make a trait', description: 'A query that finds user_id and value, one row for each user. Computed at once, then on its schedule: into the table traits.<slug> of the warehouse, and as events trait_changed.' })
  @CreatesOnce()
  @ApiCreatedResponse({ type: ModelDto })
  async create(@Caller() caller: Principal, @Body() body: CreateModelDto, @Headers('idempotency-key') key: string | undefined): Promise<ModelDto> { return shown(await this.models.create(caller, 'trait', body, key)); }

  @Post('preview')
  @Asks()
  @HttpCode(200)
  @ApiOperation({ summary: 'Preview a trait', description: 'How many users the query finds, and its first rows. Nothing is saved but in the history of queries.' })
  @ApiOkResponse({ type: ModelPreviewDto })
  preview(@Caller() caller: Principal, @Body() { warehouseId, statement }: PreviewModelDto, @Res({ passthrough: true }) reply: FastifyReply): Promise<ModelPreviewDto> { return this.previews.of(caller, warehouseId, statement, leaving(reply)); }

  @Get(':id')
  @ApiOperation({ summary: 'Get a trait' })
  @ApiOkResponse({ type: ModelDto })
  async get(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<ModelDto> { return shown(await this.models.get(workspaceId, 'trait', id)); }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a trait', description: 'Another query is computed at once.' })
  @ApiOkResponse({ type: ModelDto })
  async change(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Body() change: ChangeModelDto): Promise<ModelDto> { return shown(await this.models.change(workspaceId, 'trait', id, { ...change })); }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a trait', description: 'Its table in the warehouse goes too, and nobody has a value any more: one trait_changed with null for each user. A disabled one keeps its values, and tells nothing. It is tried until it is done: until then the trait is listed with `deleting`, and the warehouse can\'t be disconnected. Asked for again, it is tried at once.' })
  @ApiNoContentResponse({ description: 'It is being deleted; with force, it is gone.' })
  delete(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() { force }: DeleteModelQuery): Promise<void> { return this.models.delete(workspaceId, 'trait', id, force); }

  @Post(':id/compute')
  @HttpCode(202)
  @ApiOperation({ summary: 'Compute a trait now', description: 'Joins the computation that waits or runs, if there is one.' })
  @ApiAcceptedResponse({ type: ModelDto })
  async compute(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<ModelDto> { return shown(await this.models.compute(workspaceId, 'trait', id)); }

  @Get(':id/runs')
  @ApiOperation({ summary: 'List computations', description: 'Newest first, with the size that each one left: the newest thousand are kept.' })
  @ApiOkResponse({ type: ModelRunListDto })
  async runs(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() { limit, cursor }: PageQuery): Promise<ModelRunListDto> {
    const { items, nextCursor } = page(await this.models.runs(workspaceId, 'trait', id, limit + 1, cursor), limit);
    return { data: [...items], nextCursor };
  }

  @Get(':id/members')
  @ApiOperation({ summary: 'List users with their value', description: 'As of the last computation, by the user\'s id.' })
  @ApiOkResponse({ type: ModelMemberListDto })
  async members(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() query: ModelMembersQuery): Promise<ModelMemberListDto> {
    return membersOf(query, (limit, after) => this.models.members(workspaceId, 'trait', id, limit, after, query.prefix));
  }
}
