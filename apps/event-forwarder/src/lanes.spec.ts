import { describe, expect, it } from '@jest/globals';
import { Lanes } from './lanes.js';

const settle = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

/** Rounds that end when they are told to. */
function rounds() {
  const open = new Map<string, (more: boolean) => void>();
  const begun: string[] = [];
  const lanes = new Lanes((id) => new Promise((resolve) => { begun.push(id); open.set(id, resolve); }), (error) => { throw error; });
  const end = async (id: string, more = false): Promise<void> => { open.get(id)?.(more); await settle(); };
  return { lanes, begun, end };
}

describe('lanes', () => {
  it('go on while there is more, one round of a destination at a time', async () => {
    const { lanes, begun, end } = rounds();
    lanes.wake(['a', 'b']);
    expect(begun).toEqual(['a', 'b']);
    await end('a', true);
    expect(begun).toEqual(['a', 'b', 'a']);
    await end('a');
    expect(begun).toEqual(['a', 'b', 'a']);
  });

  it('lose no wake that comes during a round', async () => {
    const { lanes, begun, end } = rounds();
    lanes.wake(['a']);
    lanes.wake(['a']);
    lanes.wake(['a']);
    expect(begun).toEqual(['a']);
    await end('a');
    expect(begun).toEqual(['a', 'a']);
    await end('a');
    expect(begun).toEqual(['a', 'a']);
  });

  it('give others their turn when all are taken', async () => {
    const { lanes, begun, end } = rounds();
    const many = Array.from({ length: 65 }, (_, index) => `d${index}`);
    lanes.wake(many);
    expect(begun).toEqual(many.slice(0, 64));
    await end('d0', true);
    expect(begun.at(-1)).toBe('d64');
    await end('d1');
    expect(begun.at(-1)).toBe('d0');
  });

  it('end with the rounds under way', async () => {
    const { lanes, begun, end } = rounds();
    lanes.wake(['a']);
    const stopped = lanes.stop();
    lanes.wake(['b']);
    await end('a', true);
    await stopped;
    expect(begun).toEqual(['a']);
  });
});
