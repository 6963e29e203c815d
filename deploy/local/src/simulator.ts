import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inheritedEnvironment } from './prepare-job.js';
import { compiled } from './project.js';
import { nodeProgram, type ServiceFolders } from './services.js';
import type { Program } from './supervisor.js';

export interface SimulatorOptions {
  readonly port: number;
  readonly apiKey: string;
  /** Its account outlives the process in a file in this folder. */
  readonly dir: string;
  readonly folders: ServiceFolders;
  readonly line: (name: string, line: string) => void;
}

const NAME = 'stripe-simulator';

/** Changes a second of the demo's shop: enough to watch, little enough to leave on over a weekend. */
export const TRAFFIC = 0.2;

/** The demo's partner: a Stripe account of its own, as a process. */
export class Simulator {
  readonly url: string;
  private webhook: { readonly url: string; readonly secret: string } | undefined;

  constructor(private readonly options: SimulatorOptions) {
    this.url = `http://127.0.0.1:${options.port}`;
  }

  program(): Program {
    return { name: NAME, start: () => this.start() };
  }

  private async start(): ReturnType<Program['start']> {
    const { port, apiKey, dir, folders, line } = this.options;
    mkdirSync(dir, { recursive: true });
    const args = [
      '--port', String(port), '--api-key', apiKey, '--journal', join(dir, 'account.jsonl'), '--traffic', String(TRAFFIC),
      ...(this.webhook !== undefined ? ['--webhook-url', this.webhook.url, '--webhook-secret', this.webhook.secret] : []),
    ];
    // its first line tells whoever started it the secrets: not for the log
    const withoutSecrets = (name: string, text: string): void => { if (!text.startsWith('{"ready"')) line(name, text); };
    const running = await nodeProgram(NAME, compiled('libs', 'testing', 'src', 'stripe-simulator', 'main.js'), args, inheritedEnvironment(), folders, withoutSecrets).start();
    let ended = false;
    void running.exited.then(() => { ended = true; });
    for (let turn = 0; !(await this.answers()); turn++) {
      if (ended) throw new Error('the Stripe simulator ended while it started; its log says why');
      if (turn > 600) { await running.stop(); throw new Error(`the Stripe simulator doesn't answer on port ${port}`); }
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    return running;
  }

  private async answers(): Promise<boolean> {
    try { return (await fetch(`${this.url}/_simulator/health`, { signal: AbortSignal.timeout(2000) })).ok; } catch { return false; }
  }

  /** From now on every event is sent there, also after a restart. */
  async sendWebhooks(url: string, secret: string): Promise<void> {
    this.webhook = { url, secret };
    await control(this.url, 'DELETE', 'webhook-endpoints');
    await control(this.url, 'POST', 'webhook-endpoints', this.webhook);
  }
}

/** A request of the simulator's own, see its `control.ts`. */
async function control(url: string, method: 'POST' | 'DELETE', path: string, body?: object): Promise<void> {
  const answer = await fetch(`${url}/_simulator/${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  if (!answer.ok) throw new Error(`The Stripe simulator answers ${answer.status} to ${method} ${path}.`);
}

/** Lets the simulator's shop make so many changes a second by itself. */
export const setTraffic = (url: string, perSecond: number): Promise<void> => control(url, 'POST', 'traffic', { perSecond });
