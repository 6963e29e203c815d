/** At most this many idle buckets are kept: a connector that forgets `endpoint` makes one for each id in a path. */
const MAX_BUCKETS = 1_000;

/**
 * A token bucket as a virtual schedule (GCRA): each request takes the next free slot. The burst is a tenth of a second's
 * requests, so that any one second sees at most 1.1 times the rate whichever way the partner cuts its windows.
 */
class Bucket {
  private next = 0;
  private readonly interval: number;
  private readonly burst: number;

  constructor(requestsPerSecond: number | undefined) {
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
}

export interface RateLimits {
  readonly requestsPerSecondPerEndpoint?: number | undefined;
  readonly requestsPerSecond?: number | undefined;
}

/** The rate limits of one set of credentials: a bucket for each endpoint and one over all. Times in milliseconds. */
export class RateLimit {
  private readonly global: Bucket;
  private readonly endpoints = new Map<string, Bucket>();

  constructor(private readonly limits: RateLimits) {
    this.global = new Bucket(limits.requestsPerSecond);
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

  private bucket(endpoint: string, now: number): Bucket {
    let bucket = this.endpoints.get(endpoint);
    if (bucket === undefined) {
      if (this.endpoints.size >= MAX_BUCKETS) for (const [name, known] of this.endpoints) if (known.idle(now)) this.endpoints.delete(name);
      this.endpoints.set(endpoint, bucket = new Bucket(this.limits.requestsPerSecondPerEndpoint));
    }
    return bucket;
  }
}
