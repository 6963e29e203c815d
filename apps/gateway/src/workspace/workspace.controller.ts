import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { WorkspaceRepository, type Principal } from '#persistence';
import { isTimeZone } from '#schedule';
import { Caller, Needs } from '../access/principal.js';
import { GatewayConfig } from '../gateway.config.js';
import { invalid } from '../http/problem.js';
import { ChangeWorkspaceDto, WorkspaceSettingsDto } from './workspace.dto.js';

@ApiTags('workspace')
@Controller('api/v1/workspace')
export class WorkspaceController {
  constructor(private readonly workspaces: WorkspaceRepository, private readonly config: GatewayConfig) {}

  @Get()
  @ApiOperation({ summary: 'Get the workspace\'s settings' })
  @ApiOkResponse({ type: WorkspaceSettingsDto })
  async get(@Caller() { workspaceId }: Principal): Promise<WorkspaceSettingsDto> {
    const { id, name, timeZone, syncsPerDay } = await this.workspaces.get(workspaceId);
    return { id, name, timeZone, syncsPerDay: (syncsPerDay ?? this.config.syncsPerDay) || null };
  }

  @Patch()
  @Needs('owner')
  @ApiOperation({ summary: 'Change the workspace\'s settings' })
  @ApiOkResponse({ type: WorkspaceSettingsDto })
  async change(@Caller() caller: Principal, @Body() { name, timeZone }: ChangeWorkspaceDto): Promise<WorkspaceSettingsDto> {
    if (timeZone !== undefined && !(isTimeZone(timeZone) && await this.workspaces.setTimeZone(caller.workspaceId, timeZone))) {
      throw invalid([{ field: 'timeZone', message: 'timeZone must be the IANA name of a time zone, such as Europe/Berlin or UTC.' }]);
    }
    if (name !== undefined) await this.workspaces.rename(caller.workspaceId, name);
    return this.get(caller);
  }
}
