import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#persistence';
import { sessionCookie, sessionToken } from '../access/cookie.js';
import { Caller, Needs, Public, TakesSecret } from '../access/principal.js';
import { GatewayConfig } from '../gateway.config.js';
import { originOf } from '../http/origin.js';
import { CreatesOnce } from '../http/keyed.js';
import { PageQuery, page } from '../http/paging.js';
import { InvitationsService } from './invitations.service.js';
import { AcceptInvitationDto, InvitationListDto, InvitationTokenDto, InviteDto, NewInvitationDto, OpenInvitationDto } from './members.dto.js';

@ApiTags('members')
@Needs('owner')
@Controller('api/v1/invitations')
export class InvitationsController {
  constructor(private readonly invitations: InvitationsService, private readonly config: GatewayConfig) {}

  @Get()
  @ApiOperation({ summary: 'List invitations', description: 'Those that nobody accepted yet, expired ones too.' })
  @ApiOkResponse({ type: InvitationListDto })
  async list(@Caller() { workspaceId }: Principal, @Query() { limit, cursor }: PageQuery): Promise<InvitationListDto> {
    const { items, nextCursor } = page(await this.invitations.list(workspaceId, limit + 1, cursor), limit);
    return { data: [...items], nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Invite somebody', description: 'The link in the answer works once, for a week; it is mailed where the gateway has a mail server. A new invitation takes the place of the one before.' })
  @CreatesOnce()
  @ApiCreatedResponse({ type: NewInvitationDto })
  create(@Caller() caller: Principal, @Body() { email, role }: InviteDto, @Headers('idempotency-key') key: string | undefined): Promise<NewInvitationDto> {
    return this.invitations.invite(caller, { email, role }, key);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Withdraw an invitation', description: 'Its link works no more.' })
  @ApiNoContentResponse({ description: 'Withdrawn.' })
  withdraw(@Caller() { workspaceId }: Principal, @Param('id') id: string): Promise<void> { return this.invitations.withdraw(workspaceId, id); }

  @Post('look-up')
  @Public()
  @TakesSecret()
  @HttpCode(200)
  @ApiOperation({ summary: 'See what an invitation is for', description: 'By who has the link.' })
  @ApiOkResponse({ type: OpenInvitationDto })
  lookUp(@Body() { token }: InvitationTokenDto): Promise<OpenInvitationDto> { return this.invitations.lookUp(token); }

  @Post('accept')
  @Public()
  @TakesSecret()
  @HttpCode(204)
  @ApiOperation({ summary: 'Accept an invitation', description: 'Makes the account, unless the e-mail has one, and signs in.' })
  @ApiNoContentResponse({ description: 'Accepted, and signed in.' })
  async accept(@Body() { token, password }: AcceptInvitationDto, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const session = await this.invitations.accept(token, password, sessionToken(request.headers.cookie), originOf(request));
    void reply.header('set-cookie', sessionCookie(session.token, session.maxAgeSeconds, this.config.secureCookies));
  }
}
