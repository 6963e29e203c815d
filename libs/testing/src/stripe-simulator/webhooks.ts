import { createHmac, randomBytes } from 'node:crypto';
import { request as httpRequest, Agent } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { StripeAccount } from './account.js';
import type { StripeObject } from './collection.js';

export interface WebhookEndpointOptions {
  readonly url: string;
  /** `whsec_…`; more than one while a secret is rolled. */
  readonly secret: string | readonly string[];
  /** Version that its events are rendered in; default the account's. */
  readonly apiVersion?: string;
  /** Types it takes; default `*`. */
  readonly enabledEvents?: readonly string[];
}

export interface WebhookBehaviour {
  /** Milliseconds before each further attempt. Default 1 s, 5 s, 30 s, 2 min, 10 min, 1 h. */
  readonly retryDelaysMs?: readonly number[];
  /** Every event is sent this often (2: each twice). Default 1. */
  readonly copies?: number;
  /** Events are held back until this many wait (or 50 ms passed) and sent newest first. Default 1: as they come. */
  readonly reverseEvery?: number;
  /** Milliseconds after which an attempt failed. Default 10,000. */
  readonly timeoutMs?: number;
  /** Requests at a time per endpoint; more than one means that order isn't kept, as with Stripe. Default 8. */
  readonly concurrency?: number;
}

export interface Delivery {
  readonly eventId: string;
  readonly type: string;
  readonly url: string;
  readonly attempt: number;
  /** 0 when there was no answer. */
  readonly status: number;
  readonly error?: string;
}

/**
 * A `Stripe-Signature` header: HMAC-SHA256 over `<t>.<body>`, a `v1` for every secret, and the `v0` that Stripe adds
 * in test mode and that nobody may accept.
 * @param at seconds since the epoch
 */
export function signature(body: string, secrets: readonly string[], at: number): string {
  const sign = (secret: string): string => createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  return [`t=${at}`, ...secrets.map((secret) => `v1=${sign(secret)}`), `v0=${sign('v0')}`].join(',');
}

interface Waiting { readonly endpoint: WebhookEndpointOptions; readonly eventId: string; readonly type: string; readonly body: string; attempt: number }

/** Sends the account's events to its webhook endpoints. */
export class WebhookSender {
  readonly deliveries: Delivery[] = [];
  readonly endpoints: WebhookEndpointOptions[] = [];
  behaviour: WebhookBehaviour = {};
  private readonly queue: Waiting[] = [];
  private readonly held: Waiting[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly sent = new Map<string, Waiting[]>();
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });
  private running = 0;
  private stopped = false;

  /** @param signedAt milliseconds since the epoch for signatures; real time, because receivers compare with theirs */
  constructor(private readonly account: StripeAccount, private readonly signedAt: () => number = Date.now) {
    account.observers.push({ event: (event, object, previous) => this.send(event, object, previous) });
    account.pendingWebhooks = (type) => this.endpoints.filter((endpoint) => takes(endpoint, type)).length;
  }

  /** @returns the endpoint with its secret, made of random bytes when none is given */
  add(endpoint: Omit<WebhookEndpointOptions, 'secret'> & { readonly secret?: string | readonly string[] }): WebhookEndpointOptions {
    const whole = { ...endpoint, secret: endpoint.secret ?? `whsec_${randomBytes(24).toString('hex')}` };
    this.endpoints.push(whole);
    return whole;
  }

  /** Sends an event once more. @throws Error when it was never sent */
  redeliver(eventId: string): void {
    const waiting = this.sent.get(eventId);
    if (waiting === undefined) throw new Error(`The event ${eventId} was sent to no endpoint, so it can't be sent again.`);
    for (const one of waiting) this.push({ ...one, attempt: 1 });
  }

  /** Resolves when nothing is queued or under way; retries that wait for their time are left out. */
  async idle(): Promise<void> {
    while (this.queue.length + this.held.length + this.running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.agent.destroy();
  }

  private send(event: StripeObject, object: StripeObject, previous: Record<string, unknown> | undefined): void {
    const type = String(event.type);
    const bodies = new Map<string, string>();
    for (const endpoint of this.endpoints) {
      if (!takes(endpoint, type)) continue;
      const version = endpoint.apiVersion ?? this.account.apiVersion;
      const body = bodies.get(version) ?? JSON.stringify(this.account.eventIn(version, event, object, previous), undefined, 2);
      bodies.set(version, body);
      const waiting = { endpoint, eventId: event.id, type, body, attempt: 1 };
      this.sent.set(event.id, [...this.sent.get(event.id) ?? [], waiting]);
      if (this.sent.size > 10_000) for (const oldest of this.sent.keys()) { this.sent.delete(oldest); break; }
      for (let copy = 0; copy < (this.behaviour.copies ?? 1); copy++) this.hold({ ...waiting });
    }
  }

  private hold(waiting: Waiting): void {
    const every = this.behaviour.reverseEvery ?? 1;
    if (every <= 1) return this.push(waiting);
    this.held.push(waiting);
    if (this.held.length >= every) this.release();
    else if (this.held.length === 1) this.later(50, () => this.release());
  }

  private release(): void {
    for (const waiting of this.held.splice(0).reverse()) this.push(waiting);
  }

  private push(waiting: Waiting): void {
    this.queue.push(waiting);
    this.work();
  }

  private work(): void {
    while (!this.stopped && this.running < (this.behaviour.concurrency ?? 8)) {
      const waiting = this.queue.shift();
      if (waiting === undefined) return;
      this.running++;
      void this.attempt(waiting).finally(() => {
        this.running--;
        this.work();
      });
    }
  }

  private async attempt(waiting: Waiting): Promise<void> {
    const { endpoint: { url }, eventId, type, attempt } = waiting;
    const answer = await this.post(waiting);
    this.deliveries.push({ eventId, type, url, attempt, ...answer });
    if (this.deliveries.length > 100_000) this.deliveries.splice(0, 50_000);
    const delay = (this.behaviour.retryDelaysMs ?? [1000, 5000, 30_000, 120_000, 600_000, 3_600_000])[attempt - 1];
    if ((answer.status < 200 || answer.status > 299) && delay !== undefined) this.later(delay, () => this.push({ ...waiting, attempt: attempt + 1 }));
  }

  private post({ endpoint, body }: Waiting): Promise<{ status: number; error?: string }> {
    const secrets = typeof endpoint.secret === 'string' ? [endpoint.secret] : endpoint.secret;
    const secure = endpoint.url.startsWith('https:');
    return new Promise((resolve) => {
      const request = (secure ? httpsRequest : httpRequest)(endpoint.url, {
        method: 'POST',
        ...secure ? {} : { agent: this.agent },
        timeout: this.behaviour.timeoutMs ?? 10_000,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          accept: '*/*; q=0.5, application/xml',
          'cache-control': 'no-cache',
          'stripe-signature': signature(body, secrets, Math.floor(this.signedAt() / 1000)),
        },
      }, (response) => {
        response.resume();
        response.on('end', () => resolve({ status: response.statusCode ?? 0 }));
        response.on('error', (error) => resolve({ status: 0, error: error.message }));
      });
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', (error) => resolve({ status: 0, error: error.message }));
      request.end(body);
    });
  }

  private later(ms: number, act: () => void): void {
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    timer.unref();
    this.timers.add(timer);
  }
}

const takes = ({ enabledEvents }: WebhookEndpointOptions, type: string): boolean => enabledEvents === undefined || enabledEvents.includes('*') || enabledEvents.includes(type);
