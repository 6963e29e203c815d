import { Body, Controller, Get, Headers, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#persistence';
import { CreateWorkspaceDto, WorkspaceDto, WorkspaceListDto } from '../access/access.dto.js';
import { AccessService } from '../access/access.service.js';
import { Caller, Needs, PeopleOnly, type Person } from '../access/principal.js';
import { CreatesOnce } from '../http/keyed.js';
import { ListQuery, pageOf } from '../http/paging.js';

@ApiTags('workspace')
@Controller('api/v1/workspaces')
export class WorkspacesController {
  constructor(private readonly access: AccessService) {}

  @Get()
  @ApiOperation({ summary: 'List one\'s workspaces', description: 'By name. An API key has one.' })
  @ApiOkResponse({ type: WorkspaceListDto })
  async list(@Caller() caller: Principal, @Query() query: ListQuery): Promise<WorkspaceListDto> { return pageOf(await this.access.workspaces(caller), query, ({ id }) => id); }

  @Post()
  @Needs('owner')
  @PeopleOnly()
  @ApiOperation({ summary: 'Create a workspace', description: 'Who creates it is its owner. PUT /api/v1/session/workspace switches to it.' })
  @CreatesOnce()
  @ApiCreatedResponse({ type: WorkspaceDto })
  async create(@Caller() person: Person, @Body() { name }: CreateWorkspaceDto, @Headers('idempotency-key') key: string | undefined): Promise<WorkspaceDto> {
    const made = await this.access.createWorkspace(person, name, key);
    return { id: made.id, name: made.name, role: 'owner', current: false };
  }
}
