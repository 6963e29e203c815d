import { afterEach, describe, expect, it } from '@jest/globals';
import { Circuit, CircuitOpenError } from './circuit.js';

/** Attempts that end when the spec says so. */
class Broker {
  readonly attempts: string[] = [];
  readonly changes: boolean[] = [];
  private readonly ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private readonly waiting: (() => void)[] = [];
  readonly circuit = new Circuit<string>((item) => new Promise((resolve, reject) => {
    this.attempts.push(item);
    this.ends.push({ resolve, reject });
    this.waiting.shift()?.();
  }), (open) => this.changes.push(open), 1);

  /** The next attempt has begun. */
  async begins(): Promise<void> { if (this.ends.length === 0) await new Promise<void>((resolve) => this.waiting.push(resolve)); }
  async fails(): Promise<void> { await this.begins(); this.ends.shift()?.reject(new Error('away')); }
  async acknowledges(): Promise<void> { await this.begins(); this.ends.shift()?.resolve(); }
}

let broker: Broker;
const open = async (): Promise<void> => {
  broker = new Broker();
  const first = broker.circuit.send('first');
  await broker.fails();
  await expect(first).rejects.toThrow('away');
};
afterEach(() => broker.circuit.stop());

describe('a circuit', () => {
  it('refuses without an attempt after a failure, and has one probe at a time', async () => {
    await open();
    for (const item of ['second', 'third']) await expect(broker.circuit.send(item)).rejects.toBeInstanceOf(CircuitOpenError);
    await broker.begins();
    await expect(broker.circuit.send('fourth')).rejects.toBeInstanceOf(CircuitOpenError);
    expect(broker.attempts).toEqual(['first', 'third']);
    await broker.fails();
    await broker.begins();
    // What was refused last is the next probe: one item that can't be sent doesn't keep all others out.
    expect(broker.attempts).toEqual(['first', 'third', 'fourth']);
    expect(broker.changes).toEqual([true]);
  });

  it('sends again once a probe is acknowledged, also when nobody sent anything meanwhile', async () => {
    await open();
    await broker.fails();
    await broker.acknowledges();
    await new Promise((resolve) => setImmediate(resolve));
    expect(broker.changes).toEqual([true, false]);
    const sent = broker.circuit.send('after');
    await broker.acknowledges();
    await sent;
    expect(broker.attempts).toEqual(['first', 'first', 'first', 'after']);
  });

  it('is opened once by those that fail together, and lets them wait for their own answer', async () => {
    broker = new Broker();
    const sends = ['a', 'b', 'c'].map((item) => broker.circuit.send(item));
    const answers = Promise.allSettled(sends);
    await broker.fails();
    await broker.acknowledges();
    await broker.fails();
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(broker.changes).toEqual([true]);
  });
});
