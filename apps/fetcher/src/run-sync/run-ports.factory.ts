import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CE_TYPES, toHeaders, topicNames, type SyncEvent } from '#contracts';
import { RecordProducer, createKafka } from '#kafka';
import { Renewer } from '#oauth';
import { RunRepository, newId, type ClaimedRun } from '#persistence';
import { Logger, Metrics, kafkaSettings } from '#platform';
import { sealContext, type Vault } from '#vault';
import { FetcherConfig } from '../fetcher.config.js';
import type { RunPorts } from './run-ports.js';
import { VAULT } from './vault.js';

/** Pages of so many ms share a request to Kafka. */
const PACE_MS = 20;

/** Binds the pipeline's ports to Kafka, the control database and the vault. */
@Injectable()
export class RunPortsFactory implements OnModuleInit, OnApplicationShutdown {
  private readonly producer: RecordProducer;

  constructor(
    private readonly config: FetcherConfig, @Inject(RunRepository) private readonly runs: RunRepository, @Inject(Renewer) private readonly renewer: Renewer, @Inject(VAULT) private readonly vault: Vault,
    private readonly logger: Logger, private readonly metrics: Metrics,
  ) {
    this.producer = new RecordProducer(createKafka(kafkaSettings(config, 'fetcher'), logger), { paceMs: PACE_MS });
  }

  async onModuleInit(): Promise<void> { await this.producer.connect(); }

  make(): Omit<RunPorts, 'calls'> {
    const { topicPrefix } = this.config;
    return {
      store: this.runs,
      credentials: (run: ClaimedRun) => JSON.parse(this.vault.open(run.sealedCredentials, sealContext.credentials(run.sourceId))) as Record<string, string>,
      renew: (run, staleVersion) => this.renewer.renew(run, staleVersion),
      toRaw: (connector, message) => this.producer.send(topicNames.raw(topicPrefix, connector), message),
      publish: (event) => this.publish(event),
      count: {
        pages: (pages) => this.metrics.sent.inc({ stage: 'raw' }, pages),
        records: (records) => this.metrics.received.inc({ stage: 'partner' }, records),
        errors: (kind) => this.metrics.errors.inc({ kind, stage: 'collection' }),
      },
    };
  }

  private publish(event: SyncEvent): void {
    this.producer.send(topicNames.syncEvents(this.config.topicPrefix), {
      key: event.sourceId,
      value: JSON.stringify(event),
      headers: toHeaders({ id: newId(), source: `/sources/${event.sourceId}`, type: CE_TYPES.syncEvent, time: event.at, workspaceid: event.workspaceId, sourceid: event.sourceId, runid: event.runId }),
    }).catch((error: unknown) => this.logger.warn('News of a run did not reach Kafka.', { runId: event.runId, error: (error as Error).message }));
  }

  async onApplicationShutdown(): Promise<void> { await this.producer.disconnect(); }
}
