import { IsInt, Max, Min } from 'class-validator';
import { DatabaseConfig, Setting } from '#platform';

export class EventForwarderConfig extends DatabaseConfig {
  @Setting({ env: 'FORWARDER_TIMEOUT_MS', description: 'Longest wait for a destination\'s answer, in ms.', type: 'integer', default: '10000' })
  @IsInt() @Min(100) @Max(15_000)
  timeoutMs!: number;

  @Setting({ env: 'FORWARDER_CONCURRENCY', description: 'Requests to one destination at once, of each forwarder.', type: 'integer', default: '8' })
  @IsInt() @Min(1) @Max(64)
  concurrency!: number;

  @Setting({ env: 'FORWARDER_RETRY_FIRST_MS', description: 'Wait before the second try of a delivery, in ms; it doubles with every try, give or take a quarter.', type: 'integer', default: '5000' })
  @IsInt() @Min(10) @Max(600_000)
  retryFirstMs!: number;

  @Setting({ env: 'FORWARDER_RETRY_MOST_MS', description: 'Longest wait between two tries of a delivery, in ms.', type: 'integer', default: '3600000' })
  @IsInt() @Min(10) @Max(86_400_000)
  retryMostMs!: number;

  @Setting({ env: 'FORWARDER_GIVE_UP_SECONDS', description: 'A delivery is given up after so many seconds of tries, and a destination that took nothing for so long is disabled.', type: 'integer', default: '259200' })
  @IsInt() @Min(1) @Max(2_592_000)
  giveUpSeconds!: number;

  @Setting({ env: 'FORWARDER_POLL_MS', description: 'How often deliveries that are due again are looked for, in ms; new ones need no looking for.', type: 'integer', default: '1000' })
  @IsInt() @Min(20) @Max(60_000)
  pollMs!: number;

  @Setting({ env: 'FORWARDER_SETTLE_MS', description: 'An event is sent so long after it arrived, in ms: by then those about the same subject that came before it are there, whatever partition they came by.', type: 'integer', default: '500' })
  @IsInt() @Min(0) @Max(60_000)
  settleMs!: number;

  @Setting({ env: 'DELIVERY_LOG_DAYS', description: 'How long finished deliveries stay in the log, in days. A replay doesn\'t send again what is in it.', type: 'integer', default: '7' })
  @IsInt() @Min(1) @Max(365)
  deliveryLogDays!: number;

  @Setting({ env: 'ALLOW_PRIVATE_ADDRESSES', description: 'Lets events be sent to loopback and private addresses. For local use only.', type: 'boolean', default: 'false' })
  allowPrivateAddresses!: boolean;
}
