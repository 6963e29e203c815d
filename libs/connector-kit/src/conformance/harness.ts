import type { Credentials, WebhookRequest } from '../connector.js';

/** A simulated partner that is running. */
export interface ConformancePartner {
  /** Accepted by the partner; the base URL that the connector makes of them is where it listens. */
  readonly credentials: Credentials;
  /** Refused with the partner's answer to a wrong key. */
  readonly wrongCredentials: Credentials;
  /** Records that a full read finds, by collection, deleted ones not counted. Collections that aren't named are not compared. */
  readonly expected: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** What the suite needs to know of a partner, besides the connector's declaration. */
export interface ConformanceHarness {
  /**
   * Starts a partner whose data doesn't change. `filled`: at least one collection has two pages; `empty`: as a new account is; what it holds all the same is in `expected`.
   */
  start(account: 'filled' | 'empty'): Promise<ConformancePartner>;
  /** The sync start date of the runs, milliseconds since the epoch; default 0. */
  readonly startDate?: number;
  /** The partner's body and headers for an error status, where the connector looks at more than the status. */
  errorAnswer?(status: number): { readonly body: string; readonly headers?: Readonly<Record<string, string>> };
  /** Required when the connector takes webhooks. */
  readonly webhook?: {
    /** A secret of the form that the partner gives out, made of random bytes. */
    newSecret(): string;
    /** One and the same delivery, signed with the secret at a moment (milliseconds since the epoch). */
    deliver(secret: string, at: number): WebhookRequest;
    /** False when the partner signs no time, so that an old delivery can't be told from a new one. */
    readonly timestamped: boolean;
    /** False when the partner signs nothing: the secret is something in the body that only its sender knows. Default true. */
    readonly signed?: boolean;
  };
}

/** One check of the suite. `run` throws when the connector fails it. */
export interface ConformanceCase {
  /** Starts with the clause of the connector bar that it checks, e.g. `§2.3`. */
  readonly name: string;
  run(): Promise<void>;
}
