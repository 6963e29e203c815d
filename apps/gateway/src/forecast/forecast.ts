import { parentsOf, planReads, type Connector } from '#connector-kit';
import type { MeasuredCalls } from '#persistence';
import { readsPerDay, runsPerDay, type Schedule } from '#schedule';

/** What a forecast is made of. */
export interface Forecast {
  readonly connector: Pick<Connector, 'declaration' | 'readers' | 'changeFeed'>;
  /** Selected collections with their rhythms in minutes; null: each run reads them. */
  readonly selected: ReadonlyMap<string, number | null>;
  readonly schedule: Schedule;
  /** Runs a day that the plan allows; 0: any number. */
  readonly syncsPerDay: number;
  readonly measured: readonly MeasuredCalls[];
  /** Those that are read in full every so many days, for their calculated columns. */
  readonly fullReads: { readonly days: number; readonly collections: ReadonlySet<string> };
}

export interface CollectionForecast {
  readonly collection: string;
  readonly selected: boolean;
  /** Selected collections whose records come in its pages. */
  readonly readFor: readonly string[];
  /** Calls of a run that reads it. */
  readonly callsPerSync: number;
  readonly basis: 'declared' | 'measured';
  /** Each sync reads all of it, and how many records there are isn't known yet: it costs no less than this. */
  readonly isLeast: boolean;
  /** Runs that the average is made of. */
  readonly measuredRuns: number;
  readonly readsPerDay: number;
  readonly fullReadsPerDay: number;
  /** Calls of a read of everything: the first one, too. Null: nobody knows yet. */
  readonly fullReadCalls: number | null;
  readonly callsPerDay: number;
}

export interface ForecastTotals {
  readonly runsPerDay: number;
  readonly collections: readonly CollectionForecast[];
  /** Of a run that reads all of them. */
  readonly callsPerSync: number;
  readonly callsPerDay: number;
  /** Null: not measured, and not less than `atLeast`. */
  readonly firstSync: { readonly calls: number | null; readonly atLeast: number };
  /** Collections whose full reads are in no figure: what one costs isn't known yet. */
  readonly unknownFullReads: readonly string[];
}

/**
 * What a source will cost a day: by what was measured, or else by the connector's declaration. A collection that isn't
 * selected costs nothing unless its pages bring one that is; one whose records come in the pages of another costs nothing of its own.
 */
export function forecast({ connector, selected, schedule, syncsPerDay, measured, fullReads }: Forecast): ForecastTotals {
  const { declaration: { collections: declared }, changeFeed } = connector;
  const most = syncsPerDay === 0 ? Infinity : syncsPerDay;
  const plans = selected.size === 0 ? [] : planReads(connector, new Set(selected.keys()));
  const reads = (names: readonly string[]): number => Math.min(most, Math.max(0, ...names.map((name) => readsPerDay(schedule, selected.get(name) ?? null))));
  const known = new Map(measured.map((one) => [one.collection, one]));
  const collections = declared.map(({ name, callsPerSync: stated, callsPerDay: besides = 0, rowsPerCall }): CollectionForecast => {
    const plan = plans.find(({ reader }) => reader === name);
    const rest = { collection: name, selected: selected.has(name), readFor: plan?.feeds.filter((feed) => feed !== name) ?? [] };
    if (plan === undefined) return { ...rest, callsPerSync: 0, basis: 'declared', isLeast: false, measuredRuns: 0, readsPerDay: selected.has(name) ? reads([name]) : 0, fullReadsPerDay: 0, fullReadCalls: 0, callsPerDay: 0 };
    const { average = null, runs = 0, full = null } = known.get(name) ?? {};
    // The change feed is asked in each run that reads anything.
    const perDay = reads(name === changeFeed ? [...selected.keys()] : plan.feeds);
    const fullPerDay = fullReads.days > 0 && fullReads.collections.has(name) ? Math.min(perDay, 1 / fullReads.days) : 0;
    // An average of few runs may not have met what happens once a day.
    const usual = Math.max(stated * perDay + besides, (average ?? 0) * perDay);
    return {
      ...rest, callsPerSync: average ?? stated, basis: average === null ? 'declared' : 'measured', isLeast: average === null && rowsPerCall !== undefined, measuredRuns: runs, readsPerDay: perDay, fullReadsPerDay: fullPerDay, fullReadCalls: full,
      callsPerDay: usual + (full ?? 0) * fullPerDay,
    };
  });
  const asked = collections.filter(({ collection }) => plans.some(({ reader }) => reader === collection));
  const sum = (of: (one: CollectionForecast) => number): number => asked.reduce((total, one) => total + of(one), 0);
  // A feed that brings no records itself has nothing to tell a first sync.
  const first = asked.filter(({ collection, selected: own, readFor }) => collection !== changeFeed || own || readFor.length > 0);
  const besides = new Map(declared.map(({ name, callsPerDay = 0 }) => [name, callsPerDay]));
  const stated = new Map(declared.map(({ name, callsPerSync }) => [name, callsPerSync]));
  return {
    runsPerDay: Math.min(most, runsPerDay(schedule)), collections, callsPerSync: sum(({ callsPerSync }) => callsPerSync), callsPerDay: Math.ceil(round(sum(({ callsPerDay }) => callsPerDay))),
    firstSync: {
      calls: first.length > 0 && first.every(({ fullReadCalls }) => fullReadCalls !== null) ? first.reduce((total, { fullReadCalls }) => total + (fullReadCalls ?? 0), 0) : null,
      atLeast: first.reduce((total, { collection }) => total + (stated.get(collection) ?? 0) + (besides.get(collection) ?? 0), 0),
    },
    unknownFullReads: asked.filter(({ fullReadsPerDay, fullReadCalls }) => fullReadsPerDay > 0 && fullReadCalls === null).map(({ collection }) => collection),
  };
}

/** Sums of fractions carry errors that would count as a call. */
const round = (value: number): number => Math.round(value * 1e6) / 1e6;

/** Names that the account alone knows, before they were looked for, as collections that cost what its declaration says of them. */
export function withUnknown(connector: Pick<Connector, 'declaration' | 'readers' | 'changeFeed'>, names: readonly string[]): Forecast['connector'] {
  const { declaration, readers } = connector;
  const { discovered } = declaration;
  const own = new Set(declaration.collections.flatMap((collection) => [collection.name, ...parentsOf(collection)]));
  const unknown = discovered === undefined ? [] : names.filter((name) => !own.has(name));
  if (discovered === undefined || unknown.length === 0) return connector;
  const nothing = async function* (): AsyncGenerator<never> {};
  return {
    ...connector,
    declaration: {
      ...declaration,
      collections: [...declaration.collections, ...unknown.map((name) => ({
        name, kind: 'object' as const, title: name, description: discovered.description, components: ['sync' as const], permissions: [], fields: {}, selectedByDefault: false,
        callsPerSync: discovered.callsPerSync, ...(discovered.callsPerDay !== undefined && { callsPerDay: discovered.callsPerDay }),
      }))],
    },
    readers: { ...readers, ...Object.fromEntries(unknown.map((name) => [name, nothing])) },
  };
}
