import { describe, expect, it } from '@jest/globals';
import { readResult, type Rows } from './read-result.js';

const NOW = Date.parse('2026-05-01T10:00:00Z');
const rows = (columns: readonly string[], ...found: readonly (readonly (string | null)[])[]): Rows => ({ columns: columns.map((name) => ({ name, type: 'text' })), rows: found, truncated: false });
const refused = (kind: 'metric' | 'segment', result: Rows): string => { try { readResult(kind, result, NOW); return 'taken'; } catch (error) { return (error as Error).message; } };

describe('what a measure\'s SQL brings', () => {
  it('is one value of now, or values of the times that it names', () => {
    expect(readResult('metric', rows(['value'], ['12.50']), NOW)).toEqual({ whole: false, points: [{ at: new Date(NOW), value: 12.5 }] });
    expect(readResult('metric', rows(['value'], [null]), NOW)).toEqual({ whole: false, points: [] });
    const series = readResult('metric', rows(['at', 'value'], ['2026-04-29', '1'], ['2026-04-30 00:00:00+00', '2'], ['2026-04-30 12:30:00.5', '3'], ['2026-05-01 00:00:00+00', null]), NOW);
    expect([series.whole, series.points.map(({ at, value }) => [at.toISOString(), value])]).toEqual([true, [['2026-04-29T00:00:00.000Z', 1], ['2026-04-30T00:00:00.000Z', 2], ['2026-04-30T12:30:00.500Z', 3]]]);
  });

  it('is a segment\'s members, a row each', () => {
    expect(readResult('segment', rows(['id', 'email'], ['1', 'a@b.c'], ['2', null]), NOW).points).toEqual([{ at: new Date(NOW), value: 2 }]);
  });

  it('is refused in words when it is neither', () => {
    expect(refused('metric', rows(['count'], ['1']))).toMatch(/a column value/);
    expect(refused('metric', rows(['value'], ['1'], ['2']))).toMatch(/no column at/);
    expect(refused('metric', rows(['value'], ['many']))).toMatch(/no number/);
    expect(refused('metric', rows(['at', 'value'], ['soon', '1']))).toMatch(/no time/);
    expect(refused('metric', { ...rows(['at', 'value']), truncated: true })).toMatch(/too many rows/);
    expect(refused('segment', rows(['email'], ['a@b.c']))).toMatch(/a column id/);
  });
});
