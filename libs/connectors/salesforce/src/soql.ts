/** From `from` (inclusive) to `to` (exclusive unless `through`), in the order of the cursor. */
export interface Range {
  readonly object: string;
  /** Field name; empty: the object has none and is read in the order of its ids. */
  readonly cursor: string;
  /** Milliseconds since the epoch; undefined: from the beginning. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** The last moment, inclusive, instead of `to`. */
  readonly through?: number | undefined;
  readonly fromId?: string | undefined;
  readonly throughId?: string | undefined;
}

/**
 * Salesforce refuses an address and headers above 16,384 bytes together. A session's token may take 2,000 of them, and proxies
 * add headers of their own.
 */
const LONGEST_QUERY = 12_000;

const literal = (ms: number): string => new Date(ms).toISOString();
const quoted = (id: string): string => `'${id.replace(/[\\']/g, '\\$&')}'`;

/** @param ordered false for bulk jobs, which then are split by Salesforce */
export function soql(fields: readonly string[], { object, cursor, from, to, through, fromId, throughId }: Range, ordered = true): string {
  const conditions = [
    ...cursor !== '' && from !== undefined ? [`${cursor} >= ${literal(from)}`] : [],
    ...cursor !== '' && to !== undefined ? [`${cursor} < ${literal(to)}`] : [],
    ...cursor !== '' && through !== undefined ? [`${cursor} <= ${literal(through)}`] : [],
    ...fromId === undefined ? [] : [`Id >= ${quoted(fromId)}`],
    ...throughId === undefined ? [] : [`Id <= ${quoted(throughId)}`],
  ];
  const order = ordered ? ` ORDER BY ${cursor === '' ? '' : `${cursor}, `}Id` : '';
  return `SELECT ${fields.join(',')} FROM ${object}${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`}${order}`;
}

/**
 * Cuts a list of fields so that each query fits into an address. Each part has the id and the cursor, by which the parts are
 * joined again.
 */
export function parts(fields: readonly string[], range: Range): string[][] {
  const keys = ['Id', ...range.cursor === '' ? [] : [range.cursor]];
  // The longest condition that a part may get.
  const frame = encodeURIComponent(soql(keys, { ...range, from: 0, through: 0, to: 0, fromId: 'x'.repeat(18), throughId: 'x'.repeat(18) })).length;
  const result: string[][] = [];
  let size = Infinity;
  for (const field of fields) {
    if (keys.includes(field)) continue;
    const cost = encodeURIComponent(`,${field}`).length;
    if (size + cost > LONGEST_QUERY) {
      result.push([...keys]);
      size = frame;
    }
    result.at(-1)?.push(field);
    size += cost;
  }
  return result.length === 0 ? [keys] : result;
}
