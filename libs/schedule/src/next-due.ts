import { dayAt, instantOf } from './time-zone.js';

const MINUTE_MS = 60_000;

/** When a source runs. */
export type Schedule =
  /** Every so many minutes of elapsed time; `phase` is one of its due times, past or future, in epoch ms. */
  | { readonly mode: 'interval'; readonly everyMinutes: number; readonly phase: number }
  /** Each day when the zone's clocks show one of these, as `HH:MM`; at least one. */
  | { readonly mode: 'times'; readonly times: readonly string[]; readonly timeZone: string };

export const SCHEDULE_MODES = ['interval', 'times'] as const;

/** Minutes after midnight of an `HH:MM`. */
export const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/** The `HH:MM` of so many minutes after midnight. */
export const timeOf = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/**
 * The first due time after `after`, both in epoch ms. It depends on nothing else: a clock that was moved changes when a due
 * time is reached, never which ones there are.
 */
export function nextDue(schedule: Schedule, after: number): number {
  if (schedule.mode === 'interval') {
    const every = schedule.everyMinutes * MINUTE_MS;
    return schedule.phase + (Math.floor((after - schedule.phase) / every) + 1) * every;
  }
  const { year, month, day } = dayAt(schedule.timeZone, after);
  // A skipped time of the evening before may have moved past midnight, so that day counts as well.
  for (let ahead = -1; ; ahead += 1) {
    const due = schedule.times.map((time) => instantOf(schedule.timeZone, { year, month, day: day + ahead }, minutesOf(time))).filter((instant) => instant > after);
    if (due.length > 0) return Math.min(...due);
  }
}

/** `nextDue` that remembers what it found: for many schedules at about the same time. */
export function createNextDue(): typeof nextDue {
  const found = new Map<string, { from: number; readonly due: number }>();
  return (schedule, after) => {
    if (schedule.mode === 'interval') return nextDue(schedule, after);
    const key = `${schedule.timeZone} ${schedule.times.join()}`;
    const known = found.get(key);
    if (known !== undefined && known.from <= after && after < known.due) return known.due;
    const due = nextDue(schedule, after);
    found.set(key, { from: after, due });
    return due;
  };
}

/** The due times after `from` and before `to`, in order; at most `limit`. */
export function dueTimes(schedule: Schedule, from: number, to: number, limit = 1_440): number[] {
  const due: number[] = [];
  for (let next = nextDue(schedule, from); next < to && due.length < limit; next = nextDue(schedule, next)) due.push(next);
  return due;
}
