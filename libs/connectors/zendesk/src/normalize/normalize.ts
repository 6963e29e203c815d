import type { Normalize, NormalizeFailure, NormalizedRecord } from '#connector-kit';
import { COMPARED } from '../collections/collections.js';
import { fromTicketEvent } from './ticket-events.js';
import { metricsOf } from './ticket-metrics.js';
import { at, idText, instant, isObject, withTextIds, type Json } from './values.js';
import { fromWebhook } from './webhook-events.js';

type Result = NormalizedRecord | NormalizeFailure;

/** Zendesk's records, the rows of its exports and its webhooks to records of our collections. */
export const normalize: Normalize = (record, meta) => {
  const results = meta.component === 'webhook' ? fromWebhook(record, meta) : fromSync(meta.collection, record, meta.observedAt);
  if (meta.selected === undefined) return results;
  const selected = new Set(meta.selected);
  return results.filter((result) => 'failure' in result || selected.has(result.collection));
};

function fromSync(collection: string, record: Json, observedAt: number): readonly Result[] {
  switch (collection) {
    case 'tickets': return fromTicket(record, observedAt);
    case 'ticket_events': return fromTicketEvent(record);
    // Deleted users stay in the export without being active; deleted organizations have the time of it.
    case 'users': return [toRecord(collection, { ...record, url: idText(record['id']) }, exportVersion(record['updated_at'], observedAt), record['active'] === false)];
    case 'organizations': return [toRecord(collection, record, exportVersion(record['updated_at'], observedAt), instant(record['deleted_at']) !== undefined)];
    case 'tags': return [toRecord(collection, { ...record, id: record['name'] }, observedAt)];
    case 'ticket_fields': return [toRecord(collection, { ...record, ...(typeof record['title'] === 'string' && { slug: record['title'].trim().replace(/\s+/g, '_') }) }, listVersion(collection, record, observedAt))];
    case 'groups': return [toRecord(collection, record, listVersion(collection, record, observedAt), record['deleted'] === true)];
    case 'brands': return [toRecord(collection, record, listVersion(collection, record, observedAt), record['is_deleted'] === true)];
    default: return [toRecord(collection, record, listVersion(collection, record, observedAt))];
  }
}

function fromTicket(record: Json, observedAt: number): readonly Result[] {
  const { metric_set: metrics, ...ticket } = record;
  const generated = Number(String(ticket['generated_timestamp']));
  const version = Number.isSafeInteger(generated) && generated > 0 ? endOfSecond(generated * 1_000) : exportVersion(ticket['updated_at'], observedAt);
  const deleted = ticket['status'] === 'deleted';
  const own = toRecord('tickets', ticket, version, deleted);
  if ('failure' in own) return [own];
  if (deleted) return [own, metricsOf(own.id, {}, version, true)];
  return isObject(metrics) && at(metrics, 'id') !== undefined ? [own, metricsOf(own.id, metrics, version)] : [own];
}

function toRecord(collection: string, record: Json, version: number, deleted = false): Result {
  const id = idText(record['id']);
  if (id === undefined) return { failure: { reason: 'record_without_id', message: `A record of ${collection} has no id.` } };
  return { collection, kind: 'object', id, version, ...(deleted && { deleted }), data: withTextIds({ ...record, id }) };
}

const endOfSecond = (at: number): number => Math.floor(at / 1_000) * 1_000 + 999;
/** Exports leave the last minute out: a row is the last state of its second, and newer than any webhook of it. */
const exportVersion = (updatedAt: unknown, observedAt: number): number => {
  const at = instant(updatedAt);
  return at === undefined ? observedAt : endOfSecond(at);
};
/** Where deletes are found by comparing, a record that comes back must be newer than its deletion, whatever it says of itself. */
const listVersion = (collection: string, record: Json, observedAt: number): number => COMPARED.has(collection) ? observedAt : instant(record['updated_at']) ?? instant(record['created_at']) ?? observedAt;
