import type { TableTarget } from '../warehouse.js';
import { WRITERS, type WriteValue } from './copy-encoder.js';
import { columnName, quote, schemaName, sourcePath, tableName } from './naming.js';
import { RowWidth } from './row-width.js';
import { DECLARED_TYPES, SQL_TYPES, infer, isExactNumber, join, type ColumnType } from './types.js';

/** Objects are flattened to this many keys; what is deeper is `jsonb`. */
const MAX_DEPTH = 3;
/** Paths remembered per table; beyond it (a map with unbounded keys) they are looked up anew for each row. */
const MAX_NODES = 5_000;

/** A key that JSON spells as it is. */
const PLAIN_KEY = /^[ !#-[\]-~]*$/;

/** Fields that a partner's record may repeat; see `TableEncoder`. */
const METADATA = new Set(['id', 'is_deleted', 'timestamp', 'event', 'event_text']);

/** What is known of a table in the warehouse at one generation of its schema. */
export interface TableState {
  readonly generation: string;
  /** Column of each source path, from the registry. */
  readonly registered: ReadonlyMap<string, string>;
  /** Columns that exist, in their order; undefined type: a person's, which we can't write. */
  readonly columns: ReadonlyMap<string, ColumnType | undefined>;
  /** No room for another column. */
  readonly full: boolean;
  /** Columns that had to stay as they are when a wider type was asked for. */
  readonly frozen: ReadonlySet<string>;
}

export interface PlanColumn {
  readonly name: string;
  readonly path: string;
  /** Undefined, as is `write`: a person gave the column a type that the loader can't write. */
  readonly type: ColumnType | undefined;
  readonly write: WriteValue | undefined;
  /** Place among the plan's columns. */
  readonly index: number;
  readonly mayWiden: boolean;
}

/** A field of the records, by its path. */
export interface PathNode {
  readonly keys: readonly string[];
  readonly path: string;
  readonly column: PlanColumn | undefined;
  readonly declared: ColumnType | undefined;
  /** Also a column of metadata: left out where it says the same. */
  readonly metadata: boolean;
  /** Whether an object here becomes columns. */
  readonly flattens: boolean;
  children: Level | undefined;
  /** Type for the column that is missing, joined over the values seen. */
  wanted: ColumnType | undefined;
  /** The key as JSON has it between the quotes, where that needs no escape; else what stands in no JSON. */
  readonly bytes: Buffer;
  /** The field that came after it last. */
  next: PathNode | undefined;
  /** Number of the last row that has it. */
  seen: number;
}

/** The fields of an object, by key. */
export class Level extends Map<string, PathNode> {
  /** The field that came first last. */
  next: PathNode | undefined;

  /** @param parents keys that lead to the object */
  constructor(readonly parents: readonly string[]) { super(); }
}

/** Receives the fields of one record. */
export interface FieldSink {
  /** A value for an existing column. */
  column(column: PlanColumn, value: unknown): void;
  /** A value for which there is no room in the table. */
  spilled(node: PathNode, value: unknown): void;
}

/**
 * How the records of one collection become rows of its table, compiled once per generation of the table's schema:
 * the tree of fields, a writer for each column and the statements.
 */
export class TablePlan {
  readonly schema: string;
  readonly table: string;
  readonly kind: 'object' | 'event';
  readonly generation: string;
  readonly columns: readonly PlanColumn[];
  readonly insertSql: string;
  /** As `insertSql`, but an event that is there is written anew. */
  readonly rewriteSql: string;
  /** Objects: writes what is there and leaves the other columns as they are. */
  readonly partialSql: string;
  /** For the rows that `insertSql` doesn't write. */
  readonly laterSql: string;
  /** Fields that have no column yet though there is room for one. */
  readonly missing = new Set<PathNode>();
  readonly rowWidth: RowWidth;
  private readonly byPath = new Map<string, PlanColumn>();
  /** What records of this collection hold, as far as it was met. */
  readonly fields = new Level([]);
  private readonly meta: readonly (readonly [name: string, type: string])[];
  private nodes = 0;

  constructor(readonly target: TableTarget, private readonly state: TableState) {
    this.schema = schemaName(target.schema);
    this.table = tableName(target.table);
    this.kind = target.kind;
    this.generation = state.generation;
    const columns: PlanColumn[] = [];
    for (const [path, name] of state.registered) {
      if (!state.columns.has(name)) continue;
      const type = state.columns.get(name);
      const column = { name, path, type, write: type && WRITERS[type], index: columns.length, mayWiden: !state.frozen.has(name) };
      if (type !== undefined) columns.push(column);
      this.byPath.set(path, column);
    }
    this.columns = columns;
    this.rowWidth = new RowWidth(columns.length);
    this.meta = target.kind === 'object'
      ? [['id', 'text'], ['received_at', 'timestamptz'], ['_version', 'bigint'], ['_run_id', 'text'], ['is_deleted', 'boolean']]
      : [['id', 'text'], ['received_at', 'timestamptz'], ['_version', 'bigint'], ['_run_id', 'text'], ['timestamp', 'timestamptz'], ['event', 'text'], ['event_text', 'text']];
    const into = `INSERT INTO ${this.qualified} AS t (${this.columnList}, "uuid_ts") SELECT ${this.columnList}, now() FROM pg_temp.%`;
    if (target.kind === 'event') {
      this.insertSql = `${into} ON CONFLICT ("id") DO NOTHING`;
      const all = [...this.meta.map(([name]) => name), ...columns.map(({ name }) => name), '_extra', 'uuid_ts'].map(quote);
      this.partialSql = this.insertSql;
      this.rewriteSql = `${into} ON CONFLICT ("id") DO UPDATE SET ${all.map((name) => `${name} = excluded.${name}`).join(', ')} WHERE excluded."_version" >= t."_version"`;
      // An event that was made again (its version says when) takes the place of the one before.
      this.laterSql = `${this.rewriteSql.replace('pg_temp.%', 'pg_temp.% WHERE "_version" > 0')} AND excluded."_version" > t."_version"`;
      return;
    }
    const metaSets = ['received_at', '_version', '_run_id', 'is_deleted'].map((name) => `${quote(name)} = excluded.${quote(name)}`);
    const sets = columns.map(({ name }) => `${quote(name)} = excluded.${quote(name)}`);
    const kept = columns.map(({ name }) => `${quote(name)} = coalesce(excluded.${quote(name)}, t.${quote(name)})`);
    const conflict = (assignments: readonly string[]): string => `ON CONFLICT ("id") DO UPDATE SET ${assignments.join(', ')}, "uuid_ts" = excluded."uuid_ts"`;
    // An equal version replaces (the newest wins), but doesn't bring back what was deleted at that version.
    const newer = 'WHERE excluded."_version" > t."_version" OR (excluded."_version" = t."_version" AND NOT t."is_deleted")';
    this.insertSql = `${into} WHERE NOT "is_deleted" ${conflict([...metaSets, ...sets, '"_extra" = excluded."_extra"'])} ${newer}`;
    this.partialSql = `${into} ${conflict([...metaSets, ...kept, `"_extra" = nullif(coalesce(t."_extra", '{}') || coalesce(excluded."_extra", '{}'), '{}')`])} ${newer}`;
    this.rewriteSql = this.insertSql;
    this.laterSql = `${into} WHERE "is_deleted" ${conflict([...metaSets, ...kept, '"_extra" = coalesce(excluded."_extra", t."_extra")'])}
      WHERE excluded."_version" >= t."_version"`;
  }

  get qualified(): string { return `${quote(this.schema)}.${quote(this.table)}`; }

  private get columnList(): string { return [...this.meta.map(([name]) => name), ...this.columns.map(({ name }) => name), '_extra'].map(quote).join(', '); }

  /** Fields of one row in the COPY stream. */
  get width(): number { return this.meta.length + this.columns.length + 1; }

  createTempSql(name: string): string {
    const columns = [...this.meta.map(([column, type]) => `${quote(column)} ${type}`), ...this.columns.map(({ name: column, type }) => `${quote(column)} ${SQL_TYPES[type ?? 'text']}`), '"_extra" jsonb'];
    return `CREATE TEMP TABLE ${name} (${columns.join(', ')}) ON COMMIT DELETE ROWS`;
  }

  /** Hands every non-null field of a record to the sink; fields without a column are noted in `missing`. */
  visit(data: Readonly<Record<string, unknown>>, sink: FieldSink, isMetadata: (key: string, value: unknown) => boolean): void {
    this.walk(this.fields, data, sink, isMetadata);
  }

  private walk(level: Level, data: Readonly<Record<string, unknown>>, sink: FieldSink, isMetadata: (key: string, value: unknown) => boolean): void {
    for (const key in data) {
      const value = data[key];
      if (value === null || value === undefined) continue;
      const node = this.fieldOf(level, key);
      const { column } = node;
      if (node.metadata && isMetadata(key, value)) continue;
      if (typeof value === 'object' && node.flattens && !Array.isArray(value) && !isExactNumber(value)) {
        this.walk(node.children ??= new Level(node.keys), value as Record<string, unknown>, sink, isMetadata);
      } else if (column !== undefined) sink.column(column, value);
      else if (this.state.full) sink.spilled(node, value);
      else {
        node.wanted = join(node.wanted, node.declared ?? infer(value));
        this.missing.add(node);
      }
    }
  }

  /** A field of this object, whether there is a column for it or not. */
  fieldOf(level: Level, key: string): PathNode {
    let node = level.get(key);
    if (node === undefined) {
      node = this.node([...level.parents, key]);
      if (this.nodes++ < MAX_NODES) level.set(key, node);
    }
    return node;
  }

  private node(keys: readonly string[]): PathNode {
    const path = sourcePath(keys);
    const { fields } = this.target;
    const name = keys.length === 1 ? keys[0] ?? '' : columnName(keys, this.kind, new Set(), fields);
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const [column, declared, key] = [this.byPath.get(path), field && DECLARED_TYPES[field], keys.at(-1) ?? ''];
    return {
      keys, path, column, declared, metadata: keys.length === 1 && METADATA.has(path), children: undefined, wanted: undefined,
      flattens: keys.length < MAX_DEPTH && column?.type !== 'jsonb' && declared !== 'jsonb', bytes: Buffer.from(PLAIN_KEY.test(key) ? key : '\n'), next: undefined, seen: 0,
    };
  }

  /** @param into a table of the session; left out: the table itself, where what isn't copied has its default */
  copySql(into?: string): string { return `COPY ${into === undefined ? this.qualified : `pg_temp.${into}`} (${this.columnList}) FROM STDIN (FORMAT binary)`; }

  /** Whether any of these ids has a row. A look-up of its own for each: as a join, a large batch would read the whole table. */
  get findSql(): string { return `SELECT FROM unnest($1::text[]) AS wanted(id) WHERE (SELECT true FROM ${this.qualified} AS t WHERE t."id" = wanted.id) LIMIT 1`; }
}
