import { createNextDue, dayAt, instantOf, minutesOf, type Schedule } from '#schedule';

/**
 * SQL of `nextDue` for intervals, over a row with the columns of `DUE`: the first due time after an instant, in phase.
 * @param after an expression
 */
export const nextOfInterval = (after: string): string =>
  `"nextRunAt" + interval '1 minute' * "intervalMinutes" * (floor(extract(epoch from ${after} - "nextRunAt") / (60 * "intervalMinutes")) + 1)::float8`;

/** What decides when a source is due; `DUE` selects it. */
export interface DueSource {
  readonly mode: Schedule['mode'];
  readonly intervalMinutes: number;
  readonly times: readonly string[];
  readonly timeZone: string;
  readonly nextRunAt: Date;
  /** 0 to 59,000, the same for the same source: sources with the same minute don't all start in the same second. */
  readonly jitterMs: number;
}

/** Of source `s` in workspace `w`. */
export const DUE = `s.schedule_mode as mode, s.interval_minutes as "intervalMinutes", s.schedule_times as times, w.time_zone as "timeZone", s.next_run_at as "nextRunAt",
  (hashtext(s.id::text) & 2147483647) % 60 * 1000 as "jitterMs"`;

/** Its due times but for the jitter of preferred times. */
export const toSchedule = ({ mode, intervalMinutes, times, timeZone, nextRunAt }: DueSource): Schedule =>
  (mode === 'interval' ? { mode, everyMinutes: intervalMinutes, phase: nextRunAt.getTime() } : { mode, times, timeZone });

/** Finds the first due time after an instant (epoch ms), the jitter included; one for many sources at about the same time. */
export function createDueAfter(): (source: DueSource, after: number) => Date {
  const nextDue = createNextDue();
  return (source, after) => {
    const added = source.mode === 'interval' ? 0 : source.jitterMs;
    return new Date(nextDue(toSchedule(source), after - added) + added);
  };
}

/**
 * The first due time of a schedule that was just set.
 * @param startAt `HH:MM`: an interval's due times count from there; without it the first one is an interval after `since`, unless one was due before
 */
export function firstDue(source: DueSource, { now, since, startAt }: { readonly now: number; readonly since: number; readonly startAt?: string }): Date {
  if (source.mode === 'times') return createDueAfter()(source, now);
  const { intervalMinutes, timeZone, jitterMs, nextRunAt } = source;
  if (startAt === undefined) return new Date(Math.max(now, Math.min(nextRunAt.getTime(), since + intervalMinutes * 60_000 + jitterMs)));
  return createDueAfter()({ ...source, nextRunAt: new Date(instantOf(timeZone, dayAt(timeZone, now), minutesOf(startAt)) + jitterMs) }, now);
}

/**
 * The quota of source `s` in workspace `w`: the workspace's day, the syncs used of it, how many there may be (0: any number), when the next day begins.
 * @param fallback a parameter: the operator's default
 */
export const quotaColumns = (fallback: string): string => `(clock_timestamp() at time zone w.time_zone)::date::text as today,
  case when s.syncs_day = (clock_timestamp() at time zone w.time_zone)::date then s.syncs_used else 0 end as used, coalesce(w.syncs_per_day, ${fallback}::integer) as quota,
  ((clock_timestamp() at time zone w.time_zone)::date + 1)::timestamp at time zone w.time_zone as "resetsAt"`;

export interface QuotaUse { readonly today: string; readonly used: number; readonly quota: number; readonly resetsAt: Date }

/** SQL of `isUsedUp`, over a row with these columns. */
export const USED_UP = 'quota > 0 and used >= quota';

export const isUsedUp = ({ used, quota }: Pick<QuotaUse, 'used' | 'quota'>): boolean => quota > 0 && used >= quota;
