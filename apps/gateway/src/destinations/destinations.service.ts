import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ConditionError, DEFAULT_SUBJECT, Sender, compileFilter, isSigningSecret, messageFor, newSigningSecret, readEvent, type DestinationKind, type EventFilter, type Sent } from '#forwarding';
import { DeliveryRepository, DestinationRepository, newId, type DeliveryRow, type DeliveryState, type DestinationChange, type DestinationRow, type DestinationTarget } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { GatewayConfig } from '../gateway.config.js';
import { Creates } from '../http/creates.js';
import { Problem, invalid, notFound } from '../http/problem.js';
import { VAULT } from '../tokens.js';

const TEST_TIMEOUT_MS = 10_000;
/** More deliveries of one state aren't counted. */
const COUNTED = 10_000;
const SHOWN_BYTES = 262_144;

export interface NewDestination { readonly kind: DestinationKind; readonly name: string; readonly url: string; readonly secret?: string; readonly filter?: EventFilter; readonly subject?: readonly string[] }
export interface Counted { readonly destination: DestinationRow; readonly counts: Readonly<Record<DeliveryState, number>> }

@Injectable()
export class DestinationsService implements OnApplicationShutdown {
  private readonly sender: Sender;

  constructor(
    private readonly destinations: DestinationRepository, private readonly deliveries: DeliveryRepository, private readonly creates: Creates, @Inject(VAULT) private readonly vault: Vault, private readonly config: GatewayConfig,
  ) {
    this.sender = new Sender({ timeoutMs: TEST_TIMEOUT_MS, allowPrivateAddresses: config.allowPrivateAddresses });
  }

  onApplicationShutdown(): Promise<void> { return this.sender.close(); }

  async list(workspaceId: string, limit: number, after: string | undefined): Promise<readonly (Counted & { readonly id: string })[]> {
    const found = await this.destinations.list(workspaceId, limit, after);
    return Promise.all(found.map(async (destination) => ({ id: destination.id, destination, counts: await this.deliveries.counts(destination.id, COUNTED) })));
  }

  async get(workspaceId: string, id: string): Promise<Counted> {
    const destination = await this.find(workspaceId, id);
    return { destination, counts: await this.deliveries.counts(id, COUNTED) };
  }

  /** @returns with the secret that was made; it can't be had again */
  async create(workspaceId: string, input: NewDestination, key: string | undefined): Promise<Counted & { readonly secret: string | null }> {
    const { kind, name, filter = {}, subject = DEFAULT_SUBJECT } = input;
    let made: string | null = null;
    const created = await this.creates.once({
      workspaceId, route: 'POST /destinations', key, body: input,
      find: (id) => this.get(workspaceId, id),
      make: async (idempotency) => {
        this.check(filter);
        const [id, url] = [newId(), this.checkedUrl(input.url)];
        const secret = this.secretOf(kind, input.secret);
        await this.destinations.create({ id, workspaceId, kind, name, url, filter, subject }, this.vault.seal(secret, sealContext.destinationSecret(id)), idempotency);
        if (input.secret === undefined) made = secret;
        return this.get(workspaceId, id);
      },
    });
    return { ...created, secret: made };
  }

  async change(workspaceId: string, id: string, change: DestinationChange): Promise<Counted> {
    await this.find(workspaceId, id);
    if (change.filter !== undefined) this.check(change.filter);
    await this.destinations.change(id, { ...change, ...(change.url !== undefined && { url: this.checkedUrl(change.url) }) });
    return this.get(workspaceId, id);
  }

  async rotate(workspaceId: string, id: string, given: string | undefined, overlapMs: number): Promise<Counted & { readonly secret: string | null }> {
    const { kind } = await this.find(workspaceId, id);
    const secret = this.secretOf(kind, given);
    await this.destinations.rotate(id, this.vault.seal(secret, sealContext.destinationSecret(id)), kind === 'webhook' ? overlapMs : 0);
    return { ...await this.get(workspaceId, id), secret: given === undefined ? secret : null };
  }

  async enable(workspaceId: string, id: string, enabled: boolean): Promise<Counted> {
    await this.find(workspaceId, id);
    await (enabled ? this.destinations.enable(id) : this.destinations.disable(id));
    return this.get(workspaceId, id);
  }

