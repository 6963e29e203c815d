import { isUtf8 } from 'node:buffer';
import { STORED, type CopyEncoder, type WriteValue } from './copy-encoder.js';
import { Level, type PathNode, type TablePlan } from './table-plan.js';
import { int64 } from './types.js';

const QUOTE = 34, COMMA = 44, MINUS = 45, POINT = 46, ZERO = 48, NINE = 57, COLON = 58, OPEN_LIST = 91, BACKSLASH = 92, CLOSE_LIST = 93, UPPER_E = 69, LOWER_E = 101, UNICODE_ESCAPE = 117, OPEN = 123, CLOSE = 125;
const literal = (text: string): Buffer => Buffer.from(text, 'latin1');
const TRUE = literal('true'), FALSE = literal('false'), NULL = literal('null');

/** What was found for a column. */
const NOTHING = 0, STRING = 1, ESCAPED_STRING = 2, NUMBER = 3, YES = 4, NO = 5, JSON_VALUE = 6;
type Found = typeof NOTHING | typeof STRING | typeof ESCAPED_STRING | typeof NUMBER | typeof YES | typeof NO | typeof JSON_VALUE;

/** Longer numbers may not be what a double holds. */
const DOUBLE_DIGITS = 15;
const DEEPEST = 100;
const GAVE_UP = -1;

let rows = 0;

/**
 * Takes the values of a record from its JSON to COPY without parsing it, where all is as usual: known fields, no whitespace,
 * nothing twice, values that their columns take. Anything else it leaves to who parses; both make the same bytes of a row. A field
 * is looked for where it was in the record before.
 */
export class RowScanner {
  private found = new Uint8Array(0);
  private starts = new Int32Array(0);
  private ends = new Int32Array(0);
  private bytes: Buffer = Buffer.alloc(0);
  private wide = false;
  private isMetadata: (key: string, value: unknown) => boolean = () => false;

  /**
   * @param bytes UTF-8 JSON that ends with the object and one more brace
   * @param at after the object's opening brace
   * @returns false: unusual; nothing was written
   */
  read(plan: TablePlan, bytes: Buffer, at: number, isMetadata: (key: string, value: unknown) => boolean): boolean {
    const { length } = plan.columns;
    if (this.found.length !== length) [this.found, this.starts, this.ends] = [new Uint8Array(length), new Int32Array(length), new Int32Array(length)];
    else this.found.fill(NOTHING);
    this.bytes = bytes;
    this.wide = false;
    this.isMetadata = isMetadata;
    rows += 1;
    const end = this.object(plan, plan.fields, at);
    return end !== GAVE_UP && bytes[end] === CLOSE && end + 1 === bytes.length && (!this.wide || isUtf8(bytes));
  }

  /** A field for each of the plan's columns. False: a value isn't as its column wants it; what was written is to be rewound. */
  write({ columns }: TablePlan, copy: CopyEncoder): boolean {
    const { bytes, found, starts, ends } = this;
    for (let i = 0; i < columns.length; i++) {
      const what = found[i] as Found;
      if (what === NOTHING) { copy.null(); continue; }
      const { type, write } = columns[i] as { readonly type: string; readonly write: WriteValue };
      const [start, end] = [starts[i]!, ends[i]!];
      if (what === STRING && type === 'text') { copy.bytesOf(bytes, start, end); continue; }
      if (type === 'jsonb' && what === JSON_VALUE) { copy.bytesOf(bytes, start, end, true); continue; }
      if (what === NUMBER && type === 'bigint' && end - start > DOUBLE_DIGITS) {
        const exact = int64(bytes.toString('latin1', start, end));
        if (exact === undefined) return false;
        copy.bigint(exact);
      } else {
        const value = this.value(what, start, end);
        if (value === undefined || write(copy, value) !== STORED) return false;
      }
    }
    return true;
  }

  /** Undefined: not to be had without parsing. */
  private value(what: Found, start: number, end: number): unknown {
    switch (what) {
      case STRING: return this.wide ? this.bytes.toString('utf8', start, end) : this.bytes.toString('latin1', start, end);
      case ESCAPED_STRING: try { return JSON.parse(this.bytes.toString('utf8', start - 1, end + 1)) as string; } catch { return undefined; }
      case NUMBER: return end - start > DOUBLE_DIGITS ? undefined : Number(this.bytes.toString('latin1', start, end));
      case YES: return true;
      case NO: return false;
      default: return undefined;
    }
  }

