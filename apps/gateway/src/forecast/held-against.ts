import type { AccountView } from '#persistence';
import type { ForecastTotals } from './forecast.js';
import type { ForecastDto } from './forecast.dto.js';

const DAY_MS = 86_400_000;

/** What a source may call a day. */
export interface DailyLimits {
  readonly budget: number | null;
  readonly reservePercent: number;
  /** The partner's documented limit. */
  readonly callsPerDay: number | undefined;
  /** Undefined before there is a source. */
  readonly account: Pick<AccountView, 'quotas' | 'othersLastDay'> | undefined;
}

/** A forecast as the API shows it, held against the budget and the partner's own limits. */
export function heldAgainst({ unknownFullReads, firstSync, ...totals }: ForecastTotals, { budget, reservePercent, callsPerDay, account }: DailyLimits): ForecastDto {
  const limit = (one: Pick<ForecastDto['limits'][number], 'kind' | 'name' | 'limit' | 'reserved' | 'usedByOthers' | 'readAt'>): ForecastDto['limits'][number] => {
    const available = Math.max(0, one.limit - one.reserved - one.usedByOthers);
    return { ...one, available, percent: available === 0 ? null : Math.round(1_000 * totals.callsPerDay / available) / 10 };
  };
  const reserved = (all: number): number => all - Math.floor(all * (1 - reservePercent / 100));
  const told = account?.quotas.filter(({ windowMs }) => windowMs === DAY_MS) ?? [];
  const otherSources = account?.othersLastDay ?? 0;
  const limits = [
    ...(budget === null ? [] : [limit({ kind: 'budget', name: 'daily budget', limit: budget, reserved: 0, usedByOthers: 0, readAt: null })]),
    ...told.map(({ name, limit: all, used, ours, readAt }) => limit({ kind: 'partner', name, limit: all, reserved: reserved(all), usedByOthers: Math.max(0, used - ours) + otherSources, readAt: new Date(readAt) })),
    ...(told.length > 0 || callsPerDay === undefined ? [] : [limit({ kind: 'partner', name: 'documented limit', limit: callsPerDay, reserved: reserved(callsPerDay), usedByOthers: otherSources, readAt: null })]),
  ];
  return {
    ...totals, limits, collections: totals.collections.map((one) => ({ ...one, readFor: [...one.readFor] })),
    firstSync: {
      ...firstSync, basis: firstSync.calls === null ? 'unknown' : 'measured',
      explanation: firstSync.calls === null ? 'How many records there are isn\'t known before they were read: each full page more is a call more.' : 'The calls of the last read of everything of each collection.',
    },
    warnings: [
      ...limits.filter(({ available }) => totals.callsPerDay > available).map(({ kind, available }) => (kind === 'budget' ? {
        code: 'over_budget' as const, title: `About ${totals.callsPerDay} calls a day are more than the budget of ${available}: syncs will wait for the next day.`,
        remedy: 'Raise the budget, sync less often, or give collections that change seldom a rhythm of their own.',
      } : {
        code: 'over_partner_limit' as const, title: `About ${totals.callsPerDay} calls a day are more than the ${available} that the partner's limit leaves for this source: syncs will wait.`,
        remedy: 'Sync less often, deselect collections, lower the share that is left to others, or raise the limit at the partner\'s.',
      })),
      ...(unknownFullReads.length === 0 ? [] : [{
        code: 'full_reads_unknown' as const, title: `Full reads of ${unknownFullReads.slice(0, 5).join(', ')}${unknownFullReads.length > 5 ? ` and ${unknownFullReads.length - 5} more` : ''} are in no figure: what one costs isn't known before the first.`,
        remedy: 'Look again after the first sync.',
      }]),
    ],
  };
}