  async delete(workspaceId: string, id: string): Promise<void> {
    await this.find(workspaceId, id);
    await this.destinations.delete(workspaceId, id);
  }

  /** Sends an event that is recognised as a test, past filter and queue. */
  async test(workspaceId: string, id: string): Promise<Sent & { readonly kind: DestinationKind; readonly message: string }> {
    const { kind, url, subject, sealed } = await this.find(workspaceId, id);
    const now = new Date().toISOString();
    const record = { id: newId(), event: 'test_event', eventText: 'test event', timestamp: now, receivedAt: now, data: { test: true, message: 'This is a test from Cloud sources.', user_id: 'test-user' } };
    const event = readEvent({ id: `test/${record.id}`, sourceId: id, connector: 'test', collection: 'test_events' }, Buffer.from(JSON.stringify(record)));
    const target = { kind, url, subject, secrets: sealed.map((text) => this.vault.open(text, sealContext.destinationSecret(id))) };
    const body = messageFor(target, event);
    return { ...await this.sender.send(target, [{ messageId: event.messageId, body }]), kind, message: body.toString() };
  }

  async log(workspaceId: string, id: string, state: DeliveryState | undefined, limit: number, before: string | undefined): Promise<{ readonly kind: DestinationKind; readonly rows: readonly DeliveryRow[] }> {
    const { kind } = await this.find(workspaceId, id);
    return { kind, rows: await this.deliveries.list(id, state, limit, before) };
  }

  async delivery(workspaceId: string, id: string, deliveryId: string): Promise<{ readonly kind: DestinationKind; readonly row: DeliveryRow & { readonly payload: Buffer | null } }> {
    const { kind } = await this.find(workspaceId, id);
    const row = await this.deliveries.get(id, deliveryId, SHOWN_BYTES);
    if (row === undefined) throw notFound('delivery');
    return { kind, row };
  }

  async retryAll(workspaceId: string, id: string): Promise<number> {
    await this.find(workspaceId, id);
    return this.deliveries.retry(id);
  }

  /** @throws Problem 409 when it was delivered, or is being delivered */
  async retry(workspaceId: string, id: string, deliveryId: string): Promise<void> {
    const { row: { state } } = await this.delivery(workspaceId, id, deliveryId);
    if (await this.deliveries.retry(id, deliveryId) > 0) return;
    throw new Problem({ status: 409, code: 'conflict', title: state === 'delivered' ? 'The destination has it already.' : 'It is being sent right now.', remedy: state === 'delivered' ? 'There is nothing left to do.' : 'Look again in a moment.' });
  }

  private async find(workspaceId: string, id: string): Promise<DestinationTarget> {
    const destination = await this.destinations.get(workspaceId, id);
    if (destination === undefined) throw notFound('destination');
    return destination;
  }

  private check(filter: EventFilter): void {
    try { compileFilter(filter); } catch (error) {
      if (error instanceof ConditionError) throw invalid([{ field: 'filter.condition', message: `The condition can't be read ${error.message}.` }]);
      throw error;
    }
  }

  /** Whether it is a public address is seen when it is connected to: names may change. */
  private checkedUrl(text: string): string {
    const wrong = (message: string): never => { throw invalid([{ field: 'url', message }]); };
    if (!URL.canParse(text)) return wrong('url must be a URL such as https://example.com/hooks');
    const url = new URL(text);
    const schemes = this.config.allowPrivateAddresses ? ['https:', 'http:'] : ['https:'];
    if (!schemes.includes(url.protocol)) return wrong('url must start with https://');
    if (url.username !== '' || url.password !== '') return wrong('url must not hold a user and a password');
    url.hash = '';
    return url.href;
  }

  private secretOf(kind: DestinationKind, given: string | undefined): string {
    if (kind === 'segment' && given === undefined) throw invalid([{ field: 'secret', message: 'secret must be the write key of the tracking API' }]);
    if (kind === 'webhook' && given !== undefined && !isSigningSecret(given)) throw invalid([{ field: 'secret', message: 'secret must be whsec_ and 24 to 64 bytes in base64; leave it out and one is made' }]);
    return given ?? newSigningSecret();
  }
}
