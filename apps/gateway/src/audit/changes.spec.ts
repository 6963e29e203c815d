import { describe, expect, it } from '@jest/globals';
import { changesIn } from './changes.js';

describe('what the audit log keeps of a body', () => {
  it('is the names of all fields and the values of harmless ones', () => {
    expect(changesIn({ name: 'Shop', enabled: false, collections: ['a', 'b'], password: 'p', configuration: { apiKey: 'k' }, url: 'postgres://u:p@h/d' }))
      .toEqual({ name: 'Shop', enabled: false, collections: 'a, b', password: null, configuration: null, url: null });
  });

  it('is bounded, and nothing for what isn\'t an object', () => {
    expect(changesIn({ name: 'x'.repeat(10_000), role: { nested: 'secret' } })).toEqual({ name: 'x'.repeat(200), role: null });
    expect(Object.keys(changesIn(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, 1]))))).toHaveLength(50);
    for (const body of [undefined, null, 'text', 7, ['a']]) expect(changesIn(body)).toEqual({});
  });
});
