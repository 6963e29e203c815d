import { randomUUID } from 'node:crypto';
import { LIMITS, messageFor, readEvent, type Attempt, type Sender, type Sent, type Target } from '#forwarding';
import type { Batch, BatchControl, IncomingMessage, OutgoingMessage } from '#kafka';
import type { DeliveryRepository, DeliveryResult, DestinationDisabled, DestinationRepository, DestinationTarget, NewDelivery, RoundHealth, TakenDelivery } from '#persistence';
import { backOff, type BackOff } from './back-off.js';
import { buried, deliveriesOf, eventDecoder, originOf } from './decode.js';
import type { Directory } from './directory.js';

/** What the pipeline needs of the outside. */
export interface ForwarderPorts {
  readonly directory: Pick<Directory, 'asOf' | 'of'>;
  readonly deliveries: Pick<DeliveryRepository, 'park' | 'take' | 'record' | 'bringForward'>;
  readonly destinations: Pick<DestinationRepository, 'target' | 'health'>;
  readonly sender: Pick<Sender, 'send'>;
  /** Opens a destination's sealed secrets. */
  readonly open: (destinationId: string, sealed: string) => string;
  /** Something new waits for these destinations. */
  readonly wake: (destinationIds: Iterable<string>) => void;
  /** Resolves when all are on the dead-letter topic for good. */
  readonly bury: (letters: readonly OutgoingMessage[]) => Promise<void>;
  readonly watch: {
    received(events: number): void;
    dropped(reason: string): void;
    deadLettered(reason: string): void;
    parked(deliveries: number): void;
    delivered(kind: Target['kind'], count: number): void;
    /** `failed`: given up for good. */
    tried(kind: Target['kind'], outcome: 'retried' | 'failed', count: number): void;
    disabled(destinationId: string, why: DestinationDisabled): void;
  };
}

export interface ForwarderOptions {
  readonly backOff: BackOff;
  readonly giveUpMs: number;
  readonly timeoutMs: number;
  /** Requests to one destination at once. */
  readonly concurrency: number;
  readonly logMs: number;
  /** How long an event waits for those before it, which may come by another partition. */
  readonly settleMs: number;
}

const PARK_ROWS = 500;
const PARK_BYTES = 4 * 1024 * 1024;
/** Deliveries and bytes of one round. */
const ROUND = { webhook: 64, segment: LIMITS.segment.messages, bytes: 4 * 1024 * 1024 };
/** A round ends after so many failures in a row. */
const ENOUGH = 3;
/** A destination that is down is tried this often at least. */
const LONGEST_HOLD_MS = 60_000;
/** Answers that are about the destination and not about the event. */
const DOWN = [401, 403, 404, 407, 429, 502, 503, 504];

const isDown = ({ status, error }: Attempt): boolean => (status === null ? error !== 'timeout' && error !== 'too_large' : status < 400 ? status >= 300 : DOWN.includes(status));

/**
 * The whole service, in order:
 *
 *     decode → match destinations → park        one batch of a topic; its offset is committed after that
 *     take → deliver → record                   one round of a destination, in a lane of its own
 *
 * At least once with stable ids. What is parked is in the control database: a destination that is down keeps neither the topic nor
 * another destination waiting. A key's deliveries go one after the other, as they arrived; one that is given up is a dead letter, and the next one goes.
 * Broken infrastructure throws.
 */
export class ForwarderPipeline {
  private readonly decoder;
  private stopping = false;

  constructor(private readonly ports: ForwarderPorts, private readonly options: ForwarderOptions) {
    this.decoder = eventDecoder((workspaceId) => ports.directory.of(workspaceId));
  }

  /** Rounds end with what is under way; the rest is let go. */
  stop(): void { this.stopping = true; }

  async handle(batch: Batch, control: Pick<BatchControl, 'commitHint'>): Promise<void> {
    const { watch } = this.ports;
    const { messages } = batch;
    await this.ports.directory.asOf(Math.max(...messages.map(({ timestamp }) => Number(timestamp))));
    for (let at = 0; at < messages.length && batch.isOwned();) {
      const start = at;
      const parked: NewDelivery[] = [];
      const letters: OutgoingMessage[] = [];
      for (let bytes = 0; at < messages.length && parked.length < PARK_ROWS && bytes < PARK_BYTES; at++) {
        for (const delivery of this.match(messages[at] as IncomingMessage, letters)) { parked.push(delivery); bytes += delivery.payload.length; }
      }
      await Promise.all([this.ports.bury(letters), this.ports.deliveries.park(parked, this.options.settleMs)]);
      watch.received(at - start);
      watch.parked(parked.length);
      const next = (BigInt(messages[at - 1]?.offset ?? '-1') + 1n).toString();
      batch.resolve(next);
      await control.commitHint(batch.topic, batch.partition, next);
      this.ports.wake(new Set(parked.map(({ destinationId }) => destinationId)));
    }
  }

