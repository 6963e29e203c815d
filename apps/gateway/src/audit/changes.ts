/** Fields whose values can't be secrets, whatever route they are sent to. */
const SHOWN = ['name', 'role', 'email', 'connector', 'enabled', 'timeZone', 'workspaceId', 'collection', 'collections', 'intervalMinutes', 'from', 'to', 'force'];
const MOST_FIELDS = 50;
const CHARS = 200;

type Shown = string | number | boolean | null;

/** What the audit log keeps of a body: the names of its fields, and the values of a few. */
export function changesIn(body: unknown): Record<string, Shown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return {};
  return Object.fromEntries(Object.entries(body).slice(0, MOST_FIELDS).map(([field, value]) => [field.slice(0, CHARS), SHOWN.includes(field) ? shown(value) : null]));
}

function shown(value: unknown): Shown {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.slice(0, CHARS);
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value.join(', ').slice(0, CHARS) : null;
}
