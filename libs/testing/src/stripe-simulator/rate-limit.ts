import { StripeApiError } from './stripe-error.js';

/** Requests a second. */
export interface RateLimits { readonly perEndpoint: number; readonly global: number }

/** Stripe's defaults of a live account: 25 a second for an endpoint, 100 a second in all. */
export const stripeRateLimits: RateLimits = { perEndpoint: 25, global: 100 };

/** Counts the requests of the last second (real time, so that a jump of the simulator's clock frees nothing). */
export class RateLimiter {
  private readonly recent = new Map<string, number[]>();

  constructor(public limits: RateLimits | undefined) {}

  /** @param endpoint method and normalised path @throws StripeApiError 429 rate_limit */
  take(endpoint: string, now = performance.now()): void {
    if (this.limits === undefined) return;
    const all = this.window('*', now);
    const own = this.window(endpoint, now);
    if (all.length >= this.limits.global) throw limited('global-rate');
    if (own.length >= this.limits.perEndpoint) throw limited('endpoint-rate');
    all.push(now);
    own.push(now);
  }

  private window(name: string, now: number): number[] {
    const times = this.recent.get(name) ?? [];
    while (times[0] !== undefined && times[0] <= now - 1000) times.shift();
    this.recent.set(name, times);
    return times;
  }
}

const limited = (reason: string): StripeApiError => new StripeApiError(
  429, 'invalid_request_error', 'Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.', 'rate_limit', undefined, { 'stripe-rate-limited-reason': reason },
);
