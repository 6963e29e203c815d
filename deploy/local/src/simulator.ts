import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inheritedEnvironment } from './prepare-job.js';
import { compiled } from './project.js';
import { nodeProgram, type ServiceFolders } from './services.js';
import type { Program } from './supervisor.js';

export type Partner = 'stripe' | 'zendesk' | 'salesforce';

export interface SimulatorOptions {
  readonly partner: Partner;
  readonly port: number;
  /** Changes a second. */
  readonly traffic: number;
  /** Its account outlives the process in this file. */
  readonly journal: string;
  /** Further arguments of its `main.ts`. */
  readonly args: readonly string[];
  readonly folders: ServiceFolders;
  readonly line: (name: string, line: string) => void;
}

/** One of the demo's partners: an account of its own, as a process. */
export class Simulator {
  readonly url: string;
  readonly name: string;
  private webhookArgs: readonly string[] = [];

  constructor(private readonly options: SimulatorOptions) {
    this.url = `http://127.0.0.1:${options.port}`;
    this.name = `${options.partner}-simulator`;
  }

  program(): Program {
    return { name: this.name, start: () => this.start() };
  }

  private async start(): ReturnType<Program['start']> {
    const { partner, port, traffic, journal, args, folders, line } = this.options;
    mkdirSync(join(journal, '..'), { recursive: true });
    // its first line tells whoever started it the secrets: not for the log
    const withoutSecrets = (name: string, text: string): void => { if (!text.startsWith('{"ready"')) line(name, text); };
    const running = await nodeProgram(
      this.name, compiled('libs', 'testing', 'src', `${partner}-simulator`, 'main.js'),
      ['--port', String(port), '--traffic', String(traffic), '--journal', journal, ...args, ...this.webhookArgs], inheritedEnvironment(), folders, withoutSecrets,
    ).start();
    let ended = false;
    void running.exited.then(() => { ended = true; });
    for (let turn = 0; (await this.health()) === undefined; turn++) {
      if (ended) throw new Error(`the ${this.name} ended while it started; its log says why`);
      if (turn > 600) { await running.stop(); throw new Error(`the ${this.name} doesn't answer on port ${port}`); }
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    return running;
  }

  /** What it tells of itself; undefined when it doesn't answer. */
  async health(): Promise<Readonly<Record<string, unknown>> | undefined> {
    try {
      const answer = await fetch(`${this.url}/_simulator/health`, { signal: AbortSignal.timeout(2000) });
      return answer.ok ? await answer.json() as Record<string, unknown> : undefined;
    } catch { return undefined; }
  }

  /** From now on every change is told there, also after a restart. @param secret where the partner signs */
  async sendWebhooks(url: string, secret: string | undefined): Promise<void> {
    this.webhookArgs = ['--webhook-url', url, ...(secret === undefined ? [] : ['--webhook-secret', secret])];
    await this.control('DELETE');
    await this.control('POST', { url, ...(secret !== undefined && { secret }) });
  }

  /** A request of the simulator's own, see its `control.ts`. */
  private async control(method: 'POST' | 'DELETE', body?: object): Promise<void> {
    const answer = await fetch(`${this.url}/_simulator/webhook-endpoints`, { method, ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
    if (!answer.ok) throw new Error(`The ${this.name} answers ${answer.status} to ${method} webhook-endpoints.`);
  }
}
