import type { ConnectorDeclaration } from '#connector-kit';
import type { RunExtent } from '#persistence';
import { invalid, type FieldError } from '../http/problem.js';
import { readCollections } from '../sources/source-input.js';

/** What a person asks to read anew. */
export interface AskedExtent { readonly collections?: readonly string[]; readonly from?: string; readonly to?: string }

const NAMES = 10;
const some = (names: readonly string[]): string => `${names.slice(0, NAMES).join(', ')}${names.length > NAMES ? ` and ${names.length - NAMES} more` : ''}`;

/**
 * An extent that the connector can read: selected collections that a sync reads, and with a window those that can be limited
 * by time. Collections that aren't named are all of that kind.
 * @throws Problem naming the fields
 */
export function readExtent(declaration: ConnectorDeclaration, selected: readonly string[], startDate: Date, asked: AskedExtent, now: number): RunExtent {
  const errors: FieldError[] = [];
  const window = readWindow(asked, startDate, now, errors);
  const refuse = (names: readonly string[], why: string): void => { if (names.length > 0) errors.push({ field: 'collections', message: `${some(names)}: ${why}` }); };
  const declared = new Map(declaration.collections.map((collection) => [collection.name, collection]));
  const bySync = (name: string): boolean => declared.get(name)?.components.includes('sync') === true;
  const byTime = (name: string): boolean => window === undefined || declared.get(name)?.window !== undefined;

  const named = asked.collections === undefined ? undefined : readCollections(declaration, asked.collections);
  const collections = named ?? selected.filter((name) => bySync(name) && byTime(name));
  refuse(collections.filter((name) => !selected.includes(name)), 'not selected in this source. Select it first (PUT /api/v1/sources/{id}/collections); the next sync then reads it from the start date.');
  refuse(collections.filter((name) => !bySync(name)), 'comes by webhook only, so there is nothing to read again. A replay may bring it.');
  refuse(collections.filter((name) => bySync(name) && !byTime(name)), `${declaration.title} can't limit it by time. Leave from and to out to read it whole.`);
  if (collections.length === 0) errors.push({ field: 'collections', message: 'No selected collection is left to read.' });
  if (errors.length > 0) throw invalid(errors);
  return { collections, ...window };
}

/** An extent for a replay: any of the selected collections, and from when on what was received. @throws Problem naming the fields */
export function readReplay(declaration: ConnectorDeclaration, selected: readonly string[], { collections, from }: Omit<AskedExtent, 'to'>, now: number): RunExtent {
  const errors: FieldError[] = [];
  const named = collections === undefined ? selected : readCollections(declaration, collections);
  const others = named.filter((name) => !selected.includes(name));
  if (others.length > 0) errors.push({ field: 'collections', message: `${some(others)}: not selected in this source. Select it first (PUT /api/v1/sources/{id}/collections).` });
  const begin = from === undefined ? undefined : Date.parse(from);
  if (Number.isNaN(begin)) errors.push({ field: 'from', message: 'from must be a date or a time, such as 2026-01-31 or 2026-01-31T12:00:00Z.' });
  if (begin !== undefined && begin > now) errors.push({ field: 'from', message: 'from lies in the future.' });
  if (errors.length > 0) throw invalid(errors);
  return { collections: named, ...(begin !== undefined && { from: new Date(begin).toISOString(), to: new Date(now).toISOString() }) };
}

function readWindow({ from, to }: AskedExtent, startDate: Date, now: number, errors: FieldError[]): { readonly from: string; readonly to: string } | undefined {
  if (from === undefined && to === undefined) return undefined;
  const [begin, end] = [from === undefined ? startDate.getTime() : Date.parse(from), to === undefined ? now : Date.parse(to)];
  const fail = (field: string, message: string): void => { errors.push({ field, message }); };
  if (Number.isNaN(begin)) fail('from', 'from must be a date or a time, such as 2026-01-31 or 2026-01-31T12:00:00Z.');
  if (Number.isNaN(end)) fail('to', 'to must be a date or a time, such as 2026-01-31 or 2026-01-31T12:00:00Z.');
  if (begin < startDate.getTime()) fail('from', `from lies before the sync start date of this source, ${startDate.toISOString()}.`);
  if (begin > now) fail('from', 'from lies in the future.');
  if (begin >= end) fail('to', 'to must be later than from.');
  return errors.length > 0 ? undefined : { from: new Date(begin).toISOString(), to: new Date(Math.min(end, now)).toISOString() };
}
