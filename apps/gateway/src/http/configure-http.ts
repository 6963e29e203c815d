import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Documents } from '../docs/documents.js';
import { openApi } from '../docs/open-api.js';

/** Last touches before the gateway listens. */
export function configureHttp(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onSend', async (_request, reply) => {
    void reply.header('x-content-type-options', 'nosniff').header('x-frame-options', 'DENY').header('referrer-policy', 'no-referrer');
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
  });
  app.get(Documents).describe(() => openApi(app));
}
