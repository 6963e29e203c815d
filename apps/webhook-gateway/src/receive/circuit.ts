import { setTimeout as sleep } from 'node:timers/promises';

/** Refused without being tried: the send before wasn't acknowledged, and no probe was since. */
export class CircuitOpenError extends Error {
  constructor() {
    super('Kafka is away; a probe in the background goes on trying');
    this.name = 'CircuitOpenError';
  }
}

/**
 * Refuses at once while it is known that sending fails. The first failure opens it; then the newest item that was refused is sent
 * in the background, one at a time, until it is acknowledged. The item is real: a probe that is acknowledged proves the very thing
 * that is asked for, and its sender's repeat is removed downstream like any other.
 */
export class Circuit<T> {
  private candidate: T | undefined;
  private readonly stopped = new AbortController();

  /**
   * @param attempt resolves when the item is durable
   * @param changed whether it is open now, and why
   * @param pauseMs between two probes
   */
  constructor(private readonly attempt: (item: T) => Promise<void>, private readonly changed: (open: boolean, error?: unknown) => void, private readonly pauseMs: number) {}

  /** @throws CircuitOpenError at once while it is open, else what `attempt` throws */
  async send(item: T): Promise<void> {
    if (this.candidate !== undefined) {
      this.candidate = item;
      throw new CircuitOpenError();
    }
    try {
      await this.attempt(item);
    } catch (error) {
      this.open(item, error);
      throw error;
    }
  }

  stop(): void { this.stopped.abort(); }

  /** Those that were under way together fail together: only the first opens it. */
  private open(item: T, error: unknown): void {
    if (this.candidate !== undefined) return;
    this.candidate = item;
    this.changed(true, error);
    void this.probe();
  }

  private async probe(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted && this.candidate !== undefined) {
      await sleep(this.pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.attempt(this.candidate);
      } catch {
        continue; // still away: the next probe, with the newest that was refused meanwhile
      }
      this.candidate = undefined;
      this.changed(false);
    }
  }
}
