import { setImmediate as immediate } from 'node:timers/promises';
import { UnreadableRowError, type RejectedRow } from '../errors.js';
import type { Row, TableRows } from '../warehouse.js';
import { CLEANED, CopyEncoder, STORED, WIDER, type WriteValue } from './copy-encoder.js';
import { RowScanner } from './row-scanner.js';
import type { FieldSink, PathNode, PlanColumn, TablePlan } from './table-plan.js';
import { widensTo } from './types.js';
import { UNSTORABLE, originalBase64, parseInstant } from './values.js';

/** Rows that are encoded at once: the connection that writes the batch before waits for this thread between its statements. */
const SLICE_ROWS = 100;

/** A value that is kept in `_extra` and not in its column. */
export interface Discard {
  readonly path: string;
  readonly column: string | undefined;
  readonly reason: 'does_not_fit' | 'unstorable_text' | 'no_room_for_column' | 'row_too_wide';
  readonly row: Row;
}

/** The rows of one table, ready for COPY. */
export interface EncodedRows {
  readonly plan: TablePlan;
  readonly bytes: Buffer;
  /** The rows' ids, sorted; twice where a delete follows a state. */
  readonly ids: readonly string[];
  /** Rows for `laterSql`: deletes, and events that were made again. */
  readonly later: number;
  /** The statement that writes those that aren't for `laterSql`. */
  readonly write: 'insert' | 'rewrite' | 'partial';
  readonly discards: readonly Discard[];
}

/** What must change in the table before the rows can be encoded. */
export interface SchemaWish {
  readonly missing: readonly PathNode[];
  readonly wider: readonly PlanColumn[];
}

/** btree keys end at 2,704 bytes; ids that don't compress must stay well below. */
const MAX_ID_BYTES = 2_000;
/** A table with so few is never too wide. */
const FEW_COLUMNS = 250;

/**
 * Newest state per id, sorted by id so that loaders lock rows in one order. A delete keeps the state before it beside it:
 * the last known values stay in the row. Equal versions: the later one, and a delete before anything;
 * of an event, which only has a version when it was made again, the first one.
 */
export function newestPerId(rows: readonly Row[], kind: 'object' | 'event'): readonly Row[] {
  const sorted = [...rows].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const newest: Row[] = [];
  for (let i = 0; i < sorted.length;) {
    const first = sorted[i] as Row;
    let end = i + 1;
    while (sorted[end]?.id === first.id) end++;
    if (end === i + 1) newest.push(first);
    else if (kind === 'event') newest.push(sorted.slice(i, end).reduce((best, row) => (row.version > best.version ? row : best)));
    else {
      let state: Row | undefined;
      let gone: Row | undefined;
      for (const row of sorted.slice(i, end)) {
        if (row.deleted) { if (gone === undefined || row.version >= gone.version) gone = row; }
        else if (state === undefined || row.version >= state.version) state = row;
      }
      if (state !== undefined) newest.push(state);
      if (gone !== undefined && (state === undefined || gone.version >= state.version)) newest.push(gone);
    }
    i = end;
  }
  return newest;
}

/** The rows of a table that are written in one way. */
export interface SourceRows extends Pick<TableRows, 'rows' | 'rewrite'> { readonly partial?: boolean }

/** Whole records and partial ones apart; of the latter one per id, with what each of them tells. */
export function splitPartial(source: TableRows): readonly (TableRows & SourceRows)[] {
  const isPartial = ({ partial, deleted }: Row): boolean => partial === true && !deleted;
  if (source.target.kind === 'event' || !source.rows.some(isPartial)) return [source];
  const combined = new Map<string, Row>();
  for (const row of source.rows.filter(isPartial)) {
    const other = combined.get(row.id);
    const [older, newer] = other === undefined || row.version >= other.version ? [other, row] : [row, other];
    combined.set(row.id, older === undefined ? newer : { ...newer, data: { ...older.data, ...newer.data } });
  }
  // Whole records first: what a partial one adds to them is newer, or the same.
  return [{ ...source, rows: source.rows.filter((row) => !isPartial(row)) }, { ...source, rows: [...combined.values()], partial: true }];
}

/** Turns rows into a COPY stream, in one pass when the table already has every column that they need. */
export class TableEncoder implements FieldSink {
  private readonly copy = new CopyEncoder();
  private readonly scanner = new RowScanner();
  private slots: unknown[] = [];
  private extra: Record<string, unknown> | undefined;
  private discards: Discard[] = [];
  private row!: Row;
  private readonly isMetadata = (key: string, value: unknown): boolean => {
    switch (key) {
      case 'id': return value === this.row.id;
      case 'is_deleted': return value === this.row.deleted;
      case 'timestamp': return value === this.row.timestamp;
      case 'event': return value === this.row.event;
      case 'event_text': return value === this.row.eventText;
      default: return false;
    }
  };

