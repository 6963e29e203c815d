import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuditRepository, type AuditEntry, type Principal } from '#persistence';
import { Caller, Needs } from '../access/principal.js';
import { page } from '../http/paging.js';
import { AuditActionListDto, AuditEntryDto, AuditLogDto, AuditLogQuery } from './audit-log.dto.js';

const shown = ({ actorKind: kind, actorId, actorName, ...entry }: AuditEntry): AuditEntryDto => ({ ...entry, actor: { kind, id: actorId, name: actorName } });

@ApiTags('access')
@Needs('owner')
@Controller('api/v1/audit-log')
export class AuditLogController {
  constructor(private readonly log: AuditRepository) {}

  @Get()
  @ApiOperation({ summary: 'Read the audit log', description: 'Who did what to what, when and from where: every request that changes something, refused ones and sign-ins too. Newest first.' })
  @ApiOkResponse({ type: AuditLogDto })
  async list(@Caller() { workspaceId }: Principal, @Query() { limit, cursor, ...filter }: AuditLogQuery): Promise<AuditLogDto> {
    const { items, nextCursor } = page(await this.log.list(workspaceId, filter, limit + 1, cursor), limit);
    return { data: items.map(shown), nextCursor };
  }

  @Get('actions')
  @ApiOperation({ summary: 'List the actions in the audit log', description: 'For a filter.' })
  @ApiOkResponse({ type: AuditActionListDto })
  async actions(@Caller() { workspaceId }: Principal): Promise<AuditActionListDto> { return { data: [...await this.log.actions(workspaceId)] }; }
}
