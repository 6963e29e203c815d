import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { connectorNames } from '#connectors';
import { toErrorReport } from '#contracts';
import { createKafka } from '#kafka';
import { SourceRepository, VerificationRepository, type DataSource, type VerificationTask } from '#persistence';
import { Logger, kafkaSettings } from '#platform';
import { verifyStored } from '#verification';
import type { Vault } from '#vault';
import { FetcherConfig } from '../fetcher.config.js';
import { DATABASE, VAULT } from '../run-sync/vault.js';

const EVERY_MS = 2_000;
const LEASE_MS = 60_000;
/** How long records may be on their way before their absence counts, in ms. */
const SETTLE_MS = 30_000;
/** Zendesk exports a change after a minute, and what Salesforce has of the last two isn't taken for read. */
const PARTNER_SETTLE_MS = 240_000;

/** Compares a source's partner, topics and warehouses when a person asks: here, because of all services it is the fetcher that calls partners. One at a time. */
@Injectable()
export class VerifyService implements OnModuleInit, OnApplicationShutdown {
  private readonly owner = `${hostname()}/${process.pid}`;
  private readonly verifications: VerificationRepository;
  private readonly abort = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private turning: Promise<void> | undefined;

  constructor(private readonly config: FetcherConfig, @Inject(DATABASE) private readonly database: DataSource, @Inject(VAULT) private readonly vault: Vault, private readonly logger: Logger) {
    this.verifications = new VerificationRepository(database);
  }

  onModuleInit(): void {
    const served = this.config.connectors.includes('*') ? connectorNames : this.config.connectors;
    this.timer = setInterval(() => {
      this.turning ??= this.turn(served)
        .catch((error: unknown) => this.logger.warn('Verifications could not be looked at.', { error: (error as Error).message }))
        .finally(() => { this.turning = undefined; });
    }, EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.abort.abort();
    await this.turning;
  }

  private async turn(served: readonly string[]): Promise<void> {
    const task = await this.verifications.take(this.owner, LEASE_MS, served);
    if (task === undefined) return;
    const lost = new AbortController();
    const beat = setInterval(() => {
      this.verifications.progress(task.id, this.owner, LEASE_MS, 'comparing').then((ours) => { if (!ours) lost.abort(); }, () => undefined);
    }, LEASE_MS / 6);
    try {
      await this.verify(task, AbortSignal.any([this.abort.signal, lost.signal]));
    } finally {
      clearInterval(beat);
    }
  }

  private async verify({ id, sourceId }: VerificationTask, signal: AbortSignal): Promise<void> {
    const { config, database, vault, logger, owner, verifications } = this;
    try {
      const target = (await new SourceRepository(database).all()).find((source) => source.id === sourceId);
      if (target === undefined) throw new Error('The source is gone.');
      const verdicts = await verifyStored(target, {
        database, vault, kafka: createKafka(kafkaSettings(config, 'fetcher'), logger), topicPrefix: config.topicPrefix,
        allowPrivateAddresses: config.allowPrivateAddresses, settleMs: SETTLE_MS, partnerSettleMs: PARTNER_SETTLE_MS, signal,
      });
      const sum = (of: (verdict: (typeof verdicts)[number]) => number): number => verdicts.reduce((total, verdict) => total + of(verdict), 0);
      await verifications.finish(id, owner, { verdicts, difference: sum(({ difference }) => difference), apiCalls: sum(({ apiCalls }) => apiCalls) });
    } catch (error) {
      if (signal.aborted) return verifications.release(id, owner);
      await verifications.finish(id, owner, { error: toErrorReport(error, randomUUID()) });
    }
  }
}