  /** decode and match one message. */
  private match(message: IncomingMessage, letters: OutgoingMessage[]): readonly NewDelivery[] {
    const result = this.decoder.run(message);
    if (result.outcome === 'ok') return deliveriesOf(result.value, Date.now() - this.options.logMs);
    if (result.outcome === 'drop') this.ports.watch.dropped(result.reason);
    else {
      const { topic, partition, offset, headers } = message;
      letters.push(buried({ ...originOf(headers), reason: result.reason, message: result.message, topic, partition, offset }, message, new Date()));
      this.ports.watch.deadLettered(result.reason);
    }
    return [];
  }

  /** One round of a destination. @returns whether there may be more to do at once */
  async round(destinationId: string): Promise<boolean> {
    const { deliveries, destinations } = this.ports;
    const destination = await destinations.target(destinationId);
    if (destination === undefined || this.stopping) return false;
    const target: Target = { kind: destination.kind, url: destination.url, subject: destination.subject, secrets: destination.sealed.map((sealed) => this.ports.open(destinationId, sealed)) };
    const lease = randomUUID();
    // After it was down, one delivery finds out whether it is back.
    const taken = await deliveries.take(destinationId, lease, destination.heldUntil !== null ? 1 : ROUND[target.kind], ROUND.bytes, 6 * this.options.timeoutMs);
    if (taken.length === 0) return false;
    const round = new Round(this.ports, this.options, destination, target, lease);
    if (target.kind === 'segment') await this.inBatches(round, taken);
    else await this.oneByOne(round, taken);
    await round.settled();
    const disabled = await destinations.health(destinationId, round.health(), this.options.giveUpMs);
    if (disabled !== undefined) this.ports.watch.disabled(destinationId, disabled);
    if (destination.heldUntil !== null && round.delivered > 0) await deliveries.bringForward(destinationId);
    return disabled === undefined && round.holdMs === undefined;
  }

  private async oneByOne(round: Round, taken: readonly TakenDelivery[]): Promise<void> {
    const queue = [...taken];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        if (this.stopping || round.isOver) round.letGo([next]);
        else await round.send([next]);
      }
    };
    await Promise.all(Array.from({ length: this.options.concurrency }, worker));
  }

  private async inBatches(round: Round, taken: readonly TakenDelivery[]): Promise<void> {
    if (this.stopping || round.isOver) { round.letGo(taken); return; }
    const refused = await round.send(taken);
    // One bad message must not take the others with it: halves, until it stands alone.
    if (refused === undefined) return;
    const half = Math.ceil(refused.length / 2);
    await this.inBatches(round, refused.slice(0, half));
    await this.inBatches(round, refused.slice(half));
  }
}

/** One round: what was sent, and what it came to. */
class Round {
  delivered = 0;
  holdMs: number | undefined;
  private failed = 0;
  private refused = 0;
  private inARow = 0;
  private down = false;
  private gone = false;
  private retryAfterMs = 0;
  private lastFailure: Attempt | undefined;
  private readonly results: DeliveryResult[] = [];
  private recording: Promise<void> | undefined;

  constructor(
    private readonly ports: ForwarderPorts, private readonly options: ForwarderOptions, private readonly destination: DestinationTarget, private readonly target: Target, private readonly lease: string,
  ) {}

  get isOver(): boolean { return this.gone || this.retryAfterMs > 0 || this.inARow >= ENOUGH; }

  /** Not tried: due again at once. */
  letGo(deliveries: readonly TakenDelivery[]): void { for (const { id } of deliveries) this.note({ id, state: 'waiting', waitMs: 0 }); }

