import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { GatewayConfig } from '../gateway.config.js';
import { ListQuery, pageOf } from '../http/paging.js';
import { ChangePasswordDto, SessionListDto } from './access.dto.js';
import { AccessService } from './access.service.js';
import { sessionCookie } from './cookie.js';
import { Caller, Needs, PeopleOnly, TakesSecret, type Person } from './principal.js';

/** What people do with their own account, whatever their role. */
@ApiTags('access')
@Needs('viewer')
@PeopleOnly()
@Controller('api/v1/account')
export class AccountController {
  constructor(private readonly access: AccessService, private readonly config: GatewayConfig) {}

  @Put('password')
  @TakesSecret()
  @HttpCode(204)
  @ApiOperation({ summary: 'Change one\'s password', description: 'Ends one\'s other sessions. Wrong current passwords are slowed down as at sign-in.' })
  @ApiNoContentResponse({ description: 'Changed.' })
  changePassword(@Caller() person: Person, @Body() { current, password }: ChangePasswordDto): Promise<void> { return this.access.changePassword(person, current, password); }

  @Get('sessions')
  @ApiOperation({ summary: 'List one\'s sessions', description: 'Newest first.' })
  @ApiOkResponse({ type: SessionListDto })
  async sessions(@Caller() person: Person, @Query() query: ListQuery): Promise<SessionListDto> {
    const { data, nextCursor } = pageOf(await this.access.sessions(person), query, ({ id }) => id);
    return { nextCursor, data: data.map(({ id, createdAt, lastSeenAt, expiresAt, ip, userAgent }) => ({ id, current: id === person.sessionId, createdAt, lastSeenAt, expiresAt, ip, userAgent })) };
  }

  @Delete('sessions/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'End one of one\'s sessions' })
  @ApiNoContentResponse({ description: 'Ended.' })
  endSession(@Caller() person: Person, @Param('id') id: string): Promise<void> { return this.access.endSession(person, id); }

  @Delete('sessions')
  @HttpCode(204)
  @ApiOperation({ summary: 'Sign out everywhere', description: 'Ends all of one\'s sessions, this one too.' })
  @ApiNoContentResponse({ description: 'Signed out.' })
  async signOutEverywhere(@Caller() person: Person, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    await this.access.endSessions(person);
    void reply.header('set-cookie', sessionCookie(undefined, 0, this.config.secureCookies));
  }
}
