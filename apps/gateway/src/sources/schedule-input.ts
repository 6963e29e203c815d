import { parentsOf, type ConnectorDeclaration } from '#connector-kit';
import type { NewSchedule } from '#persistence';
import { minutesOf } from '#schedule';
import { invalid } from '../http/problem.js';

export const DEFAULT_INTERVAL = 180;
const DAY = 1_440;
const LONGEST_RHYTHM = 7 * DAY;

/** A schedule as it is asked for; what is left out stays as it is. */
export interface AskedSchedule {
  readonly mode?: NewSchedule['mode'];
  readonly intervalMinutes?: number;
  readonly startAt?: string;
  readonly times?: readonly string[];
  readonly collections?: readonly { readonly collection: string; readonly everyMinutes: number | null }[];
}

/** @param floor the shortest interval allowed, in minutes. @throws Problem */
export function readInterval(asked: number, floor: number): number {
  if (!Number.isInteger(asked) || asked < floor || asked > DAY) throw invalid([{ field: 'intervalMinutes', message: `intervalMinutes must be between ${floor} and ${DAY}.` }]);
  return asked;
}

/** Times of day in order, each once, none nearer to the next than the shortest interval. @throws Problem */
export function readTimes(asked: readonly string[], floor: number): string[] {
  const times = [...new Set(asked)].sort();
  const near = times.find((time, n) => times.length > 1 && (minutesOf(times[(n + 1) % times.length] ?? time) - minutesOf(time) + DAY) % DAY < floor);
  if (near !== undefined) throw invalid([{ field: 'times', message: `times must be at least ${floor} minutes apart; ${near} is too near to the next one.` }]);
  return times;
}

/** When to run. @throws Problem */
export function readTiming({ mode, intervalMinutes, startAt, times }: AskedSchedule, floor: number): Pick<NewSchedule, 'mode' | 'intervalMinutes' | 'startAt' | 'times'> {
  const byInterval = intervalMinutes !== undefined || startAt !== undefined;
  const chosen = mode ?? (times !== undefined ? 'times' : byInterval ? 'interval' : undefined);
  if (chosen === undefined) return {};
  if (chosen === 'times' ? byInterval || times === undefined : times !== undefined) {
    throw invalid([{ field: 'mode', message: 'Give times for preferred times of day, or intervalMinutes and startAt for an interval, not both.' }]);
  }
  return {
    mode: chosen, ...(intervalMinutes !== undefined && { intervalMinutes: readInterval(intervalMinutes, floor) }), ...(startAt !== undefined && { startAt }),
    ...(times !== undefined && { times: readTimes(times, floor) }),
  };
}

/**
 * The rhythms of all selected collections. Those whose records come in the pages of the same reader are read together, so they
 * have one: the one that any of them is given.
 * @param had what they have now @throws Problem
 */
export function readRhythms(
  { collections, title }: Pick<ConnectorDeclaration, 'collections' | 'title'>, selected: readonly string[], asked: AskedSchedule['collections'] = [], had: ReadonlyMap<string, number | null> = new Map(), floor = 1,
): Map<string, number | null> {
  for (const { collection, everyMinutes } of asked) {
    if (!selected.includes(collection)) throw invalid([{ field: 'collections', message: `${collection} is not a selected collection of this source.` }]);
    if (everyMinutes !== null && (everyMinutes < floor || everyMinutes > LONGEST_RHYTHM)) throw invalid([{ field: 'collections', message: `everyMinutes of ${collection} must be between ${floor} and ${LONGEST_RHYTHM}.` }]);
  }
  const given = new Map(asked.map(({ collection, everyMinutes }) => [collection, everyMinutes]));
  const rhythms = new Map<string, number | null>();
  for (const together of readTogether(collections, selected)) {
    const wished = new Set(together.filter((name) => given.has(name)).map((name) => given.get(name) ?? null));
    if (wished.size > 1) throw invalid([{ field: 'collections', message: `${title} sends ${together.join(', ')} in the same pages: give them the same rhythm.` }]);
    const [rhythm = together.map((name) => had.get(name) ?? null).find((minutes) => minutes !== null) ?? null] = wished;
    for (const name of together) rhythms.set(name, rhythm);
  }
  return rhythms;
}

/** The selected collections in groups that share a reader. */
function readTogether(collections: ConnectorDeclaration['collections'], selected: readonly string[]): string[][] {
  const groups: { readonly readers: Set<string>; readonly members: string[] }[] = [];
  for (const collection of collections.filter(({ name }) => selected.includes(name))) {
    const readers = new Set([collection.name, ...parentsOf(collection)]);
    const members = [collection.name];
    for (const group of groups.filter((one) => [...one.readers].some((reader) => readers.has(reader)))) {
      for (const reader of group.readers) readers.add(reader);
      members.unshift(...group.members);
      groups.splice(groups.indexOf(group), 1);
    }
    groups.push({ readers, members });
  }
  return groups.map(({ members }) => members);
}
