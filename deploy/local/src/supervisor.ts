import type { RunningProcess } from '#embedded';

/** Something that is kept running. */
export interface Program {
  readonly name: string;
  /** Starts it once; resolves when it runs. */
  start(): Promise<RunningProcess>;
}

export interface SupervisorOptions {
  /** Told about everything that a person should know. */
  readonly say: (name: string, text: string) => void;
  /** First wait before a restart, doubled each time, in ms. */
  readonly firstWaitMs?: number;
  readonly maxWaitMs?: number;
  /** After running this long a program counts as healthy, and its next restart comes quickly again. */
  readonly steadyMs?: number;
}

interface Supervised {
  readonly program: Program;
  readonly stage: number;
  process?: RunningProcess;
  restarts: number;
  /** Set when it isn't to be restarted any more. */
  given?: string;
  timer?: NodeJS.Timeout;
  starting?: Promise<void>;
}

/** The exit status by which a service says that its configuration is wrong (`EX_CONFIG`): a restart can't help. */
const WRONG_CONFIGURATION = 78;

/** Keeps programs running, and ends them in order: the last stage first, within a stage all at once. */
export class Supervisor {
  private readonly programs = new Map<string, Supervised>();
  private stopping = false;
  private readonly options: Required<SupervisorOptions>;

  constructor(options: SupervisorOptions) {
    this.options = { firstWaitMs: 500, maxWaitMs: 30_000, steadyMs: 30_000, ...options };
  }

  /** Starts a program and keeps it running from then on. @throws when the first start fails. */
  async add(program: Program, stage: number): Promise<void> {
    if (this.stopping) throw new Error(`${program.name} isn't started: everything is being stopped.`);
    const entry: Supervised = { program, stage, restarts: 0 };
    this.programs.set(program.name, entry);
    await this.launch(entry);
  }

  private launch(entry: Supervised): Promise<void> {
    entry.starting = (async () => {
      const started = Date.now();
      const running = await entry.program.start();
      entry.process = running;
      void running.exited.then(({ code, signal }) => {
        delete entry.process;
        if (this.stopping || entry.given !== undefined) return;
        if (Date.now() - started > this.options.steadyMs) entry.restarts = 0;
        if (code === WRONG_CONFIGURATION) {
          entry.given = 'its configuration is wrong';
          this.options.say(entry.program.name, 'ended: its configuration is wrong, see the line above. It is not started again.');
          return;
        }
        this.restartLater(entry, signal === null ? `ended with status ${code}` : `was ended by ${signal}`);
      });
    })();
    return entry.starting;
  }

  private restartLater(entry: Supervised, what: string): void {
    const wait = Math.min(this.options.maxWaitMs, this.options.firstWaitMs * 2 ** entry.restarts);
    entry.restarts += 1;
    this.options.say(entry.program.name, `${what}; it is started again in ${wait / 1000} s (restart ${entry.restarts}).`);
    entry.timer = setTimeout(() => {
      if (this.stopping) return;
      this.launch(entry).then(
        () => this.options.say(entry.program.name, 'runs again.'),
        (error: unknown) => { if (!this.stopping) this.restartLater(entry, `couldn't be started: ${error instanceof Error ? error.message : String(error)}`); },
      );
    }, wait);
  }

  /** Number of its process; undefined while it doesn't run. */
  pid(name: string): number | undefined { return this.programs.get(name)?.process?.pid; }

  /** Why it is not started again; undefined for everything that is kept running. */
  givenUp(name: string): string | undefined { return this.programs.get(name)?.given; }

  get names(): string[] { return [...this.programs.keys()]; }

  /** Sends a signal to a program's process; it is restarted when that ends it. False when it doesn't run. */
  kill(name: string, signal: NodeJS.Signals): boolean {
    const running = this.programs.get(name)?.process;
    running?.kill(signal);
    return running !== undefined;
  }

  /** Ends one program, which isn't restarted until `resume`. */
  async pause(name: string): Promise<void> {
    const entry = this.entry(name);
    entry.given = 'it was stopped';
    clearTimeout(entry.timer);
    await entry.starting?.catch(() => undefined);
    await entry.process?.stop();
  }

  /** Starts a paused program again. @throws when it can't be started. */
  async resume(name: string): Promise<void> {
    const entry = this.entry(name);
    if (entry.process !== undefined) return;
    delete entry.given;
    await this.launch(entry);
  }

  private entry(name: string): Supervised {
    const entry = this.programs.get(name);
    if (entry === undefined) throw new Error(`There is no program ${name} here. Known: ${this.names.join(', ')}.`);
    return entry;
  }

  /** Ends everything in order. A start that is under way is waited for, so that nothing is left running. */
  async stopAll(): Promise<void> {
    this.stopping = true;
    const entries = [...this.programs.values()];
    for (const { timer } of entries) clearTimeout(timer);
    const stages = [...new Set(entries.map(({ stage }) => stage))].sort((a, b) => b - a);
    for (const stage of stages) {
      await Promise.all(entries.filter((entry) => entry.stage === stage).map(async (entry) => {
        await entry.starting?.catch(() => undefined);
        await entry.process?.stop();
      }));
    }
  }

  /** Kills everything that runs, at once. */
  killAll(): void {
    this.stopping = true;
    for (const { process: running } of this.programs.values()) running?.kill('SIGKILL');
  }
}
