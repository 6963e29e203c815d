import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiFoundResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessRepository, type Principal } from '#persistence';
import { sessionToken } from '../access/cookie.js';
import { Caller, Needs, Public } from '../access/principal.js';
import { CALLBACK_POLICY, callbackPage } from './callback-page.js';
import { OAuthClientDto, SetOAuthClientDto, StartOAuthDto, StartedOAuthDto } from './oauth.dto.js';
import { OAuthService, type Returned } from './oauth.service.js';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value.slice(0, 10_000) : undefined);

@ApiTags('oauth')
@Controller('api/v1/oauth')
export class OAuthController {
  constructor(private readonly oauth: OAuthService, private readonly access: AccessRepository) {}

  @Get('callback')
  @Public()
  @ApiOperation({ summary: 'Where partners send people back to', description: 'Taken only with the state of a sign-in that was begun less than ten minutes ago, once, and in the session that began it.' })
  @ApiQuery({ name: 'state', required: false }) @ApiQuery({ name: 'code', required: false }) @ApiQuery({ name: 'error', required: false }) @ApiQuery({ name: 'error_description', required: false })
  @ApiOkResponse({ description: 'A page that says what happened.', content: { 'text/html': { schema: { type: 'string' } } } })
  @ApiFoundResponse({ description: 'On to returnTo.' })
  async callback(@Query() query: Record<string, unknown>, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const session = sessionToken(request.headers.cookie);
    const user = session === undefined ? undefined : await this.access.bySession(session);
    const [state, code, error, description] = [text(query['state']), text(query['code']), text(query['error']), text(query['error_description'])];
    const returned = await this.oauth.callback({ ...(state && { state }), ...(code && { code }), ...(error && { error }), ...(description && { description }) }, user?.userId ?? null);
    if (returned.returnTo !== null) void reply.status(302).header('location', next(returned, returned.returnTo)).send();
    else void reply.status(returned.ok ? 200 : 422).header('content-type', 'text/html; charset=utf-8').header('content-security-policy', CALLBACK_POLICY).send(page(returned));
  }

  @Post(':connector/start')
  @HttpCode(200)
  @ApiOperation({ summary: 'Begin to connect by OAuth', description: 'Send the person to authorizeUrl; once they have agreed, create the source (or change its credentials) with grantId, within 15 minutes.' })
  @ApiOkResponse({ type: StartedOAuthDto })
  start(@Caller() caller: Principal, @Param('connector') connector: string, @Body() body: StartOAuthDto): Promise<StartedOAuthDto> {
    return this.oauth.start(caller, connector, body);
  }

  @Get(':connector/client')
  @ApiOperation({ summary: 'Get the OAuth client', description: 'As which this workspace is registered at the partner\'s, and what to register.' })
  @ApiOkResponse({ type: OAuthClientDto })
  client(@Caller() { workspaceId }: Principal, @Param('connector') connector: string): Promise<OAuthClientDto> { return this.oauth.client(workspaceId, connector); }

  @Put(':connector/client')
  @Needs('owner')
  @ApiOperation({ summary: 'Set the workspace\'s OAuth client', description: 'Sources that were connected with another one must be connected again.' })
  @ApiOkResponse({ type: OAuthClientDto })
  async setClient(@Caller() { workspaceId }: Principal, @Param('connector') connector: string, @Body() body: SetOAuthClientDto): Promise<OAuthClientDto> {
    await this.oauth.setClient(workspaceId, connector, body);
    return this.oauth.client(workspaceId, connector);
  }

  @Delete(':connector/client')
  @Needs('owner')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove the workspace\'s OAuth client', description: 'The operator\'s serves it from then on, where there is one.' })
  @ApiNoContentResponse({ description: 'Removed.' })
  deleteClient(@Caller() { workspaceId }: Principal, @Param('connector') connector: string): Promise<void> { return this.oauth.deleteClient(workspaceId, connector); }
}

function next(returned: Returned, returnTo: string): string {
  const url = new URL(returnTo, 'http://console');
  if (returned.ok) url.searchParams.set('grantId', returned.grantId);
  else { url.searchParams.set('oauthError', returned.error.message); url.searchParams.set('oauthRemedy', returned.error.remedy); }
  return `${url.pathname}${url.search}${url.hash}`;
}

const page = (returned: Returned): string => returned.ok
  ? callbackPage(`${returned.title} is connected`, 'You can close this window and go on where you began.', undefined, returned.grantId)
  : callbackPage('It was not connected', `${returned.error.message} ${returned.error.remedy}`, returned.error.details);
