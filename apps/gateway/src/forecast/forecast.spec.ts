import { describe, expect, it } from '@jest/globals';
import { loadConnector } from '#connectors';
import { forecast, withUnknown, type CollectionForecast, type Forecast } from './forecast.js';
import { heldAgainst, type DailyLimits } from './held-against.js';

const DAY_MS = 86_400_000;
const every = (everyMinutes: number): Forecast['schedule'] => ({ mode: 'interval', everyMinutes, phase: 0 });
const [stripe, salesforce, zendesk] = await Promise.all([loadConnector('stripe'), loadConnector('salesforce'), loadConnector('zendesk')]);

function of(connector: Forecast['connector'], selected: Readonly<Record<string, number | null>>, more: Partial<Forecast> = {}) {
  const result = forecast({ connector, selected: new Map(Object.entries(selected)), schedule: every(180), syncsPerDay: 0, measured: [], fullReads: { days: 0, collections: new Set() }, ...more });
  const one = (name: string): CollectionForecast | undefined => result.collections.find(({ collection }) => collection === name);
  return { ...result, one };
}
const held = (callsPerDay: number, limits: Partial<DailyLimits>) =>
  heldAgainst({ ...of(salesforce, {}), callsPerDay }, { budget: null, reservePercent: 20, callsPerDay: undefined, account: undefined, ...limits });

describe('a forecast', () => {
  it('is by the declaration until there are runs: Salesforce one query a sync and one describe a day', () => {
    const { one, ...result } = of(salesforce, { accounts: null, contacts: null });
    expect(result).toMatchObject({ runsPerDay: 8, callsPerSync: 2, callsPerDay: 18, firstSync: { calls: null, atLeast: 4 } });
    expect(one('accounts')).toMatchObject({ selected: true, basis: 'declared', readsPerDay: 8, callsPerDay: 9 });
    expect(one('leads')).toMatchObject({ selected: false, callsPerSync: 0, callsPerDay: 0, readsPerDay: 0 });
  });

  it('has nothing for parts, and what their pages cost where those come from', () => {
    const { one } = of(stripe, { invoice_lines: null });
    expect(one('invoice_lines')).toMatchObject({ selected: true, callsPerSync: 0, callsPerDay: 0 });
    expect(one('invoices')).toMatchObject({ selected: false, readFor: ['invoice_lines'], callsPerSync: 1, callsPerDay: 8 });
    expect(of(stripe, {})).toMatchObject({ callsPerSync: 0, callsPerDay: 0, firstSync: { calls: null, atLeast: 0 } });
  });

  it('counts a collection as often as its rhythm has it read, and no more syncs than the plan allows', () => {
    expect(of(salesforce, { accounts: null, contacts: 1_440 })).toMatchObject({ callsPerSync: 2, callsPerDay: 9 + 2 });
    expect(of(salesforce, { accounts: null }, { syncsPerDay: 3 })).toMatchObject({ runsPerDay: 3, callsPerDay: 4 });
    expect(of(salesforce, { accounts: null }, { schedule: { mode: 'times', times: ['06:00', '18:00'], timeZone: 'UTC' } })).toMatchObject({ runsPerDay: 2, callsPerDay: 3 });
  });

  it('takes what was measured instead, never below what the declaration says', () => {
    const { one, ...result } = of(salesforce, { accounts: null, contacts: null }, { measured: [{ collection: 'accounts', full: 40, average: 3.5, runs: 12 }, { collection: 'contacts', full: 5, average: 1, runs: 12 }] });
    expect(one('accounts')).toMatchObject({ basis: 'measured', measuredRuns: 12, callsPerSync: 3.5, callsPerDay: 28, fullReadCalls: 40 });
    expect(one('contacts')).toMatchObject({ callsPerSync: 1, callsPerDay: 9 });
    expect(result).toMatchObject({ callsPerDay: 37, firstSync: { calls: 45 } });
  });

  it('says that a list which each sync reads whole costs no less, until it was measured', () => {
    expect(of(zendesk, { groups: null, tickets: null }).collections.filter(({ isLeast }) => isLeast).map(({ collection }) => collection)).toEqual(['groups']);
    expect(of(zendesk, { groups: null }, { measured: [{ collection: 'groups', full: 3, average: 3, runs: 1 }] }).one('groups')).toMatchObject({ isLeast: false, callsPerDay: 24 });
  });

  it('takes in that objects with formulas are read in full every so many days', () => {
    const fullReads = { days: 7, collections: new Set(['accounts']) };
    const { one, ...result } = of(salesforce, { accounts: null, contacts: null }, { fullReads, measured: [{ collection: 'accounts', full: 70, average: 1, runs: 5 }] });
    expect(one('accounts')).toMatchObject({ fullReadsPerDay: 1 / 7, callsPerDay: 19 });
    expect(result).toMatchObject({ callsPerDay: 28, unknownFullReads: [] });
    expect(of(salesforce, { accounts: null }, { fullReads }).unknownFullReads).toEqual(['accounts']);
  });

  it('takes names that only the account knows for its own collections', () => {
    const connector = withUnknown(salesforce, ['accounts', 'invoice_c']);
    expect(of(connector, { accounts: null, invoice_c: null })).toMatchObject({ callsPerSync: 2, callsPerDay: 18 });
    expect(withUnknown(stripe, ['no_such'])).toBe(stripe);
  });
});

describe('a forecast is held against', () => {
  it('the budget', () => {
    expect(held(18, { budget: 20 })).toMatchObject({ limits: [{ kind: 'budget', limit: 20, available: 20, percent: 90 }], warnings: [] });
    expect(held(18, { budget: 17 }).warnings).toMatchObject([{ code: 'over_budget' }]);
  });

  it('what the partner says of a day, without the reserve, others\' calls and the account\'s other sources', () => {
    const quota = { name: 'api', windowMs: DAY_MS, limit: 1_000, used: 300, readAt: 0, since: 4, ours: 100 };
    const account = { quotas: [quota, { ...quota, name: 'minute', windowMs: 60_000 }], othersLastDay: 50 };
    expect(held(275, { account })).toMatchObject({ limits: [{ kind: 'partner', name: 'api', limit: 1_000, reserved: 200, usedByOthers: 250, available: 550, percent: 50 }], warnings: [] });
    expect(held(551, { account }).warnings).toMatchObject([{ code: 'over_partner_limit' }]);
    expect(held(1, { callsPerDay: 100 }).limits).toMatchObject([{ name: 'documented limit', available: 80 }]);
    expect(held(1, {}).limits).toEqual([]);
  });
});
