import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { MemberRepository, type Member, type MemberChange, type Principal } from '#persistence';
import { Caller, Needs } from '../access/principal.js';
import { PageQuery, page } from '../http/paging.js';
import { Problem, notFound } from '../http/problem.js';
import { ChangeMemberDto, MemberDto, MemberListDto } from './members.dto.js';

const shown = (member: Member, { userId }: Principal): MemberDto => ({ ...member, you: member.id === userId });

@ApiTags('members')
@Controller('api/v1/members')
export class MembersController {
  constructor(private readonly members: MemberRepository) {}

  @Get()
  @ApiOperation({ summary: 'List members' })
  @ApiOkResponse({ type: MemberListDto })
  async list(@Caller() caller: Principal, @Query() { limit, cursor }: PageQuery): Promise<MemberListDto> {
    const { items, nextCursor } = page(await this.members.list(caller.workspaceId, limit + 1, cursor), limit);
    return { data: items.map((member) => shown(member, caller)), nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Get a member' })
  @ApiOkResponse({ type: MemberDto })
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<MemberDto> {
    const member = await this.members.get(caller.workspaceId, id);
    if (member === undefined) throw notFound('member');
    return shown(member, caller);
  }

  @Patch(':id')
  @Needs('owner')
  @ApiOperation({ summary: 'Change a member\'s role', description: 'Takes effect at once. The last owner stays one.' })
  @ApiOkResponse({ type: MemberDto })
  async change(@Caller() caller: Principal, @Param('id') id: string, @Body() { role }: ChangeMemberDto): Promise<MemberDto> {
    done(await this.members.changeRole(caller.workspaceId, id, role));
    return this.get(caller, id);
  }

  @Delete(':id')
  @Needs('owner')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a member', description: 'The member\'s sessions in the workspace end at once. The last owner can\'t be removed.' })
  @ApiNoContentResponse({ description: 'Removed.' })
  async remove(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<void> { done(await this.members.remove(workspaceId, id)); }
}

function done(change: MemberChange): void {
  if (change === 'absent') throw notFound('member');
  if (change === 'last_owner') throw new Problem({ status: 409, code: 'conflict', title: 'A workspace needs an owner, and this is the last one.', remedy: 'Make somebody else an owner first.' });
}
