import { describe, expect, it } from '@jest/globals';
import { layoutRules } from './layout-rules.js';
import { miniTree } from './mini-tree.js';

describe.each(layoutRules.map((rule) => [rule.name, rule] as const))('%s', (_name, rule) => {
  it('holds', () => {
    expect(rule.find('.')).toEqual([]);
  });

  it('can fail', () => {
    const tree = miniTree(rule.bad);
    try {
      expect(rule.find(tree.root)).toHaveLength(1);
    } finally {
      tree.drop();
    }
  });
});
