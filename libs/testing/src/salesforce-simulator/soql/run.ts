import { shown, type Org, type Reader, type SalesforceRow } from '../org.js';
import { inQuery, noSuchColumn, unsupportedType } from '../salesforce-error.js';
import type { FieldSchema, ObjectSchema } from '../schema.js';
import type { Condition, Literal, Named, Query } from './parse.js';

export interface QueryResult {
  readonly object: ObjectSchema;
  /** In the order of SELECT. */
  readonly fields: readonly FieldSchema[];
  /** Values as answers show them. */
  readonly records: readonly SalesforceRow[];
}

/**
 * Runs a query for a reader, who doesn't see what they may not.
 * @param deleted with those in the recycle bin (`queryAll`)
 * @throws SalesforceApiError INVALID_TYPE | INVALID_FIELD
 */
export function runQuery(org: Org, reader: Reader, query: Query, deleted: boolean): QueryResult {
  const { soql, from } = query;
  const object = org.schemas.get(from.name.toLowerCase());
  if (object === undefined || reader.denied.has(object.name) || !object.queryable) throw unsupportedType(soql, from.at, from.name);
  const visible = org.fields(object, reader);
  const find = ({ name, at }: Named): FieldSchema => visible.get(name.toLowerCase()) ?? (() => { throw noSuchColumn(soql, at, name, object.name); })();
  const fields = query.fields.map(find);
  const filterable = (named: Named): FieldSchema => {
    const field = find(named);
    if (field.type === 'textarea' || field.type === 'address' || field.type === 'base64') throw inQuery('INVALID_FIELD', soql, named.at, `field '${field.name}' can not be filtered in a query call`);
    return field;
  };
  const matches = query.where === undefined ? () => true : compile(query.where, filterable);
  const order = query.orderBy.map(({ field, descending }) => ({ field: filterable(field), descending }));
  const rows = org.all(object.name).filter((row) => (deleted || row.IsDeleted !== true) && matches(row));
  if (order.length > 0) {
    rows.sort((a, b) => {
      for (const { field, descending } of order) {
        const difference = compare(a[field.name] ?? null, b[field.name] ?? null);
        if (difference !== 0) return descending ? -difference : difference;
      }
      return 0;
    });
  }
  const cut = rows.slice(query.offset, query.limit === undefined ? undefined : query.offset + query.limit);
  return { object, fields, records: cut.map((row) => Object.fromEntries(fields.map((field) => [field.name, shown(row, field)]))) };
}

function compile(condition: Condition, find: (field: Named) => FieldSchema): (row: SalesforceRow) => boolean {
  if (condition.kind === 'not') {
    const inner = compile(condition.part, find);
    return (row) => !inner(row);
  }
  if (condition.kind !== 'compare') {
    const parts = condition.parts.map((part) => compile(part, find));
    return condition.kind === 'and' ? (row) => parts.every((part) => part(row)) : (row) => parts.some((part) => part(row));
  }
  const field = find(condition.field);
  const values = condition.values.map((value) => valueOf(value, field));
  const { operator } = condition;
  return (row) => test(row[field.name] ?? null, operator, values);
}

/** Dates are compared as their text, times as numbers. */
function valueOf(literal: Literal, { type }: FieldSchema): unknown {
  if (typeof literal !== 'object' || literal === null) return literal;
  return type === 'date' ? new Date(literal.date).toISOString().slice(0, 10) : literal.date;
}

function test(value: unknown, operator: string, values: readonly unknown[]): boolean {
  const [first = null] = values;
  const equal = (other: unknown): boolean => value === other || (typeof value === 'string' && typeof other === 'string' && (value.toLowerCase() === other.toLowerCase() || sameId(value, other)));
  switch (operator) {
    case '=': return equal(first);
    case '!=': case '<>': return !equal(first);
    case 'IN': return values.some(equal);
    case 'NOT IN': return !values.some(equal);
    case 'LIKE': return typeof value === 'string' && new RegExp(`^${String(first).replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('%', '.*').replaceAll('_', '.')}$`, 'is').test(value);
    default: break;
  }
  if (value === null || first === null) return false;
  const difference = compare(value, first);
  return operator === '<' ? difference < 0 : operator === '<=' ? difference <= 0 : operator === '>' ? difference > 0 : difference >= 0;
}

/** An id in its short form, of 15 characters, is the same id. */
const sameId = (a: string, b: string): boolean => a.length !== b.length && Math.min(a.length, b.length) === 15 && a.slice(0, 15) === b.slice(0, 15);

/** Nulls first, as SOQL sorts by default. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return (a as string | number) < (b as string | number) ? -1 : 1;
}
