import { Cursor } from './cursor.js';

export type FetchedHeaders = Record<string, Buffer | (Buffer | string)[] | undefined>;

/** The headers of the record that lie at `at`, from their count on. */
export function readHeaders(bytes: Buffer, at: number, first = Number.POSITIVE_INFINITY): FetchedHeaders {
  const cursor = new Cursor(bytes, at);
  const headers: FetchedHeaders = {};
  for (let left = Math.min(cursor.varint(), first); left > 0; left--) {
    const name = cursor.name();
    const value = cursor.field() as Buffer;
    const earlier = headers[name];
    headers[name] = earlier === undefined ? value : Array.isArray(earlier) ? [...earlier, value] : [earlier, value];
  }
  return headers;
}

/** Where the values and names of one record's headers are. */
interface Places { readonly count: number; readonly start: number; readonly headers: readonly { readonly nameAt: number; readonly valueAt: number; readonly end: number }[] }

function placesOf(bytes: Buffer, at: number): Places {
  const cursor = new Cursor(bytes, at);
  const count = cursor.varint();
  const start = cursor.at;
  const headers = Array.from({ length: count }, () => {
    const nameAt = cursor.at;
    cursor.field();
    const valueAt = cursor.at;
    cursor.field();
    return { nameAt, valueAt, end: cursor.at };
  });
  return { count, start, headers };
}

/**
 * Knows the headers that the records of a fetch begin with: most records differ in the last few only. It learns from two
 * records that it doesn't know yet.
 */
export class HeaderMemory {
  private learned: { readonly bytes: Buffer; readonly headers: FetchedHeaders; readonly names: readonly Buffer[] } | undefined;
  private stranger: { readonly bytes: Buffer; readonly at: number } | undefined;

  /** The same object for records whose headers begin the same and go on with the same names; undefined when nothing is known. */
  of(bytes: Buffer, at: number): FetchedHeaders | undefined {
    if (this.knows(bytes, at)) return this.learned?.headers;
    const before = this.stranger;
    this.stranger = { bytes, at };
    if (before !== undefined) this.learn(before, this.stranger);
    return this.knows(bytes, at) ? this.learned?.headers : undefined;
  }

  private knows(bytes: Buffer, at: number): boolean {
    const { learned } = this;
    if (learned === undefined) return false;
    const begin = at + learned.bytes.length;
    if (begin > bytes.length || learned.bytes.compare(bytes, at, begin) !== 0) return false;
    const cursor = new Cursor(bytes, begin);
    for (const name of learned.names) {
      const { length } = name;
      for (let i = 0; i < length; i++) if (bytes[cursor.at + i] !== name[i]) return false;
      cursor.at += length;
      cursor.skip();
    }
    return true;
  }

  private learn(a: { readonly bytes: Buffer; readonly at: number }, b: { readonly bytes: Buffer; readonly at: number }): void {
    const [left, right] = [placesOf(a.bytes, a.at), placesOf(b.bytes, b.at)];
    if (left.count !== right.count) return;
    let same = 0;
    while (same < right.count) {
      const [one, other] = [left.headers[same]!, right.headers[same]!];
      if (a.bytes.compare(b.bytes, other.nameAt, other.end, one.nameAt, one.end) !== 0) break;
      same += 1;
    }
    const end = same === 0 ? right.start : right.headers[same - 1]!.end;
    this.learned = {
      // A copy: a view would keep the whole fetch.
      bytes: Buffer.from(b.bytes.subarray(b.at, end)),
      headers: readHeaders(Buffer.from(b.bytes.subarray(b.at, end)), 0, same),
      names: right.headers.slice(same).map(({ nameAt, valueAt }) => Buffer.from(b.bytes.subarray(nameAt, valueAt))),
    };
  }
}
