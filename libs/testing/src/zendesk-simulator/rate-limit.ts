import { ZendeskApiError } from './zendesk-error.js';

/** Requests in any minute of the simulator's clock. */
export interface ZendeskRateLimits {
  /** All incremental exports together. */
  readonly incremental: number;
  /** Everything else. */
  readonly account: number;
}

/** 10 for exports; 700 is the Enterprise plan's. */
export const zendeskRateLimits: ZendeskRateLimits = { incremental: 10, account: 700 };

const WINDOW_MS = 60_000;

export class RateLimiter {
  private readonly recent: Record<keyof ZendeskRateLimits, number[]> = { incremental: [], account: [] };

  constructor(private readonly now: () => number, public limits: ZendeskRateLimits | undefined) {}

  /** Counts a request. @returns headers that tell what is left @throws ZendeskApiError 429 with `Retry-After` */
  take(kind: keyof ZendeskRateLimits): Record<string, string> {
    if (this.limits === undefined) return {};
    const now = this.now();
    const limit = this.limits[kind];
    const times = this.recent[kind];
    while (times[0] !== undefined && times[0] <= now - WINDOW_MS) times.shift();
    const reset = Math.max(1, Math.ceil(((times[0] ?? now) + WINDOW_MS - now) / 1_000));
    const headers = (remaining: number): Record<string, string> => ({
      'x-rate-limit': String(limit), 'x-rate-limit-remaining': String(remaining),
      'ratelimit-limit': String(limit), 'ratelimit-remaining': String(remaining), 'ratelimit-reset': String(reset),
    });
    if (times.length >= limit) {
      throw new ZendeskApiError(429, { error: 'TooManyRequests', description: 'Number of allowed API requests per minute exceeded' }, { ...headers(0), 'retry-after': String(reset) });
    }
    times.push(now);
    return headers(limit - times.length);
  }
}
