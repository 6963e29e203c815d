/**
 * An event's `previous_attributes`: the fields that changed with the values they had. Hashes hold only the keys that
 * changed (null when a key is new); lists are given whole.
 */
export function previousAttributes(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const previous: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const old = before[key];
    const now = after[key];
    if (JSON.stringify(old) === JSON.stringify(now)) continue;
    previous[key] = isHash(old) && isHash(now) ? previousAttributes(old, now) : old ?? null;
  }
  return previous;
}

const isHash = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
