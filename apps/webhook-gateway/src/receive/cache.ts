/** Answers by key for a while, one look-up at a time for a key; `undefined` answers are kept for a shorter time. */
export class Cache<T> {
  private readonly entries = new Map<string, { until: number; value: Promise<T | undefined> }>();

  constructor(private readonly find: (key: string) => Promise<T | undefined>, private readonly ttlMs: number, private readonly missTtlMs: number, private readonly maxEntries = 10_000) {}

  /** @throws what `find` throws; a failure isn't kept. */
  get(key: string): Promise<T | undefined> {
    const entry = this.entries.get(key);
    if (entry !== undefined && entry.until > Date.now()) return entry.value;
    if (this.entries.size >= this.maxEntries) this.entries.clear();
    const value = this.find(key);
    const fresh = { until: Date.now() + this.ttlMs, value };
    this.entries.set(key, fresh);
    value.then(
      (found) => { if (found === undefined) fresh.until = Date.now() + this.missTtlMs; },
      () => { if (this.entries.get(key) === fresh) this.entries.delete(key); },
    );
    return value;
  }
}
