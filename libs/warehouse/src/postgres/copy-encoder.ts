import { int64, isExactNumber, type ColumnType } from './types.js';
import { UNSTORABLE, cleanText, cleanedJson, instant, parseDate, parseInstant, storableJson } from './values.js';

/** What became of a value: stored, stored with U+FFFD in places, not of this type, or of this type once it is wider. */
export const STORED = 0, CLEANED = 1, MISFIT = 2, WIDER = 3;
export type Outcome = typeof STORED | typeof CLEANED | typeof MISFIT | typeof WIDER;

/** Writes one value after its length, or says why not (then what it wrote is to be rewound). */
export type WriteValue = (to: CopyEncoder, value: unknown) => Outcome;

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const SHORT_TEXT = 40;
const MICROS_SAFE_SECONDS = 9e9;

/** Rows in PostgreSQL's binary COPY format, in one buffer that grows and is used again. Source: COPY, "Binary Format". */
export class CopyEncoder {
  private bytes = Buffer.allocUnsafeSlow(256 * 1024);
  private view = new DataView(this.bytes.buffer);
  /** Where the next byte goes; set back to undo what came after. */
  position = 0;

  start(): void { this.position = SIGNATURE.copy(this.bytes); }

  /** The finished stream; valid until the next `start`. */
  finish(): Buffer {
    this.int16(-1);
    return this.bytes.subarray(0, this.position);
  }

  private reserve(count: number): void {
    if (this.position + count <= this.bytes.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.position + count));
    this.bytes.copy(bigger, 0, 0, this.position);
    this.bytes = bigger;
    this.view = new DataView(bigger.buffer);
  }

  int16(value: number): void { this.reserve(2); this.view.setInt16(this.position, value); this.position += 2; }

  int32(value: number): void { this.reserve(4); this.view.setInt32(this.position, value); this.position += 4; }

  null(): void { this.int32(-1); }

  boolean(value: boolean): void { this.reserve(5); this.view.setInt32(this.position, 1); this.bytes[this.position + 4] = value ? 1 : 0; this.position += 5; }

  /** An int32 field. */
  field32(value: number): void { this.reserve(8); this.view.setInt32(this.position, 4); this.view.setInt32(this.position + 4, value); this.position += 8; }

  /** An int64 field of a safe integer. */
  integer(value: number): void {
    this.reserve(12);
    this.view.setInt32(this.position, 8);
    this.view.setInt32(this.position + 4, Math.floor(value / 4_294_967_296));
    this.view.setUint32(this.position + 8, value >>> 0);
    this.position += 12;
  }

  bigint(value: bigint): void { this.reserve(12); this.view.setInt32(this.position, 8); this.view.setBigInt64(this.position + 4, value); this.position += 12; }

  double(value: number): void { this.reserve(12); this.view.setInt32(this.position, 8); this.view.setFloat64(this.position + 4, value); this.position += 12; }

  /** Text as it is: without NUL and half pairs. `version` is the byte before it that `jsonb` wants. */
  private utf8(text: string, version = false): void {
    this.reserve(5 + text.length * 3);
    let at = this.position + 4;
    if (version) this.bytes[at++] = 1;
    at += this.bytes.write(text, at, 'utf8');
    this.view.setInt32(this.position, at - this.position - 4);
    this.position = at;
  }

  /** Bytes of text, as they stand in `from`. */
  bytesOf(from: Buffer, start: number, end: number, version = false): void {
    const length = end - start;
    this.reserve(5 + length);
    const { bytes, view } = this;
    let at = this.position;
    view.setInt32(at, version ? length + 1 : length);
    at += 4;
    if (version) bytes[at++] = 1;
    if (length > SHORT_TEXT) from.copy(bytes, at, start, end);
    else for (let i = 0; i < length; i++) bytes[at + i] = from[start + i]!;
    this.position = at + length;
  }

  text(text: string): Outcome {
    const length = text.length;
    if (length <= SHORT_TEXT) {
      this.reserve(4 + length);
      const { bytes } = this;
      const start = this.position + 4;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code === 0 || code > 127) break;
        bytes[start + i] = code;
      }
      if (i === length) {
        this.view.setInt32(this.position, length);
        this.position = start + length;
        return STORED;
      }
    }
    if (!UNSTORABLE.test(text)) { this.utf8(text); return STORED; }
    this.utf8(cleanText(text));
    return CLEANED;
  }

  json(value: unknown): Outcome {
    const text = storableJson(value);
    this.utf8(text ?? cleanedJson(value), true);
    return text === undefined ? CLEANED : STORED;
  }

  /** The instant that `parseInstant` read last. */
  instant(): void {
    if (Math.abs(instant.seconds) < MICROS_SAFE_SECONDS) this.integer(instant.seconds * 1e6 + instant.micros);
    else this.bigint(BigInt(instant.seconds) * 1_000_000n + BigInt(instant.micros));
  }

  /** A decimal as text, exponent allowed. False when it is no number or beyond what `numeric` holds. */
  numeric(text: string): boolean {
    const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
    if (match === null) return false;
    const [, sign, whole = '', fraction = '', exponent = '0'] = match;
    const shift = Number(exponent);
    const scale = Math.max(0, fraction.length - shift);
    const all = (whole + fraction).replace(/^0+/, '');
    const point = all.length - fraction.length + shift;
    if (point > 131_072 || scale > 16_383) return false;
    const significant = all.replace(/0+$/, '');
    const padded = '0'.repeat(((-point % 4) + 4) % 4) + significant;
    const groups = Math.ceil(padded.length / 4);
    this.reserve(12 + groups * 2);
    this.int32(8 + groups * 2);
    this.int16(groups);
    this.int16(groups === 0 ? 0 : Math.ceil(point / 4) - 1);
    this.view.setUint16(this.position, sign === '-' && groups > 0 ? 0x4000 : 0); this.position += 2;
    this.int16(scale);
    for (let i = 0; i < groups; i++) this.int16(Number(padded.slice(i * 4, i * 4 + 4).padEnd(4, '0')));
    return true;
  }
}

