import type { SupportReport } from './report.js';

/** A way to support. */
export interface SupportChannel {
  /** As it is kept with what was delivered. */
  readonly name: string;
  /** Resolves when the other side has taken it. @throws Error without a secret in its message */
  send(report: SupportReport): Promise<void>;
  close(): Promise<void>;
}
