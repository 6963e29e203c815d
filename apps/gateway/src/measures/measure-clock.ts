import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Logger } from '#platform';
import { MeasuresService } from './measures.service.js';

const EVERY_MS = 10_000;
/** In a turn, one after the other: warehouses are there for others, too. */
const AT_ONCE = 5;

/** Measures metrics and segments when their time has come; of several gateways each takes others. */
@Injectable()
export class MeasureClock implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly measures: MeasuresService, private readonly logger: Logger) {}

  onApplicationBootstrap(): void { this.next(); }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.turn;
  }

  private next(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.turn = this.measures.due(AT_ONCE).then(() => undefined, (error: unknown) => this.logger.warn('A metric or a segment could not be measured; it is tried again.', { error: error instanceof Error ? error.message : 'unknown' })).then(() => this.next());
    }, EVERY_MS).unref();
  }
}
