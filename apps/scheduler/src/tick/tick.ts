import type { ScheduleRepository } from '#persistence';

/** Sources per transaction: small enough that none holds its rows for long. */
const LIMIT = 1_000;

export interface Ticked {
  /** Sources whose time had come. */
  readonly due: number;
  readonly queued: number;
  /** Those not started because their quota of the day is used up. */
  readonly overQuota: number;
}

/** Queues a run for every source that is due. */
export async function tick(schedule: Pick<ScheduleRepository, 'queueDue'>): Promise<Ticked> {
  const total = { due: 0, queued: 0, overQuota: 0 };
  for (;;) {
    const { due, queued, overQuota } = await schedule.queueDue(LIMIT);
    total.due += due;
    total.queued += queued;
    total.overQuota += overQuota;
    if (due < LIMIT) return total;
  }
}
