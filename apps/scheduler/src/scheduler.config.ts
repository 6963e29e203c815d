import { IsEmail, IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
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

  @Setting({ env: 'SUPPORT_SMTP_URL', description: 'SMTP server for mails to support and for invitations: smtp[s]://user:password@host:port.', type: 'secret', optional: true })
  @IsOptional() @Matches(/^smtps?:\/\//, { message: 'it must start with smtp:// or smtps://' })
  supportSmtpUrl?: string;

  @Setting({ env: 'SUPPORT_MAIL_TO', description: 'Who gets the complete log of a run that was killed or failed without anyone\'s doing, separated by commas.', type: 'list', optional: true })
  @IsOptional() @IsEmail({ require_tld: false }, { each: true })
  supportMailTo?: string[];

  @Setting({ env: 'SUPPORT_MAIL_FROM', description: 'Sender of mails to support and of invitations.', default: 'cloud-sources@localhost' })
  @IsString()
  supportMailFrom!: string;

  @Setting({ env: 'SUPPORT_HOOK_URL', description: 'URL that gets the same as a signed request (Standard Webhooks).', optional: true })
  @IsOptional() @Matches(/^https?:\/\//, { message: 'it must start with http:// or https://' })
  supportHookUrl?: string;

  @Setting({ env: 'SUPPORT_HOOK_SECRET', description: 'Secret that requests to SUPPORT_HOOK_URL are signed with: whsec_ and 24 to 64 bytes in base64.', type: 'secret', optional: true })
  @IsOptional() @Matches(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, { message: 'it must be whsec_ and base64' })
  supportHookSecret?: string;

  @Setting({ env: 'SUPPORT_WAIT_SECONDS', description: 'The end of a killed run is shown once support has its log, or after this many seconds.', type: 'integer', default: '60' })
  @IsInt() @Min(0) @Max(3_600)
  supportWaitSeconds!: number;

  @Setting({ env: 'WARN_AFTER_FAILED_RUNS', description: 'A source is warned of after so many failed runs in a row.', type: 'integer', default: '5' })
  @IsInt() @Min(1)
  warnAfterFailedRuns!: number;

  @Setting({ env: 'PAUSE_AFTER_FAILED_RUNS', description: 'A source that was warned of is paused after so many failed runs in a row, over at least PAUSE_MIN_HOURS.', type: 'integer', default: '10' })
  @IsInt() @Min(1)
  pauseAfterFailedRuns!: number;

  @Setting({ env: 'PAUSE_MIN_HOURS', description: 'A source is not paused before it has failed for so many hours: a partner may be away for a day.', type: 'integer', default: '24' })
  @IsInt() @Min(0)
  pauseMinHours!: number;

  @Setting({ env: 'PAUSE_AFTER_DAYS', description: 'A source that was warned of is paused after failing for so many days, however few its runs.', type: 'integer', default: '7' })
  @IsInt() @Min(1)
  pauseAfterDays!: number;

  @Setting({ env: 'RUN_DETAILS_DAYS', description: 'The log and the API calls of a finished run are deleted after so many days.', type: 'integer', default: '30' })
  @IsInt() @Min(1)
  runDetailsDays!: number;

  @Setting({ env: 'RUNS_DAYS', description: 'A finished run and the API usage of a day are deleted after so many days; the newest run of a source stays.', type: 'integer', default: '400' })
  @IsInt() @Min(1)
  runsDays!: number;

  @Setting({ env: 'AUDIT_LOG_DAYS', description: 'An entry of the audit log is deleted after so many days.', type: 'integer', default: '400' })
  @IsInt() @Min(1)
  auditDays!: number;

  @Setting({ env: 'ALLOW_PRIVATE_ADDRESSES', description: 'Lets connectors call loopback and private addresses. For local use only.', type: 'boolean', default: 'false' })
  allowPrivateAddresses!: boolean;
}
