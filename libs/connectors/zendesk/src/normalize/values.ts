/** A JSON object of Zendesk's. */
export type Json = Readonly<Record<string, unknown>>;

/** A number that a double can't hold, in the class of the lossless parser; its text is exact. */
const isExactNumber = (value: unknown): boolean => typeof value === 'object' && value !== null && (value as { isLosslessNumber?: unknown }).isLosslessNumber === true;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** A property of a value that may not be an object; undefined then. */
export const at = (value: unknown, ...path: readonly string[]): unknown => path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);

/** An id as text; undefined when it is none. */
export function idText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || isExactNumber(value) ? String(value) : undefined;
}

/** Milliseconds of an instant; undefined when it can't be read. */
export function instant(value: unknown): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** Snake case of a name such as `AgentMacroReference` or `user.name_changed`; empty when nothing is left. */
export const snakeCase = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '').toLowerCase();

/** The record with its id and all references as text. */
export function withTextIds(record: Json): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, (name === 'id' || name.endsWith('_id')) ? idText(value) ?? value : value]));
}
