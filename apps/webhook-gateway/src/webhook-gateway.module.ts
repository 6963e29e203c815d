import { Module } from '@nestjs/common';
import { WebhookRepository, openDatabase } from '#persistence';
import { ReceiveService } from './receive/receive.service.js';
import { WebhookGatewayConfig } from './webhook-gateway.config.js';

@Module({
  providers: [
    ReceiveService,
    { provide: WebhookRepository, inject: [WebhookGatewayConfig], useFactory: async ({ databaseUrl }: WebhookGatewayConfig) => new WebhookRepository(await openDatabase({ url: databaseUrl, applicationName: 'webhook-gateway' })) },
  ],
})
export class WebhookGatewayModule {}