const text: WriteValue = (to, value) => {
  switch (typeof value) {
    case 'string': return to.text(value);
    case 'object': return value !== null && isExactNumber(value) ? to.text(value.value) : MISFIT;
    default: return to.text(String(value));
  }
};

const boolean: WriteValue = (to, value) => {
  const is = value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined;
  if (is === undefined) return MISFIT;
  to.boolean(is);
  return STORED;
};

const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

const bigint: WriteValue = (to, value) => {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) { to.integer(value); return STORED; }
    return Number.isFinite(value) ? WIDER : MISFIT;
  }
  const spelled = typeof value === 'string' ? value : typeof value === 'bigint' ? String(value) : typeof value === 'object' && value !== null && isExactNumber(value) ? value.value : undefined;
  if (spelled === undefined) return MISFIT;
  const exact = int64(spelled);
  if (exact !== undefined) { to.bigint(exact); return STORED; }
  return typeof value !== 'string' || DECIMAL.test(spelled) ? WIDER : MISFIT;
};

const numeric: WriteValue = (to, value) => {
  switch (typeof value) {
    case 'number': case 'bigint': return to.numeric(String(value)) ? STORED : MISFIT;
    case 'string': return DECIMAL.test(value) && to.numeric(value) ? STORED : MISFIT;
    case 'object': return value !== null && isExactNumber(value) && to.numeric(value.value) ? STORED : MISFIT;
    default: return MISFIT;
  }
};

const double: WriteValue = (to, value) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) return MISFIT;
  to.double(value);
  return STORED;
};

const timestamptz: WriteValue = (to, value) => {
  if (typeof value !== 'string' || !parseInstant(value)) return MISFIT;
  to.instant();
  return STORED;
};

const date: WriteValue = (to, value) => {
  const days = typeof value === 'string' ? parseDate(value) : Number.NaN;
  if (Number.isNaN(days)) return MISFIT;
  to.field32(days);
  return STORED;
};

const jsonb: WriteValue = (to, value) => to.json(value);

export const WRITERS: Readonly<Record<ColumnType, WriteValue>> = { text, boolean, bigint, numeric, double, timestamptz, date, jsonb };
