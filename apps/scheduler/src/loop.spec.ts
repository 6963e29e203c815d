import { describe, expect, it } from '@jest/globals';
import { Loop } from './loop.js';

const NEVER = 3_600_000;
/** Lets everything that is ready run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('loop', () => {
  it('turns when woken, goes on after an error, and says so', async () => {
    const seen: string[] = [];
    const loop = new Loop('x', NEVER, async () => { seen.push('body'); if (seen.length === 1) throw new Error('first'); }, { turned: () => seen.push('turned'), failed: (name, error) => seen.push(`${name}: ${(error as Error).message}`) });
    loop.start();
    await settle();
    expect(seen).toEqual(['body', 'x: first', 'turned']);
    loop.wake();
    await settle();
    expect(seen.slice(3)).toEqual(['body', 'turned']);
    await loop.stop();
  });

  it('a wake during a turn is not lost, and turns never overlap', async () => {
    let inHand = 0;
    let turns = 0;
    let finish: () => void = () => undefined;
    const loop = new Loop('x', NEVER, async () => {
      expect(++inHand).toBe(1);
      turns += 1;
      await new Promise<void>((resolve) => { finish = resolve; });
      inHand -= 1;
    }, { turned: () => undefined, failed: (_, error) => { throw error; } });
    loop.start();
    loop.wake();
    loop.wake();
    finish();
    await settle();
    expect(turns).toBe(2);
    const stopped = loop.stop();
    finish();
    await stopped;
    expect(turns).toBe(2);
  });
});
