import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** The metrics that every data service emits; names and meaning in this lib's README. Labels never hold a tenant. */
export class Metrics {
  readonly registry = new Registry();
  readonly received = this.counter('cs_records_received_total', 'Records that came in.', ['stage']);
  readonly sent = this.counter('cs_records_sent_total', 'Records that were durably handed on.', ['stage']);
  readonly dropped = this.counter('cs_records_dropped_total', 'Records left out on purpose.', ['reason']);
  readonly errors = this.counter('cs_errors_total', 'Errors, by kind and stage.', ['kind', 'stage']);
  readonly batchSeconds = new Histogram({ name: 'cs_batch_seconds', help: 'Time of one batch, in seconds.', labelNames: ['stage'], buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30], registers: [this.registry] });
  readonly lastTick = new Gauge({ name: 'cs_loop_last_tick_seconds', help: 'Unix time of the last turn of a loop.', labelNames: ['loop'], registers: [this.registry] });

  constructor(app: string) {
    this.registry.setDefaultLabels({ app });
    collectDefaultMetrics({ register: this.registry, prefix: 'cs_' });
  }

  counter<T extends string>(name: string, help: string, labelNames: readonly T[] = []): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  gauge<T extends string>(name: string, help: string, labelNames: readonly T[] = []): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  histogram<T extends string>(name: string, help: string, labelNames: readonly T[], buckets: number[]): Histogram<T> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }
}
