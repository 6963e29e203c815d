import { describe, expect, it } from '@jest/globals';
import { dueTimes, nextDue, type Schedule } from './next-due.js';

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);
const runs = (timeZone: string, times: readonly string[], from: string, to: string): string[] =>
  dueTimes({ mode: 'times', times, timeZone }, at(from), at(to)).map((due) => new Date(due).toISOString().replace(':00.000Z', 'Z'));

describe('preferred times', () => {
  it('follow the zone\'s clocks over the year', () => {
    expect(runs('Europe/Berlin', ['08:00'], '2026-03-27T12:00Z', '2026-03-31T00:00Z')).toEqual(['2026-03-28T07:00Z', '2026-03-29T06:00Z', '2026-03-30T06:00Z']);
    expect(runs('Asia/Kolkata', ['09:15', '00:00'], '2026-06-01T00:00Z', '2026-06-02T04:00Z')).toEqual(['2026-06-01T03:45Z', '2026-06-01T18:30Z', '2026-06-02T03:45Z']);
    expect(runs('UTC', ['23:59', '00:00'], '2026-12-31T12:00Z', '2027-01-01T12:00Z')).toEqual(['2026-12-31T23:59Z', '2027-01-01T00:00Z']);
  });

  it('that the clocks skip run when they go on, and once with another time there', () => {
    expect(runs('Europe/Berlin', ['02:30'], '2026-03-28T00:00Z', '2026-03-31T00:00Z')).toEqual(['2026-03-28T01:30Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z']);
    expect(runs('Europe/Berlin', ['02:00', '02:30', '03:00'], '2026-03-28T12:00Z', '2026-03-29T12:00Z')).toEqual(['2026-03-29T01:00Z']);
    expect(runs('America/New_York', ['02:15'], '2026-03-07T12:00Z', '2026-03-09T12:00Z')).toEqual(['2026-03-08T07:00Z', '2026-03-09T06:15Z']);
    // Half an hour: 02:00 becomes 02:30.
    expect(runs('Australia/Lord_Howe', ['02:10', '02:30'], '2026-10-03T12:00Z', '2026-10-04T12:00Z')).toEqual(['2026-10-03T15:30Z']);
  });

  it('that the clocks show twice run once', () => {
    expect(runs('Europe/Berlin', ['02:30'], '2026-10-24T12:00Z', '2026-10-26T12:00Z')).toEqual(['2026-10-25T00:30Z', '2026-10-26T01:30Z']);
    expect(runs('America/New_York', ['01:30'], '2026-10-31T12:00Z', '2026-11-02T12:00Z')).toEqual(['2026-11-01T05:30Z', '2026-11-02T06:30Z']);
    expect(runs('Australia/Lord_Howe', ['01:45'], '2026-04-04T02:00Z', '2026-04-05T20:00Z')).toEqual(['2026-04-04T14:45Z', '2026-04-05T15:15Z']);
  });

  it('of a day that the calendar skips run when it goes on', () => {
    // Apia went from the end of 29 December to 31 December 2011.
    expect(runs('Pacific/Apia', ['12:00'], '2011-12-29T00:00Z', '2012-01-01T23:00Z')).toEqual(['2011-12-29T22:00Z', '2011-12-30T10:00Z', '2011-12-30T22:00Z', '2011-12-31T22:00Z', '2012-01-01T22:00Z']);
  });

  it('take 29 February when there is one', () => {
    expect(runs('America/New_York', ['12:00'], '2028-02-28T18:00Z', '2028-03-02T00:00Z')).toEqual(['2028-02-29T17:00Z', '2028-03-01T17:00Z']);
    expect(runs('America/New_York', ['12:00'], '2027-02-28T18:00Z', '2027-03-02T00:00Z')).toEqual(['2027-03-01T17:00Z']);
  });

  it('are found from every minute of a day on which the clocks change, in order and none twice', () => {
    for (const [timeZone, day] of [['Europe/Berlin', '2026-03-29'], ['Europe/Berlin', '2026-10-25'], ['America/New_York', '2026-11-01'], ['Australia/Lord_Howe', '2026-10-03'], ['Pacific/Apia', '2011-12-30']] as const) {
      const schedule: Schedule = { mode: 'times', times: ['00:00', '01:30', '02:15', '02:45', '23:45'], timeZone };
      const start = at(`${day}T00:00Z`);
      const all = dueTimes(schedule, start - 1, start + 24 * HOUR);
      for (let minute = 0; minute < 1_440; minute += 31) {
        const after = start + minute * 60_000;
        const next = nextDue(schedule, after);
        expect([timeZone, minute, next > after, next]).toEqual([timeZone, minute, true, all.find((due) => due > after) ?? next]);
      }
    }
  });
});

describe('an interval', () => {
  const phase = at('2026-01-01T00:17:42Z');
  const hourly: Schedule = { mode: 'interval', everyMinutes: 60, phase };

  it('keeps its phase however late it is asked, also when the clocks change', () => {
    expect(nextDue(hourly, phase)).toBe(phase + HOUR);
    expect(nextDue(hourly, phase + 1)).toBe(phase + HOUR);
    expect(nextDue(hourly, phase + 5.5 * HOUR)).toBe(phase + 6 * HOUR);
    expect(nextDue(hourly, at('2026-03-29T01:30:00Z'))).toBe(at('2026-03-29T02:17:42Z'));
  });

  it('knows its due times before the phase, too', () => {
    expect(nextDue(hourly, phase - 1)).toBe(phase);
    expect(nextDue(hourly, phase - 3.5 * HOUR)).toBe(phase - 3 * HOUR);
  });
});

/** A scheduler as the product's is: on every tick of its clock it starts what is due, once, and moves on. */
function simulate(schedule: Schedule, clock: readonly number[]): number[] {
  const started: number[] = [];
  let next = nextDue(schedule, clock[0] as number);
  for (const now of clock) {
    if (schedule.mode === 'interval') next = Math.min(next, nextDue(schedule, now));
    if (next > now) continue;
    started.push(next);
    next = nextDue(schedule, now);
  }
  return started;
}

describe('a clock that is moved by an hour', () => {
  const start = at('2026-05-05T11:00:00Z');
  /** One tick a minute for six hours; the clock moves by `jump` after three of them. */
  const ticks = (jump: number): number[] => Array.from({ length: 360 }, (_, minute) => start + minute * 60_000 + (minute >= 180 ? jump : 0));
  const daily: Schedule = { mode: 'times', times: ['12:30', '14:30'], timeZone: 'Europe/Berlin' };

  it('forwards starts what is then due once, and the rest in phase', () => {
    const hourly: Schedule = { mode: 'interval', everyMinutes: 60, phase: start + 30 * 60_000 };
    expect(simulate(hourly, ticks(HOUR))).toEqual([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5].map((hours) => start + hours * HOUR));
    expect(simulate({ mode: 'times', times: ['17:30'], timeZone: 'UTC' }, [at('2026-05-05T17:00Z'), at('2026-05-05T18:00Z'), at('2026-05-05T18:01Z')])).toEqual([at('2026-05-05T17:30Z')]);
  });

  it('backwards leaves no gap of more than an interval, and repeats no time of day', () => {
    const hourly: Schedule = { mode: 'interval', everyMinutes: 60, phase: start + 30 * 60_000 };
    expect(simulate(hourly, ticks(-HOUR))).toEqual([0.5, 1.5, 2.5, 2.5, 3.5, 4.5].map((hours) => start + hours * HOUR));
    expect(simulate(daily, ticks(-HOUR)).map((due) => new Date(due).toISOString())).toEqual(['2026-05-05T12:30:00.000Z']);
  });
});
