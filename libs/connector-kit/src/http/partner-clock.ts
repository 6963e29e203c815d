/** A `Date` header has whole seconds and latency lies on top: below this our own clock is the better one. */
const TRUSTED_SKEW_MS = 2_000;

/**
 * The partner's clock, estimated from `Date` headers. Each answer bounds the difference: the header's second lay between
 * sending and receiving. The bounds of all answers are intersected, and the lower one is used, so that an observation is
 * never dated later than it was made.
 */
export class PartnerClock {
  private lower = -Infinity;
  private upper = Infinity;

  constructor(private readonly clock: () => number) {}

  /** Takes one answer into account. Times in milliseconds on our clock. */
  observe(dateHeader: string | string[] | undefined, sentAt: number, receivedAt: number): void {
    if (typeof dateHeader !== 'string') return;
    const second = Date.parse(dateHeader);
    if (Number.isNaN(second)) return;
    const lower = second - receivedAt;
    const upper = second + 1_000 - sentAt;
    this.lower = Math.max(this.lower, lower);
    this.upper = Math.min(this.upper, upper);
    // One of the clocks was moved: what was known is void.
    if (this.lower > this.upper) [this.lower, this.upper] = [lower, upper];
  }

  /** A moment of our clock on the partner's, integer milliseconds. */
  at(ours: number): number {
    const middle = (this.lower + this.upper) / 2;
    return Math.round(Math.abs(middle) > TRUSTED_SKEW_MS && Number.isFinite(middle) ? ours + this.lower : ours);
  }

  now(): number {
    return this.at(this.clock());
  }
}
