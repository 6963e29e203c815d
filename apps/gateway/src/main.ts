import { bootstrap } from '#platform';
import { GatewayConfig } from './gateway.config.js';
import { GatewayModule } from './gateway.module.js';
import { configureHttp, httpAdapter } from './http/configure-http.js';

await bootstrap(GatewayModule, GatewayConfig, { port: ({ port }) => port, adapter: httpAdapter, configure: configureHttp });
