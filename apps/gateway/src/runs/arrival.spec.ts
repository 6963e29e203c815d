import { describe, expect, it } from '@jest/globals';
import { behind, notReached } from './arrival.js';

const positions = new Map([['a/0', '10'], ['a/1', '7']]);

describe('what is on its way', () => {
  it('is what lies before the ends, and never less than nothing', () => {
    expect(behind({ 'a/0': '12', 'a/1': '5' }, positions)).toBe(2);
    expect(behind({ 'a/2': '3' }, positions)).toBe(3);
    expect(behind({}, positions)).toBe(0);
  });

  it('is in the partitions whose end isn\'t reached', () => {
    expect(notReached({ 'a/0': '12', 'a/1': '7', 'a/2': '0', 'a/3': '1' }, positions)).toEqual({ 'a/0': '12', 'a/3': '1' });
  });
});
