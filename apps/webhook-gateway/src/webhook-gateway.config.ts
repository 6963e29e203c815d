import { IsInt, Matches, Max, Min } from 'class-validator';
import { DatabaseConfig, Setting } from '#platform';

export class WebhookGatewayConfig extends DatabaseConfig {
  @Setting({ env: 'PORT', description: 'Port of the public ingest endpoint.', type: 'integer', default: '8081' })
  @IsInt() @Min(0) @Max(65_535)
  port!: number;

  @Setting({ env: 'WEBHOOK_PUBLIC_URL', description: 'Public base URL of the ingest endpoint; some partners sign it.', default: 'http://localhost:8081' })
  @Matches(/^https?:\/\//, { message: 'it must start with http:// or https://' })
  webhookPublicUrl!: string;

  @Setting({ env: 'WEBHOOK_DELIVERY_TIMEOUT_MS', description: 'Longest wait for Kafka before a webhook is answered with 503, in ms; those after it are refused at once until Kafka acknowledges again.', type: 'integer', default: '2000' })
  @IsInt() @Min(100) @Max(10_000)
  deliveryTimeoutMs!: number;

  @Setting({ env: 'WEBHOOK_MAX_PENDING_BYTES', description: 'Bytes of webhooks that may wait for Kafka; above that they are answered with 503 at once.', type: 'integer', default: '67108864' })
  @IsInt() @Min(1_048_576)
  maxPendingBytes!: number;
}
