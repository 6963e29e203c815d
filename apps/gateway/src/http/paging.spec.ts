import { describe, expect, it } from '@jest/globals';
import { pageOf } from './paging.js';

const names = (items: readonly string[], limit: number, cursor?: string) => pageOf(items, { limit, ...(cursor !== undefined && { cursor }) }, (name) => name);

describe('a page of a whole list', () => {
  it('goes on where the one before ended', () => {
    const first = names(['a', 'b', 'ü/ 1', 'd', 'e'], 3);
    expect(first).toEqual({ data: ['a', 'b', 'ü/ 1'], nextCursor: expect.stringMatching(/^[\w-]+$/) });
    expect(names(['a', 'b', 'ü/ 1', 'd', 'e'], 3, first.nextCursor ?? '')).toEqual({ data: ['d', 'e'], nextCursor: null });
    expect(names(['a', 'b', 'c'], 3)).toEqual({ data: ['a', 'b', 'c'], nextCursor: null });
    expect(names([], 3)).toEqual({ data: [], nextCursor: null });
  });

  it('skips and repeats nothing when items come before it, and stays near when its last one goes', () => {
    const { nextCursor } = names(['a', 'b', 'c', 'd'], 2);
    expect(names(['0', 'a', 'b', 'c', 'd'], 2, nextCursor ?? '').data).toEqual(['c', 'd']);
    expect(names(['a', 'c', 'd'], 2, nextCursor ?? '').data).toEqual(['c', 'd']);
  });

  it('begins at the start with a cursor that is none', () => { expect(names(['a', 'b'], 1, 'nonsense').data).toEqual(['a']); });
});
