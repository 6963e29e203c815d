import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ThrottleRepository } from '#persistence';
import { Logger } from '#platform';
import { GatewayConfig } from '../gateway.config.js';
import { Problem } from './problem.js';

const WINDOW_SECONDS = 60;
/** Above it full buckets, which say nothing, are dropped. */
const MOST_BUCKETS = 10_000;
/** How often a gateway tells the others what it let through, while there is something to tell. */
const SHARE_MS = 1_000;
/** Keys of one such statement; the others have their turn in the next one. */
const SHARE_KEYS = 1_000;

/** `untold`: taken since the other gateways were told. */
interface Bucket { readonly limit: number; left: number; at: number; untold: number }

/**
 * How often who may ask: a bucket that holds a minute's requests and fills up evenly, for all gateways together. Each one counts on its
 * own, so that a request costs no statement, and once a second they tell each other in the database what they let through and
 * learn what is left. What is let through too much until then is owed: over minutes the limit holds, whatever their number. While the
 * database is away, each counts alone. Requests that take a password or a link are counted in the database one by one, and so are wrong passwords.
 */
@Injectable()
export class RateLimit implements BeforeApplicationShutdown {
  private readonly buckets = new Map<string, Bucket>();
  private untold = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private sharing: Promise<void> | undefined;
  private sharedAt = 0;
  private stopping = false;

  constructor(private readonly config: GatewayConfig, private readonly shared: ThrottleRepository, private readonly logger: Logger) {}

  /** Counts a request of somebody who is signed in, and tells them what is left. @throws Problem 429 */
  caller(id: string, reply: FastifyReply): void { this.take(`caller ${id}`, 'caller', this.config.requestsPerMinute, reply); }

  /** Counts a request of nobody known. @throws Problem 429 */
  address(network: string, reply: FastifyReply): void { this.take(`address ${network}`, 'address', this.config.anonymousRequestsPerMinute, reply); }

  /** Counts a request that takes a secret, for all gateways. @throws Problem 429 */
  async secret(network: string): Promise<void> {
    const limit = this.config.anonymousRequestsPerMinute;
    if (limit === 0) return;
    const seconds = await this.shared.request(`secret ${network}`, limit);
    if (seconds > 0) throw tooMany(limit, seconds);
  }

  /** The others are told the rest. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    await this.sharing;
    await this.share();
  }

  private take(key: string, policy: string, limit: number, reply: FastifyReply): void {
    if (limit === 0) return;
    const now = Date.now();
    const bucket = this.buckets.get(key) ?? { limit, left: limit, at: now, untold: 0 };
    bucket.left = Math.min(limit, bucket.left + (now - bucket.at) / 1000 * (limit / WINDOW_SECONDS));
    bucket.at = now;
    if (this.buckets.size >= MOST_BUCKETS && !this.buckets.has(key)) this.forget(now);
    this.buckets.set(key, bucket);
    const allowed = bucket.left >= 1;
    if (allowed) {
      bucket.left -= 1;
      bucket.untold += 1;
      this.untold.add(key);
      this.shareSoon();
    }
    const secondsToNext = Math.ceil(Math.max(0, 1 - bucket.left) / (limit / WINDOW_SECONDS));
    // draft-ietf-httpapi-ratelimit-headers
    void reply.header('ratelimit-policy', `"${policy}";q=${limit};w=${WINDOW_SECONDS}`).header('ratelimit', `"${policy}";r=${Math.max(0, Math.floor(bucket.left))};t=${secondsToNext}`);
    if (!allowed) throw tooMany(limit, Math.max(1, secondsToNext));
  }

  /** At once when the last time is long ago, so that a gateway that was idle learns what the others know. */
  private shareSoon(): void {
    if (this.timer !== undefined || this.sharing !== undefined || this.stopping) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.sharing = this.share().finally(() => {
        this.sharing = undefined;
        if (this.untold.size > 0) this.shareSoon();
      });
    }, Math.max(0, this.sharedAt + SHARE_MS - Date.now())).unref();
  }

  private async share(): Promise<void> {
    this.sharedAt = Date.now();
    const told = [...this.untold].slice(0, SHARE_KEYS);
    const byLimit = new Map<number, Map<string, number>>();
    for (const key of told) {
      this.untold.delete(key);
      const bucket = this.buckets.get(key);
      if (bucket === undefined) continue;
      byLimit.set(bucket.limit, (byLimit.get(bucket.limit) ?? new Map<string, number>()).set(key, bucket.untold));
      bucket.untold = 0;
    }
    for (const [limit, taken] of byLimit) await this.tell(limit, taken);
  }

  private async tell(limit: number, taken: ReadonlyMap<string, number>): Promise<void> {
    try {
      // By the limit, too: one that was changed begins anew.
      const left = await this.shared.share(limit, new Map([...taken].map(([key, count]) => [`${key} ${limit}`, count])));
      for (const key of taken.keys()) {
        const bucket = this.buckets.get(key);
        if (bucket !== undefined) Object.assign(bucket, { left: (left.get(`${key} ${limit}`) ?? bucket.left) - bucket.untold, at: Date.now() });
      }
    } catch (error) {
      this.logger.debug('Gateways count requests on their own for now.', { reason: error instanceof Error ? error.message : typeof error });
      // They are told later.
      for (const [key, count] of taken) {
        const bucket = this.buckets.get(key);
        if (bucket === undefined) continue;
        bucket.untold += count;
        this.untold.add(key);
      }
    }
  }

  /** Who has been quiet for a window, and if that is nobody, everybody. */
  private forget(now: number): void {
    for (const [key, { at }] of this.buckets) if (now - at > WINDOW_SECONDS * 1000) this.buckets.delete(key);
    if (this.buckets.size >= MOST_BUCKETS) this.buckets.clear();
  }
}

const tooMany = (limit: number, retryAfterSeconds: number): Problem =>
  new Problem({ status: 429, code: 'too_many_requests', title: `More than ${limit} requests a minute.`, remedy: 'Wait as long as Retry-After says, and ask less often.', retryAfterSeconds });
