import { describe, expect, it } from '@jest/globals';
import { sourcesOf } from './repository.js';
import { offences, sourceRules } from './source-rules.js';

const sources = sourcesOf('.');

describe('source rules', () => {
  it('look at the whole tree', () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  describe.each(sourceRules.map((rule) => [rule.name, rule] as const))('%s', (_name, rule) => {
    it('holds', () => {
      expect(offences(rule, sources)).toEqual([]);
    });

    it('can fail', () => {
      expect(offences(rule, [rule.bad])).toHaveLength(1);
    });
  });
});
