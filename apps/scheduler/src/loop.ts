/** What a loop tells of itself. */
export interface LoopWatch {
  /** Every turn, also those that failed. */
  readonly turned: (loop: string) => void;
  readonly failed: (loop: string, error: unknown) => void;
}

/** Repeats `body` every `everyMs`, or at once when woken; an error is reported and the next turn tries again. Turns never overlap. */
export class Loop {
  private stopped = false;
  private woken = false;
  private wakeUp: () => void = () => undefined;
  private done: Promise<void> | undefined;

  constructor(private readonly name: string, private readonly everyMs: number, private readonly body: () => Promise<void>, private readonly watch: LoopWatch) {}

  start(): void { this.done = this.run(); }

  /** A turn that is under way is followed by another one. */
  wake(): void {
    this.woken = true;
    this.wakeUp();
  }

  /** Resolves when the turn under way is over. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wakeUp();
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.woken = false;
      try { await this.body(); } catch (error) { this.watch.failed(this.name, error); }
      this.watch.turned(this.name);
      if (!this.stopped && !this.woken) await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.everyMs);
        this.wakeUp = () => { clearTimeout(timer); resolve(); };
      });
    }
  }
}