  /** One at a time for each plan. The stream (valid until this encoder's next use), or what the table lacks; rows that never fit land in `rejected`. */
  async encode(plan: TablePlan, { rows, rewrite = false, partial = false }: SourceRows, rejected: RejectedRow[]): Promise<EncodedRows | SchemaWish> {
    const { copy } = this;
    const wider = new Set<PlanColumn>();
    this.discards = [];
    this.slots = new Array<unknown>(plan.columns.length).fill(undefined);
    copy.start();
    const ids: string[] = [];
    let later = 0;
    plan.missing.clear();
    let sliced = 0;
    for (const row of newestPerId(rows, plan.kind)) {
      if (++sliced % SLICE_ROWS === 0) await immediate();
      const start = copy.position;
      const before = this.discards.length;
      const refused = this.encodeRow(plan, row, wider);
      if (refused === undefined) { ids.push(row.id); if (row.deleted || (plan.kind === 'event' && row.version > 0n)) later += 1; continue; }
      copy.position = start;
      this.discards.length = before;
      rejected.push({ row, ...refused });
    }
    if (plan.missing.size > 0 || wider.size > 0) return { missing: [...plan.missing], wider: [...wider] };
    return { plan, bytes: copy.finish(), ids, later, write: partial ? 'partial' : rewrite ? 'rewrite' : 'insert', discards: this.discards };
  }

  column(column: PlanColumn, value: unknown): void {
    if (column.write === undefined) this.keep(column.path, column.name, value, 'does_not_fit');
    else this.slots[column.index] = value;
  }

  spilled({ path }: PathNode, value: unknown): void { this.keep(path, undefined, value, 'no_room_for_column'); }

  /** The value stays in `_extra` under its field's name. */
  private keep(path: string, column: string | undefined, value: unknown, reason: Discard['reason']): void {
    (this.extra ??= Object.create(null) as Record<string, unknown>)[path] = reason === 'unstorable_text' ? { base64: originalBase64(value) } : value;
    this.discards.push({ path, column, reason, row: this.row });
  }

  private encodeRow(plan: TablePlan, row: Row, wider: Set<PlanColumn>): Omit<RejectedRow, 'row'> | undefined {
    const { copy, slots } = this;
    const { columns } = plan;
    if (row.id === '') return { reason: 'id_empty', message: 'the record has an empty id' };
    if (row.id.length * 3 > MAX_ID_BYTES && Buffer.byteLength(row.id) > MAX_ID_BYTES) return { reason: 'id_too_long', message: `the id has more than ${MAX_ID_BYTES} bytes` };
    if (UNSTORABLE.test(row.id)) return { reason: 'id_unstorable', message: 'the id holds NUL or half a surrogate pair' };
    this.row = row;
    const begin = copy.position;
    if (this.scan(plan, row)) return undefined;
    copy.position = begin;
    this.extra = undefined;
    slots.fill(undefined);
    try {
      plan.visit(row.data, this, this.isMetadata);
      if (columns.length > FEW_COLUMNS) plan.rowWidth.fit(slots, (index, value) => { const { path, name } = columns[index] as PlanColumn; this.keep(path, name, value, 'row_too_wide'); });
      const bad = this.metadata(plan, row);
      if (bad !== undefined) return { reason: 'bad_timestamp', message: `${bad} is not a point in time with offset` };
      for (let i = 0; i < columns.length; i++) {
        const value = slots[i];
        if (value === undefined) { copy.null(); continue; }
        const column = columns[i] as PlanColumn;
        const start = copy.position;
        const outcome = (column.write as WriteValue)(copy, value);
        if (outcome === STORED) continue;
        if (outcome === CLEANED) { this.keep(column.path, column.name, value, 'unstorable_text'); continue; }
        copy.position = start;
        copy.null();
        if (outcome === WIDER && column.mayWiden && column.type !== undefined && widensTo(column.type) !== undefined) wider.add(column);
        else this.keep(column.path, column.name, value, 'does_not_fit');
      }
      const extra = this.extra as Record<string, unknown> | undefined;
      if (extra === undefined) copy.null(); else copy.json(extra);
      return undefined;
    } catch (error) {
      if (error instanceof UnreadableRowError) return { reason: error.reason, message: error.message };
      if (error instanceof RangeError) return { reason: 'too_deep', message: 'the record is nested too deeply to be written' };
      throw error;
    }
  }

  /** The row without parsing it; false: it needs that, and what was written is to be rewound. */
  private scan(plan: TablePlan, row: Row): boolean {
    const { raw, dataAt } = row;
    if (raw === undefined || dataAt === undefined || plan.columns.length > FEW_COLUMNS) return false;
    if (!this.scanner.read(plan, raw, dataAt, this.isMetadata) || this.metadata(plan, row) !== undefined || !this.scanner.write(plan, this.copy)) return false;
    this.copy.null();
    return true;
  }

  /** Name of the instant that is none, or undefined when all is written. */
  private metadata(plan: TablePlan, row: Row): string | undefined {
    const { copy } = this;
    copy.int16(plan.width);
    copy.text(row.id);
    if (!parseInstant(row.receivedAt)) return 'received_at';
    copy.instant();
    copy.bigint(row.version);
    if (row.runId === undefined) copy.null(); else copy.text(row.runId);
    if (plan.kind === 'object') { copy.boolean(row.deleted); return undefined; }
    if (row.timestamp === undefined || !parseInstant(row.timestamp)) return 'timestamp';
    copy.instant();
    copy.text(row.event ?? '');
    if (row.eventText === undefined) copy.null(); else copy.text(row.eventText);
    return undefined;
  }
}
