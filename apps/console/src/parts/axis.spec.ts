import { describe, expect, it } from '@jest/globals';
import { axis } from './axis';

describe('an axis', () => {
  it.each([
    [[66, 24], true, [0, 20, 40, 60, 80]], [[7], true, [0, 2, 4, 6, 8]], [[1], true, [0, 1]], [[3], true, [0, 1, 2, 3]], [[100_000], true, [0, 25_000, 50_000, 75_000, 100_000]],
    [[], true, [0, 1]], [[0], false, [0, 0.25, 0.5, 0.75, 1]], [[0.3], false, [0, 0.1, 0.2, 0.3]], [[-5, 7], false, [-5, 0, 5, 10]],
  ] as [number[], boolean, number[]][])('for %j (whole: %j) has the steps %j', (values, whole, ticks) => {
    expect(axis(values, whole)).toEqual({ domain: [ticks[0], ticks.at(-1)], ticks, interval: 0 });
  });
});
