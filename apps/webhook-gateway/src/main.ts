import { bootstrap } from '#platform';
import { WebhookGatewayConfig } from './webhook-gateway.config.js';
import { WebhookGatewayModule } from './webhook-gateway.module.js';
import { rawBodies, routes } from './receive/routes.js';

await bootstrap(WebhookGatewayModule, WebhookGatewayConfig, { port: ({ port }) => port, adapter: rawBodies, rawBodies: true, configure: routes });
