import { describe, expect, it } from '@jest/globals';
import { createRunScope } from './run-scope.js';

describe('run scope', () => {
  it('makes a thing once for each key', async () => {
    const scope = createRunScope();
    let made = 0;
    const make = async () => ++made;
    await expect(Promise.all([scope.once('a', make), scope.once('a', make), scope.once('b', make)])).resolves.toEqual([1, 1, 2]);
  });

  it('forgets what was rejected, also when it throws before there is a promise', async () => {
    const scope = createRunScope();
    await expect(scope.once('a', () => Promise.reject(new Error('reset')))).rejects.toThrow('reset');
    await expect(scope.once('a', () => { throw new Error('at once'); })).rejects.toThrow('at once');
    await expect(scope.once('a', async () => 'here')).resolves.toBe('here');
  });

  it('shares nothing between runs', async () => {
    await createRunScope().once('a', async () => 1);
    await expect(createRunScope().once('a', async () => 2)).resolves.toBe(2);
  });
});
