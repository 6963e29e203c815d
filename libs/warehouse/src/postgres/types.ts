import type { FieldType } from '#connector-kit';

/** The types that the loader makes columns of. */
export const COLUMN_TYPES = ['boolean', 'bigint', 'numeric', 'double', 'text', 'timestamptz', 'date', 'jsonb'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** As `CREATE TABLE` spells them. */
export const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  boolean: 'boolean', bigint: 'bigint', numeric: 'numeric', double: 'double precision', text: 'text', timestamptz: 'timestamptz', date: 'date', jsonb: 'jsonb',
};

/** What `format_type` says of a column, as one of ours; undefined for a type that a person chose and we can't write. */
export function fromCatalog(formatted: string): ColumnType | undefined {
  switch (formatted) {
    case 'timestamp with time zone': return 'timestamptz';
    case 'double precision': return 'double';
    case 'character varying': return 'text';
    default: return (COLUMN_TYPES as readonly string[]).includes(formatted) ? formatted as ColumnType : undefined;
  }
}

/** Declared numbers are `numeric`: decimals stay exact. */
export const DECLARED_TYPES: Readonly<Record<FieldType, ColumnType>> = {
  string: 'text', integer: 'bigint', number: 'numeric', boolean: 'boolean', timestamp: 'timestamptz', date: 'date', json: 'jsonb',
};

/** A number that a double can't hold exactly, as `lossless-json` keeps it. */
export interface ExactNumber { readonly isLosslessNumber: true; readonly value: string }

export const isExactNumber = (value: object): value is ExactNumber => (value as { isLosslessNumber?: unknown }).isLosslessNumber === true;

const INT64_MAX = 9_223_372_036_854_775_807n;
const INT64_MIN = -9_223_372_036_854_775_808n;

/** The int64 that this text spells canonically; undefined when it is none. */
export function int64(text: string): bigint | undefined {
  if (!/^-?(?:0|[1-9]\d{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > INT64_MAX || value < INT64_MIN ? undefined : value;
}

/** The narrowest type for a value of an undeclared field; undefined for null. Strings stay text: dates are only declared. */
export function infer(value: unknown): ColumnType | undefined {
  switch (typeof value) {
    case 'string': return 'text';
    case 'number': return Number.isSafeInteger(value) ? 'bigint' : 'numeric';
    case 'boolean': return 'boolean';
    case 'bigint': return value > INT64_MAX || value < INT64_MIN ? 'numeric' : 'bigint';
    case 'object':
      if (value === null) return undefined;
      return isExactNumber(value) ? (int64(value.value) === undefined ? 'numeric' : 'bigint') : 'jsonb';
    default: return undefined;
  }
}

/** The least type that holds both, for a column that doesn't exist yet. */
export function join(a: ColumnType | undefined, b: ColumnType | undefined): ColumnType | undefined {
  if (a === undefined || a === b) return b;
  if (b === undefined) return a;
  if (a === 'jsonb' || b === 'jsonb') return 'jsonb';
  const numbers = (type: ColumnType): boolean => type === 'bigint' || type === 'numeric' || type === 'double';
  if (numbers(a) && numbers(b)) return 'numeric';
  const times = (type: ColumnType): boolean => type === 'date' || type === 'timestamptz';
  return times(a) && times(b) ? 'timestamptz' : 'text';
}

/** Whether an existing column of this type may become `numeric`: exact both ways, and a reader sees the same numbers. */
export const widensTo = (type: ColumnType): ColumnType | undefined => (type === 'bigint' ? 'numeric' : undefined);
