/** One answer of a partner. */
export interface PartnerResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Milliseconds on the partner's clock at which the request was sent. */
  readonly observedAt: number;
  /** Path and query that was asked for, without credentials. */
  readonly request: string;
  /** The body parsed by `JSON.parse`. @throws PartnerContractError when it isn't JSON. */
  json<T = unknown>(): T;
}

export interface PartnerRequest {
  /** Path below the base URL, starting with `/`. */
  readonly path: string;
  /** Repeated keys for arrays; undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The collection that this call is counted for. */
  readonly collection: string;
  /** Bucket of the per-endpoint rate limit; default: the path. Name it where the path holds an id, e.g. `/v1/customers/{id}`. */
  readonly endpoint?: string;
  /** Statuses that are an answer and not an error, e.g. `[404]`. Secrets that the partner repeats in it are blanked out. */
  readonly accept?: readonly number[];
}

/** An answer that is neither 2xx nor accepted, as a connector maps it. Secrets are blanked out of the headers and the body. */
export interface PartnerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Path that was asked for, without the query. */
  readonly path: string;
}

/** A call on its way. */
export interface BegunCall {
  readonly collection: string;
  readonly method: string;
  readonly request: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** What one call cost; the waterfall of the run pane and the usage counters are made from these. */
export interface ApiCall extends BegunCall {
  /** 0 when no answer came. */
  readonly status: number;
  readonly durationMs: number;
  /** Of the body, decompressed. */
  readonly bytes: number;
}

/** A pause before a call: for the rate limit, ours or the partner's, or before a repeat. */
export interface PartnerWait {
  readonly collection: string;
  readonly ms: number;
  readonly rateLimit: boolean;
}

/** What a partner says of its own limit, of all who call for the account. */
export interface Quota {
  /** What is limited; names the reading, e.g. `api` or `incremental`. */
  readonly name: string;
  /** Length of the stretch of time that the partner counts in, milliseconds. */
  readonly windowMs: number;
  readonly limit: number;
  readonly used: number;
  /** Milliseconds until the count begins anew; absent where it rolls. */
  readonly resetsInMs?: number;
}

/** Admits calls one by one, for all processes that call for the same account. */
export interface CallGate {
  /**
   * Takes the endpoint's next slot for one call.
   * @returns milliseconds to wait for it; above `maxWaitMs` nothing was taken
   * @throws BudgetExhaustedError when there is nothing left to take
   */
  take(endpoint: string, maxWaitMs: number): Promise<number>;
  /** Nobody calls the endpoint for so many milliseconds: the partner said so. */
  pause(endpoint: string, ms: number): void;
}

/** The only way a connector reaches its partner. */
export interface PartnerHttp {
  /**
   * Sends the request within the rate limits, retries 409, 429, 5xx, resets and time-outs with jittered back-off
   * (honouring `Retry-After`), counts every attempt.
   * @throws an error of the taxonomy for any status that is neither 2xx nor in `accept`; the signal's reason when the run was cancelled.
   */
  send(request: PartnerRequest): Promise<PartnerResponse>;
}

/** The kit's own `PartnerHttp`, as the process that made it sees it. */
export interface PartnerClient extends PartnerHttp {
  /** Milliseconds since the epoch on the partner's clock; ours until an answer showed that they differ by more than 2 s. */
  now(): number;
  /** Closes the connections; requests under way are aborted. */
  close(): Promise<void>;
}
