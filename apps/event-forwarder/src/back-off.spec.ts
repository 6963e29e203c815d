import { describe, expect, it } from '@jest/globals';
import { backOff } from './back-off.js';

const limits = { firstMs: 5_000, mostMs: 3_600_000 };

describe('the wait between two tries', () => {
  it('doubles up to the most', () => {
    expect([1, 2, 3, 10, 11, 500].map((tries) => backOff(limits, tries, () => 0.5))).toEqual([5_000, 10_000, 20_000, 2_560_000, 3_600_000, 3_600_000]);
  });

  it('differs by a quarter to either side', () => {
    expect([backOff(limits, 1, () => 0), backOff(limits, 1, () => 1)]).toEqual([3_750, 6_250]);
  });
});
