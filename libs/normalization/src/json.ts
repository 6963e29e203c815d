import { isUtf8 } from 'node:buffer';
import { LosslessNumber, isSafeNumber, parse, stringify } from 'lossless-json';

/**
 * A number token that a double may not hold exactly: 16 characters of digits or more, or an exponent. Only looked for
 * where a value can stand, so that ids inside strings rarely cost the slow path; a false find costs time, never exactness.
 */
const UNSAFE_NUMBER = /(?:^|[:,[])\s*-?(?:[\d.]{16,}|[\d.]+[eE])/;

/** Bytes that aren't JSON in UTF-8. `reason` is the word for the dead letter; the message quotes nothing of the bytes. */
export class NotJsonError extends Error {
  constructor(readonly reason: 'not_utf8' | 'not_json', message: string) { super(message); this.name = 'NotJsonError'; }
}

export interface ParsedJson {
  readonly value: unknown;
  /** Holds a `LosslessNumber` somewhere: serialise with `stringifyJson(…, true)`. */
  readonly lossless: boolean;
}

/** @throws NotJsonError */
export function parseJson(bytes: Buffer): ParsedJson {
  if (!isUtf8(bytes)) throw new NotJsonError('not_utf8', 'the bytes are not UTF-8');
  const text = bytes.toString('utf8');
  let value: unknown;
  try { value = JSON.parse(text); } catch { throw new NotJsonError('not_json', `the ${bytes.length} bytes are not JSON`); }
  if (!UNSAFE_NUMBER.test(text)) return { value, lossless: false };
  // The slow parser refuses what the fast one takes in one case only, a name given twice; then the last one counts, as in the fast one.
  try {
    return { value: parse(text, undefined, (number) => (isSafeNumber(number) ? Number(number) : new LosslessNumber(number))), lossless: true };
  } catch {
    throw new NotJsonError('not_json', 'a name stands twice in one object, with different values and numbers that need exact reading');
  }
}

/** JSON text with every number as it came. */
export const stringifyJson = (value: unknown, lossless: boolean): string => (lossless ? stringify(value) : JSON.stringify(value)) ?? 'null';
