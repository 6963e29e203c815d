import { Worker } from 'node:worker_threads';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Lane } from '#kafka';
import { Health, Logger, Metrics, kafkaSettings } from '#platform';
import type { BulkMessage } from './bulk-worker.js';
import { startLane, type LaneInput, type RunningLane } from './lane.js';
import { NormalizerConfig } from './normalizer.config.js';

const BULK_WORKER = new URL('./bulk-worker.js', import.meta.url);

/** Webhooks have partitions of their own and, here, a consumer and a thread: they wait for no page of a sync. An error of one lane ends the process. */
@Injectable()
export class NormalizerService implements OnApplicationBootstrap, OnApplicationShutdown {
  private lanes: readonly RunningLane[] = [];

  constructor(private readonly config: NormalizerConfig, private readonly logger: Logger, private readonly metrics: Metrics, private readonly health: Health) {}

  async onApplicationBootstrap(): Promise<void> {
    const { topicPrefix, concurrency, transactionRecords } = this.config;
    const options = { topicPrefix, concurrency, transactionRecords, kafka: kafkaSettings(this.config, 'normalizer') };
    this.lanes = await Promise.all([
      startLane({ ...options, lane: 'urgent' }, this.reader('urgent'), this.logger),
      this.startBulk({ ...options, lane: 'bulk' }),
    ]);
  }

  async onApplicationShutdown(): Promise<void> { await Promise.all(this.lanes.map((lane) => lane.stop())); }

  private startBulk(options: LaneInput): RunningLane {
    const worker = new Worker(BULK_WORKER, { workerData: options });
    let stopping = false;
    worker.on('message', this.reader('bulk'));
    worker.on('error', (error) => { throw error; });
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => {
        if (!stopping) throw new Error('the thread of the bulk lane ended without a word');
        resolve();
      });
    });
    return {
      stop: () => {
        stopping = true;
        worker.postMessage('stop');
        return ended;
      },
    };
  }

  /** Takes what a lane tells of itself. */
  private reader(lane: Lane): (report: BulkMessage) => void {
    const { metrics, health, logger } = this;
    const name = `consumer-${lane}`;
    health.ready(name, false);
    return (report) => {
      switch (report.type) {
        case 'assigned': return health.ready(name, true);
        case 'tick': return health.tick(name);
        case 'received': return metrics.received.inc({ stage: 'raw' }, report.records);
        case 'sent': return metrics.sent.inc({ stage: 'records' }, report.records);
        case 'dead-lettered': return metrics.errors.inc({ kind: report.reason, stage: 'normalize' });
        case 'batch': return metrics.batchSeconds.observe({ stage: 'normalize' }, report.seconds);
        case 'debug': case 'warn': return logger[report.type](report.message, report.fields);
      }
    };
  }
}
