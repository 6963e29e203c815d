import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { AuditRepository, type AuditEntry, type Origin } from '#persistence';
import { Logger } from '#platform';
import type { Authenticated } from '../access/principal.js';
import { originOf } from '../http/origin.js';
import { changesIn } from './changes.js';

/** Where `@ApiOperation` keeps what it says. */
const OPERATION = 'swagger/apiOperation';
/** Longer ones are cut. */
const NAME_CHARS = 200;

/** What people do to get in, as opposed to what they do once they are. */
export interface Entrance { readonly action: string; readonly title: string; readonly status: number; readonly user: { readonly id: string; readonly email: string }; readonly workspaceIds: readonly string[]; readonly path: string }

/**
 * The audit log's one mechanism: the guard begins an entry before a route that changes something runs, a hook ends it with the
 * answer's status. An entry without a status is a request whose answer was never sent.
 */
@Injectable()
export class AuditTrail {
  constructor(private readonly log: AuditRepository, private readonly reflector: Reflector, private readonly logger: Logger) {}

  /** @throws when it can't be written: what can't be recorded isn't done */
  async begin(request: Authenticated, context: ExecutionContext): Promise<void> {
    const { principal, method } = request;
    if (principal === undefined) return;
    const handler = context.getHandler();
    const { summary } = this.reflector.get<{ summary?: string } | undefined>(OPERATION, handler) ?? {};
    const resource = context.getClass().name.replace(/Controller$/, '').replace(/^./, (letter) => letter.toLowerCase());
    const path = pathOf(request.url);
    const { userId, apiKeyId, workspaceId, name } = principal;
    request.auditId = await this.log.add({
      workspaceId, actorKind: apiKeyId === null ? 'person' : 'api_key', actorId: apiKeyId ?? userId, actorName: name,
      action: `${resource}.${handler.name}`, title: summary ?? `${method} ${path}`, method, path, targetId: targetIn(request.params), targetName: null, status: null,
      changes: changesIn(method === 'DELETE' ? request.query : request.body), ...originOf(request),
    });
  }

  /** An entry for each of these workspaces. */
  async entrance({ action, title, status, user, workspaceIds, path }: Entrance, origin: Origin): Promise<void> {
    await Promise.all(workspaceIds.map((workspaceId) => this.log.add({
      workspaceId, actorKind: status < 400 ? 'person' : 'nobody', actorId: user.id, actorName: user.email, action, title, method: 'POST', path, targetId: user.id, targetName: user.email, status, changes: {}, ...origin,
    })));
  }

  /** Ends the entries that were begun. */
  attach(fastify: FastifyInstance): void {
    const made = new WeakMap<object, { readonly id: string; readonly name: string | null }>();
    fastify.addHook('preSerialization', async (request, _reply, payload) => {
      const { id, name, email } = (typeof payload === 'object' && payload !== null ? payload : {}) as { id?: unknown; name?: unknown; email?: unknown };
      const called = [name, email].find((one) => typeof one === 'string');
      if (typeof id === 'string') made.set(request, { id, name: called?.slice(0, NAME_CHARS) ?? null });
      return payload;
    });
    const end = async (request: Authenticated, status: number): Promise<void> => {
      const { auditId } = request;
      if (auditId === undefined) return;
      delete request.auditId;
      // The answer is true even when this fails; the entry then stays without a status.
      await this.log.ended(auditId, status, made.get(request)).catch((error: unknown) => { this.logger.error('An entry of the audit log was not ended.', { auditId, error: (error as Error).name }); });
    };
    fastify.addHook('onSend', (request, reply) => end(request, reply.statusCode));
    // What writes its answer itself passes by the hook above.
    fastify.addHook('onResponse', (request, reply) => end(request, reply.raw.statusCode));
  }
}

const pathOf = (url: string): string => url.split('?', 1)[0]!.slice(0, 500);

/** The first parameter of a path is what it is about. */
function targetIn(params: unknown): AuditEntry['targetId'] {
  const [first] = Object.values((params ?? {}) as Record<string, unknown>);
  return typeof first === 'string' ? first.slice(0, NAME_CHARS) : null;
}
