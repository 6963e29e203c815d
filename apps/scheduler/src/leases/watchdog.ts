import type { ScheduleRepository } from '#persistence';

const LIMIT = 500;

export interface Watched { readonly takenBack: number; readonly resumed: number; readonly resent: number }

/** Runs whose fetcher is gone, whose wait is over, or whose command nobody took. What is beyond the limit comes in the next turn. */
export async function watch(schedule: Pick<ScheduleRepository, 'takeBackExpired' | 'resumeDeferred' | 'resendUnclaimed'>, resendAfterMs: number): Promise<Watched> {
  return {
    takenBack: await schedule.takeBackExpired(LIMIT),
    resumed: await schedule.resumeDeferred(LIMIT),
    resent: await schedule.resendUnclaimed(resendAfterMs, LIMIT),
  };
}