  /** From after the opening brace to after the closing one. */
  private object(plan: TablePlan, level: Level, from: number): number {
    const { bytes } = this;
    let at = from;
    if (bytes[at] === CLOSE) return at + 1;
    let before: Level | PathNode = level;
    for (;;) {
      if (bytes[at] !== QUOTE) return GAVE_UP;
      at += 1;
      let node: PathNode | undefined = before.next;
      let end = node === undefined ? GAVE_UP : this.passes(node.bytes, at);
      if (node === undefined || end === GAVE_UP || bytes[end] !== QUOTE) {
        end = at;
        for (let byte = bytes[end]!; byte !== QUOTE; byte = bytes[++end]!) if (!(byte >= 32 && byte < 127) || byte === BACKSLASH) return GAVE_UP;
        node = plan.fieldOf(level, bytes.toString('latin1', at, end));
        before.next = node;
      }
      if (bytes[end + 1] !== COLON || node.seen === rows) return GAVE_UP;
      node.seen = rows;
      before = node;
      at = this.field(plan, node, end + 2);
      if (at === GAVE_UP) return GAVE_UP;
      const byte = bytes[at++];
      if (byte === CLOSE) return at;
      if (byte !== COMMA) return GAVE_UP;
    }
  }

  /** One value, to after it. */
  private field(plan: TablePlan, node: PathNode, at: number): number {
    const { bytes } = this;
    let [what, start, end]: [Found, number, number] = [NOTHING, at, GAVE_UP];
    switch (bytes[at]) {
      case QUOTE: {
        what = STRING;
        start = end = at + 1;
        for (let byte = bytes[end]!; byte !== QUOTE; byte = bytes[++end]!) {
          if (!(byte >= 32)) return GAVE_UP;
          if (byte === BACKSLASH) { what = ESCAPED_STRING; end += 1; } else if (byte > 126) this.wide = true;
        }
        break;
      }
      case OPEN:
        if (node.flattens) return this.object(plan, node.children ??= new Level(node.keys), at + 1);
        [what, end] = [JSON_VALUE, this.nested(at)];
        break;
      case OPEN_LIST: [what, end] = [JSON_VALUE, this.nested(at)]; break;
      case 116: [what, end] = [YES, this.passes(TRUE, at)]; break;
      case 102: [what, end] = [NO, this.passes(FALSE, at)]; break;
      case 110: return this.passes(NULL, at);
      default: [what, end] = [NUMBER, this.number(at)];
    }
    if (end === GAVE_UP) return GAVE_UP;
    const after = what === STRING || what === ESCAPED_STRING ? end + 1 : end;
    const { column } = node;
    if (node.metadata) {
      const value = this.value(what, start, end);
      if (value === undefined) return GAVE_UP;
      if (this.isMetadata(node.path, value)) return after;
    }
    if (column?.write === undefined) return GAVE_UP;
    const { index } = column;
    this.found[index] = what;
    this.starts[index] = start;
    this.ends[index] = end;
    return after;
  }

  private passes(what: Buffer, at: number): number {
    const { bytes } = this;
    const { length } = what;
    for (let i = 0; i < length; i++) if (bytes[at + i] !== what[i]) return GAVE_UP;
    return at + length;
  }

  /** A number without an exponent. */
  private number(from: number): number {
    const { bytes } = this;
    let at = bytes[from] === MINUS ? from + 1 : from;
    const first = bytes[at]!;
    if (!(first >= ZERO && first <= NINE)) return GAVE_UP;
    let byte = bytes[++at]!;
    if (first === ZERO && byte >= ZERO && byte <= NINE) return GAVE_UP;
    while (byte >= ZERO && byte <= NINE) byte = bytes[++at]!;
    if (byte === POINT) {
      byte = bytes[++at]!;
      if (!(byte >= ZERO && byte <= NINE)) return GAVE_UP;
      while (byte >= ZERO && byte <= NINE) byte = bytes[++at]!;
    }
    return byte === UPPER_E || byte === LOWER_E ? GAVE_UP : at;
  }

  /** An object or a list that stays JSON. Whether all of it is valid, PostgreSQL says. */
  private nested(from: number): number {
    const { bytes } = this;
    const { length } = bytes;
    let depth = 0;
    for (let at = from; at < length; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        for (let inside = bytes[++at]!; inside !== QUOTE; inside = bytes[++at]!) {
          if (!(inside >= 32)) return GAVE_UP;
          if (inside > 126) this.wide = true;
          // It may stand for what can't be stored.
          else if (inside === BACKSLASH && bytes[++at] === UNICODE_ESCAPE) return GAVE_UP;
        }
      } else if (byte === OPEN || byte === OPEN_LIST) { if (++depth > DEEPEST) return GAVE_UP; } else if ((byte === CLOSE || byte === CLOSE_LIST) && --depth === 0) return at + 1;
    }
    return GAVE_UP;
  }
}
