import { minutesOf, type Schedule } from './next-due.js';

const DAY = 1_440;
/** So that also the longest rhythm, a week, comes round some times. */
const DAYS = 56;

/** Scheduled runs of a day, on average. */
export const runsPerDay = (schedule: Schedule): number => (schedule.mode === 'times' ? new Set(schedule.times).size : DAY / schedule.everyMinutes);

/**
 * How many of a day's scheduled runs read a collection that is to be read every so many minutes, on average: a run leaves it
 * out when the run after it is nearer to its time. Clock changes don't count.
 * @param everyMinutes null: each run reads it
 */
export function readsPerDay(schedule: Schedule, everyMinutes: number | null): number {
  if (everyMinutes === null) return runsPerDay(schedule);
  if (schedule.mode === 'interval') return DAY / (schedule.everyMinutes * Math.max(1, Math.floor(everyMinutes / schedule.everyMinutes + 0.5)));
  const times = [...new Set(schedule.times.map(minutesOf))].sort((a, b) => a - b);
  const runs = Array.from({ length: DAYS }, (_, day) => times.map((time) => day * DAY + time)).flat();
  const reads: number[] = [];
  for (const [n, run] of runs.entries()) {
    const [last, next] = [reads.at(-1), runs[n + 1] ?? run + DAY];
    if (last === undefined || last + everyMinutes < run + (next - run) / 2) reads.push(run);
  }
  const [first = 0, last = 0] = [reads[0], reads.at(-1)];
  return reads.length < 2 ? 1 / DAYS : (reads.length - 1) * DAY / (last - first);
}
