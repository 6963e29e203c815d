import { IsInt, Max, Min } from 'class-validator';
import { DatabaseConfig, Setting } from '#platform';

export class SchedulerConfig extends DatabaseConfig {
  @Setting({ env: 'SCHEDULER_TICK_MS', description: 'How often due sources and expired leases are looked for, in ms.', type: 'integer', default: '1000' })
  @IsInt() @Min(50) @Max(60_000)
  tickMs!: number;

  @Setting({ env: 'SCHEDULER_RESEND_SECONDS', description: 'A queued run that no fetcher took is announced again after this many seconds, then less and less often.', type: 'integer', default: '30' })
  @IsInt() @Min(1) @Max(3_600)
  resendSeconds!: number;
}
