/** S4's measure: the webhook-gateway's own Fastify and pipeline, signature included, with nothing behind it: the answer doesn't wait for Kafka. */
import { loadConnector } from '#connectors';
import { receive, type WebhookPorts } from '../../../apps/webhook-gateway/src/pipeline.js';
import { rawBodies } from '../../../apps/webhook-gateway/src/receive/routes.js';

const { PORT = '', SECRET = '', MODE = '' } = process.env;
const connector = await loadConnector('stripe');
const endpoint = { workspaceId: 'bench', sourceId: 'bench', connector: 'stripe', secrets: [SECRET], selected: [] };
const ports: WebhookPorts = {
  endpoint: async () => endpoint, renewedEndpoint: async () => endpoint, connector: () => connector, toRaw: async () => undefined, quarantine: () => undefined, failed: () => undefined, answered: () => undefined,
};

const fastify = rawBodies().getInstance();
fastify.removeAllContentTypeParsers();
fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
fastify.post<{ Params: { token: string } }>('/hooks/:token', async (request, reply) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const status = MODE === 'empty' ? 200 : (await receive({ token: request.params.token, method: 'POST', headers: request.headers, body, url: request.url, receivedAt: Date.now() }, ports)).status;
  return reply.code(status).type('application/json').send('{"received":true}');
});
await fastify.listen({ port: Number(PORT), host: '127.0.0.1' });
process.stdout.write('listening\n');
process.once('SIGTERM', () => process.exit(0));
