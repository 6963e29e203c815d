import { existsSync } from 'node:fs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import fastifyStatic from '@fastify/static';
import { AuditTrail } from '../audit/audit-trail.js';
import { CONSOLE_FOLDER } from '../console/console.controller.js';
import { Documents } from '../docs/documents.js';
import { openApi } from '../docs/open-api.js';
import type { GatewayConfig } from '../gateway.config.js';
import { AllowedMethods } from './allowed-methods.js';
import { sendProblem } from './send-problem.js';

/** Fastify, told whose X-Forwarded-For it may believe, and to name the methods of a path that is asked by another one. */
export function httpAdapter({ trustedProxies }: GatewayConfig): FastifyAdapter {
  const adapter = new FastifyAdapter({
    trustProxy: trustedProxies.length === 0 ? false : trustedProxies,
    // What Fastify can't route at all: a path that isn't UTF-8, or with an endless parameter.
    frameworkErrors: (_error: Error, _request: FastifyRequest, reply: FastifyReply) => { void sendProblem(reply, { status: 404, code: 'not_found', title: 'There is nothing at this path.', remedy: 'Check the path; /api/docs lists them.' }); },
  });
  const fastify = adapter.getInstance();
  const methods = new AllowedMethods();
  fastify.addHook('onRoute', ({ method, url }) => { for (const one of [method].flat()) methods.add(one, url); });
  fastify.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions;
    if (!request.url.startsWith('/api/') || (url !== undefined && url !== '/*')) return undefined;
    const allowed = methods.of(request.url.split('?', 1)[0] ?? '');
    if (allowed.length === 0 || allowed.includes(request.method)) return undefined;
    return sendProblem(reply.header('allow', allowed.join(', ')), { status: 405, code: 'method_not_allowed', title: `This path doesn't take ${request.method}.`, remedy: `It takes ${allowed.join(', ')}; /api/docs shows what for.` });
  });
  return adapter;
}

/** Last touches before the gateway listens. */
export function configureHttp(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onSend', async (_request, reply) => {
    void reply.header('x-content-type-options', 'nosniff').header('x-frame-options', 'DENY').header('referrer-policy', 'no-referrer');
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
  });
  app.get(AuditTrail).attach(fastify);
  // Serves by name only, compressed at build time; the routes are the controller's.
  if (existsSync(CONSOLE_FOLDER)) void fastify.register(fastifyStatic, { root: CONSOLE_FOLDER, serve: false, preCompressed: true, cacheControl: false });
  app.get(Documents).describe(() => openApi(app));
}
