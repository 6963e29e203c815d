import { describe, expect, it } from '@jest/globals';
import { Problem } from '../http/problem.js';
import { readInterval, readRhythms, readTimes, readTiming } from './schedule-input.js';

const refusal = (work: () => unknown): string | undefined => {
  try { work(); } catch (error) {
    if (error instanceof Problem) return error.body.errors?.map(({ message }) => message).join(' ');
    throw error;
  }
  return undefined;
};

describe('intervals and times', () => {
  it('are never nearer than the floor, also over midnight', () => {
    expect([readInterval(1, 1), readInterval(1_440, 60)]).toEqual([1, 1_440]);
    for (const wrong of [59, 1_441, -1, 60.5]) expect(refusal(() => readInterval(wrong, 60))).toBe('intervalMinutes must be between 60 and 1440.');
    expect(readTimes(['18:00', '06:00', '18:00'], 60)).toEqual(['06:00', '18:00']);
    expect(readTimes(['18:00'], 60)).toEqual(['18:00']);
    expect(refusal(() => readTimes(['06:00', '06:59'], 60))).toContain('06:00 is too near');
    expect(refusal(() => readTimes(['23:30', '00:15'], 60))).toContain('23:30 is too near');
    expect(readTimes(['23:30', '00:15'], 45)).toEqual(['00:15', '23:30']);
  });

  it('choose the mode, and exclude each other', () => {
    expect(readTiming({ times: ['06:00'] }, 60)).toEqual({ mode: 'times', times: ['06:00'] });
    expect(readTiming({ intervalMinutes: 60 }, 60)).toEqual({ mode: 'interval', intervalMinutes: 60 });
    expect(readTiming({ startAt: '00:17' }, 60)).toEqual({ mode: 'interval', startAt: '00:17' });
    expect(readTiming({ mode: 'interval' }, 60)).toEqual({ mode: 'interval' });
    expect(readTiming({}, 60)).toEqual({});
    for (const both of [{ times: ['06:00'], intervalMinutes: 60 }, { mode: 'interval', times: ['06:00'] }, { mode: 'times' }, { mode: 'times', times: ['06:00'], startAt: '06:00' }] as const) {
      expect([both, refusal(() => readTiming(both, 60))]).toEqual([both, expect.stringContaining('not both')]);
    }
  });
});

describe('rhythms', () => {
  const collection = (name: string, partOf?: readonly string[]) =>
    ({ name, kind: 'object' as const, title: name, description: '', components: ['sync' as const], permissions: [], fields: {}, selectedByDefault: true, callsPerSync: 1, ...(partOf && { partOf }) });
  const declaration = { title: 'Partner', collections: [collection('customers'), collection('accounts'), collection('cards', ['customers', 'accounts']), collection('logs'), collection('hits', ['visits']), collection('visits'), collection('views', ['visits'])] };
  const read = (selected: readonly string[], asked: Record<string, number | null>, had: Record<string, number | null> = {}) =>
    Object.fromEntries(readRhythms(declaration, selected, Object.entries(asked).map(([name, everyMinutes]) => ({ collection: name, everyMinutes })), new Map(Object.entries(had)), 60));

  it('are one for collections that come in the same pages', () => {
    expect(read(['customers', 'logs'], { logs: 1_440 })).toEqual({ customers: null, logs: 1_440 });
    expect(read(['customers', 'cards', 'logs'], { customers: 120 })).toEqual({ customers: 120, cards: 120, logs: null });
    expect(read(['accounts', 'customers', 'cards'], { cards: 120 })).toEqual({ accounts: 120, customers: 120, cards: 120 });
    expect(read(['hits', 'views'], { views: 240 })).toEqual({ hits: 240, views: 240 });
    expect(refusal(() => read(['customers', 'accounts', 'cards'], { customers: 60, accounts: 1_440 }))).toContain('the same rhythm');
    expect(refusal(() => read(['hits', 'views'], { views: 240, hits: null }))).toContain('the same rhythm');
  });

  it('stay what they were unless they are named, and spread to what is selected later', () => {
    expect(read(['customers', 'logs'], { customers: null }, { customers: 120, logs: 240 })).toEqual({ customers: null, logs: 240 });
    expect(read(['customers', 'cards'], {}, { customers: 120 })).toEqual({ customers: 120, cards: 120 });
  });

  it('are for selected collections, within bounds', () => {
    expect(refusal(() => read(['customers'], { logs: 60 }))).toContain('logs is not a selected collection');
    for (const wrong of [59, 10_081]) expect(refusal(() => read(['logs'], { logs: wrong }))).toContain('between 60 and 10080');
  });
});
