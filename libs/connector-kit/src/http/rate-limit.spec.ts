import { describe, expect, it } from '@jest/globals';
import { RateLimit } from './rate-limit.js';

/** Sends as fast as the limit lets it, and returns the moments. */
function moments(limit: RateLimit, endpoint: string, count: number, from = 0): number[] {
  return Array.from({ length: count }, () => from + limit.reserve(endpoint, from, Infinity));
}
const mostInOneSecond = (times: readonly number[]): number => Math.max(...times.map((start) => times.filter((time) => time >= start && time < start + 1_000).length));

describe('rate limit', () => {
  it.each([1, 5, 20, 100])('lets through %i a second in any second, a tenth more at the start', (rate) => {
    const times = moments(new RateLimit({ requestsPerSecondPerEndpoint: rate }), '/a', rate * 5);
    expect(mostInOneSecond(times)).toBeLessThanOrEqual(Math.ceil(rate * 1.1));
    expect(times.at(-1)).toBeGreaterThan(3_500);
    expect(times.at(-1)).toBeLessThanOrEqual(5_000);
  });

  it('counts endpoints apart, and all of them together', () => {
    const limit = new RateLimit({ requestsPerSecondPerEndpoint: 10, requestsPerSecond: 15 });
    const times = Array.from({ length: 60 }, (_unused, index) => limit.reserve(`/${index % 2}`, 0, Infinity));
    expect(mostInOneSecond(times)).toBeLessThanOrEqual(17);
    expect(Math.max(...times)).toBeGreaterThan(3_000);
  });

  it('takes no slot when the wait is too long', () => {
    const limit = new RateLimit({ requestsPerSecondPerEndpoint: 1 });
    expect(limit.reserve('/a', 0, 0)).toBe(0);
    for (let repeat = 0; repeat < 5; repeat++) expect(limit.reserve('/a', 0, 500)).toBe(1_000);
    expect(limit.reserve('/a', 1_000, 500)).toBe(0);
  });

  it('saves nothing up while idle', () => {
    const limit = new RateLimit({ requestsPerSecondPerEndpoint: 20 });
    moments(limit, '/a', 20);
    expect(mostInOneSecond(moments(limit, '/a', 60, 3_600_000))).toBeLessThanOrEqual(22);
  });

  it('pauses one endpoint when the partner says so, without a limit of its own too', () => {
    for (const limits of [{}, { requestsPerSecondPerEndpoint: 50 }]) {
      const limit = new RateLimit(limits);
      limit.pause('/a', 5_000, 0);
      expect(limit.reserve('/a', 0, Infinity)).toBe(5_000);
      expect(limit.reserve('/b', 0, Infinity)).toBe(0);
      expect(limit.reserve('/a', 6_000, Infinity)).toBe(0);
    }
  });

  it('gives an endpoint a window of its own', () => {
    const limit = new RateLimit({ requestsPerSecondPerEndpoint: 1, endpoints: { exports: { requests: 3, windowMs: 60_000 } } });
    expect(moments(limit, 'exports', 7)).toEqual([0, 0, 0, 60_000, 60_000, 60_000, 120_000]);
    expect(moments(limit, '/a', 3)).toEqual([0, 1_000, 2_000]);
    limit.pause('exports', 200_000, 0);
    expect(limit.reserve('exports', 130_000, 1_000)).toBe(70_000);
    expect(limit.reserve('exports', 200_000, 1_000)).toBe(0);
  });

  it('has no limit when none is declared', () => {
    expect(Math.max(...moments(new RateLimit({}), '/a', 10_000))).toBe(0);
  });
});
