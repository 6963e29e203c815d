/** Lets a few things a minute through for each key, so that a flood can't fill the dead letter. */
export class PerMinute {
  private readonly counts = new Map<string, { minute: number; count: number }>();

  constructor(private readonly limit: number, private readonly now: () => number = Date.now) {}

  allows(key: string): boolean {
    const minute = Math.floor(this.now() / 60_000);
    const entry = this.counts.get(key);
    if (entry?.minute !== minute) {
      if (this.counts.size > 10_000) this.counts.clear();
      this.counts.set(key, { minute, count: 1 });
      return true;
    }
    entry.count += 1;
    return entry.count <= this.limit;
  }
}
