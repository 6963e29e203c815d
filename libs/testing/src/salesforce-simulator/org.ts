import { KeptState } from '../harness/kept-state.js';
import type { SimulatedClock } from '../stripe-simulator/clock.js';
import type { SeededRandom } from '../stripe-simulator/random.js';
import { SalesforceApiError, notFound } from './salesforce-error.js';
import { type FieldSchema, type ObjectSchema, standardSchemas } from './schema.js';

/** Values by field name. Times are milliseconds since the epoch in the store and text in answers. */
export type SalesforceRow = Readonly<Record<string, unknown>>;
type Change = 'created' | 'updated' | 'deleted' | 'undeleted' | 'purged';

/** Salesforce writes times with milliseconds, which are always 000, and an offset without a colon. */
export const toDateTime = (ms: number): string => new Date(Math.floor(ms / 1_000) * 1_000).toISOString().replace('Z', '+0000');

/** Who asks: what is in `denied` (`Lead`, `Account.Phone`) doesn't exist for them. */
export interface Reader {
  readonly userId: string;
  readonly denied: ReadonlySet<string>;
}

/** The records of an org and the rules by which they change. */
export class Org {
  readonly id: string;
  readonly schemas = new Map<string, ObjectSchema>();
  readonly observers: ((change: Change, object: ObjectSchema, row: SalesforceRow) => void)[] = [];
  private readonly rows = new Map<string, Map<string, SalesforceRow>>();
  /** Writes of an open transaction: made, stamped, and seen by nobody until they are committed. */
  private pending: (() => void)[] | undefined;
  private readonly counters: Map<string, number>;

  constructor(readonly clock: SimulatedClock, private readonly random: SeededRandom, private readonly state = new KeptState()) {
    this.counters = state.map('counters');
    for (const schema of standardSchemas()) this.define(schema);
    const [known] = this.all('Organization');
    if (known !== undefined) { this.id = String(known.Id); return; }
    this.id = this.newId('00D');
    this.insert('Organization', { Id: this.id, Name: 'Simulated Org', OrganizationType: 'Developer Edition', InstanceName: 'SIM1', IsSandbox: false });
  }

  define(schema: ObjectSchema): void {
    this.schemas.set(schema.name.toLowerCase(), schema);
    this.rows.set(schema.name, this.rows.get(schema.name) ?? this.state.map(schema.name));
  }

  /** Adds fields to an object. */
  extend(object: string, fields: readonly FieldSchema[]): void {
    const schema = this.schema(object);
    this.schemas.set(object.toLowerCase(), { ...schema, fields: new Map([...schema.fields, ...fields.map((field) => [field.name.toLowerCase(), field] as const)]) });
  }

  removeField(object: string, field: string): void {
    const schema = this.schema(object);
    this.schemas.set(object.toLowerCase(), { ...schema, fields: new Map([...schema.fields].filter(([, { name }]) => name !== field)) });
  }

  /** @throws SalesforceApiError NOT_FOUND when there is none, or the reader may not see it */
  schema(name: string, reader?: Reader): ObjectSchema {
    const schema = this.schemas.get(name.toLowerCase());
    if (schema === undefined || reader?.denied.has(schema.name) === true) throw notFound();
    return schema;
  }

  /** The fields that a reader may see, by lower-case name. */
  fields(schema: ObjectSchema, reader: Reader): Map<string, FieldSchema> {
    return new Map([...schema.fields].filter(([, { name }]) => !reader.denied.has(`${schema.name}.${name}`)));
  }

  all(object: string): SalesforceRow[] {
    return [...this.rows.get(this.schema(object).name)?.values() ?? []];
  }

  find(object: string, id: string): SalesforceRow | undefined {
    return this.rows.get(this.schema(object).name)?.get(id) ?? [...this.rows.get(this.schema(object).name)?.values() ?? []].find((row) => String(row.Id).slice(0, 15) === id);
  }