  /** @returns those that must be sent in smaller batches */
  async send(deliveries: readonly TakenDelivery[]): Promise<readonly TakenDelivery[] | undefined> {
    const { request, message } = LIMITS[this.target.kind];
    const fit: { readonly delivery: TakenDelivery; readonly messageId: string; readonly body: Buffer }[] = [];
    let bytes = 0;
    for (const delivery of deliveries) {
      const { sourceId, connector, collection, payload, messageId } = delivery;
      const body = messageFor(this.target, { ...readEvent({ id: messageId, sourceId, connector, collection }, payload), messageId });
      if (body.length > message) await this.came([delivery], { verdict: 'refused', attempt: { at: new Date().toISOString(), status: null, durationMs: 0, error: 'too_large', answer: null } });
      else if ((bytes += body.length + 1) > request) this.letGo([delivery]);
      else fit.push({ delivery, messageId, body });
    }
    if (fit.length === 0) return undefined;
    const sent = await this.ports.sender.send(this.target, fit);
    const those = fit.map(({ delivery }) => delivery);
    if (sent.verdict === 'refused' && those.length > 1) return those;
    await this.came(those, sent);
    return undefined;
  }

  private async came(deliveries: readonly TakenDelivery[], { verdict, attempt, retryAfterMs = 0 }: Sent): Promise<void> {
    const { watch } = this.ports;
    if (verdict === 'delivered') {
      this.delivered += deliveries.length;
      this.inARow = 0;
      watch.delivered(this.target.kind, deliveries.length);
      for (const { id } of deliveries) this.note({ id, state: 'delivered', waitMs: 0, attempt });
      return;
    }
    this.lastFailure = attempt;
    if (verdict === 'refused') this.refused += deliveries.length;
    else { this.failed += deliveries.length; this.inARow += 1; this.down ||= isDown(attempt); }
    this.gone ||= verdict === 'gone';
    this.retryAfterMs = Math.max(this.retryAfterMs, retryAfterMs);
    for (const delivery of deliveries) {
      const late = verdict === 'retry' && Date.now() - delivery.since.getTime() >= this.options.giveUpMs;
      const { id } = delivery;
      if (verdict === 'refused' || late) {
        const reason = late ? 'given_up' : attempt.error ?? 'refused_by_destination';
        await this.ports.bury([this.letter(delivery, reason, attempt)]);
        watch.deadLettered(reason);
        watch.tried(this.target.kind, 'failed', 1);
        this.note({ id, state: 'failed', waitMs: 0, attempt, reason });
      } else {
        watch.tried(this.target.kind, 'retried', 1);
        this.note({ id, state: 'waiting', waitMs: Math.max(retryAfterMs, verdict === 'gone' ? 0 : backOff(this.options.backOff, delivery.attempts + 1)), attempt });
      }
    }
  }

  private letter({ topic, partition, offset, key, payload, headers, destinationId }: TakenDelivery, reason: string, { status, error }: Attempt): OutgoingMessage {
    const original = Object.fromEntries(Object.entries(headers).map(([name, base64]) => [name, Buffer.from(base64, 'base64')]));
    const message = `the destination ${this.destination.name} ${status === null ? `didn't take it: ${error ?? 'no answer'}` : `answered ${status}`}`;
    return buried({ ...originOf(original), reason, message, topic, partition, offset, destinationId }, { key, value: payload, headers: original }, new Date());
  }

  /** Results that come while some are being written go together in the next statement. */
  private note(result: DeliveryResult): void {
    this.results.push(result);
    this.recording ??= this.write();
  }

  private async write(): Promise<void> {
    while (this.results.length > 0) await this.ports.deliveries.record(this.lease, this.results.splice(0));
    this.recording = undefined;
  }

  /** @throws when results couldn't be written */
  async settled(): Promise<void> { while (this.recording !== undefined) await this.recording; }

  health(): RoundHealth {
    const { delivered, failed, refused, lastFailure } = this;
    const isDownNow = delivered === 0 && failed > 0 && (this.down || this.inARow >= ENOUGH);
    if (isDownNow) this.holdMs = Math.max(this.retryAfterMs, Math.min(LONGEST_HOLD_MS, backOff(this.options.backOff, this.destination.failures + 1)));
    else if (this.retryAfterMs > 0) this.holdMs = this.retryAfterMs;
    return {
      delivered, failed, refused, ...(lastFailure !== undefined && { lastFailure: { at: lastFailure.at, status: lastFailure.status, error: lastFailure.error } }),
      ...(this.holdMs !== undefined && { holdMs: this.holdMs }), ...(this.gone && { disable: 'gone' as const }),
    };
  }
}
