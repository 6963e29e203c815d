import { randomBytes } from 'node:crypto';
import { KeptState } from '../harness/kept-state.js';
import { SteadyChanges } from '../harness/steady-changes.js';
import { SimulatedClock } from '../stripe-simulator/clock.js';
import { FaultScript, type Fault } from '../stripe-simulator/faults.js';
import { SeededRandom } from '../stripe-simulator/random.js';
import { ZendeskAccount, type ZendeskObject } from './account.js';
import { CredentialStore, type Role } from './credentials.js';
import { Exports } from './exports.js';
import { listAnswer } from './lists.js';
import { OAuthServer, type NewOAuthClient, type ZendeskOAuthClient } from './oauth.js';
import { create, isGone, remove, update } from './operations.js';
import { RateLimiter, type ZendeskRateLimits } from './rate-limit.js';
import { resourceNames, type ResourceName } from './resources.js';
import { addTickets, seedAccount, step, type ZendeskSeedOptions } from './seed.js';
import { ZendeskServer, type ZendeskRequest } from './server.js';
import { touchTicket } from './tickets.js';
import { ZendeskWebhooks, type ZendeskWebhook } from './webhooks.js';

export interface ZendeskSimulatorOptions {
  /** Default: any free port. */
  readonly port?: number;
  /** The same seed makes the same ids and the same story. Default 1. */
  readonly seed?: number;
  /** Milliseconds since the epoch that the clock shows at the start; default now. */
  readonly startAt?: number;
  readonly subdomain?: string;
  /** Fills the help desk. Default: empty. */
  readonly data?: ZendeskSeedOptions;
  /** Off by default; `zendeskRateLimits` are Zendesk's. The minute is one of the simulator's clock. */
  readonly rateLimits?: ZendeskRateLimits;
  /** Largest page of an export, so that few rows make several pages. Default 1,000. */
  readonly exportRows?: number;
  /** Whether the plan has ticket forms and audit logs. Default true. */
  readonly enterprise?: boolean;
  /** The administrator's OAuth access token instead of random bytes. */
  readonly accessToken?: string;
  /** The account and its OAuth grants are kept in this file; what it holds is gone on with, and `data` is for a new one. */
  readonly journal?: string;
  /** Answers `/_simulator/…` without credentials (see `control.ts`). Default false. */
  readonly control?: boolean;
}

const ADMIN = 'ada@desk.example.com';
type Fields = Readonly<Record<string, unknown>>;

/** A Zendesk Support account behind a loopback HTTP server, made from Zendesk's documentation and from recorded calls. */
export class ZendeskSimulator {
  /** An API token of an administrator. */
  readonly apiToken: string;
  readonly email = ADMIN;
  /** An OAuth access token of an administrator, with the scope `read`. */
  readonly accessToken: string;
  readonly subdomain: string;
  readonly webhooks: ZendeskWebhooks;
  readonly traffic: SteadyChanges;

  private constructor(
    /** Without a trailing slash and without /api/v2. */
    readonly url: string,
    private readonly account: ZendeskAccount,
    private readonly server: ZendeskServer,
    private readonly parts: { readonly oauth: OAuthServer; readonly faults: FaultScript; readonly limiter: RateLimiter; readonly random: SeededRandom; readonly state: KeptState },
    readonly credentials: CredentialStore,
    accessToken: string | undefined,
  ) {
    this.subdomain = account.subdomain;
    this.apiToken = credentials.apiToken(ADMIN, 'admin');
    this.accessToken = credentials.accessToken(ADMIN, 'admin', ['read'], undefined, accessToken);
    this.webhooks = new ZendeskWebhooks(account);
    this.traffic = new SteadyChanges(() => { step(account, parts.random); });
  }

  /** @throws when the port is taken */
  static async start(options: ZendeskSimulatorOptions = {}): Promise<ZendeskSimulator> {
    const clock = new SimulatedClock(options.startAt);
    const state = new KeptState(options.journal);
    const account = new ZendeskAccount(clock, options.subdomain ?? 'acme', state);
    const credentials = new CredentialStore(() => clock.now());
    const faults = new FaultScript();
    const limiter = new RateLimiter(() => clock.now(), options.rateLimits);
    // another story each day
    const random = new SeededRandom(state.isNew ? options.seed ?? 1 : Math.floor(clock.now()));
    const oauth = new OAuthServer(credentials, () => clock.now(), ADMIN, state);
    const server = new ZendeskServer({ account, oauth, credentials, exports: new Exports(account, options.exportRows), enterprise: options.enterprise ?? true }, limiter, faults);
    account.url = await server.listen(options.port ?? 0);
    if (options.data !== undefined && state.isNew) seedAccount(account, random, options.data);
    state.follow();
    return new ZendeskSimulator(account.url, account, server, { oauth, faults, limiter, random, state }, credentials, options.accessToken);
  }

