import type { ScheduleRepository } from '#persistence';

/** Sources per transaction: small enough that none holds its rows for long. */
const LIMIT = 1_000;

/** Queues a run for every source that is due. @returns how many sources were due and how many runs were queued */
export async function tick(schedule: Pick<ScheduleRepository, 'queueDue'>): Promise<{ readonly due: number; readonly queued: number }> {
  const total = { due: 0, queued: 0 };
  for (;;) {
    const { due, queued } = await schedule.queueDue(LIMIT);
    total.due += due;
    total.queued += queued;
    if (due < LIMIT) return total;
  }
}
