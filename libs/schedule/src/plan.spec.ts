import { describe, expect, it } from '@jest/globals';
import { DayPlan, isWithin, suggestStart, type PlannedSource } from './plan.js';

const MINUTE = 60_000;
const from = Date.parse('2026-05-05T00:00:00Z');
const at = (time: string): number => Date.parse(`2026-05-05T${time}:00Z`);
const hourly = (id: string, minute: number, expectedCalls = 10, minutes = 1): PlannedSource =>
  ({ id, schedule: { mode: 'interval', everyMinutes: 60, phase: from + minute * MINUTE }, jitterMs: 0, expectedMs: minutes * MINUTE, expectedCalls });
const free = () => false;

describe('busy hours', () => {
  it('are of the zone\'s clocks, also over midnight', () => {
    const hours = [{ from: '08:00', to: '10:00' }, { from: '23:00', to: '01:00' }];
    const busy = ['05:59', '06:00', '07:59', '08:00', '20:59', '21:00', '22:59', '23:00'].map((time) => isWithin(hours, 'Europe/Berlin', at(time)));
    expect(busy).toEqual([false, true, true, false, false, true, true, false]);
    expect(isWithin([], 'Europe/Berlin', at('06:00'))).toBe(false);
    expect(isWithin([{ from: '00:00', to: '00:00' }], 'UTC', at('12:00'))).toBe(true);
  });
});

describe('the plan of a day', () => {
  it('holds each run with its jitter, and what it loads', () => {
    const plan = new DayPlan([hourly('a', 5, 30, 3), { ...hourly('b', 0), schedule: { mode: 'times', times: ['06:00'], timeZone: 'UTC' }, jitterMs: 42_000 }], from);
    expect([plan.runs.get('a')?.length, plan.runs.get('b')]).toEqual([24, [at('06:00') + 42_000]]);
    expect(['00:04', '00:05', '00:07', '00:08', '06:00'].map((time) => plan.loadAt(at(time)))).toEqual([0, 10, 10, 0, 10]);
  });

  it('says who runs together', () => {
    const plan = new DayPlan([hourly('a', 5, 1, 3), hourly('b', 7), hourly('c', 8), hourly('d', 5)], from);
    expect(plan.together('a')).toEqual({ others: ['d', 'b'], at: at('00:05') });
    expect(plan.together('c')).toEqual({ others: [], at: undefined });
    expect(plan.together('nobody').others).toEqual([]);
  });

  it('counts minutes of the clock, whatever the second in which it begins', () => {
    for (let second = 0; second < 60; second += 7) {
      const plan = new DayPlan([{ ...hourly('a', 20), jitterMs: 2_000 }, { ...hourly('b', 20), jitterMs: 58_000 }], from + second * 1_000);
      expect([second, plan.together('a').others, plan.together('b').others]).toEqual([second, ['b'], ['a']]);
    }
  });
});

describe('a suggested start', () => {
  it('is the first minute that nobody uses, for all runs of the interval', () => {
    const plan = new DayPlan([hourly('a', 0), hourly('b', 1), hourly('c', 3)], from);
    expect(suggestStart(plan, { everyMinutes: 60, expectedMs: MINUTE, isBusy: free })).toEqual({ at: at('00:02'), load: 0, busyRuns: 0, runs: 24 });
    expect(suggestStart(plan, { everyMinutes: 60, expectedMs: 2 * MINUTE, isBusy: free }).at).toBe(at('00:04'));
    expect(suggestStart(plan, { everyMinutes: 180, expectedMs: MINUTE, isBusy: free })).toMatchObject({ at: at('00:02'), runs: 8 });
  });

  it('is where the fewest calls are when every minute is used', () => {
    const plan = new DayPlan(Array.from({ length: 60 }, (_, minute) => hourly(`s${minute}`, minute, minute === 37 ? 5 : 50)), from);
    expect(suggestStart(plan, { everyMinutes: 60, expectedMs: MINUTE, isBusy: free })).toMatchObject({ at: at('00:37'), load: 5 });
  });

  it('avoids busy hours as far as the interval lets it', () => {
    const plan = new DayPlan([], from);
    const isBusy = (instant: number): boolean => isWithin([{ from: '00:00', to: '06:30' }], 'UTC', instant);
    expect(suggestStart(plan, { everyMinutes: 1_440, expectedMs: MINUTE, isBusy })).toMatchObject({ at: at('06:30'), busyRuns: 0 });
    expect(suggestStart(plan, { everyMinutes: 180, expectedMs: MINUTE, isBusy })).toMatchObject({ at: at('00:30'), busyRuns: 2, runs: 8 });
  });
});
