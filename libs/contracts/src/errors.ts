/**
 * The error taxonomy: one class a row. Connectors map a partner's answers to these; the fetcher decides by `code` what
 * happens next; the console shows `title`, `remedy` and, under "details", the partner's own words.
 */
export const ERROR_CODES = [
  'authentication_failed', 'permission_denied', 'rate_limited', 'budget_exhausted', 'partner_unavailable',
  'partner_contract', 'configuration_invalid', 'hung', 'out_of_memory', 'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** How an error travels in topics, in the control database and in the REST API. Never holds a secret. */
export interface ErrorReport {
  readonly code: ErrorCode;
  /** One line, in the reader's words: what happened, to what. */
  readonly title: string;
  /** What to do next. */
  readonly remedy: string;
  /** The partner's own words, at most 2,000 characters. */
  readonly details?: string;
  /** Milliseconds until a repeat makes sense, where the partner said so. */
  readonly retryAfterMs?: number;
  /** What to quote to support; set for `hung`, `out_of_memory` and `internal`. */
  readonly supportReference?: string;
}

export interface ErrorDetail {
  readonly remedy?: string;
  readonly details?: string;
  readonly retryAfterMs?: number;
  readonly supportReference?: string;
  readonly cause?: unknown;
}

const MAX_DETAILS = 2_000;

/** What support knows of a run that they must know of; `unconfigured`: the installation has no support channel. */
export const SUPPORT_STATES = ['notified', 'pending', 'unconfigured'] as const;
export type SupportState = (typeof SUPPORT_STATES)[number];

/** What to do about a run that ended with a support reference. */
export const SUPPORT_REMEDY: Readonly<Record<SupportState, string>> = {
  notified: 'Contact support with the reference below; they already have the complete log. The next run goes on from the checkpoint.',
  pending: 'Contact support with the reference below, and say that the log could not be sent yet: it is sent again until it arrives. The next run goes on from the checkpoint.',
  unconfigured: 'Give the operator of this installation the reference below and the log of the run: no support channel is set up (SUPPORT_SMTP_URL or SUPPORT_HOOK_URL). The next run goes on from the checkpoint.',
};

/** Errors that support is told of with the complete log, before anyone sees the run as over. */
export const needsSupport = (error: ErrorReport | undefined): boolean => error !== undefined && ['hung', 'out_of_memory', 'internal'].includes(error.code);

export abstract class CloudSourcesError extends Error {
  abstract readonly code: ErrorCode;
  readonly remedy: string;
  readonly details: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly supportReference: string | undefined;

  constructor(title: string, defaultRemedy: string, detail: ErrorDetail = {}) {
    super(title, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = new.target.name;
    this.remedy = detail.remedy ?? defaultRemedy;
    this.details = detail.details === undefined || detail.details === '' ? undefined : detail.details.slice(0, MAX_DETAILS);
    this.retryAfterMs = detail.retryAfterMs;
    this.supportReference = detail.supportReference;
  }

  report(): ErrorReport {
    return {
      code: this.code, title: this.message, remedy: this.remedy,
      ...(this.details !== undefined && { details: this.details }),
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
      ...(this.supportReference !== undefined && { supportReference: this.supportReference }),
    };
  }
}

/** 401, or a token that refresh can't mend: quit at once, the other collections are skipped, the source is in error. */
export class AuthenticationFailedError extends CloudSourcesError {
  readonly code = 'authentication_failed';
  constructor(title: string, detail?: ErrorDetail) { super(title, 'Enter new credentials for this source; nothing is called until you do.', detail); }
}

/** 403 on one resource: this collection fails, the rest go on. */
export class PermissionDeniedError extends CloudSourcesError {
  readonly code = 'permission_denied';
  constructor(title: string, detail?: ErrorDetail) { super(title, 'Give the credentials access to this collection, or deselect it. Nothing else is affected.', detail); }
}

/** 429: wait if short, otherwise the run is deferred until the limit resets. */
export class RateLimitedError extends CloudSourcesError {
  readonly code = 'rate_limited';
  constructor(title: string, detail?: ErrorDetail) { super(title, 'Nothing to do: the run goes on from its checkpoint when the limit resets.', detail); }
}

/** The source's own daily budget of API calls is used up: deferred until it resets. */
export class BudgetExhaustedError extends CloudSourcesError {
  readonly code = 'budget_exhausted';
  constructor(title: string, detail?: ErrorDetail) { super(title, 'Raise the daily budget, or wait for it to reset: the run goes on by itself.', detail); }
}

/** 5xx, resets and time-outs after all retries: this collection fails and is tried again at the next due time. */
export class PartnerUnavailableError extends CloudSourcesError {
  readonly code = 'partner_unavailable';
  constructor(title: string, detail?: ErrorDetail) { super(title, "Look at the partner's status page; the next run goes on from the checkpoint.", detail); }
}

/** An answer that isn't what the partner documents (HTML, cut JSON, a missing id). */
export class PartnerContractError extends CloudSourcesError {
  readonly code = 'partner_contract';
  constructor(title: string, detail?: ErrorDetail) { super(title, 'Check that the base URL is the partner\'s API; otherwise report the answer below.', detail); }
}

/** Refused at the API; when it is met in a run, the run quits. */
export class ConfigurationInvalidError extends CloudSourcesError {
  readonly code = 'configuration_invalid';
  constructor(title: string, detail?: ErrorDetail) { super(title, 'Correct the configuration of the source.', detail); }
}

/** No progress for too long: the worker was killed. */
export class HungError extends CloudSourcesError {
  readonly code = 'hung';
  constructor(title: string, detail?: ErrorDetail) { super(title, SUPPORT_REMEDY.notified, detail); }
}

/** The worker outgrew its memory and was killed. */
export class OutOfMemoryError extends CloudSourcesError {
  readonly code = 'out_of_memory';
  constructor(title: string, detail?: ErrorDetail) { super(title, SUPPORT_REMEDY.notified, detail); }
}

/** Anything unhandled. */
export class InternalError extends CloudSourcesError {
  readonly code = 'internal';
  constructor(title: string, detail?: ErrorDetail) { super(title, SUPPORT_REMEDY.notified, detail); }
}

/** Any thrown value as a report; what isn't ours becomes `internal`, without its message (it may quote a secret). */
export function toErrorReport(thrown: unknown, supportReference?: string): ErrorReport {
  if (thrown instanceof CloudSourcesError) return thrown.report();
  const kind = thrown instanceof Error ? thrown.name : typeof thrown;
  return new InternalError(`An unhandled ${kind} stopped the work.`, supportReference === undefined ? {} : { supportReference }).report();
}

const BY_CODE: Readonly<Record<ErrorCode, new (title: string, detail?: ErrorDetail) => CloudSourcesError>> = {
  authentication_failed: AuthenticationFailedError, permission_denied: PermissionDeniedError, rate_limited: RateLimitedError, budget_exhausted: BudgetExhaustedError,
  partner_unavailable: PartnerUnavailableError, partner_contract: PartnerContractError, configuration_invalid: ConfigurationInvalidError, hung: HungError,
  out_of_memory: OutOfMemoryError, internal: InternalError,
};

/** The error that a report was made of, as far as it tells. */
export const fromErrorReport = ({ code, title, ...detail }: ErrorReport): CloudSourcesError => new BY_CODE[code](title, detail);
