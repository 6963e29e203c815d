import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { AccessRepository, type Principal, type Role } from '#persistence';
import { AuditTrail } from '../audit/audit-trail.js';
import { networkOf } from '../http/origin.js';
import { Problem } from '../http/problem.js';
import { RateLimit } from '../http/rate-limit.js';
import { sessionToken } from './cookie.js';
import { NEEDS, PERSON, PUBLIC, READS, SAFE_METHODS, SECRET, allows, type Authenticated } from './principal.js';

/** Every route, unless it is marked public: who is calling, and whether their role is enough. What changes something is in the audit log, refused or not. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly reflector: Reflector, private readonly access: AccessRepository, private readonly audit: AuditTrail, private readonly limits: RateLimit) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const marked = <T>(mark: string): T | undefined => this.reflector.getAllAndOverride<T | undefined>(mark, targets);
    const [request, reply] = [context.switchToHttp().getRequest<Authenticated>(), context.switchToHttp().getResponse<FastifyReply>()];
    if (marked<boolean>(SECRET) === true) await this.limits.secret(networkOf(request.ip));
    if (marked<boolean>(PUBLIC) === true) {
      // The console's own files are as many as a page needs.
      if (request.url.startsWith('/api/v1/')) this.limits.address(networkOf(request.ip), reply);
      return true;
    }
    const safe = SAFE_METHODS.includes(request.method);
    const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const principal = await this.principal(bearer, request.headers.cookie);
    if (principal === undefined) {
      this.limits.address(networkOf(request.ip), reply);
      throw new Problem({ status: 401, code: 'unauthenticated', title: 'You are not signed in.', remedy: 'Sign in with POST /api/v1/session, or send an API key as a bearer token.' });
    }
    this.limits.caller(principal.apiKeyId ?? principal.userId ?? '', reply);
    request.principal = principal;
    if (!safe && marked<boolean>(READS) !== true) await this.audit.begin(request, context);
    // Browsers send the cookie along with requests that other sites start; they also say so.
    if (bearer === undefined && !safe && ![undefined, 'same-origin', 'none'].includes(request.headers['sec-fetch-site'] as string | undefined)) {
      throw new Problem({ status: 403, code: 'forbidden', title: 'The request came from another site.', remedy: 'Use the console itself, or an API key.' });
    }
    const least = marked<Role>(NEEDS) ?? (safe ? 'viewer' : 'editor');
    if (!allows(principal.role, least)) {
      throw new Problem({ status: 403, code: 'forbidden', title: `This needs the role ${least}; yours is ${principal.role}.`, remedy: 'Ask an owner of the workspace.' });
    }
    if (marked<boolean>(PERSON) === true && principal.sessionId === null) {
      throw new Problem({ status: 403, code: 'forbidden', title: 'This is for people; an API key is a program.', remedy: 'Sign in with POST /api/v1/session.' });
    }
    return true;
  }

  private async principal(bearer: string | undefined, cookies: string | undefined): Promise<Principal | undefined> {
    const cookie = sessionToken(cookies);
    if (bearer !== undefined) return this.access.byApiKey(bearer);
    return cookie === undefined ? undefined : this.access.bySession(cookie);
  }
}
