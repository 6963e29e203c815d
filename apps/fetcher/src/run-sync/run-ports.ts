import type { CollectionRunState, ErrorReport, ReplayProgress, RunState, SyncEvent } from '#contracts';
import type { ClaimedRun, KnownChange, KnownRecords, LogLine, Progress, Trace } from '#persistence';
import type { ApiCall, DescribedFields, Quota } from '#connector-kit';
import type { OutgoingMessage } from '#kafka';
import type { Renewed } from '#oauth';
import type { AdmitMessage } from './worker-protocol.js';

/** The run as the control database keeps it; every write takes the lease's token and answers false when it is lost. */
export interface RunStore {
  claim(runId: string, owner: string, leaseMs: number): Promise<ClaimedRun | undefined>;
  heartbeat(runId: string, token: number, leaseMs: number): Promise<boolean>;
  saveProgress(runId: string, token: number, progress: Progress): Promise<boolean>;
  collectionState(runId: string, token: number, collection: string, state: CollectionRunState, error?: ErrorReport, fullPass?: boolean): Promise<boolean>;
  showProgress(runId: string, token: number, progress: ReplayProgress): Promise<boolean>;
  knownRecords(runId: string, token: number, collection: string): Promise<KnownRecords | undefined>;
  keepKnown(runId: string, token: number, collection: string, change: KnownChange): Promise<boolean>;
  waiting(runId: string, token: number, collections: readonly string[], until: Date): Promise<boolean>;
  release(runId: string, token: number): Promise<boolean>;
  finish(runId: string, token: number, state: Exclude<RunState, 'queued' | 'running'>, error?: ErrorReport, resumeAt?: Date, trace?: Trace): Promise<boolean>;
  describe(sourceId: string, collection: string, fields: DescribedFields): Promise<number>;
  recordCalls(runId: string, calls: readonly ApiCall[]): Promise<void>;
  appendLog(runId: string, lines: readonly LogLine[]): Promise<void>;
}

/** See `CallAdmission`. */
export interface CallPort {
  admit(run: ClaimedRun, call: AdmitMessage): Promise<{ readonly waitMs: number } | { readonly refused: ErrorReport }>;
  pause(run: ClaimedRun, endpoint: string, ms: number): Promise<void>;
  note(run: ClaimedRun, quotas: readonly Quota[]): Promise<void>;
}

export interface RunPorts {
  readonly calls: CallPort;
  readonly store: RunStore;
  /** Opens the sealed credentials of a source. */
  readonly credentials: (run: ClaimedRun) => Readonly<Record<string, string>>;
  /** Credentials newer than this version, or why there are none: one renewal at a time over all fetchers. */
  readonly renew: (run: ClaimedRun, staleVersion: number) => Promise<Renewed>;
  /** Resolves after acks=all. */
  readonly toRaw: (connector: string, message: OutgoingMessage) => Promise<void>;
  /** News of a run, best effort: the control database is the truth. */
  readonly publish: (event: SyncEvent) => void;
  readonly count: { pages(pages: number): void; records(records: number): void; errors(code: string): void };
}
