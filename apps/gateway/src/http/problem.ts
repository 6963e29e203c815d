import type { ErrorCode } from '#contracts';

/** Codes of the API's own refusals, beside those of the error taxonomy. */
export const PROBLEM_CODES = [
  'validation_failed', 'unauthenticated', 'forbidden', 'not_found', 'conflict', 'too_many_requests', 'run_active', 'sync_quota_used_up', 'source_in_error', 'source_paused', 'warehouse_required', 'warehouse_refused',
  'warehouse_unavailable', 'kafka_unavailable', 'warehouse_in_use', 'source_not_included', 'slug_taken', 'idempotency_key_reused', 'unsupported_media_type', 'method_not_allowed', 'payload_too_large', 'oauth_client_missing', 'account_differs',
  'query_failed', 'query_refused', 'query_timeout', 'query_cancelled', 'query_too_large',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number] | ErrorCode;

export interface FieldError { readonly field: string; readonly message: string }

export interface ProblemBody {
  readonly status: number;
  readonly code: ProblemCode;
  /** What happened, to what. */
  readonly title: string;
  /** What to do next. */
  readonly remedy: string;
  /** The partner's or the warehouse's own words. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  readonly supportReference?: string;
  /** Of SQL that failed: where in the statement, 1-based, in Unicode characters. */
  readonly position?: number;
}

/** A refusal on its way to the client, who gets it as problem details (RFC 9457). Holds no secret. */
export class Problem extends Error {
  constructor(readonly body: ProblemBody) { super(body.title); }
}

/** The same for what isn't there and for what belongs to another workspace. */
export const notFound = (what: string): Problem =>
  new Problem({ status: 404, code: 'not_found', title: `There is no such ${what}.`, remedy: 'Check the id, and that you are in the right workspace.' });

export const invalid = (errors: readonly FieldError[]): Problem =>
  new Problem({ status: 400, code: 'validation_failed', title: 'The request is not valid.', remedy: 'Correct the fields listed under errors.', errors });
