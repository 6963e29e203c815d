import { describe, expect, it } from '@jest/globals';
import type { KnownRecords } from '#persistence';
import { FullPasses, comparePass, type FullPass } from './full-passes.js';

const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_unused, index) => `r${from + index}`);
const known = (ids: readonly string[], missed: readonly string[] = [], newest = 0): KnownRecords => ({ ids: new Map([...ids.map((id) => [id, false] as const), ...missed.map((id) => [id, true] as const)]), newest });
const pass = (ids: readonly string[], from = 1_000): FullPass => ({ ids: new Set(ids), from, newest: from + 10 });

describe('a complete pass', () => {
  const passes = (warn: (message: string) => void = () => undefined): FullPasses => new FullPasses(warn);
  const page = (ids: readonly string[], begins: boolean, ends: boolean, observedAt = 1) => ({ collection: 'groups', observedAt, pass: { ids, begins, ends } });

  it('is one that began here, had all its pages here and came to its end', () => {
    const some = passes();
    some.take(page(['a'], true, false, 5));
    some.take(page(['b'], false, true, 7));
    expect(some.complete('groups')).toMatchObject({ ids: new Set(['a', 'b']), from: 5, newest: 7 });
    expect(some.complete('groups')).toBeUndefined();
  });

  it('may be empty', () => {
    const some = passes();
    some.take(page([], true, true));
    expect(some.complete('groups')).toMatchObject({ ids: new Set() });
  });

  it.each([
    ['wasn\'t read', []],
    ['stopped before its end', [page(['a'], true, false)]],
    ['went on from a checkpoint of another attempt', [page(['b'], false, true)]],
    ['has a page that nobody vouches for', [page(['a'], true, false), { collection: 'groups', observedAt: 1 }, page(['b'], false, true)]],
    ['ends with such a page', [page(['a'], true, true), { collection: 'groups', observedAt: 1 }]],
    ['goes on behind its end', [page(['a'], true, true), page(['b'], false, false)]],
    ['ends twice', [page(['a'], true, true), page(['b'], false, true)]],
    ['is of another collection', [{ ...page(['a'], true, true), collection: 'brands' }]],
  ])('is none that %s', (_what, pages) => {
    const some = passes();
    for (const each of pages) some.take(each);
    expect(some.complete('groups')).toBeUndefined();
  });

  it('begins anew where the reader does, without what it had before', () => {
    const some = passes();
    some.take(page(['a'], true, false, 1));
    some.take(page(['b'], true, true, 2));
    expect(some.complete('groups')).toMatchObject({ ids: new Set(['b']), from: 2 });
  });

  it('isn\'t kept in memory above 100,000 records, and says so', () => {
    const said: string[] = [];
    const some = passes((message) => said.push(message));
    some.take(page(numbered(0, 100_000), true, false));
    expect(said).toEqual([]);
    some.take(page(['one more'], false, true));
    expect(some.complete('groups')).toBeUndefined();
    expect(said).toEqual([expect.stringContaining('more than 100000 records')]);
  });
});

describe('comparing', () => {
  const changes = { added: [], gone: [], doubted: [], back: [] };

  it('finds nothing in a first pass', () => {
    expect(comparePass('groups', pass(['a', 'b']), known([]))).toEqual({ ...changes, added: ['a', 'b'], version: 1_000, newest: 1_010 });
  });

  it('finds what is new and what is gone', () => {
    expect(comparePass('groups', pass(['b', 'c', 'd']), known(['a', 'b', 'c']))).toEqual({ ...changes, added: ['d'], gone: ['a'], version: 1_000, newest: 1_010 });
  });

  it('deletes with a version above all that were seen, even when the partner\'s clock went back', () => {
    expect(comparePass('groups', pass(['b']), known(['a', 'b'], [], 5_000))).toMatchObject({ version: 5_001, newest: 5_000 });
  });

  it.each([
    ['everything', pass([]), known(['a', 'b', 'c'])],
    ['the only one', pass([]), known(['a'])],
    ['everything for something else', pass(['x', 'y']), known(['a', 'b', 'c'])],
    ['more than 30 %', pass(numbered(0, 12)), known(numbered(0, 20))],
  ])('doubts a pass that lost %s, and deletes nothing', (_what, one, before) => {
    const change = comparePass('groups', one, before);
    expect(change).toMatchObject({ gone: [], notice: { code: 'records_gone', collection: 'groups' } });
    expect(change.doubted).toEqual([...before.ids.keys()].filter((id) => !one.ids.has(id)));
  });

  it.each([
    ['a handful of a few', pass(['a']), known(['a', 'b', 'c', 'd', 'e', 'f'])],
    ['30 %', pass(numbered(0, 14)), known(numbered(0, 20))],
  ])('doesn\'t doubt one that lost %s', (_what, one, before) => {
    const change = comparePass('groups', one, before);
    expect(change.notice).toBeUndefined();
    expect(change.gone).toEqual([...before.ids.keys()].filter((id) => !one.ids.has(id)));
  });

  it('deletes what the next pass doesn\'t find either, and believes what is there again', () => {
    expect(comparePass('groups', pass(['a', 'b']), known(['a'], ['b', 'c', 'd', 'e', 'f', 'g', 'h']))).toMatchObject({ gone: ['c', 'd', 'e', 'f', 'g', 'h'], back: ['b'], doubted: [] });
    expect(comparePass('groups', pass([]), known([], ['a', 'b']))).toEqual({ ...changes, gone: ['a', 'b'], version: 1_000, newest: 1_010 });
  });

  it('doubts a second great loss by itself', () => {
    const change = comparePass('groups', pass(numbered(0, 10)), known(numbered(0, 20), ['x']));
    expect(change).toMatchObject({ gone: ['x'], doubted: numbered(10, 20), notice: { title: expect.stringContaining('10 of 20') } });
  });
});