  async stop(): Promise<void> {
    this.traffic.stop();
    this.webhooks.stop();
    await this.server.close();
    this.parts.state.close();
  }

  /** Answers `/_simulator/…` of other processes; undefined is a 404. */
  answerControl(answer: (method: string, path: string, body: string) => string | undefined): void {
    this.server.control = answer;
  }

  /** A new OAuth client of the account; `/oauth/authorizations/new` says yes at once to a program, in the name of somebody with this role. */
  addOAuthClient({ role = 'admin', ...client }: NewOAuthClient & { readonly role?: Role }): ZendeskOAuthClient {
    this.parts.oauth.role = role;
    return this.parts.oauth.addClient(client);
  }

  /** Somebody takes back what they allowed: access and refresh tokens of all OAuth clients end. */
  revokeGrants(): void {
    this.parts.oauth.revokeGrants();
  }

  /** A new access token of somebody with this role. */
  tokenFor(role: Role, scopes: readonly string[] = ['read'], lifetimeMs?: number): string {
    return this.credentials.accessToken(`${role}-${randomBytes(3).toString('hex')}@desk.example.com`, role, scopes, lifetimeMs);
  }

  /** Milliseconds since the epoch on the simulator's clock. */
  now(): number {
    return this.account.clock.now();
  }

  advance(ms: number): void {
    this.account.clock.advance(ms);
  }

  setRateLimits(limits: ZendeskRateLimits | undefined): void {
    this.parts.limiter.limits = limits;
  }

  fault(fault: Fault): void {
    this.parts.faults.add(fault);
  }

  clearFaults(): void {
    this.parts.faults.clear();
  }

  /** A write without HTTP, with everything that follows from it (ticket events, metrics, webhooks). */
  create(resource: ResourceName, fields: Fields): ZendeskObject {
    return create(this.account, resource, fields);
  }

  update(resource: ResourceName, id: number, fields: Fields): ZendeskObject {
    return update(this.account, resource, id, fields);
  }

  delete(resource: ResourceName, id: number): void {
    remove(this.account, resource, id);
  }

  /** What was deleted is there again, as it was. */
  restore(resource: ResourceName, object: ZendeskObject): void {
    this.account.put(resource, object);
  }

  /** A system update of a ticket: moves `generated_timestamp` only, and makes no event. */
  touch(ticket: number, fields: Fields = {}): void {
    touchTicket(this.account, ticket, fields);
  }

  /** Lets changes of `act` happen in another second. @param at milliseconds since the epoch */
  inPast<T>(at: number, act: () => T): T {
    return this.account.at(Math.floor(at / 1_000), act);
  }

  /** Makes `times` random changes of a help desk's day. */
  step(times = 1): void {
    for (let index = 0; index < times; index++) step(this.account, this.parts.random);
  }

  /** Adds tickets spread over the past year, without anything that follows later. */
  addTickets(count: number): void {
    addTickets(this.account, count);
  }

  addWebhookEndpoint(webhook: Omit<ZendeskWebhook, 'secret'> & { readonly secret?: string }): ZendeskWebhook {
    return this.webhooks.add(webhook);
  }

  /** Live objects by resource, and the rows of the ticket event export with what they hold. */
  counts(): Readonly<Record<ResourceName | 'ticket_events' | 'ticket_event_rows' | 'ticket_comments' | 'attachments', number>> {
    const { account } = this;
    const listed = Object.fromEntries(resourceNames.map((name) => [name, name === 'tags'
      ? (listAnswer(account, 'tags', new URLSearchParams()) as { count: number }).count
      : account.all(name).filter((object) => !isGone(name, object)).length])) as Record<ResourceName, number>;
    const children = account.ticketEvents.flatMap(({ child_events }) => child_events);
    const comments = children.filter(({ event_type: type }) => type === 'Comment');
    return {
      ...listed, ticket_event_rows: account.ticketEvents.length, ticket_events: children.length, ticket_comments: comments.length,
      attachments: comments.reduce((sum, { attachments }) => sum + (attachments as unknown[]).length, 0),
    };
  }

  /** Ids of live objects, oldest first. */
  ids(resource: ResourceName): number[] {
    return this.account.all(resource).filter((object) => !isGone(resource, object)).map(({ id }) => id);
  }

  get(resource: ResourceName, id: number): ZendeskObject | undefined {
    return this.account.get(resource, id);
  }

  /** Requests so far by `GET /api/v2/tickets/:id`. */
  requests(): Record<string, number> {
    return Object.fromEntries(this.server.counts);
  }

  /** The latest requests, oldest first. */
  get requestLog(): readonly ZendeskRequest[] {
    return this.server.log;
  }

  resetRequests(): void {
    this.server.counts.clear();
    this.server.log.length = 0;
  }
}
