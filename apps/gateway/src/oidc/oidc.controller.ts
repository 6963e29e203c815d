import { Controller, Delete, Get, HttpCode, Query, Req, Res } from '@nestjs/common';
import { ApiFoundResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsString, MaxLength } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessRepository, IdentityRepository } from '#persistence';
import { cookieIn, sessionCookie, sessionToken } from '../access/cookie.js';
import { Caller, Needs, PeopleOnly, Public, type Person } from '../access/principal.js';
import { SignInService } from '../access/sign-in.service.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { GatewayConfig } from '../gateway.config.js';
import { Optional } from '../http/optional.js';
import { originOf } from '../http/origin.js';
import { ListQuery, Page, pageOf } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { FLOW_SECONDS, OidcService } from './oidc.service.js';
import { IdentityProvider } from './provider.js';

const COOKIE = 'cs_oidc';
const PATH = '/api/v1/oidc';

class OidcStartQuery {
  @ApiPropertyOptional({ description: 'Path of the console to go on at.' }) @Optional() @IsString() @MaxLength(2_000) to?: string;
  @ApiPropertyOptional({ type: Boolean, description: 'Links the account of who is signed in.' }) @Optional() @Transform(({ value }) => (value === 'true' ? true : value === 'false' ? false : value as unknown)) @IsBoolean() link?: boolean;
}

class IdentityProviderDto {
  @ApiProperty({ description: 'What its button says.' }) name!: string;
}

class SignInOptionsDto {
  @ApiProperty({ type: () => IdentityProviderDto, nullable: true }) identityProvider!: IdentityProviderDto | null;
}

class IdentityDto {
  @ApiProperty() issuer!: string;
  @ApiProperty() email!: string;
  @ApiProperty() createdAt!: Date;
  @ApiProperty() lastUsedAt!: Date;
}

class IdentityListDto extends Page {
  @ApiProperty({ type: () => IdentityDto, isArray: true }) data!: IdentityDto[];
}

/** Sign-in through an identity provider: two redirects. */
@ApiTags('access')
@Controller('api/v1')
export class OidcController {
  constructor(
    private readonly oidc: OidcService, private readonly provider: IdentityProvider, private readonly access: AccessRepository,
    private readonly door: SignInService, private readonly audit: AuditTrail, private readonly config: GatewayConfig,
  ) {}

  @Get('sign-in-options')
  @Public()
  @ApiOperation({ summary: 'See how one can sign in', description: 'Besides e-mail and password.' })
  @ApiOkResponse({ type: SignInOptionsDto })
  options(): SignInOptionsDto { return { identityProvider: this.provider.name === undefined ? null : { name: this.provider.name } }; }

  @Get('oidc/start')
  @Public()
  @ApiOperation({ summary: 'Sign in with the identity provider', description: 'For browsers: OpenID Connect, authorization code with PKCE.' })
  @ApiFoundResponse({ description: 'To the identity provider, or back to the console with what is wrong.' })
  async start(@Query() { to, link }: OidcStartQuery, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (this.provider.name === undefined) throw new Problem({ status: 404, code: 'not_found', title: 'There is no identity provider.', remedy: 'Sign in with e-mail and password; the operator may set OIDC_ISSUER.' });
    const begun = await this.oidc.begin(to, link === true ? await this.person(request) : undefined);
    if (begun === undefined) return this.away(reply, '/sign-in?problem=oidc_refused');
    void reply.header('set-cookie', this.flowCookie(begun.sealed));
    return this.away(reply, begun.url);
  }

  @Get('oidc/callback')
  @Public()
  @ApiOperation({ summary: 'Come back from the identity provider' })
  @ApiFoundResponse({ description: 'To the console: signed in, or with what is wrong.' })
  async callback(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const outcome = await this.oidc.finish(request.url.split('?')[1] ?? '', cookieIn(request.headers.cookie, COOKIE), await this.person(request));
    const cookies = [this.flowCookie(undefined)];
    const origin = originOf(request);
    if ('problem' in outcome) {
      void reply.header('set-cookie', cookies);
      return this.away(reply, `${outcome.linking ? '/settings/account' : '/sign-in'}?problem=${outcome.problem}`);
    }
    if ('linked' in outcome) {
      const workspaceIds = (await this.access.memberships(outcome.linked.id)).map(({ workspaceId }) => workspaceId);
      await this.audit.entrance({ action: 'account.linkIdentity', title: 'Link an identity provider', status: 204, user: outcome.linked, workspaceIds, path: `${PATH}/callback` }, origin);
    } else {
      const [membership] = await this.access.memberships(outcome.enter.id);
      if (membership === undefined) return this.away(reply, '/sign-in?problem=oidc_not_invited');
      const { token, maxAgeSeconds } = await this.door.enter(outcome.enter, membership.workspaceId, origin, `Sign in with ${this.config.oidcName}`);
      cookies.push(sessionCookie(token, maxAgeSeconds, this.config.secureCookies));
    }
    void reply.header('set-cookie', cookies);
    return this.away(reply, outcome.to);
  }

  /** Who is signed in in this browser. */
  private async person(request: FastifyRequest) {
    const token = sessionToken(request.headers.cookie);
    return token === undefined ? undefined : this.access.bySession(token);
  }

  private flowCookie(sealed: string | undefined): string {
    return `${COOKIE}=${sealed ?? ''}; Path=${PATH}; HttpOnly; SameSite=Lax; Max-Age=${sealed === undefined ? 0 : FLOW_SECONDS}${this.config.secureCookies ? '; Secure' : ''}`;
  }

  private async away(reply: FastifyReply, to: string): Promise<void> { await reply.redirect(to, 302); }
}

@ApiTags('access')
@Needs('viewer')
@PeopleOnly()
@Controller('api/v1/account/identities')
export class IdentitiesController {
  constructor(private readonly identities: IdentityRepository) {}

  @Get()
  @ApiOperation({ summary: 'List one\'s identities', description: 'At the identity provider: what one can sign in with besides the password.' })
  @ApiOkResponse({ type: IdentityListDto })
  async list(@Caller() { userId }: Person, @Query() query: ListQuery): Promise<IdentityListDto> { return pageOf(await this.identities.of(userId), query, ({ issuer, email, createdAt }) => `${issuer} ${email} ${createdAt.toISOString()}`); }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ summary: 'Unlink one\'s identities', description: 'Refused to who has no password.' })
  @ApiNoContentResponse({ description: 'Unlinked.' })
  async unlink(@Caller() { userId }: Person): Promise<void> {
    if (!await this.identities.unlink(userId)) throw new Problem({ status: 409, code: 'conflict', title: 'It is the only way into your account.', remedy: 'Set a password first.' });
  }
}
