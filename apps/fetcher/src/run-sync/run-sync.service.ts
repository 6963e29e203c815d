import { hostname } from 'node:os';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { SyncCommand } from '#contracts';
import { Health, Logger } from '#platform';
import { FetcherConfig } from '../fetcher.config.js';
import { SyncRun } from '../pipeline.js';
import { CallAdmission } from './call-admission.js';
import { ReplayPortsFactory } from '../replay/replay-ports.factory.js';
import { ReplayRun } from '../replay/replay-run.js';
import { RunPortsFactory } from './run-ports.factory.js';

/** Runs at most `FETCHER_RUNS` at once; the rest wait here, and in the control database should this process end. */
@Injectable()
export class RunSyncService implements OnApplicationShutdown {
  private readonly owner = `${hostname()}/${process.pid}`;
  private readonly waiting: string[] = [];
  private readonly running = new Map<string, Promise<void>>();
  private readonly abort = new AbortController();

  constructor(private readonly config: FetcherConfig, private readonly ports: RunPortsFactory, private readonly replays: ReplayPortsFactory, private readonly calls: CallAdmission, private readonly logger: Logger, private readonly health: Health) {
    setInterval(() => this.health.tick('runs'), 5_000).unref();
  }

  async accept({ runId }: SyncCommand): Promise<void> {
    if (this.running.has(runId) || this.waiting.includes(runId)) return;
    this.waiting.push(runId);
    this.next();
  }

  private next(): void {
    while (!this.abort.signal.aborted && this.running.size < this.config.runs) {
      const runId = this.waiting.shift();
      if (runId === undefined) return;
      this.running.set(runId, this.execute(runId).finally(() => { this.running.delete(runId); this.next(); }));
    }
  }

  private async execute(runId: string): Promise<void> {
    const { leaseSeconds, hangSeconds, maxSeconds, maxMemoryMb, allowPrivateAddresses } = this.config;
    const limits = { leaseMs: leaseSeconds * 1000, hangMs: hangSeconds * 1000, maxMs: maxSeconds * 1000, memoryMb: maxMemoryMb, allowPrivateAddresses };
    this.logger.debug('A run is taken.', { runId });
    const ports = { ...this.ports.make(), calls: this.calls };
    const run = await ports.store.claim(runId, this.owner, limits.leaseMs);
    if (run === undefined) return;
    if (run.trigger === 'replay') await new ReplayRun(run, limits.leaseMs, this.replays.make(ports.publish)).untilEnd(this.abort.signal);
    else await SyncRun.execute(run, limits, ports, this.abort.signal);
  }

  /** Runs in hand are let go: their leases expire and another fetcher goes on from their checkpoints. */
  async onApplicationShutdown(): Promise<void> {
    this.abort.abort();
    await Promise.allSettled(this.running.values());
  }
}
