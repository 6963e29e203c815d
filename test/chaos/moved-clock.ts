/** Loaded before a service (`node --import`): its clock is off by CLOCK_MOVED_MS, as on a machine whose time was set wrong. Timers keep their length. */
const by = Number(process.env['CLOCK_MOVED_MS'] ?? 0);
const Right = Date;

class Moved extends Right {
  constructor(...args: readonly unknown[]) {
    if (args.length === 0) super(Right.now() + by);
    else super(...(args as [number]));
  }

  static override now(): number { return Right.now() + by; }
}

globalThis.Date = Moved as DateConstructor;
