import type { Normalize } from '#connector-kit';
import { OUTBOUND_MESSAGES, normalizeNotification } from './outbound-message.js';
import { columnNames } from './column-name.js';
import { CURSORS, toMs } from './values.js';

/**
 * A record of a query to its collection's row: every field is a column, times are ISO 8601, the version is the time of the
 * change. What lies in the recycle bin is deleted.
 */
export const normalize: Normalize = ({ attributes: _type, ...record }, { collection, observedAt, selected }) => {
  if (collection === OUTBOUND_MESSAGES) return normalizeNotification(record, selected);
  if (selected?.includes(collection) === false) return [];
  const id = record.Id;
  if (typeof id !== 'string' || id === '') return [{ failure: { reason: 'record_without_id', message: `A record of ${collection} has no Id.` } }];
  const data: Record<string, unknown> = {};
  for (const [field, column] of columnNames(Object.keys(record))) {
    const ms = toMs(record[field]);
    data[column] = ms === undefined ? record[field] : new Date(ms).toISOString();
  }
  const version = CURSORS.map((field) => toMs(record[field])).find((ms) => ms !== undefined) ?? observedAt;
  return [{ collection, kind: 'object', id, version, ...record.IsDeleted === true && { deleted: true }, data }];
};
