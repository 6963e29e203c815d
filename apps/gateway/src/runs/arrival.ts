import type { Ends } from '#persistence';

/** How many offsets lie between where somebody is and where they must come; where nothing is known of a partition, all of it. */
export const behind = (ends: Ends, positions: ReadonlyMap<string, string>): number =>
  Object.entries(ends).reduce((sum, [key, end]) => sum + Math.max(0, Number(BigInt(end) - BigInt(positions.get(key) ?? '0'))), 0);

/** The ends that aren't reached yet. */
export const notReached = (ends: Ends, positions: ReadonlyMap<string, string>): Ends =>
  Object.fromEntries(Object.entries(ends).filter(([key, end]) => BigInt(positions.get(key) ?? '0') < BigInt(end)));
