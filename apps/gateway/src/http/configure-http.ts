import { existsSync } from 'node:fs';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import fastifyStatic from '@fastify/static';
import { AuditTrail } from '../audit/audit-trail.js';
import { CONSOLE_FOLDER } from '../console/console.controller.js';
import { Documents } from '../docs/documents.js';
import { openApi } from '../docs/open-api.js';
import type { GatewayConfig } from '../gateway.config.js';

/** Fastify, told whose X-Forwarded-For it may believe. */
export const httpAdapter = ({ trustedProxies }: GatewayConfig): FastifyAdapter => new FastifyAdapter({ trustProxy: trustedProxies.length === 0 ? false : trustedProxies });

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
