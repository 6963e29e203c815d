import { KeptState } from '../harness/kept-state.js';
import { SteadyChanges } from '../harness/steady-changes.js';
import { SimulatedClock } from '../stripe-simulator/clock.js';
import { FaultScript, type Fault } from '../stripe-simulator/faults.js';
import { SeededRandom } from '../stripe-simulator/random.js';
import { BulkJobs } from './bulk-jobs.js';
import { Cursors } from './cursors.js';
import { Org, type SalesforceRow } from './org.js';
import { OutboundSender } from './outbound-messages.js';
import { RestApi } from './rest.js';
import { customSchema, objectSchema } from './schema.js';
import { seedOrg, stepOrg, type SalesforceSeedOptions } from './seed.js';
import { SalesforceServer, type SalesforceRequest } from './server.js';
import { Sessions, type ClientApp, type SalesforceUser } from './sessions.js';

export interface SalesforceSimulatorOptions {
  /** Default: any free port. */
  readonly port?: number;
  /** The same seed makes the same ids and the same story. Default 1. */
  readonly seed?: number;
  /** Milliseconds since the epoch that the clock shows at the start; default now. */
  readonly startAt?: number;
  /** Default: empty but for the organization and its administrator. */
  readonly data?: SalesforceSeedOptions;
  /** API requests in 24 hours; default 15,000, a Developer Edition's. */
  readonly dailyRequests?: number;
  /** Records in a batch of a query; default 2000, Salesforce's most. */
  readonly batchSize?: number;
  /** The org and its OAuth grants are kept in this file; what it holds is gone on with, and `data` is for a new one. */
  readonly journal?: string;
  /** Answers `/_simulator/…` without a session (see `control.ts`). Default false. */
  readonly control?: boolean;
}

/** What the outbound messages of a usual org tell. */
const MESSAGES = {
  Account: ['Name', 'Industry', 'NumberOfEmployees'],
  Contact: ['AccountId', 'FirstName', 'LastName', 'Name', 'Email', 'Title'],
  Opportunity: ['AccountId', 'Name', 'StageName', 'Amount', 'Probability', 'CloseDate'],
  Case: ['AccountId', 'ContactId', 'CaseNumber', 'Subject', 'Status'],
};

/** A Salesforce org behind a loopback HTTP server, made from Salesforce's documentation. */
export class SalesforceSimulator {
  readonly sessions: Sessions;
  readonly cursors: Cursors;
  readonly bulk: BulkJobs;
  readonly outbound: OutboundSender;
  readonly server: SalesforceServer;
  readonly traffic: SteadyChanges;
  /** Who may do everything. */
  readonly admin: SalesforceUser;
  /** A session of the administrator. */
  readonly accessToken: string;
  private readonly clock: SimulatedClock;
  private readonly random: SeededRandom;
  private readonly faults = new FaultScript();
  private readonly org: Org;
  private readonly state: KeptState;

  private constructor(options: SalesforceSimulatorOptions) {
    this.clock = new SimulatedClock(options.startAt);
    this.state = new KeptState(options.journal);
    // another story each day
    this.random = new SeededRandom(this.state.isNew ? options.seed ?? 1 : Math.floor(this.clock.now()));
    this.org = new Org(this.clock, this.random, this.state);
    this.sessions = new Sessions(this.org.id, this.clock, this.state);
    this.cursors = new Cursors(this.clock, this.random);
    this.cursors.batchSize = options.batchSize ?? 2_000;
    this.bulk = new BulkJobs(this.org, this.clock);
    this.server = new SalesforceServer({ clock: this.clock, sessions: this.sessions, faults: this.faults, rest: new RestApi(this.org, this.cursors, this.bulk, () => this.limits()) });
    this.server.dailyRequests = options.dailyRequests ?? 15_000;
    this.outbound = new OutboundSender(this.org, () => this.url);
    this.traffic = new SteadyChanges(() => { this.step(); });
    if (options.data !== undefined && this.state.isNew) seedOrg(this.org, this.random, options.data);
    this.admin = this.addUser('admin@example.com');
    this.accessToken = this.sessions.open(this.admin);
    this.state.follow();
  }

  /** @throws when the port is taken */
  static async start(options: SalesforceSimulatorOptions): Promise<SalesforceSimulator> {
    const simulator = new SalesforceSimulator(options);
    await simulator.server.listen(options.port ?? 0);
    return simulator;
  }

  async stop(): Promise<void> {
    this.traffic.stop();
    this.outbound.stop();
    await this.server.close();
    this.state.close();
  }

  /** Without a trailing slash: the instance and the login host in one. */
  get url(): string {
    return this.server.url;
  }

