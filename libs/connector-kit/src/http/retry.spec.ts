import { describe, expect, it } from '@jest/globals';
import { backoff, isRetriable, retryAfter, sleep } from './retry.js';

describe('retry', () => {
  const now = Date.parse('2026-11-22T00:00:00Z');

  it.each<[string | string[] | undefined, number | undefined]>([
    ['0', 0], ['3', 3_000], ['1.5', 1_500], [' 7 ', 7_000], [['2', '9'], 2_000], ['Sun, 22 Nov 2026 00:00:10 GMT', 10_000], ['Sat, 21 Nov 2026 23:00:00 GMT', 0],
    [undefined, undefined], ['', undefined], ['soon', undefined], ['-1', undefined], ['1e9', undefined], ['2026', 2_026_000],
  ])('reads Retry-After %s as %s ms', (header, ms) => { expect(retryAfter(header, now)).toBe(ms); });

  it('backs off exponentially with full jitter, up to a bound', () => {
    expect([1, 2, 3, 4].map((attempt) => backoff(attempt, () => 1))).toEqual([500, 1_000, 2_000, 4_000]);
    expect(backoff(50, () => 1)).toBe(30_000);
    expect(backoff(5, () => 0)).toBe(0);
  });

  it('repeats what a repeat can mend', () => {
    expect([408, 409, 425, 429, 500, 502, 503, 504, 520].every(isRetriable)).toBe(true);
    expect([400, 401, 402, 403, 404, 422, 501].some(isRetriable)).toBe(false);
  });

  it('stops waiting when it is aborted', async () => {
    const controller = new AbortController();
    const waiting = sleep(1_000_000, controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
    await expect(sleep(1_000_000, controller.signal)).rejects.toThrow('cancelled');
    await expect(sleep(0, undefined)).resolves.toBeUndefined();
  });
});
