/** Makes changes at a steady rate until stopped. */
export class SteadyChanges {
  private timer: NodeJS.Timeout | undefined;
  private owed = 0;
  private last = 0;

  constructor(private readonly change: () => void) {}

  /** @param perSecond changes a second; 0 stops */
  run(perSecond: number): void {
    this.stop();
    if (perSecond <= 0) return;
    this.last = performance.now();
    this.timer = setInterval(() => {
      const now = performance.now();
      this.owed = Math.min(this.owed + ((now - this.last) / 1_000) * perSecond, Math.max(1, perSecond * 5));
      this.last = now;
      for (; this.owed >= 1; this.owed--) this.change();
    }, Math.min(1_000, Math.max(20, 1_000 / perSecond)));
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.owed = 0;
  }
}
