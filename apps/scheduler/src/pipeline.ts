import type { HealthRepository, Leadership, ModelRunRepository, OutboxRepository, PauseRule, ScheduleRepository } from '#persistence';
import { Loop, type LoopWatch } from './loop.js';
import { watch, type Watched } from './leases/watchdog.js';
import { relay, type Send } from './outbox/relay.js';
import type { Told } from './notifications/tell.js';
import type { Notified } from './support/notify.js';
import { tick, tickModels, type Ticked } from './tick/tick.js';

export interface SchedulerPorts {
  readonly leadership: (wake: () => void) => Pick<Leadership, 'isActive' | 'release'>;
  readonly schedule: ScheduleRepository;
  readonly outbox: Pick<OutboxRepository, 'take'>;
  readonly health: Pick<HealthRepository, 'judge'>;
  readonly models: Pick<ModelRunRepository, 'queueDue' | 'queueDeletes'>;
  /** One turn of support/notify.ts. */
  readonly notify: () => Promise<Notified>;
  /** One turn of notifications/tell.ts. */
  readonly tell: () => Promise<Told>;
  readonly told: (turn: Told) => void;
  /** One turn of what deletes old rows: how many went, by what they were. */
  readonly sweep: () => Promise<Readonly<Record<string, number>>>;
  readonly send: Send;
  readonly loops: LoopWatch;
  readonly turned: (turn: { readonly active: boolean; readonly warned: number; readonly paused: number } & Ticked & Watched) => void;
  readonly notified: (turn: Notified) => void;
  readonly relayed: (messages: number) => void;
  readonly swept: (rows: Readonly<Record<string, number>>) => void;
}

export interface SchedulerOptions {
  readonly tickMs: number;
  readonly resendAfterMs: number;
  readonly topicPrefix: string;
  readonly pause: PauseRule;
  /** The outbox is looked at this often even when no notification came; 1,000 by default. */
  readonly pollMs?: number;
}

/** How often old rows are looked for. */
const SWEEP_MS = 30_000;
/** How often it is checked whether the clock was set back. */
const CLOCK_MS = 60_000;

const IDLE = { due: 0, queued: 0, overQuota: 0, warned: 0, paused: 0, takenBack: 0, resumed: 0, resent: 0 };

/**
 * The whole service. Of several processes one is active, by an advisory lock; the others take over when it is gone.
 *
 *     every tick   due source → queued run + command in the outbox, due time moved on        tick/
 *                  due trait or audience, or deleted and still there → queued computation, for the loader of its warehouse  tick/
 *                  (once a minute: due times of a clock that was set back → into phase)
 *                  expired lease → queued again, or failed after three                        leases/
 *                  deferred and due → queued; unclaimed → command once more                   leases/
 *                  source that keeps failing → warned of, then paused
 *     in its turn  killed run → support has its complete log → the run is over                support/
 *                  what a workspace wants to be told of → its people, by mail and hook       notifications/
 *     now and then  what was kept long enough → deleted
 *     at once      outbox → Kafka, in order, acks=all (woken by the database's notification)  outbox/
 *
 * Were two active for a moment, nothing would happen twice: rows are locked, and a source has at most one active run.
 */
export class Scheduler {
  private active = false;
  private clockSeen = -Infinity;
  private readonly leadership: Pick<Leadership, 'isActive' | 'release'>;
  private readonly ticking: Loop;
  private readonly relaying: Loop;
  private readonly notifying: Loop;
  private readonly telling: Loop;
  private readonly sweeping: Loop;

  constructor(private readonly ports: SchedulerPorts, private readonly options: SchedulerOptions) {
    this.leadership = ports.leadership(() => this.relaying.wake());
    this.ticking = new Loop('tick', options.tickMs, () => this.turn(), ports.loops);
    this.telling = new Loop('notifications', options.tickMs, () => this.tell(), ports.loops);
    this.notifying = new Loop('support', options.tickMs, () => this.support(), ports.loops);
    this.sweeping = new Loop('housekeeping', SWEEP_MS, () => this.sweep(), ports.loops);
    this.relaying = new Loop('outbox', options.pollMs ?? 1_000, () => this.empty(), ports.loops);
  }

  start(): void {
    this.ticking.start();
    this.relaying.start();
    this.notifying.start();
    this.telling.start();
    this.sweeping.start();
  }

  /** Finishes what is in hand, then lets the next one be active. */
  async stop(): Promise<void> {
    await Promise.all([this.ticking.stop(), this.relaying.stop(), this.notifying.stop(), this.telling.stop(), this.sweeping.stop()]);
    await this.leadership.release();
  }

  private async turn(): Promise<void> {
    const was = this.active;
    this.active = await this.leadership.isActive().catch((error: unknown) => { this.active = false; throw error; });
    if (!this.active) return this.ports.turned({ active: false, ...IDLE });
    if (!was) this.relaying.wake();
    if (performance.now() - this.clockSeen >= CLOCK_MS) {
      await this.ports.schedule.pullBack();
      this.clockSeen = performance.now();
    }
    const ticked = await tick(this.ports.schedule);
    await tickModels(this.ports.models);
    const watched = await watch(this.ports.schedule, this.options.resendAfterMs);
    const judged = await this.ports.health.judge(this.options.pause);
    this.ports.turned({ active: true, ...ticked, ...watched, ...judged });
  }

  private async support(): Promise<void> {
    if (this.active) this.ports.notified(await this.ports.notify());
  }

  private async tell(): Promise<void> {
    if (this.active) this.ports.told(await this.ports.tell());
  }

  private async sweep(): Promise<void> {
    if (this.active) this.ports.swept(await this.ports.sweep());
  }

  private async empty(): Promise<void> {
    if (this.active) this.ports.relayed(await relay(this.ports.outbox, this.ports.send, this.options.topicPrefix));
  }
}
