import { describe, expect, it } from '@jest/globals';
import { admit, pauseAccount, type AccountState, type Admission } from './admit.js';

const NOON = Date.parse('2026-06-01T12:00:00Z');
const HOUR = 3_600_000;
const call = (more: Partial<Admission> = {}): Admission => ({ endpoint: '/a', maxWaitMs: 60_000, limits: {}, quotas: [], budget: null, used: { source: 0, account: 0 }, reserve: 0.2, ...more });

/** Admits calls one after the other, each with the state that the one before left behind, as other processes do. */
function waits(count: number, limits: Admission['limits'], at: (index: number) => number = () => NOON): number[] {
  let state: AccountState = {};
  return Array.from({ length: count }, (_unused, index) => {
    const answer = admit(state, call({ limits }), at(index));
    state = JSON.parse(JSON.stringify(answer.state)) as AccountState;
    return answer.waitMs;
  });
}

describe('admission', () => {
  it('goes on with the rate where another process stopped: a window', () => {
    const endpoints = { '/a': { requests: 3, windowMs: 60_000 } };
    expect(waits(4, { endpoints })).toEqual([0, 0, 0, 60_000]);
    expect(waits(4, { endpoints }, (index) => NOON + index * 30_000)).toEqual([0, 0, 0, 0]);
  });

  it('goes on with the rate where another process stopped: so many a second', () => {
    expect(waits(3, { requestsPerSecondPerEndpoint: 2 })).toEqual([0, 500, 1_000]);
    expect(waits(3, { requestsPerSecond: 4 })).toEqual([0, 250, 500]);
  });

  it('takes nothing when the wait is too long', () => {
    const limits = { requestsPerSecond: 1 };
    const { state } = admit({}, call({ limits }), NOON);
    const answer = admit(state, call({ limits, maxWaitMs: 100 }), NOON);
    expect(answer.waitMs).toBe(1_000);
    expect(answer.state.rate).toEqual(state.rate);
  });

  it('pauses everybody when the partner asks one to', () => {
    const state = pauseAccount({}, {}, '/a', 5_000, NOON);
    expect(admit(state, call(), NOON + 1_000).waitMs).toBe(4_000);
    expect(admit(state, call({ endpoint: '/b' }), NOON + 1_000).waitMs).toBe(0);
  });

  it('ends with the source\'s budget, until the next day begins (UTC)', () => {
    expect(admit({}, call({ budget: 10, used: { source: 9, account: 90 } }), NOON).refused).toBeUndefined();
    const { refused } = admit({}, call({ budget: 10, used: { source: 10, account: 10 } }), NOON);
    expect(refused?.report()).toMatchObject({ code: 'budget_exhausted', title: expect.stringContaining('10 API calls a day'), retryAfterMs: 12 * HOUR });
  });

  it('leaves a share of the partner\'s own limit to others, counts its own calls since, and looks again after an hour', () => {
    const quota = { name: 'api', windowMs: 24 * HOUR, limit: 1_000, used: 798 };
    const first = admit({}, call({ quotas: [quota] }), NOON);
    const second = admit(first.state, call(), NOON);
    const third = admit(second.state, call(), NOON + 1_000);
    expect([first.refused, second.refused, third.refused?.report()]).toEqual([undefined, undefined, expect.objectContaining({ code: 'budget_exhausted', title: expect.stringContaining('1000 API calls a day 800 are used; the last 20 %'), retryAfterMs: HOUR - 1_000 })]);
    expect(admit(third.state, call({ reserve: 0.1 }), NOON + 1_000).refused).toBeUndefined();
    expect(admit(third.state, call(), NOON + HOUR).refused).toBeUndefined();
    expect(admit(third.state, call({ quotas: [{ ...quota, used: 10 }] }), NOON + 1_000).refused).toBeUndefined();
  });

  it('takes a limit of a minute for a rate, and a declared one of a day for the account\'s', () => {
    expect(admit({}, call({ quotas: [{ name: 'account', windowMs: 60_000, limit: 10, used: 10 }] }), NOON).refused).toBeUndefined();
    expect(admit({}, call({ limits: { callsPerDay: 100 }, used: { source: 1, account: 79 } }), NOON).refused).toBeUndefined();
    expect(admit({}, call({ limits: { callsPerDay: 100 }, used: { source: 1, account: 80 } }), NOON).refused?.code).toBe('budget_exhausted');
  });
});
