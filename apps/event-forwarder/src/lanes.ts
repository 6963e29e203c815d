/** Destinations that are worked on at once. */
const LANES = 64;

/** One lane a destination: each is worked on by itself, so that none waits for another. */
export class Lanes {
  private readonly running = new Map<string, Promise<void>>();
  /** Asked for while they ran, or while all lanes were taken. */
  private readonly wanted = new Set<string>();
  private stopped = false;

  /**
   * @param round one round of deliveries; false when there is nothing to do for now
   * @param crash what a round throws is broken infrastructure
   */
  constructor(private readonly round: (destinationId: string) => Promise<boolean>, private readonly crash: (error: unknown) => void) {}

  wake(destinationIds: Iterable<string>): void {
    for (const id of destinationIds) this.wanted.add(id);
    this.fill();
  }

  /** Resolves when the rounds under way are over. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running.values());
  }

  private fill(): void {
    for (const id of this.wanted) {
      if (this.stopped || this.running.size >= LANES) return;
      if (this.running.has(id)) continue;
      this.wanted.delete(id);
      this.running.set(id, this.run(id).catch(this.crash).finally(() => {
        this.running.delete(id);
        this.fill();
      }));
    }
  }

  private async run(id: string): Promise<void> {
    // Others get their turn between two rounds once all lanes are taken.
    while (!this.stopped && await this.round(id)) if (this.running.size >= LANES && this.wanted.size > 0) { this.wanted.add(id); return; }
  }
}
