import { SteadyChanges } from '../harness/steady-changes.js';
import { StripeAccount } from './account.js';
import { addBulkCustomers } from './bulk-customers.js';
import { SimulatedClock } from './clock.js';
import type { StripeObject } from './collection.js';
import { countObjects, type StripeCounts } from './counts.js';
import { FaultScript, type Fault } from './faults.js';
import { Journal } from './journal.js';
import { ApiKeys } from './keys.js';
import { dispute } from './operations/payments.js';
import { renewSubscription } from './operations/subscriptions.js';
import { perform, type WriteParameters } from './perform.js';
import { SeededRandom } from './random.js';
import { RateLimiter, type RateLimits } from './rate-limit.js';
import type { ResourceName } from './resources.js';
import { seedAccount, type SeedOptions } from './seed.js';
import { StripeServer, type RequestLogEntry } from './server.js';
import { trafficStep } from './traffic.js';
import { shapeOf } from './versions.js';
import { WebhookSender, type WebhookEndpointOptions } from './webhooks.js';

export interface StripeSimulatorOptions {
  /** Default: any free port. */
  readonly port?: number;
  /** The same seed makes the same ids and the same story. Default 1. */
  readonly seed?: number;
  /** Milliseconds since the epoch that the clock shows at the start; default now. */
  readonly startAt?: number;
  /** The account's default version, in which events are rendered when they happen. Default `2026-08-26.dahlia`. */
  readonly apiVersion?: string;
  /** Fills the account with a small shop. Default: empty. */
  readonly data?: SeedOptions;
  /** Off by default; `stripeRateLimits` are Stripe's. */
  readonly rateLimits?: RateLimits;
  /** A secret key instead of random bytes. */
  readonly apiKey?: string;
  /** File in which the account's state outlives the process; when it exists, `data` is left out. */
  readonly journal?: string;
  /** Answers `/_simulator/…` without a key (see `control.ts`). Default false. */
  readonly control?: boolean;
}

/** A Stripe account behind a loopback HTTP server, made from Stripe's documentation. */
export class StripeSimulator {
  readonly keys: ApiKeys;
  readonly webhooks: WebhookSender;
  /** Whose API it is, e.g. `acct_1Simulated`. */
  readonly accountId: string;
  /** A secret key that may do everything. */
  readonly apiKey: string;
  readonly traffic: SteadyChanges;

  private constructor(
    /** Without a trailing slash and without /v1. */
    readonly url: string,
    private readonly account: StripeAccount,
    private readonly server: StripeServer,
    private readonly faults: FaultScript,
    private readonly limiter: RateLimiter,
    parts: { keys: ApiKeys; apiKey: string; webhooks: WebhookSender; traffic: SteadyChanges; journal: Journal | undefined },
  ) {
    this.accountId = account.id;
    this.keys = parts.keys;
    this.apiKey = parts.apiKey;
    this.webhooks = parts.webhooks;
    this.traffic = parts.traffic;
    this.journal = parts.journal;
  }

  private readonly journal: Journal | undefined;

  /** @throws when the port is taken */
  static async start(options: StripeSimulatorOptions): Promise<StripeSimulator> {
    const journal = options.journal === undefined ? undefined : new Journal(options.journal);
    const goesOn = journal?.exists === true;
    const version = options.apiVersion ?? '2026-08-26.dahlia';
    shapeOf(version);
    const clock = new SimulatedClock(options.startAt);
    const random = new SeededRandom(options.seed ?? 1);
    const account = new StripeAccount(`acct_${random.text(16)}`, clock, random, version);
    if (goesOn) {
      journal.load(account);
      random.reseed(Date.now());
    } else if (options.data !== undefined) seedAccount(account, options.data);
    journal?.follow(account);
    const keys = new ApiKeys(account.id);
    const apiKey = keys.secret(options.apiKey);
    const limiter = new RateLimiter(options.rateLimits);
    const faults = new FaultScript();
    const server = new StripeServer({ account, keys, limiter, faults });
    const webhooks = new WebhookSender(account);
    return new StripeSimulator(await server.listen(options.port ?? 0), account, server, faults, limiter, { keys, apiKey, webhooks, traffic: new SteadyChanges(() => trafficStep(account)), journal });
  }

