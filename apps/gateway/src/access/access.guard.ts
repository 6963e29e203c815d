import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AccessRepository, type Role } from '#persistence';
import { Problem } from '../http/problem.js';
import { sessionToken } from './cookie.js';
import { NEEDS, PUBLIC, allows, type Authenticated } from './principal.js';

const SAFE = ['GET', 'HEAD'];

/** Every route, unless it is marked public: who is calling, and whether their role is enough. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly reflector: Reflector, private readonly access: AccessRepository) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, targets) === true) return true;
    const request = context.switchToHttp().getRequest<Authenticated>();
    const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const cookie = sessionToken(request.headers.cookie);
    const principal = bearer !== undefined ? await this.access.byApiKey(bearer) : cookie !== undefined ? await this.access.bySession(cookie) : undefined;
    if (principal === undefined) {
      throw new Problem({ status: 401, code: 'unauthenticated', title: 'You are not signed in.', remedy: 'Sign in with POST /api/v1/session, or send an API key as a bearer token.' });
    }
    // Browsers send the cookie along with requests that other sites start; they also say so.
    if (bearer === undefined && !SAFE.includes(request.method) && ![undefined, 'same-origin', 'none'].includes(request.headers['sec-fetch-site'] as string | undefined)) {
      throw new Problem({ status: 403, code: 'forbidden', title: 'The request came from another site.', remedy: 'Use the console itself, or an API key.' });
    }
    const least = this.reflector.getAllAndOverride<Role | undefined>(NEEDS, targets) ?? (SAFE.includes(request.method) ? 'viewer' : 'editor');
    if (!allows(principal.role, least)) {
      throw new Problem({ status: 403, code: 'forbidden', title: `This needs the role ${least}; yours is ${principal.role}.`, remedy: 'Ask an owner of the workspace.' });
    }
    request.principal = principal;
    return true;
  }
}
