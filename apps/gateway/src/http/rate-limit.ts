import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ThrottleRepository } from '#persistence';
import { GatewayConfig } from '../gateway.config.js';
import { Problem } from './problem.js';

const WINDOW_SECONDS = 60;
/** Above it full buckets, which say nothing, are dropped. */
const MOST_BUCKETS = 10_000;

interface Bucket { left: number; at: number }

/**
 * How often who may ask: a bucket that holds a minute's requests and fills up evenly. Counted by each gateway on its own, so that a
 * request costs nothing more: with three replicas a client may get three times as far. Requests that take a password or a link are counted
 * in the database, for all of them together, and so are wrong passwords.
 */
@Injectable()
export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly config: GatewayConfig, private readonly shared: ThrottleRepository) {}

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

  private take(key: string, policy: string, limit: number, reply: FastifyReply): void {
    if (limit === 0) return;
    const now = Date.now();
    const bucket = this.buckets.get(key) ?? { left: limit, at: now };
    bucket.left = Math.min(limit, bucket.left + (now - bucket.at) / 1000 * (limit / WINDOW_SECONDS));
    bucket.at = now;
    if (this.buckets.size >= MOST_BUCKETS && !this.buckets.has(key)) this.forget(now);
    this.buckets.set(key, bucket);
    const allowed = bucket.left >= 1;
    if (allowed) bucket.left -= 1;
    const secondsToNext = Math.ceil((1 - Math.min(1, bucket.left)) / (limit / WINDOW_SECONDS));
    // draft-ietf-httpapi-ratelimit-headers
    void reply.header('ratelimit-policy', `"${policy}";q=${limit};w=${WINDOW_SECONDS}`).header('ratelimit', `"${policy}";r=${Math.floor(bucket.left)};t=${secondsToNext}`);
    if (!allowed) throw tooMany(limit, Math.max(1, secondsToNext));
  }

  /** Who has been quiet for a window, and if that is nobody, everybody. */
  private forget(now: number): void {
    for (const [key, { at }] of this.buckets) if (now - at > WINDOW_SECONDS * 1000) this.buckets.delete(key);
    if (this.buckets.size >= MOST_BUCKETS) this.buckets.clear();
  }
}

const tooMany = (limit: number, retryAfterSeconds: number): Problem =>
  new Problem({ status: 429, code: 'too_many_requests', title: `More than ${limit} requests a minute.`, remedy: 'Wait as long as Retry-After says, and ask less often.', retryAfterSeconds });
