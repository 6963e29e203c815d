import { Body, Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '#persistence';
import { GatewayConfig } from '../gateway.config.js';
import { AccountDto, SignInDto } from './access.dto.js';
import { AccessService } from './access.service.js';
import { sessionCookie, sessionToken } from './cookie.js';
import { Caller, Needs, Public } from './principal.js';

@ApiTags('access')
@Controller('api/v1/session')
export class SessionController {
  constructor(private readonly access: AccessService, private readonly config: GatewayConfig) {}

  @Post()
  @Public()
  @HttpCode(204)
  @ApiOperation({ summary: 'Sign in', description: 'Sets the session cookie.' })
  @ApiNoContentResponse({ description: 'Signed in.' })
  async signIn(@Body() { email, password }: SignInDto, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const { token, maxAgeSeconds } = await this.access.signIn(email, password);
    void reply.header('set-cookie', sessionCookie(token, maxAgeSeconds, this.config.secureCookies));
  }

  @Get()
  @ApiOperation({ summary: 'Who am I' })
  @ApiOkResponse({ type: AccountDto })
  account(@Caller() caller: Principal): Promise<AccountDto> { return this.access.account(caller); }

  @Delete()
  @Needs('viewer')
  @HttpCode(204)
  @ApiOperation({ summary: 'Sign out' })
  @ApiNoContentResponse({ description: 'Signed out.' })
  async signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const token = sessionToken(request.headers.cookie);
    if (token !== undefined) await this.access.signOut(token);
    void reply.header('set-cookie', sessionCookie(undefined, 0, this.config.secureCookies));
  }
}
