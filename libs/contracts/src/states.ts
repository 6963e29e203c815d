/** A run's states; the arrows are in `RUN_TRANSITIONS`. */
export const RUN_STATES = ['queued', 'running', 'succeeded', 'partial', 'deferred', 'failed', 'killed', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** A collection run has the run's states plus `skipped`: not reached because authentication failed first. */
export const COLLECTION_RUN_STATES = [...RUN_STATES, 'skipped'] as const;
export type CollectionRunState = (typeof COLLECTION_RUN_STATES)[number];

const RUN_TRANSITIONS: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['running', 'cancelled', 'failed'],
  running: ['succeeded', 'partial', 'deferred', 'failed', 'killed', 'cancelled', 'queued'],
  deferred: ['queued', 'running', 'cancelled', 'failed'],
  succeeded: [],
  partial: [],
  failed: [],
  killed: [],
  cancelled: [],
};

/** The run is over: no fetcher will touch it again. */
export const isFinal = (state: CollectionRunState): boolean => state === 'skipped' || RUN_TRANSITIONS[state].length === 0;

export const RUN_TRIGGERS = ['schedule', 'manual', 'first', 'resync', 'replay'] as const;
export type RunTrigger = (typeof RUN_TRIGGERS)[number];

/** A source's states: `error` = no scheduled call until its credentials change. */
export const SOURCE_STATES = ['active', 'paused', 'error'] as const;
export type SourceState = (typeof SOURCE_STATES)[number];
