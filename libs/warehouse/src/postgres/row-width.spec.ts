import { describe, expect, it } from '@jest/globals';
import { RowWidth } from './row-width.js';

const COLUMNS = 500;
const text = 'a text of more than twenty-four bytes';
const row = (filled: (column: number) => boolean): unknown[] => Array.from({ length: COLUMNS }, (_unused, column) => (filled(column) ? text : undefined));

function spilled(width: RowWidth, slots: unknown[]): number[] {
  const out: number[] = [];
  width.fit(slots, (index, value) => { out.push(index); expect(value).toBe(text); });
  for (const index of out) expect(slots[index]).toBeUndefined();
  return out;
}

describe('a row that is too wide', () => {
  it('gives up the columns that were filled least often', () => {
    const width = new RowWidth(COLUMNS);
    const rare = (column: number): boolean => column >= 100 && column < 300;
    for (let n = 0; n < 50; n++) expect(spilled(width, row((column) => !rare(column)))).toEqual([]);
    const out = spilled(width, row(() => true));
    expect(out.length).toBeGreaterThan(150);
    expect(out.every(rare)).toBe(true);
  });

  it('gives up the newest ones when all are filled alike, as many as must be', () => {
    const out = spilled(new RowWidth(COLUMNS), row(() => true));
    expect(out).toEqual(Array.from({ length: out.length }, (_unused, n) => COLUMNS - 1 - n));
    expect((COLUMNS - out.length + 1) * 24 + 300 + COLUMNS / 8).toBeGreaterThan(7_900);
  });

  it('spills the same columns as its neighbours', () => {
    const width = new RowWidth(COLUMNS);
    const first = spilled(width, row(() => true));
    for (let n = 0; n < 20; n++) expect(spilled(width, row(() => true))).toEqual(first);
  });
});
