import { describe, expect, it } from '@jest/globals';
import { deadLetter, drop, ok, pipeline } from './result.js';

describe('pipeline', () => {
  const half = (value: number) => (value % 2 === 0 ? ok(value / 2) : deadLetter('odd', 'an odd number has no half'));

  it('hands the value from step to step', () => {
    expect(pipeline<string>().pipe((text) => ok(Number(text))).pipe(half).pipe(half).run('12')).toEqual(ok(3));
  });

  it('ends at the first step that does not say ok', () => {
    const steps = pipeline<number>().pipe(half).pipe(() => drop('too small')).pipe(() => { throw new Error('never reached'); });
    expect(steps.run(4)).toEqual(drop('too small'));
    expect(steps.run(3)).toEqual({ outcome: 'dead-letter', reason: 'odd', message: 'an odd number has no half' });
  });

  it('lets an exception through: broken infrastructure is not a result', () => {
    expect(() => pipeline<number>().pipe(() => { throw new Error('disk'); }).run(1)).toThrow('disk');
  });
});
