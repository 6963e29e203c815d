import { BudgetExhaustedError } from '#contracts';
import { RateLimit, type RateLimits, type RateState } from './rate-limit.js';
import type { Quota } from './types.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What the partner said of its limit, and when (milliseconds since the epoch). */
export interface QuotaReading extends Quota {
  readonly readAt: number;
  /** Calls of ours that were admitted since. */
  readonly since: number;
}

/** What all who call for one account of a partner share. */
export interface AccountState {
  readonly rate?: RateState;
  readonly quotas?: readonly QuotaReading[];
}

/** One call that asks to be let through. */
export interface Admission {
  readonly endpoint: string;
  readonly maxWaitMs: number;
  readonly limits: RateLimits & { readonly callsPerDay?: number };
  /** What the partner said since the last call. */
  readonly quotas: readonly Quota[];
  /** Calls a day (UTC) that the source may make; null: any number. */
  readonly budget: number | null;
  /** Calls of this day (UTC): the source's, and all of the account. */
  readonly used: { readonly source: number; readonly account: number };
  /** Share of the partner's own limit that is left to its other users, 0 to 1. */
  readonly reserve: number;
}

/**
 * Whether a call may be made, and when. Everybody who calls for an account asks here with the account's row locked, so that
 * rates, budgets and limits hold over all sources, runs and processes.
 * @param now milliseconds since the epoch, of one clock for all
 * @returns the account's next state; `waitMs` above `maxWaitMs`, or `refused`: nothing was taken
 */
export function admit(account: AccountState, call: Admission, now: number): { readonly state: AccountState; readonly waitMs: number; readonly refused?: BudgetExhaustedError } {
  const quotas = withReadings(account.quotas ?? [], call.quotas, now);
  const refused = refusal(quotas, call, now);
  if (refused !== undefined) return { state: { ...account, quotas }, waitMs: 0, refused };
  const rate = new RateLimit(call.limits, account.rate);
  const waitMs = rate.reserve(call.endpoint, now, call.maxWaitMs);
  const taken = waitMs <= call.maxWaitMs;
  return { state: { rate: rate.state(now), quotas: taken ? quotas.map((quota) => ({ ...quota, since: quota.since + 1 })) : quotas }, waitMs: Math.ceil(waitMs) };
}

/** Nobody calls the endpoint for so long. */
export function pauseAccount(account: AccountState, limits: RateLimits, endpoint: string, ms: number, now: number): AccountState {
  const rate = new RateLimit(limits, account.rate);
  rate.pause(endpoint, now + ms, now);
  return { ...account, rate: rate.state(now) };
}

/** The newest reading of each name. */
export function withReadings(known: readonly QuotaReading[], quotas: readonly Quota[], now: number): readonly QuotaReading[] {
  const names = new Map(known.map((reading) => [reading.name, reading]));
  for (const quota of quotas) names.set(quota.name, { ...quota, readAt: now, since: 0 });
  return [...names.values()];
}

function refusal(quotas: readonly QuotaReading[], { budget, used, reserve, limits: { callsPerDay } }: Admission, now: number): BudgetExhaustedError | undefined {
  const tomorrow = DAY_MS - now % DAY_MS;
  if (budget !== null && used.source >= budget) return new BudgetExhaustedError(`The source's budget of ${budget} API calls a day is used up.`, { retryAfterMs: tomorrow });
  if (callsPerDay !== undefined && used.account >= Math.floor(callsPerDay * (1 - reserve))) return leftToOthers(used.account, callsPerDay, reserve, tomorrow);
  for (const { limit, used: theirs, since, windowMs, readAt, resetsInMs } of quotas) {
    // Limits of a minute are the rate's; a day's are read again after an hour, which takes one call.
    const until = readAt + Math.min(resetsInMs ?? HOUR_MS, DAY_MS);
    if (windowMs < HOUR_MS || now >= until || theirs + since < Math.floor(limit * (1 - reserve))) continue;
    return leftToOthers(theirs + since, limit, reserve, until - now);
  }
  return undefined;
}

const leftToOthers = (used: number, limit: number, reserve: number, retryAfterMs: number): BudgetExhaustedError =>
  new BudgetExhaustedError(`Of the account's ${limit} API calls a day ${used} are used; the last ${Math.round(reserve * 100)} % are left to its other users.`, {
    remedy: 'Raise the partner\'s limit, lower the share that this source leaves to others, or wait: the run goes on by itself.', retryAfterMs,
  });
