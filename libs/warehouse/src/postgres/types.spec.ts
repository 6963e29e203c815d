import { describe, expect, it } from '@jest/globals';
import { LosslessNumber } from 'lossless-json';
import { COLUMN_TYPES, infer, int64, join, type ColumnType } from './types.js';
import { instant, parseInstant } from './values.js';

describe('the lattice of types', () => {
  it('joins in any order to the same type', () => {
    for (const a of COLUMN_TYPES) for (const b of COLUMN_TYPES) for (const c of COLUMN_TYPES) {
      expect(join(a, b)).toBe(join(b, a));
      expect(join(join(a, b), c)).toBe(join(a, join(b, c)));
    }
  });

  it.each<[ColumnType, ColumnType, ColumnType]>([
    ['bigint', 'numeric', 'numeric'], ['bigint', 'double', 'numeric'], ['date', 'timestamptz', 'timestamptz'], ['boolean', 'bigint', 'text'], ['date', 'text', 'text'], ['text', 'jsonb', 'jsonb'],
  ])('%s and %s make %s', (a, b, expected) => { expect(join(a, b)).toBe(expected); });

  it('infers by the value alone', () => {
    expect([1, 1.5, 2 ** 60, true, 'x', [1], {}, null, new LosslessNumber('9223372036854775807'), new LosslessNumber('9223372036854775808'), new LosslessNumber('1.0')].map(infer))
      .toEqual(['bigint', 'numeric', 'numeric', 'boolean', 'text', 'jsonb', 'jsonb', undefined, 'bigint', 'numeric', 'numeric']);
  });

  it('takes canonical int64 only', () => {
    expect([int64('-9223372036854775808'), int64('9223372036854775808'), int64('007'), int64('1.0')]).toEqual([-9223372036854775808n, undefined, undefined, undefined]);
  });
});

describe('instants', () => {
  it.each(['2026-02-03T04:05:06Z', '2026-02-03T04:05:06.789Z', '1969-12-31T23:59:59.999Z', '2000-02-29T12:00:00+05:30', '0099-03-01T00:00:00Z', '2400-12-31T00:00:00-11:00'])('%s is read as JavaScript reads it', (text) => {
    expect(parseInstant(text)).toBe(true);
    expect(instant.seconds * 1000 + instant.micros / 1000 + Date.UTC(2000, 0, 1)).toBe(Date.parse(text));
  });

  it.each(['', 'now', '2026', '2026-02-30', '2026-02-03T24:00:00Z', '2026-02-03T04:05:06', '2026-02-03T04:05:06.Z', '2026-02-03T04:05:06Zx', '2026-02-03T04:05:60Z', '0000-01-01T00:00:00Z', '1900-02-29T00:00:00Z', '2026-2-3T04:05:06Z'])('%j is none', (text) => {
    expect(parseInstant(text)).toBe(false);
  });
});
