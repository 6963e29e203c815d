import type { RawRecordMeta } from '#contracts';
import type { NormalizeFailure, NormalizedRecord } from '#connector-kit';
import { FIELDS } from '../collections/fields.js';
import { WEBHOOK_EVENTS } from '../collections/collections.js';
import { metricsOf } from './ticket-metrics.js';
import { idText, instant, isObject, snakeCase, type Json } from './values.js';

type Result = NormalizedRecord | NormalizeFailure;

const EVENT_TYPE = 'zen:event-type:';
/** Domains of events whose `detail` is (part of) an object of ours. */
const OBJECTS: Readonly<Record<string, string>> = { user: 'users', organization: 'organizations', ticket: 'tickets' };
/** Written in capitals in the detail of ticket events. */
const LOUD = new Set(['status', 'priority', 'type']);
const RENAMED: Readonly<Record<string, string>> = { form_id: 'ticket_form_id' };
/** Not columns of the object: who acted, and a status of its own kind. */
const LEFT_OUT = new Set(['actor_id', 'custom_status', 'via']);

/** A webhook's body: an event of Zendesk's, with the object it carries, or whatever a trigger was told to send. */
export function fromWebhook(body: Json, meta: RawRecordMeta): readonly Result[] {
  const { type } = body;
  if (typeof type !== 'string' || !type.startsWith(EVENT_TYPE)) return [fromTrigger(body, meta)];
  const id = idText(body['id']);
  if (id === undefined) return [failure('record_without_id', 'An event has no id.')];
  const at = instant(body['time']);
  if (at === undefined) return [failure('event_without_time', 'An event has no `time`.')];
  const name = type.slice(EVENT_TYPE.length);
  const [, domain = '', objectId] = /^zen:([a-z_]+):(.+)$/.exec(String(body['subject'])) ?? [];
  const { detail, event: change } = body;
  const event: NormalizedRecord = {
    collection: WEBHOOK_EVENTS, kind: 'event', id, version: 0, event: snakeCase(name) || 'event', eventText: name, timestamp: new Date(at).toISOString(),
    data: {
      id, type, account_id: idText(body['account_id']) ?? null, time: body['time'], zendesk_event_version: body['zendesk_event_version'] ?? null, subject: body['subject'] ?? null,
      object_type: domain === '' ? null : domain, object_id: objectId ?? null, detail: detail ?? null, change: change ?? null,
    },
  };
  const object = isObject(detail) ? objectOf(name, detail, isObject(change) ? change : {}, at) : undefined;
  if (object === undefined) return [event];
  const isGone = object.collection === 'tickets' && object.deleted === true;
  return isGone ? [event, object, metricsOf(object.id, {}, object.version, true)] : [event, object];
}

/** A trigger or automation sends what its author wrote; only the delivery tells one from the next. */
function fromTrigger(body: Json, meta: RawRecordMeta): NormalizedRecord {
  return {
    collection: WEBHOOK_EVENTS, kind: 'event', id: meta.id, version: 0, event: 'trigger_fired', eventText: 'trigger fired', timestamp: meta.receivedAt,
    data: { id: meta.id, type: 'trigger', time: meta.receivedAt, body },
  };
}

/** The object of an event, as far as the event tells it: what isn't said is left out, not emptied. */
function objectOf(name: string, detail: Json, change: Json, time: number): NormalizedRecord | undefined {
  const [domain = '', what = ''] = name.split('.');
  const collection = OBJECTS[domain];
  const id = idText(detail['id']);
  if (collection === undefined || id === undefined) return undefined;
  if (what === 'deleted' || what === 'soft_deleted' || what === 'permanently_deleted') {
    return { collection, kind: 'object', id, version: time, deleted: true, data: { id, ...(collection === 'users' && { url: id }) } };
  }
  const updatedAt = instant(detail['updated_at']);
  if (updatedAt === undefined) return undefined;
  const columns = FIELDS[collection] ?? {};
  const data: Record<string, unknown> = { id, ...(collection === 'users' && { url: id }) };
  for (const [key, value] of Object.entries(detail)) {
    const column = RENAMED[key] ?? key;
    if (key !== 'id' && !LEFT_OUT.has(key) && column in columns) data[column] = shown(collection, column, value);
  }
  // `user.name_changed` and their like: the new value isn't in the detail of all domains.
  const column = /^(\w+)_changed$/.exec(what)?.[1];
  const { current } = change;
  if (column !== undefined && column in columns && !(column in data) && (typeof current === 'string' || typeof current === 'boolean')) data[column] = shown(collection, column, current);
  return { collection, kind: 'object', id, version: versionOf(updatedAt, time), ...(collection === 'users' && data['active'] === false && { deleted: true }), data };
}

/** None is `"0"` for the references of users and organizations, and `""` for the external id. */
function shown(collection: string, column: string, value: unknown): unknown {
  if (column === 'external_id') return value === '' ? null : value;
  if (column.endsWith('_id')) return (collection !== 'tickets' && idText(value) === '0') ? null : idText(value) ?? null;
  return collection === 'tickets' && LOUD.has(column) && typeof value === 'string' ? value.toLowerCase() : value;
}

/** Within the object's second by the event's time, so that the later of two wins, and the export's row over both. */
function versionOf(updatedAt: number, time: number): number {
  const second = Math.floor(updatedAt / 1_000);
  return second * 1_000 + Math.min(998, Math.floor(time / 1_000) === second ? time % 1_000 : updatedAt % 1_000);
}

const failure = (reason: string, message: string): NormalizeFailure => ({ failure: { reason, message } });
