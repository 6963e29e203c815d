import { fromErrorReport } from '#contracts';
import type { Credentials } from '#connector-kit';
import type { ParentMessage } from './worker-protocol.js';

type Answer = Extract<ParentMessage, { type: 'renewed' }>['renewed'];

/** The worker's side of renewals: it asks its parent, which holds the refresh token, and waits. */
export class Renewals {
  private waiting: { readonly resolve: (credentials: Credentials) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(private readonly ask: () => void) {}

  /** New credentials. @throws an error of the taxonomy when there are none */
  renew(): Promise<Credentials> {
    if (this.waiting !== undefined) throw new Error('a renewal is under way');
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.ask();
    });
  }

  take(answer: Answer): void {
    const { waiting } = this;
    this.waiting = undefined;
    if ('error' in answer) waiting?.reject(fromErrorReport(answer.error));
    else waiting?.resolve(answer.credentials);
  }
}
