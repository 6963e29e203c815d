import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { WebhookGatewayConfig } from '../webhook-gateway.config.js';
import { ReceiveService } from './receive.service.js';

/** Above every connector's own limit; Content-Length and streamed bytes are both held to it. */
const BODY_LIMIT = 8 * 1024 * 1024;

/** Fastify with every body as the bytes that came over the wire, whatever its content type says. */
export function rawBodies(): FastifyAdapter {
  return new FastifyAdapter({ bodyLimit: BODY_LIMIT, requestTimeout: 15_000, connectionTimeout: 20_000, keepAliveTimeout: 72_000, maxHeaderSize: 16 * 1024, logger: false, trustProxy: false } as never);
}

/** `POST /hooks/{token}`, straight on Fastify: nothing of a request is parsed before its signature holds. */
export function routes(app: NestFastifyApplication, config: WebhookGatewayConfig): void {
  const fastify = app.getHttpAdapter().getInstance();
  const service = app.get(ReceiveService);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  fastify.post<{ Params: { token: string } }>('/hooks/:token', async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { status, reason, retryAfterSeconds, acknowledgement } = await service.receive({
      token: request.params.token, method: 'POST', headers: request.headers, body, url: `${config.webhookPublicUrl}${request.url}`, receivedAt: Date.now(),
    });
    if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
    if (acknowledgement !== undefined) return reply.code(status).type(acknowledgement.contentType).send(acknowledgement.body);
    return reply.code(status).type('application/json').send(status === 200 ? '{"received":true}' : JSON.stringify({ status, title: reason }));
  });
}
