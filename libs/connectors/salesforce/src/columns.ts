import { PartnerContractError, PermissionDeniedError } from '#contracts';
import type { Session } from './session.js';
import { API } from './session.js';
import { CURSORS, isObject } from './values.js';

/** What is asked for of an object: kept in the checkpoint, so that a day's runs need one describe. */
export interface Columns {
  /** Names in the order of describe, with `:n` for numbers and `:b` for booleans, separated by commas. */
  readonly fields: string;
  /** The field that tells when a record changed; empty when there is none. */
  readonly cursor: string;
  /** When it was described, milliseconds on the partner's clock. */
  readonly at: number;
}

const DAY_MS = 86_400_000;
/** Compound fields are their parts, which are fields too; the bytes of a file would be a link. */
const LEFT_OUT = new Set(['address', 'location', 'base64', 'complexvalue']);
const NUMBERS = new Set(['int', 'long', 'double', 'currency', 'percent']);

export interface Column { readonly name: string; readonly type: 'text' | 'number' | 'boolean' }

export const columnList = ({ fields }: Columns): Column[] => fields.split(',').map((text) => {
  const [name = '', type] = text.split(':');
  return { name, type: type === 'n' ? 'number' : type === 'b' ? 'boolean' : 'text' };
});

/** False: a field may have come or gone since. */
export const isFresh = (columns: Columns | undefined, now: number): columns is Columns => columns !== undefined && now - columns.at < DAY_MS;

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
    fields: fields.map(({ name, type }) => `${String(name)}${NUMBERS.has(String(type)) ? ':n' : type === 'boolean' ? ':b' : ''}`).join(','),
    cursor: CURSORS.find((name) => names.has(name)) ?? '', at: response.observedAt,
  };
}