  /** @param moment of its creation, milliseconds since the epoch @returns the new record's id */
  insert(object: string, values: SalesforceRow, moment = this.now()): string {
    const at = Math.floor(moment / 1_000) * 1_000;
    const schema = this.schema(object);
    const id = typeof values.Id === 'string' ? values.Id : this.newId(schema.keyPrefix);
    const by = '005000000000001AAA';
    const row: Record<string, unknown> = Object.fromEntries([...schema.fields.values()].map(({ name, type }) => [name, type === 'boolean' ? false : null]));
    Object.assign(row, { CreatedDate: at, LastModifiedDate: at, SystemModstamp: at, CreatedById: by, LastModifiedById: by, ...values, Id: id });
    for (const name of Object.keys(row)) {
      if (schema.fields.has(name.toLowerCase())) continue;
      if (name in values) throw new SalesforceApiError(400, 'INVALID_FIELD', `No such column '${name}' on sobject of type ${schema.name}`);
      delete row[name];
    }
    if (schema.fields.has('name') && schema.fields.has('lastname')) row.Name ??= [row.FirstName, row.LastName].filter(Boolean).join(' ');
    this.write('created', schema, id, () => row);
    return id;
  }

  update(object: string, id: string, values: SalesforceRow, at = this.now()): void {
    this.change('updated', object, id, { ...values, LastModifiedDate: at, SystemModstamp: at });
  }

  /** A formula has another value now: nothing says when. */
  recalculate(object: string, id: string, values: SalesforceRow): void {
    const rows = this.rows.get(this.schema(object).name);
    const row = rows?.get(id);
    if (row !== undefined) rows?.set(id, { ...row, ...values });
  }

  /** Into the recycle bin; what has no recycle bin is gone at once. */
  remove(object: string, id: string, at = this.now()): void {
    const schema = this.schema(object);
    if (!schema.fields.has('isdeleted') || schema.name.endsWith('Share')) return this.purge(object, id);
    this.change('deleted', object, id, { IsDeleted: true, SystemModstamp: at, LastModifiedDate: at });
  }

  undelete(object: string, id: string, at = this.now()): void {
    this.change('undeleted', object, id, { IsDeleted: false, SystemModstamp: at, LastModifiedDate: at });
  }

  /** Out of the recycle bin: no query finds it any more. */
  purge(object: string, id: string): void {
    this.write('purged', this.schema(object), id, () => undefined);
  }

  /** From now on writes are made but not seen; their times are those at which they were made. */
  begin(): void {
    this.pending ??= [];
  }

  commit(): void {
    const writes = this.pending ?? [];
    this.pending = undefined;
    for (const write of writes) write();
  }

  /** Whole seconds, as Salesforce stamps them. */
  now(): number {
    return Math.floor(this.clock.now() / 1_000) * 1_000;
  }

  private change(change: Change, object: string, id: string, values: SalesforceRow): void {
    const schema = this.schema(object);
    if (this.find(object, id) === undefined && this.pending === undefined) throw new SalesforceApiError(404, 'ENTITY_IS_DELETED', 'entity is deleted');
    const known = Object.fromEntries(Object.entries(values).filter(([name]) => schema.fields.has(name.toLowerCase())));
    this.write(change, schema, id, (before) => ({ ...before, ...known }));
  }

  private write(change: Change, schema: ObjectSchema, id: string, make: (before: SalesforceRow | undefined) => SalesforceRow | undefined): void {
    const write = (): void => {
      const rows = this.rows.get(schema.name);
      const before = rows?.get(id);
      const after = make(before);
      if (after === undefined) rows?.delete(id);
      else rows?.set(id, after);
      for (const observe of this.observers) observe(change, schema, after ?? before ?? { Id: id });
    };
    if (this.pending !== undefined) this.pending.push(write);
    else write();
  }

  /** 18 characters: a prefix, a number, and three that tell upper and lower case apart. */
  private newId(prefix: string): string {
    const count = (this.counters.get('ids') ?? 0) + 1;
    this.counters.set('ids', count);
    const id = `${prefix}${this.random.text(3)}${count.toString(36).toUpperCase().padStart(9, '0')}`;
    const suffix = [0, 5, 10].map((from) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'[[...id.slice(from, from + 5)].reduce((bits, letter, index) => bits | (letter >= 'A' && letter <= 'Z' ? 1 << index : 0), 0)]);
    return id + suffix.join('');
  }
}

/** A value as answers show it. */
export function shown(row: SalesforceRow, field: FieldSchema): unknown {
  if (field.type === 'address') {
    const prefix = field.name.replace(/Address$/, '');
    const parts = Object.fromEntries(['city', 'country', 'postalCode', 'state', 'street'].map((part) => [part, row[prefix + part[0]?.toUpperCase() + part.slice(1)] ?? null]));
    return Object.values(parts).every((part) => part === null) ? null : { ...parts, geocodeAccuracy: null, latitude: null, longitude: null };
  }
  const value = row[field.name] ?? null;
  return field.type === 'datetime' && typeof value === 'number' ? toDateTime(value) : value;
}
