/** A JSON object of Stripe's. */
export type Json = Readonly<Record<string, unknown>>;

/** A number that a double can't hold, in the class of the lossless parser; passed on as it is. */
const isExactNumber = (value: unknown): boolean => typeof value === 'object' && value !== null && (value as { isLosslessNumber?: unknown }).isLosslessNumber === true;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** A property of a value that may not be an object; undefined then. */
export const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);

/** Id of a reference: Stripe gives the id, or the whole object when it was expanded. Null stays null. */
export const idOf = (value: unknown): unknown => (isObject(value) ? (value.id ?? null) : value);

/** The records of a list object or of a plain array; empty when there are none. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const data = at(value, 'data');
  return Array.isArray(data) ? data : [];
}

/** The ids of references in a list; undefined stays undefined and null stays null, so that "unknown" isn't "none". */
export const idsOf = (value: unknown): unknown => (Array.isArray(value) ? value.map(idOf) : isObject(value) ? listOf(value).map(idOf) : value);

/** The first value that says something: neither undefined nor null. Null when one of them was at least null. */
export function firstOf(...values: readonly unknown[]): unknown {
  return values.find((value) => value !== undefined && value !== null) ?? (values.includes(null) ? null : undefined);
}

/** Epoch seconds as ISO 8601; anything that isn't a number of seconds stays as it is. */
export function toTimestamp(value: unknown): unknown {
  if (typeof value !== 'number' && !isExactNumber(value)) return value;
  const date = new Date(Number(String(value)) * 1_000);
  return Number.isNaN(date.getTime()) ? value : date.toISOString();
}

/** A copy of `object` in which what is at `path` went through `change`; the object itself when there is nothing. */
export function changeAt(object: Json, path: readonly string[], change: (value: unknown) => unknown): Json {
  const [key, ...rest] = path;
  if (key === undefined || !(key in object)) return object;
  const value = object[key];
  if (rest.length === 0) return { ...object, [key]: change(value) };
  return isObject(value) ? { ...object, [key]: changeAt(value, rest, change) } : object;
}
