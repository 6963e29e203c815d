import { createNextDue, minutesOf, type Schedule } from './next-due.js';
import { minuteOfDay } from './time-zone.js';

const MINUTE_MS = 60_000;
const DAY = 1_440;

/** A source in the plan of a day. */
export interface PlannedSource {
  readonly id: string;
  readonly schedule: Schedule;
  /** Added to each due time. */
  readonly jitterMs: number;
  /** What a run takes. */
  readonly expectedMs: number;
  readonly expectedCalls: number;
}

/** `HH:MM` to `HH:MM`; `to` at or before `from` is on the next day. */
export interface Hours { readonly from: string; readonly to: string }

/** Whether the zone's clocks show a time within the hours. */
export function isWithin(hours: readonly Hours[], timeZone: string, instant: number): boolean {
  if (hours.length === 0) return false;
  const minute = minuteOfDay(timeZone, instant);
  return hours.some(({ from, to }) => (minutesOf(from) < minutesOf(to) ? minute >= minutesOf(from) && minute < minutesOf(to) : minute >= minutesOf(from) || minute < minutesOf(to)));
}

const minutesTaken = ({ expectedMs }: Pick<PlannedSource, 'expectedMs'>): number => Math.min(DAY, Math.max(1, Math.ceil(expectedMs / MINUTE_MS)));

/** The 24 hours from an instant (epoch ms), by minutes of the clock: who runs when, and how much that is. */
export class DayPlan {
  /** Start times, by source. */
  readonly runs = new Map<string, readonly number[]>();
  /** The first and the last minute are whole ones, so there is one more than a day has: all that start in a minute meet, whatever their jitter. */
  private readonly underWay: string[][] = Array.from({ length: DAY + 1 }, () => []);
  private readonly load = new Float64Array(DAY + 1);
  private readonly sources = new Map<string, PlannedSource>();
  private readonly memo = new Map<string, { readonly ids: readonly string[]; readonly firstRun: number | undefined }>();

  constructor(sources: readonly PlannedSource[], readonly from: number) {
    const nextDue = createNextDue();
    for (const source of sources) {
      const { id, schedule, jitterMs } = source;
      const runs: number[] = [];
      for (let next = nextDue(schedule, from - jitterMs); next + jitterMs < this.to; next = nextDue(schedule, next)) runs.push(next + jitterMs);
      this.sources.set(id, source);
      this.runs.set(id, runs);
      for (const at of runs) this.put(source, at);
    }
  }

  get to(): number { return this.from + DAY * MINUTE_MS; }

  private minuteOf(instant: number): number { return Math.floor(instant / MINUTE_MS) - Math.floor(this.from / MINUTE_MS); }

  private put(source: PlannedSource, at: number): void {
    const taken = minutesTaken(source);
    const first = this.minuteOf(at);
    for (let minute = first; minute < Math.min(this.underWay.length, first + taken); minute += 1) {
      this.underWay[minute]?.push(source.id);
      // A run weighs as one call even when it makes none: it loads all the same.
      this.load[minute] = (this.load[minute] ?? 0) + Math.max(1, source.expectedCalls) / taken;
    }
  }

  /** Calls a minute that are expected in the minute of the instant. */
  loadAt(instant: number): number { return this.load[this.minuteOf(instant)] ?? 0; }

  /** Other sources that are under way in a minute in which this one is, and the first such time. */
  together(id: string): { readonly others: readonly string[]; readonly at: number | undefined } {
    const source = this.sources.get(id);
    const runs = this.runs.get(id) ?? [];
    if (source === undefined) return { others: [], at: undefined };
    const { ids, firstRun } = this.met(runs.map((at) => this.minuteOf(at)), minutesTaken(source));
    return { others: ids.filter((other) => other !== id), at: firstRun === undefined ? undefined : runs[firstRun] };
  }

  /** Who is under way in these minutes, and in the first of which runs more than one: found once for all sources that share them. */
  private met(minutes: readonly number[], taken: number): { readonly ids: readonly string[]; readonly firstRun: number | undefined } {
    const key = `${taken} ${minutes.join()}`;
    let met = this.memo.get(key);
    if (met === undefined) {
      const ids = new Set<string>();
      let firstRun: number | undefined;
      for (const [run, minute] of minutes.entries()) {
        const there = new Set(this.underWay.slice(minute, minute + taken).flat());
        if (there.size > 1) firstRun ??= run;
        for (const one of there) ids.add(one);
      }
      this.memo.set(key, met = { ids: [...ids], firstRun });
    }
    return met;
  }
}

export interface Suggestion {
  /** Start of the first run, a whole minute in epoch ms. */
  readonly at: number;
  /** Calls a minute that others make while its runs are expected to be under way, on average. */
  readonly load: number;
  /** Of its runs of a day, how many begin in busy hours. */
  readonly busyRuns: number;
  readonly runs: number;
}

/**
 * The start minute that meets the least: first the fewest busy hours, then the least load, then the earliest.
 * @param plan without the source itself
 * @param everyMinutes a day (1,440) for one run a day
 */
export function suggestStart(plan: DayPlan, { everyMinutes, expectedMs, isBusy }: { readonly everyMinutes: number; readonly expectedMs: number; readonly isBusy: (instant: number) => boolean }): Suggestion {
  const start = Math.ceil(plan.from / MINUTE_MS) * MINUTE_MS;
  const taken = minutesTaken({ expectedMs });
  const busy = Array.from({ length: DAY }, (_, minute) => isBusy(start + minute * MINUTE_MS));
  let best: Suggestion | undefined;
  for (let offset = 0; offset < Math.min(everyMinutes, DAY); offset += 1) {
    let [load, busyRuns, runs] = [0, 0, 0];
    for (let minute = offset; minute < DAY; minute += everyMinutes) {
      runs += 1;
      if (busy[minute] === true) busyRuns += 1;
      for (let step = 0; step < taken; step += 1) load += plan.loadAt(start + (minute + step) % DAY * MINUTE_MS);
    }
    load /= runs * taken;
    if (best === undefined || busyRuns < best.busyRuns || (busyRuns === best.busyRuns && load < best.load)) best = { at: start + offset * MINUTE_MS, load, busyRuns, runs };
  }
  return best as Suggestion;
}
