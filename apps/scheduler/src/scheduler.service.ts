import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { RecordProducer, createKafka } from '#kafka';
import { HealthRepository, HousekeepingRepository, Leadership, ModelRunRepository, NotificationRepository, OutboxRepository, ScheduleRepository, SupportRepository, migrate, openDatabase, type DataSource } from '#persistence';
import { Health, Logger, Metrics, kafkaSettings } from '#platform';
import { createVault, parseKeyRing } from '#vault';
import { Scheduler } from './pipeline.js';
import { SchedulerConfig } from './scheduler.config.js';
import type { SupportChannel } from './support/channel.js';
import { supportChannels } from './support/channels.js';
import { notify } from './support/notify.js';
import { notificationChannels } from './notifications/channels.js';
import { tell } from './notifications/tell.js';

/** Number of the advisory lock that the active scheduler holds. */
const SCHEDULER_LOCK = 7_302_113;

/** Wires the pipeline to the database, to Kafka and to what the operator sees. */
@Injectable()
export class SchedulerService implements OnApplicationBootstrap, OnApplicationShutdown {
  private database: DataSource | undefined;
  private producer: RecordProducer | undefined;
  private scheduler: Scheduler | undefined;
  private channels: readonly SupportChannel[] = [];
  private people: ReturnType<typeof notificationChannels> | undefined;
  private wasActive = false;
  private readonly failing = new Set<string>();

  constructor(
    private readonly config: SchedulerConfig, private readonly logger: Logger, private readonly metrics: Metrics, private readonly health: Health,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { databaseUrl, tickMs, resendSeconds, topicPrefix, syncsPerDay, supportWaitSeconds, warnAfterFailedRuns, pauseAfterFailedRuns, pauseMinHours, pauseAfterDays, runDetailsDays, runsDays, auditDays } = this.config;
    this.channels = supportChannels(this.config);
    if (this.channels.length === 0) this.logger.warn('No support channel is set up: nobody is told of runs that are killed. Set SUPPORT_SMTP_URL or SUPPORT_HOOK_URL.');
    this.database = await openDatabase({ url: databaseUrl, applicationName: 'scheduler', poolSize: 4 });
    await migrate(this.database);
    const producer = this.producer = new RecordProducer(createKafka(kafkaSettings(this.config, 'scheduler'), this.logger), { deliveryTimeoutMs: 10_000, concurrency: 1 });
    await producer.connect();
    const activeGauge = this.metrics.gauge('cs_scheduler_active', '1 on the active scheduler, 0 on those that stand by.');
    const support = new SupportRepository(this.database);
    const people = this.people = notificationChannels(this.config, createVault(parseKeyRing(this.config.vaultKeys)));
    const toPeople = new NotificationRepository(this.database);
    const told = this.metrics.counter('cs_notifications_total', 'Notifications that a workspace\'s mail or hook took or did not take.', ['outcome']);
    const notifications = this.metrics.counter('cs_support_notifications_total', 'Logs of killed runs that a support channel took or did not take.', ['outcome']);
    const deleted = this.metrics.counter('cs_scheduler_rows_deleted_total', 'Rows of the control database that had been kept long enough.', ['what']);
    const housekeeping = new HousekeepingRepository(this.database);
    const runs = this.metrics.counter('cs_scheduler_runs_total', 'Runs that the scheduler moved.', ['what']);
    this.scheduler = new Scheduler({
      leadership: (wake) => new Leadership(databaseUrl, SCHEDULER_LOCK, 'outbox', wake),
      schedule: new ScheduleRepository(this.database, syncsPerDay),
      outbox: new OutboxRepository(this.database),
      health: new HealthRepository(this.database),
      models: new ModelRunRepository(this.database),
      notify: () => notify({
        support, channels: this.channels, waitMs: supportWaitSeconds * 1000,
        failed: (runId, channel, error) => this.logger.warn('A support channel did not take the log of a run; it is sent again.', { runId, channel, error: error.message }),
      }),
      notified: ({ delivered, failed, ended }) => {
        this.recovered('support');
        for (const [outcome, count] of Object.entries({ delivered, failed })) if (count > 0) notifications.inc({ outcome }, count);
        if (ended > 0) runs.inc({ what: 'ended' }, ended);
      },
      tell: () => tell(toPeople, people.channels),
      told: (turn) => {
        this.recovered('notifications');
        for (const [outcome, count] of Object.entries(turn)) if (count > 0) told.inc({ outcome }, count);
      },
      sweep: () => housekeeping.sweep({ runDetailsDays, runsDays, auditDays }),
      swept: (rows) => {
        this.recovered('housekeeping');
        for (const [what, count] of Object.entries(rows)) deleted.inc({ what }, count);
      },
      send: (topic, message) => producer.send(topic, message),
      loops: {
        turned: (loop) => this.health.tick(loop),
        failed: (loop, error) => this.failed(loop, error),
      },
      turned: ({ active, queued, overQuota, takenBack, resumed, resent, warned, paused }) => {
        this.recovered('tick');
        activeGauge.set(active ? 1 : 0);
        if (active !== this.wasActive) this.logger.info(active ? 'Active: this scheduler plans the runs.' : 'Standing by: another scheduler is active.');
        this.wasActive = active;
        for (const [what, count] of Object.entries({ queued, over_quota: overQuota, taken_back: takenBack, resumed, resent })) if (count > 0) runs.inc({ what }, count);
        if (warned + paused > 0) this.logger.warn('Sources keep failing.', { warned, paused });
        if (takenBack > 0) this.logger.warn('Runs were taken back from fetchers that went silent.', { runs: takenBack });
      },
      relayed: (messages) => {
        this.recovered('outbox');
        if (messages > 0) this.metrics.sent.inc({ stage: 'outbox' }, messages);
      },
    }, {
      tickMs, topicPrefix, resendAfterMs: resendSeconds * 1000, pause: { warnAfter: warnAfterFailedRuns, pauseAfter: pauseAfterFailedRuns, minHours: pauseMinHours, pauseAfterDays },
    });
    this.scheduler.start();
    this.health.ready('database', true);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.scheduler?.stop();
    await Promise.all([...this.channels.map((channel) => channel.close()), this.people?.close()]);
    await this.producer?.disconnect();
    await this.database?.destroy();
  }

  /** Said once when it begins; the metric goes on counting. */
  private failed(loop: string, error: unknown): void {
    this.metrics.errors.inc({ kind: error instanceof Error ? error.name : 'unknown', stage: loop });
    if (this.failing.has(loop)) return;
    this.failing.add(loop);
    this.logger.error('A loop of the scheduler fails and tries again.', { loop, error: error instanceof Error ? `${error.name}: ${error.message}` : typeof error });
  }

  private recovered(loop: string): void {
    if (this.failing.delete(loop)) this.logger.info('The loop of the scheduler works again.', { loop });
  }
}