  /** 18 characters, e.g. `00D…`. */
  get organizationId(): string {
    return this.org.id;
  }

  /** Milliseconds since the epoch on the simulator's clock. */
  now(): number {
    return this.clock.now();
  }

  advance(ms: number): void {
    this.clock.advance(ms);
  }

  fault(fault: Fault): void {
    this.faults.add(fault);
  }

  clearFaults(): void {
    this.faults.clear();
  }

  /** Someone else of the org, who may not read what is in `denied` (`Lead`, `Account.Phone`). */
  addUser(username: string, denied: readonly string[] = []): SalesforceUser {
    const known = this.org.all('User').find(({ Username }) => Username === username);
    const userId = known !== undefined ? String(known.Id) : this.org.insert('User', { Username: username, LastName: username, Name: username, Email: username, IsActive: true }, this.org.now() - 3_600_000);
    return this.sessions.addUser({ username, userId, denied: new Set(denied), viewSetup: true });
  }

  /** A new session's access token. */
  signIn(user: SalesforceUser): string {
    return this.sessions.open(user);
  }

  /** An external client app. @param rotation its refresh tokens work once */
  addApp(rotation = false, clientId?: string, clientSecret?: string): ClientApp {
    return this.sessions.addApp(rotation, clientId, clientSecret);
  }

  /** Makes `times` random changes of a sales team's day. */
  step(times = 1): void {
    for (let index = 0; index < times; index++) stepOrg(this.org, this.random);
  }

  /** An outbound message for each of the objects that sales and service work with. */
  sendMessages(url: string): void {
    for (const [object, fields] of Object.entries(MESSAGES)) this.outbound.messages.push({ url, object, fields: [...fields, 'CreatedDate', 'LastModifiedDate', 'SystemModstamp', 'IsDeleted'] });
  }

  /** A custom object with fields such as `Level__c:double`. @param name ends in `__c` */
  defineObject(name: string, fields: readonly string[] = []): void {
    this.org.define(customSchema(name, 'a00', fields));
  }

  /** A new field, e.g. `Tier__c:picklist`; a formula ends in `=`. */
  addField(object: string, field: string): void {
    this.org.extend(object, [...objectSchema('', '', field).fields.values()]);
  }

  removeField(object: string, field: string): void {
    this.org.removeField(object, field);
  }

  /** @param at milliseconds since the epoch of its creation; default now @returns its id */
  create(object: string, values: SalesforceRow = {}, at?: number): string {
    return this.org.insert(object, values, at);
  }

  update(object: string, id: string, values: SalesforceRow): void {
    this.org.update(object, id, values);
  }

  /** Another value of a formula: SystemModstamp stays. */
  recalculate(object: string, id: string, values: SalesforceRow): void {
    this.org.recalculate(object, id, values);
  }

  /** Into the recycle bin. */
  delete(object: string, id: string): void {
    this.org.remove(object, id);
  }

  undelete(object: string, id: string): void {
    this.org.undelete(object, id);
  }

  /** Out of the recycle bin. */
  purge(object: string, id: string): void {
    this.org.purge(object, id);
  }

  /** The commit-lag switch: writes until `commit` are stamped when they are made and seen when they are committed. */
  begin(): void {
    this.org.begin();
  }

  commit(): void {
    this.org.commit();
  }

  /** Ids of the records that aren't deleted, oldest first. */
  ids(object: string): string[] {
    return this.org.all(object).filter(({ IsDeleted }) => IsDeleted !== true).map(({ Id }) => String(Id));
  }

  get(object: string, id: string): SalesforceRow | undefined {
    return this.org.find(object, id);
  }

  /** Records that aren't deleted, by object. */
  counts(): Record<string, number> {
    return Object.fromEntries([...this.org.schemas.values()].map(({ name }) => [name, this.ids(name).length]));
  }

  /** API requests of the last 24 hours by the org's own count. */
  get used(): number {
    return this.server.used();
  }

  /** The latest requests, oldest first. */
  get requestLog(): readonly SalesforceRequest[] {
    return this.server.log;
  }

  resetRequests(): void {
    this.server.log.length = 0;
  }

  private limits(): Record<string, { Max: number; Remaining: number }> {
    const of = (max: number, used: number): { Max: number; Remaining: number } => ({ Max: max, Remaining: Math.max(0, max - used) });
    return { DailyApiRequests: of(this.server.dailyRequests, this.server.used()), DailyBulkV2QueryJobs: of(this.bulk.limit, this.bulk.used()), DailyBulkV2QueryFileStorageMB: of(976_562, 0) };
  }
}
