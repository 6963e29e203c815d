import { describe, expect, it } from '@jest/globals';
import type { Schedule } from './next-due.js';
import { readsPerDay, runsPerDay } from './reads-per-day.js';

const every = (everyMinutes: number): Schedule => ({ mode: 'interval', everyMinutes, phase: 0 });
const at = (...times: string[]): Schedule => ({ mode: 'times', times, timeZone: 'Europe/Berlin' });

describe('reads of a day', () => {
  it('are all of its runs without a rhythm', () => {
    expect([runsPerDay(every(180)), runsPerDay(at('06:00', '18:00')), readsPerDay(every(60), null), readsPerDay(at('06:00'), null)]).toEqual([8, 2, 24, 1]);
  });

  it.each([
    ['every third run', every(60), 180, 8],
    ['the nearest run: 90 minutes are two runs of 60', every(60), 90, 12],
    ['the nearest run: 80 minutes are one', every(60), 80, 24],
    ['no more often than there are runs', every(180), 60, 8],
    ['once a week', every(180), 7 * 1_440, 1 / 7],
    ['one of two runs of a day', at('06:00', '18:00'), 1_440, 1],
    ['each run of a day whose times are far apart', at('06:00', '18:00'), 600, 2],
    ['a day in a week, by times', at('06:00', '18:00'), 7 * 1_440, 1 / 7],
    ['uneven times: the run nearest to the rhythm', at('06:00', '07:00', '08:00'), 1_440, 1],
  ])('%s', (_what, schedule, everyMinutes, reads) => { expect(readsPerDay(schedule, everyMinutes)).toBeCloseTo(reads, 10); });
});