  async stop(): Promise<void> {
    this.traffic.stop();
    this.webhooks.stop();
    await this.server.close();
    this.journal?.close();
  }

  /** Answers `/_simulator/…` of other processes; undefined is a 404. */
  answerControl(answer: (method: string, path: string, body: string) => string | undefined): void {
    this.server.control = answer;
  }

  /** A new restricted key with permissions such as `rak_customer_read`. */
  restrictedKey(permissions: readonly string[]): string {
    return this.keys.restricted(permissions);
  }

  /** Milliseconds since the epoch on the simulator's clock. */
  now(): number {
    return this.account.clock.now();
  }

  advance(ms: number): void {
    this.account.clock.advance(ms);
  }

  /** The account's default version from now on; events of the past stay as they are. */
  setApiVersion(version: string): void {
    shapeOf(version);
    this.account.apiVersion = version;
  }

  setRateLimits(limits: RateLimits | undefined): void {
    this.limiter.limits = limits;
  }

  fault(fault: Fault): void {
    this.faults.add(fault);
  }

  clearFaults(): void {
    this.faults.clear();
  }

  /** A write without HTTP, e.g. `post('customers', {email: 'a@example.com', metadata: {plan: 'pro'}})`; makes events. */
  post(path: string, parameters: WriteParameters = {}): StripeObject {
    return perform(this.account, 'POST', path, parameters);
  }

  /** A deletion without HTTP, e.g. `delete('customers/cus_1')`; makes events. */
  delete(path: string): StripeObject {
    return perform(this.account, 'DELETE', path);
  }

  /** A cardholder disputes a charge. */
  dispute(charge: string): StripeObject {
    return dispute(this.account, charge);
  }

  /** A subscription's next period begins and is billed. */
  renew(subscription: string, fails = false): StripeObject {
    return renewSubscription(this.account, subscription, fails);
  }

  /** Lets changes of `act` happen in the past. @param at milliseconds since the epoch */
  inPast<T>(at: number, act: () => T): T {
    return this.account.at(Math.floor(at / 1000), act);
  }

  /** Stores an object as it is, without an event; `text` may be any JSON (big numbers, lone surrogates, no id). */
  put(resource: ResourceName, object: StripeObject, text?: string): void {
    this.account.put(resource, object, text);
  }

  /** Adds customers of about 600 bytes without events; `created` (seconds) evenly from a year to a month before now. */
  addCustomers(count: number, from?: number, to?: number): void {
    addBulkCustomers(this.account, count, from, to);
  }

  /** Fills the account with a small shop. */
  seed(options: SeedOptions = {}): void {
    seedAccount(this.account, options);
  }

  /** Makes `times` random changes of a shop's day, with their events. */
  step(times = 1): void {
    for (let i = 0; i < times; i++) trafficStep(this.account);
  }

  addWebhookEndpoint(endpoint: Omit<WebhookEndpointOptions, 'secret'> & { readonly secret?: string | readonly string[] }): WebhookEndpointOptions {
    return this.webhooks.add(endpoint);
  }

  counts(): StripeCounts {
    return countObjects(this.account);
  }

  /** Ids of live objects, oldest first. */
  ids(resource: ResourceName): string[] {
    return this.account.collection(resource).all().map(({ id }) => id);
  }

  deletedIds(resource: ResourceName): string[] {
    return this.account.deletedIds(resource);
  }

  /** An object with the fields of all versions' shapes; undefined when there is none. */
  get(resource: ResourceName, id: string): StripeObject | undefined {
    return this.account.find(resource, id);
  }

  /** All live objects of a resource as the API answers them in this version. */
  snapshot(resource: ResourceName, version = this.account.apiVersion): StripeObject[] {
    const shape = shapeOf(version);
    return this.account.collection(resource).all().map((stored) => JSON.parse(this.account.text(resource, stored, shape)) as StripeObject);
  }

  /** Requests so far by `GET /v1/customers/:id`. */
  requests(): Record<string, number> {
    return Object.fromEntries(this.server.counts);
  }

  /** The latest requests, oldest first. */
  get requestLog(): readonly RequestLogEntry[] {
    return this.server.log;
  }

  resetRequests(): void {
    this.server.counts.clear();
    this.server.log.length = 0;
  }
}
