import { SetMetadata, applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ROLES, type Principal, type Role } from '#persistence';

/** What a request is known to be; `auditId` of its entry in the audit log. */
export type Authenticated = FastifyRequest & { principal?: Principal; auditId?: string };

/** A signed-in person, as opposed to an API key. */
export type Person = Principal & { readonly userId: string; readonly sessionId: string };

export const PUBLIC = 'public';
export const NEEDS = 'needs';
export const PERSON = 'person';
export const READS = 'reads';
export const SECRET = 'secret';
export const SAFE_METHODS = ['GET', 'HEAD'];

/** The route needs no one to be signed in. */
export const Public = (): ClassDecorator & MethodDecorator => applyDecorators(SetMetadata(PUBLIC, true), ApiExtension('x-public', true));

/** The least role for the route. Without it: viewer for GET, editor for everything else. */
export const Needs = (role: Role): ClassDecorator & MethodDecorator => applyDecorators(SetMetadata(NEEDS, role), ApiExtension('x-role', role));

/** The route is for people who signed in: an API key is refused. */
export const PeopleOnly = (): ClassDecorator & MethodDecorator => applyDecorators(SetMetadata(PERSON, true), ApiExtension('x-person', true));

/** The route changes nothing, whatever its method: it isn't in the audit log. */
export const Reads = (): MethodDecorator => SetMetadata(READS, true);

/** The route takes a password or a link: an address's requests are counted for all gateways together. */
export const TakesSecret = (): MethodDecorator => SetMetadata(SECRET, true);

/** Whether the role may do what needs `least`. */
export const allows = (role: Role, least: Role): boolean => ROLES.indexOf(role) <= ROLES.indexOf(least);

/** Who is calling, for which workspace. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<Authenticated>();
  if (principal === undefined) throw new Error('a public route asked who is calling');
  return principal;
});
