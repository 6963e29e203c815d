import { Body, Controller, Delete, Get, HttpCode, Post, Put, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#persistence';
import { GatewayConfig } from '../gateway.config.js';
import { originOf } from '../http/origin.js';
import { AccountDto, SignInDto, SwitchWorkspaceDto } from './access.dto.js';
import { AccessService } from './access.service.js';
import { sessionCookie } from './cookie.js';
import { Caller, Needs, PeopleOnly, Public, TakesSecret, type Person } from './principal.js';
import { SignInService } from './sign-in.service.js';

@ApiTags('access')
@Controller('api/v1/session')
export class SessionController {
  constructor(private readonly access: AccessService, private readonly door: SignInService, private readonly config: GatewayConfig) {}

  @Post()
  @Public()
  @TakesSecret()
  @HttpCode(204)
  @ApiOperation({ summary: 'Sign in', description: 'Sets the session cookie.' })
  @ApiNoContentResponse({ description: 'Signed in.' })
  async signIn(@Body() { email, password }: SignInDto, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const { token, maxAgeSeconds } = await this.door.signIn(email, password, originOf(request));
    void reply.header('set-cookie', sessionCookie(token, maxAgeSeconds, this.config.secureCookies));
  }

  @Get()
  @ApiOperation({ summary: 'Who am I' })
  @ApiOkResponse({ type: AccountDto })
  account(@Caller() caller: Principal): Promise<AccountDto> { return this.access.account(caller); }

  @Put('workspace')
  @Needs('viewer')
  @PeopleOnly()
  @HttpCode(204)
  @ApiOperation({ summary: 'Switch to another workspace', description: 'All requests of this session are about it from now on.' })
  @ApiNoContentResponse({ description: 'Switched.' })
  switchWorkspace(@Caller() person: Person, @Body() { workspaceId }: SwitchWorkspaceDto): Promise<void> { return this.access.switchWorkspace(person, workspaceId); }

  @Delete()
  @Needs('viewer')
  @PeopleOnly()
  @HttpCode(204)
  @ApiOperation({ summary: 'Sign out' })
  @ApiNoContentResponse({ description: 'Signed out.' })
  async signOut(@Caller() person: Person, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    await this.access.signOut(person);
    void reply.header('set-cookie', sessionCookie(undefined, 0, this.config.secureCookies));
  }
}
