import { SetMetadata, applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ROLES, type Principal, type Role } from '#persistence';

export type Authenticated = FastifyRequest & { principal?: Principal };

export const PUBLIC = 'public';
export const NEEDS = 'needs';

/** The route needs no one to be signed in. */
export const Public = (): ClassDecorator & MethodDecorator => applyDecorators(SetMetadata(PUBLIC, true), ApiExtension('x-public', true));

/** The least role for the route. Without it: viewer for GET, editor for everything else. */
export const Needs = (role: Role): ClassDecorator & MethodDecorator => applyDecorators(SetMetadata(NEEDS, role), ApiExtension('x-role', role));

/** Whether the role may do what needs `least`. */
export const allows = (role: Role, least: Role): boolean => ROLES.indexOf(role) <= ROLES.indexOf(least);

/** Who is calling, for which workspace. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<Authenticated>();
  if (principal === undefined) throw new Error('a public route asked who is calling');
  return principal;
});
