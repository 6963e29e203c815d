/** At most this many idle buckets are kept: a connector that forgets `endpoint` makes one for each id in a path. */
const MAX_BUCKETS = 1_000;

/**
 * A token bucket as a virtual schedule (GCRA): each request takes the next free slot. The burst is a tenth of a second's
 * requests, so that any one second sees at most 1.1 times the rate whichever way the partner cuts its windows.
 */
class Bucket {
  private next: number;
  private readonly interval: number;
  private readonly burst: number;

  constructor(requestsPerSecond: number | undefined, next: unknown = 0) {
    this.next = typeof next === 'number' ? next : 0;
    this.interval = requestsPerSecond === undefined ? 0 : 1_000 / requestsPerSecond;
    this.burst = requestsPerSecond === undefined ? 0 : Math.max(0, Math.floor(requestsPerSecond / 10) - 1) * this.interval;
  }

  /** Milliseconds until the next slot is free. */
  wait(now: number): number {
    return Math.max(0, this.next - this.burst - now);
  }

  take(now: number): void {
    this.next = Math.max(this.next, now) + this.interval;
  }

  pause(until: number): void {
    this.next = Math.max(this.next, until + this.burst);
  }

  idle(now: number): boolean {
    return this.next <= now;
  }

  state(): BucketState {
    return this.next;
  }
}

/** When the next slot is free. */
type BucketState = number;
/** The slots that were given out, and until when there is a pause. */
interface WindowState { readonly slots: readonly number[]; readonly paused: number }

/** Times in milliseconds since the epoch; idle endpoints are left out. */
export interface RateState {
  readonly global?: BucketState;
  readonly endpoints?: Readonly<Record<string, BucketState | WindowState>>;
}

/** At most so many requests in any stretch of so many milliseconds, as partners put it that count by the minute. */
interface WindowLimit {
  readonly requests: number;
  readonly windowMs: number;
}

/** The window as a log of the slots that were given out: the next one is free when the oldest that counts has left the window. */
class Window {
  private readonly slots: number[];
  private paused: number;

  constructor(private readonly limit: WindowLimit, state: BucketState | WindowState = 0) {
    this.slots = typeof state === 'number' ? [] : state.slots.slice(-limit.requests);
    this.paused = typeof state === 'number' ? 0 : state.paused;
  }

  wait(now: number): number {
    return Math.max(0, this.next(now) - now);
  }

  take(now: number): void {
    this.slots.push(this.next(now));
    if (this.slots.length > this.limit.requests) this.slots.shift();
  }

  pause(until: number): void {
    this.paused = Math.max(this.paused, until);
  }

  idle(now: number): boolean {
    return this.paused <= now && (this.slots.at(-1) ?? -Infinity) + this.limit.windowMs <= now;
  }

  state(): WindowState {
    return { slots: this.slots, paused: this.paused };
  }

  private next(now: number): number {
    const oldest = this.slots.length < this.limit.requests ? undefined : this.slots[0];
    return Math.max(now, this.paused, oldest === undefined ? 0 : oldest + this.limit.windowMs);
  }
}

export interface RateLimits {
  readonly requestsPerSecondPerEndpoint?: number | undefined;
  readonly requestsPerSecond?: number | undefined;
  /** Endpoints with a limit of their own in place of `requestsPerSecondPerEndpoint`, by the name that requests give as `endpoint`. */
  readonly endpoints?: Readonly<Record<string, WindowLimit>> | undefined;
}

/** The rate limits of one set of credentials, or of an account: a bucket for each endpoint and one over all. Times in milliseconds. */
export class RateLimit {
  private readonly global: Bucket;
  private readonly endpoints = new Map<string, Bucket | Window>();

  /** @param known what an earlier one left, see `state` */
  constructor(private readonly limits: RateLimits, private readonly known: RateState = {}) {
    this.global = new Bucket(limits.requestsPerSecond, known.global);
    for (const endpoint of Object.keys(known.endpoints ?? {})) this.bucket(endpoint, 0);
  }

  /** What another process needs to go on with these limits. */
  state(now: number): RateState {
    return {
      ...(!this.global.idle(now) && { global: this.global.state() }),
      endpoints: Object.fromEntries([...this.endpoints].filter(([, bucket]) => !bucket.idle(now)).map(([name, bucket]) => [name, bucket.state()])),
    };
  }

  /**
   * Takes the next slot of the endpoint and says how long to wait for it; 0 when it is now.
   * With a wait above `maxWait` nothing is taken and that wait is returned.
   */
  reserve(endpoint: string, now: number, maxWait: number): number {
    const bucket = this.bucket(endpoint, now);
    const wait = Math.max(bucket.wait(now), this.global.wait(now));
    if (wait > maxWait) return wait;
    bucket.take(now);
    this.global.take(now);
    return wait;
  }

  /** No request to the endpoint before `until`: the partner said so. */
  pause(endpoint: string, until: number, now: number): void {
    this.bucket(endpoint, now).pause(until);
  }

  private bucket(endpoint: string, now: number): Bucket | Window {
    let bucket = this.endpoints.get(endpoint);
    if (bucket === undefined) {
      if (this.endpoints.size >= MAX_BUCKETS) for (const [name, known] of this.endpoints) if (known.idle(now)) this.endpoints.delete(name);
      const own = this.limits.endpoints?.[endpoint];
      const state = this.known.endpoints?.[endpoint];
      this.endpoints.set(endpoint, bucket = own === undefined ? new Bucket(this.limits.requestsPerSecondPerEndpoint, state) : new Window(own, state));
    }
    return bucket;
  }
}
