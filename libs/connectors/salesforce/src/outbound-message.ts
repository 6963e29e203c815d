import type { FieldType, NormalizeFailure, NormalizedRecord } from '#connector-kit';
import { columnName } from './column-name.js';
import { EVERYWHERE, OBJECTS } from './objects.js';
import { CURSORS, isObject, toMs } from './values.js';

/** Raw collection of what outbound messages tell. */
export const OUTBOUND_MESSAGES = 'outbound_messages';

/** One notification of an outbound message: the fields that were chosen for it, as text. Fields that are null are left out. */
export interface Notification {
  /** `04l…`; the same when the message comes again. */
  readonly id: string;
  readonly object: string;
  readonly fields: Readonly<Record<string, string>>;
}

const failed = (reason: string, message: string): NormalizeFailure[] => [{ failure: { reason, message } }];

/**
 * A notification to those columns of its object's row that it tells. All its values are text: those whose type is declared are
 * taken, the rest comes with the next sync. It has the version of the sync's row, so that one never hides the other's changes.
 */
export function normalizeNotification(record: Record<string, unknown>, selected: readonly string[] | undefined): (NormalizedRecord | NormalizeFailure)[] {
  const { object, fields } = record;
  const known = OBJECTS.find((one) => one.object === object);
  if (!isObject(fields)) return failed('not_a_notification', 'An outbound message that could not be read.');
  if (known === undefined) return failed('unknown_object', 'An outbound message about an object without a collection.');
  const { collection } = known;
  if (selected?.includes(collection) === false) return [];
  const id = fields.Id;
  if (typeof id !== 'string' || id === '') return failed('record_without_id', `An outbound message about ${collection} has no Id.`);
  const version = CURSORS.map((field) => toMs(fields[field])).find((ms) => ms !== undefined);
  if (version === undefined) return failed('record_without_version', `An outbound message about ${collection} tells no time of the change: SystemModstamp must be among its fields.`);
  const types: Readonly<Record<string, FieldType>> = { ...EVERYWHERE, ...known.fields };
  const data = Object.fromEntries(Object.entries(fields).flatMap(([field, text]): [string, unknown][] => {
    const name = columnName(field);
    const value = typeof text === 'string' ? typed(text, types[name]) : undefined;
    return value === undefined ? [] : [[name, value]];
  }));
  return [{ collection, kind: 'object', id, version, partial: true, ...data.is_deleted === true && { deleted: true }, data }];
}

/** Undefined: the type isn't known, or the text isn't of it. */
function typed(text: string, type: FieldType | undefined): unknown {
  const ms = toMs(text);
  switch (type) {
    case 'string': case 'date': return text;
    case 'boolean': return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'timestamp': return ms === undefined ? undefined : new Date(ms).toISOString();
    // More digits than a double holds are left to the sync.
    case 'integer': case 'number': return /^-?\d+(\.\d+)?$/.test(text) && text.replace(/\D/g, '').length <= 15 ? Number(text) : undefined;
    default: return undefined;
  }
}
