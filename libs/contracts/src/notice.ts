/** Why a person should look, although nothing has failed for good. */
export const NOTICE_CODES = ['failing_repeatedly', 'paused_automatically', 'reads_nothing', 'records_gone'] as const;

/** A warning on a run, a collection or a source. Never holds a secret. */
export interface Notice {
  readonly code: (typeof NOTICE_CODES)[number];
  /** What was noticed, about what. */
  readonly title: string;
  /** What to do next. */
  readonly remedy: string;
  /** ISO 8601. */
  readonly at: string;
  readonly collection?: string;
}
