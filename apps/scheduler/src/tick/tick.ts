import type { ModelRunRepository, ScheduleRepository } from '#persistence';

/** Sources per transaction: small enough that none holds its rows for long. */
const LIMIT = 1_000;
/** Transactions at a time: the database works on one while the messages of the other are made. */
const LANES = 2;

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
  const lane = async (): Promise<void> => {
    for (;;) {
      const { due, queued, overQuota } = await schedule.queueDue(LIMIT);
      total.due += due;
      total.queued += queued;
      total.overQuota += overQuota;
      if (due < LIMIT) return;
    }
  };
  // Most ticks find less than one transaction's worth: the other lanes begin only when there is more.
  const { due, queued, overQuota } = await schedule.queueDue(LIMIT);
  Object.assign(total, { due, queued, overQuota });
  if (due === LIMIT) await Promise.all(Array.from({ length: LANES }, lane));
  return total;
}

/** Queues a computation of every trait and audience that is due, and what takes away those that somebody deleted. */
export async function tickModels(models: Pick<ModelRunRepository, 'queueDue' | 'queueDeletes'>): Promise<void> {
  while (await models.queueDue(LIMIT) === LIMIT);
  await models.queueDeletes();
}
