/** The simulator's clock: real time plus an offset that only moves forward. */
export class SimulatedClock {
  private offset = 0;

  /** @param startAt milliseconds since the epoch that the clock shows now; default real time. */
  constructor(startAt?: number) {
    if (startAt !== undefined) this.offset = startAt - Date.now();
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.offset;
  }

  /** Jumps forward by `ms` milliseconds. @throws RangeError when negative. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`The clock can't be advanced by ${ms} ms. Give a number of milliseconds, 0 or more.`);
    this.offset += ms;
  }
}
