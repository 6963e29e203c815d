import { setTimeout as sleep } from 'node:timers/promises';

/** Answers by key for a while, one look-up at a time for a key; `undefined` answers are kept for a shorter time. */
export class Cache<T> {
  private readonly entries = new Map<string, { since: number; until: number; value: Promise<T | undefined> }>();
  private readonly renewals = new Map<string, Promise<T | undefined>>();

  constructor(private readonly find: (key: string) => Promise<T | undefined>, private readonly ttlMs: number, private readonly missTtlMs: number, private readonly maxEntries = 10_000) {}

  /** @throws what `find` throws; a failure isn't kept. */
  get(key: string): Promise<T | undefined> {
    const entry = this.entries.get(key);
    if (entry !== undefined && entry.until > Date.now()) return entry.value;
    if (this.entries.size >= this.maxEntries) this.entries.clear();
    const value = this.find(key);
    const now = Date.now();
    const fresh = { since: now, until: now + this.ttlMs, value };
    this.entries.set(key, fresh);
    value.then(
      (found) => { if (found === undefined) fresh.until = Date.now() + this.missTtlMs; },
      () => { if (this.entries.get(key) === fresh) this.entries.delete(key); },
    );
    return value;
  }

  /** A look-up that begins after this call. All that ask meanwhile share it, and the look-ups of a key are `apartMs` apart. @throws what `find` throws */
  renewed(key: string, apartMs: number): Promise<T | undefined> {
    let renewal = this.renewals.get(key);
    if (renewal === undefined) {
      renewal = sleep(Math.max(0, (this.entries.get(key)?.since ?? 0) + apartMs - Date.now())).then(() => {
        this.renewals.delete(key);
        this.entries.delete(key);
        return this.get(key);
      });
      this.renewals.set(key, renewal);
    }
    return renewal;
  }
}
