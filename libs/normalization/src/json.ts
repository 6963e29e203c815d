import { isUtf8 } from 'node:buffer';
import { LosslessNumber, isSafeNumber, parse, stringify } from 'lossless-json';

const MOST_SAFE_DIGITS = 15;
const QUOTE = 34, BACKSLASH = 92, POINT = 46, UPPER_E = 69, LOWER_E = 101;

/** Whether there is a number that a double may not hold exactly: more than 15 digits (and a point), or an exponent. @param bytes of valid JSON */
function holdsUnsafeNumber(bytes: Uint8Array): boolean {
  const { length } = bytes;
  for (let i = 0; i < length; i++) {
    let byte = bytes[i]!;
    if (byte === QUOTE) {
      while ((byte = bytes[++i]!) !== QUOTE && i < length) if (byte === BACKSLASH) i += 1;
    } else if (byte >= 48 && byte <= 57) {
      const start = i;
      while (((byte = bytes[++i]!) >= 48 && byte <= 57) || byte === POINT) { /* a digit more */ }
      if (i - start > MOST_SAFE_DIGITS || byte === LOWER_E || byte === UPPER_E) return true;
      i -= 1;
    }
  }
  return false;
}

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
  if (!holdsUnsafeNumber(bytes)) return { value, lossless: false };
  // The slow parser refuses what the fast one takes in one case only, a name given twice; then the last one counts, as in the fast one.
  try {
    return { value: parse(text, undefined, (number) => (isSafeNumber(number) ? Number(number) : new LosslessNumber(number))), lossless: true };
  } catch {
    throw new NotJsonError('not_json', 'a name stands twice in one object, with different values and numbers that need exact reading');
  }
}

/** JSON text with every number as it came. */
export const stringifyJson = (value: unknown, lossless: boolean): string => (lossless ? stringify(value) : JSON.stringify(value)) ?? 'null';
