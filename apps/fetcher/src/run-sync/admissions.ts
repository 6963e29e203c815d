import { fromErrorReport } from '#contracts';
import type { CallGate, Quota } from '#connector-kit';
import type { AdmitMessage, ParentMessage, WorkerMessage } from './worker-protocol.js';

type Answer = Extract<ParentMessage, { type: 'admitted' }>['answer'];

/** The worker's side of admissions: it asks its parent before each call, and tells it what the partner says of its limit. */
export class Admissions implements CallGate {
  private readonly waiting = new Map<number, { readonly resolve: (waitMs: number) => void; readonly reject: (error: Error) => void }>();
  private readonly quotas = new Map<string, Quota>();
  private count = 0;

  constructor(private readonly post: (message: Extract<WorkerMessage, { type: 'admit' | 'pause' }>) => void) {}

  take(endpoint: string, maxWaitMs: number): Promise<number> {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.post({ type: 'admit', id, endpoint, maxWaitMs, quotas: this.told() } satisfies AdmitMessage);
    });
  }

  pause(endpoint: string, ms: number): void { this.post({ type: 'pause', endpoint, ms }); }

  /** Goes along with the next call. */
  note(quota: Quota): void { this.quotas.set(quota.name, quota); }

  /** What wasn't handed on yet. */
  told(): readonly Quota[] {
    const quotas = [...this.quotas.values()];
    this.quotas.clear();
    return quotas;
  }

  answered(id: number, answer: Answer): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if ('refused' in answer) waiting?.reject(fromErrorReport(answer.refused));
    else waiting?.resolve(answer.waitMs);
  }
}
