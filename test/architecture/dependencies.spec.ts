import { describe, expect, it } from '@jest/globals';
import { cruise } from './cruise.js';
import config from './dependency-cruiser.mjs';
import { miniTree } from './mini-tree.js';
import { base, cases } from './violations.js';

const ruleNames = (config.forbidden as { name: string }[]).map(({ name }) => name);

describe('dependency rules', () => {
  it('hold in the whole tree, without a baseline', async () => {
    const { modules, violations } = await cruise('.');
    expect(violations.map(({ rule, from, to }) => `${rule}: ${from} -> ${to}`)).toEqual([]);
    expect(modules).toBeGreaterThan(50);
  }, 300_000);

  it('allow what the house allows', async () => {
    const tree = miniTree(base);
    try {
      expect((await cruise(tree.root)).violations).toEqual([]);
    } finally {
      tree.drop();
    }
  }, 300_000);

  it('each have a case below that breaks them', () => {
    expect(cases.map(({ rule }) => rule).sort()).toEqual([...ruleNames].sort());
  });

  it('each refuse the edge that breaks them', async () => {
    const tree = miniTree(Object.assign({}, base, ...cases.map(({ files }) => files)) as Record<string, string>);
    try {
      const { violations } = await cruise(tree.root);
      const missed = cases.filter(({ rule, from, to }) => !violations.some((seen) => seen.rule === rule && seen.from === from && seen.to.includes(to)));
      expect(missed.map(({ rule, from }) => `${rule} let ${from} pass`)).toEqual([]);
    } finally {
      tree.drop();
    }
  }, 300_000);
});
