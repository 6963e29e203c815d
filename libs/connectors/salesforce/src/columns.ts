import { PartnerContractError, PermissionDeniedError } from '#contracts';
import type { DescribedFields, FieldType } from '#connector-kit';
import { columnNames } from './column-name.js';
import type { Session } from './session.js';
import { API } from './session.js';
import { CURSORS, isObject } from './values.js';

/** What is asked for of an object: kept in the checkpoint, so that a day's runs need one describe. */
export interface Columns {
  /** Names in the order of describe, each with a letter for its type (see `LETTERS`) and `=` for a formula, e.g. `Id:s,Score__c:n=`. */
  readonly fields: string;
  /** The field that tells when a record changed; empty when there is none. */
  readonly cursor: string;
  /** When it was described, milliseconds on the partner's clock. */
  readonly at: number;
}

const DAY_MS = 86_400_000;
/** Compound fields are their parts, which are fields too; the bytes of a file would be a link. */
const LEFT_OUT = new Set(['address', 'location', 'base64', 'complexvalue']);

/** Types of describe that aren't text. `anyType` holds what it likes: the warehouse finds out. */
const LETTERS: Readonly<Record<string, string>> = { int: 'i', long: 'i', double: 'n', currency: 'n', percent: 'n', boolean: 'b', datetime: 't', date: 'd', anyType: '?' };
const TYPES: Readonly<Record<string, FieldType>> = { i: 'integer', n: 'number', b: 'boolean', t: 'timestamp', d: 'date', s: 'string' };

export interface Column { readonly name: string; readonly type: 'text' | 'number' | 'boolean' }

const split = ({ fields }: Columns): { readonly name: string; readonly letter: string; readonly calculated: boolean }[] => fields.split(',').map((text) => {
  const [name = '', type = ''] = text.split(':');
  return { name, letter: type.slice(0, 1), calculated: type.endsWith('=') };
});

export const columnList = (columns: Columns): Column[] =>
  split(columns).map(({ name, letter }) => ({ name, type: letter === 'n' || letter === 'i' ? 'number' : letter === 'b' ? 'boolean' : 'text' }));

/** As the warehouse names and types them. */
export function describedFields(columns: Columns): DescribedFields {
  const fields = split(columns);
  const names = columnNames(fields.map(({ name }) => name));
  const named = fields.map((field) => ({ ...field, column: names.get(field.name) ?? field.name }));
  return {
    types: Object.fromEntries(named.flatMap(({ column, letter }) => { const type = TYPES[letter]; return type === undefined ? [] : [[column, type]]; })),
    calculated: named.filter(({ calculated }) => calculated).map(({ column }) => column),
  };
}

export const hasFormulas = (columns: Columns): boolean => split(columns).some(({ calculated }) => calculated);

/** False: a field may have come or gone since, or an earlier version of this program described it without types. */
export const isFresh = (columns: Columns | undefined, now: number): columns is Columns => columns !== undefined && now - columns.at < DAY_MS && columns.fields.includes('Id:s');

/**
 * The fields of an object that these credentials may read.
 * @throws PermissionDeniedError when the object can't be queried
 * @throws PartnerContractError when the answer is no description
 */
export async function describe(session: Session, object: string): Promise<Columns> {
  const response = await session.send({ path: `${API}/sobjects/${object}/describe`, endpoint: 'describe' });
  const body = response.json();
  if (!isObject(body) || !Array.isArray(body.fields)) throw new PartnerContractError(`Salesforce's answer to ${response.request} doesn't describe an object.`);
  if (body.queryable === false) throw new PermissionDeniedError(`${object} can't be queried in this org.`);
  const fields = body.fields.filter(isObject).filter(({ name, type, deprecatedAndHidden }) => typeof name === 'string' && !LEFT_OUT.has(String(type)) && deprecatedAndHidden !== true);
  const names = new Set(fields.map(({ name }) => name));
  if (!names.has('Id')) throw new PartnerContractError(`Salesforce describes ${object} without an Id.`);
  return {
    fields: fields.map(({ name, type, calculated }) => `${String(name)}:${LETTERS[String(type)] ?? 's'}${calculated === true ? '=' : ''}`).join(','),
    cursor: CURSORS.find((name) => names.has(name)) ?? '', at: response.observedAt,
  };
}
