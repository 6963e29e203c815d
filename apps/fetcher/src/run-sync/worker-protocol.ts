import type { CollectionRunState, ErrorReport } from '#contracts';
import type { ApiCall, BegunCall, Checkpoint, CollectionDeclaration, Credentials, DescribedFields, PartnerWait, PassPage, Quota, ReadWindow } from '#connector-kit';
import type { Trace } from '#persistence';

/** What a worker is started with. */
export interface WorkerInput {
  readonly connector: string;
  /** Without the refresh token: the parent alone renews. */
  readonly credentials: Credentials;
  /** Whether the parent can renew them. */
  readonly renewable: boolean;
  /** Milliseconds since the epoch. */
  readonly startDate: number;
  readonly window?: ReadWindow;
  readonly selected: readonly string[];
  /** Collections that ended before the lease was lost or the run deferred: not read again. */
  readonly done: readonly string[];
  readonly checkpoints: Readonly<Record<string, Checkpoint>>;
  /** Of the selected those that were found in the account. */
  readonly found: readonly CollectionDeclaration[];
  readonly allowPrivateAddresses: boolean;
}

/** A page on its way to the raw topic; the worker goes on reading while at most `PAGES_AHEAD` of them aren't durable. */
export interface PageMessage {
  readonly type: 'page';
  readonly sequence: number;
  readonly collection: string;
  readonly rawCollection: string;
  readonly body: Uint8Array;
  readonly recordsAt: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly observedAt: number;
  readonly request: string;
  readonly contentType?: string;
  readonly fields?: DescribedFields;
  readonly pass?: PassPage;
  readonly checkpoint?: Checkpoint;
}

/** A selected collection begins or ends. */
export interface CollectionMessage {
  readonly type: 'collection';
  readonly collection: string;
  readonly state: CollectionRunState;
  readonly error?: ErrorReport;
  /** All of it is read, not only what is new. */
  readonly fullPass?: boolean;
}

/** May the worker make a call? Answered by `admitted`. */
export interface AdmitMessage {
  readonly type: 'admit';
  readonly id: number;
  readonly endpoint: string;
  readonly maxWaitMs: number;
  /** What the partner said of its limit since the last call. */
  readonly quotas: readonly Quota[];
}

export type WorkerMessage =
  | PageMessage
  | CollectionMessage
  | { readonly type: 'warning'; readonly message: string }
  /** A call to the partner goes out; what is killed before its end leaves it without an answer. */
  | { readonly type: 'begin'; readonly call: BegunCall }
  /** A call to the partner ended: a sign of life. It comes before the page or the news that it was made for. */
  | { readonly type: 'call'; readonly call: ApiCall }
  /** The next call waits: no hang. */
  | { readonly type: 'wait'; readonly wait: PartnerWait }
  /** The partner refuses the credentials, or they are about to expire; answered by `renewed`. One at a time. */
  | { readonly type: 'renew' }
  | AdmitMessage
  /** The partner wants no call to the endpoint for so long. */
  | { readonly type: 'pause'; readonly endpoint: string; readonly ms: number }
  | { readonly type: 'end'; readonly outcome: RunOutcome; readonly quotas: readonly Quota[] };

/** How a run ended, as the worker sees it. */
export interface RunOutcome {
  readonly state: 'succeeded' | 'partial' | 'failed' | 'deferred' | 'killed';
  readonly error?: ErrorReport;
  /** Milliseconds until a deferred run goes on. */
  readonly resumeInMs?: number;
  /** Of an error that nobody handled, as it was thrown: it may quote secrets. */
  readonly trace?: Trace;
}

export type ParentMessage =
  | { readonly type: 'durable'; readonly pages: number }
  | { readonly type: 'cancel' }
  | { readonly type: 'admitted'; readonly id: number; readonly answer: { readonly waitMs: number } | { readonly refused: ErrorReport } }
  | { readonly type: 'renewed'; readonly renewed: { readonly credentials: Credentials } | { readonly error: ErrorReport } };

export const PAGES_AHEAD = 16;
