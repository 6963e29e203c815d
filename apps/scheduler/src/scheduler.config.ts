import { IsInt, Max, Min } from 'class-validator';
import { DatabaseConfig, Setting } from '#platform';

export class SchedulerConfig extends DatabaseConfig {
  @Setting({ env: 'SCHEDULER_TICK_MS', description: 'How often due sources and expired leases are looked for, in ms.', type: 'integer', default: '1000' })
  @IsInt() @Min(50) @Max(60_000)
  tickMs!: number;

  @Setting({ env: 'SCHEDULER_RESEND_SECONDS', description: 'A queued run that no fetcher took is announced again after this many seconds, then less and less often.', type: 'integer', default: '30' })
  @IsInt() @Min(1) @Max(3_600)
  resendSeconds!: number;

  @Setting({ env: 'SYNCS_PER_DAY', description: 'How many syncs a day a plan allows each source: scheduled ones and sync now. 0: any number. The column syncs_per_day of a workspace goes before it.', type: 'integer', default: '0' })
  @IsInt() @Min(0)
  syncsPerDay!: number;
}
