import { Body, Controller, Get, Headers, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#persistence';
import { CreateWorkspaceDto, WorkspaceDto, WorkspaceListDto } from '../access/access.dto.js';
import { AccessService } from '../access/access.service.js';
import { Caller, Needs, PeopleOnly, type Person } from '../access/principal.js';

@ApiTags('workspace')
@Controller('api/v1/workspaces')
export class WorkspacesController {
  constructor(private readonly access: AccessService) {}

  @Get()
  @ApiOperation({ summary: 'List one\'s workspaces', description: 'By name. An API key has one.' })
  @ApiOkResponse({ type: WorkspaceListDto })
  async list(@Caller() caller: Principal): Promise<WorkspaceListDto> { return { data: await this.access.workspaces(caller) }; }

  @Post()
  @Needs('owner')
  @PeopleOnly()
  @ApiOperation({ summary: 'Create a workspace', description: 'Who creates it is its owner. PUT /api/v1/session/workspace switches to it.' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Repeating the request with the same key answers with what the first one made.' })
  @ApiCreatedResponse({ type: WorkspaceDto })
  async create(@Caller() person: Person, @Body() { name }: CreateWorkspaceDto, @Headers('idempotency-key') key: string | undefined): Promise<WorkspaceDto> {
    const made = await this.access.createWorkspace(person, name, key);
    return { id: made.id, name: made.name, role: 'owner', current: false };
  }
}
