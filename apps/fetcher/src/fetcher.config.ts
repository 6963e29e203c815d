import { ArrayNotEmpty, IsInt, Max, Min } from 'class-validator';
import { DatabaseConfig, Setting } from '#platform';

export class FetcherConfig extends DatabaseConfig {
  @Setting({ env: 'CONNECTORS', description: 'Names of the connectors this fetcher serves, separated by commas; * is all of them.', type: 'list', default: '*' })
  @ArrayNotEmpty()
  connectors!: string[];

  @Setting({ env: 'FETCHER_RUNS', description: 'Runs at once in this process, each in a worker of its own.', type: 'integer', default: '4' })
  @IsInt() @Min(1) @Max(64)
  runs!: number;

  @Setting({ env: 'RUN_LEASE_SECONDS', description: 'How long a run stays taken after its fetcher went silent, in seconds.', type: 'integer', default: '30' })
  @IsInt() @Min(2) @Max(3_600)
  leaseSeconds!: number;

  @Setting({ env: 'RUN_HANG_SECONDS', description: 'A run without any progress for this long is killed, in seconds.', type: 'integer', default: '600' })
  @IsInt() @Min(1)
  hangSeconds!: number;

  @Setting({ env: 'RUN_MAX_SECONDS', description: 'A run that takes longer is killed, in seconds.', type: 'integer', default: '86400' })
  @IsInt() @Min(1)
  maxSeconds!: number;

  @Setting({ env: 'RUN_MAX_MEMORY_MB', description: 'Memory of one run\'s worker, in MiB.', type: 'integer', default: '256' })
  @IsInt() @Min(64) @Max(8_192)
  maxMemoryMb!: number;

  @Setting({ env: 'ALLOW_PRIVATE_ADDRESSES', description: 'Lets connectors call loopback and private addresses. For local use only.', type: 'boolean', default: 'false' })
  allowPrivateAddresses!: boolean;

  @Setting({ env: 'PARTNER_RATE_LIMITS', description: 'Keep to the rates that the connectors declare; budgets hold in any case. false is for benchmarks against a server of your own.', type: 'boolean', default: 'true' })
  partnerRateLimits!: boolean;
}
