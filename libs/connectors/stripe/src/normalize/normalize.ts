import type { Normalize, NormalizeFailure, NormalizedRecord } from '#connector-kit';
import { OTHER_EVENTS, eventCollection } from '../collections/events.js';
import { RESOURCES, collectionOf } from '../collections/resources.js';
import { toColumns } from './columns.js';
import { deletionsOf, eventObject, isForeign } from './changes.js';
import { partsOf } from './parts.js';
import type { Context } from './unify.js';
import { at, isObject, toTimestamp, type Json } from './values.js';

type Result = NormalizedRecord | NormalizeFailure;

const failure = (reason: string, message: string): NormalizeFailure => ({ failure: { reason, message } });

/** Stripe's records, sub-lists, single objects and events to records of our collections. */
export const normalize: Normalize = (record, meta) => {
  const results = record.object === 'event' ? fromEvent(record, meta.component === 'webhook')
    : typeof record.object === 'string' && /^v\d+\..*event$/.test(record.object) ? [thinEvent(record)]
    : fromObject(meta.collection, record, meta.observedAt, parentOf(meta.request));
  if (meta.selected === undefined) return results;
  const { selected } = meta;
  return results.filter((result) => 'failure' in result || selected.includes(result.collection));
};

/** Id of the object whose sub-list was asked for. */
function parentOf(request: string | undefined): string | undefined {
  if (request === undefined) return undefined;
  const found = /^\/v1\/[a-z_]+\/([^/?]+)\/[a-z_]+(?:\?|$)/.exec(request)?.[1] ?? /[?&]subscription=([^&]+)/.exec(request)?.[1];
  return found === undefined ? undefined : decodeURIComponent(found);
}

function fromObject(read: string, record: Json, version: number, parentId: string | undefined): readonly Result[] {
  const collection = collectionOf(record.object) ?? (record.object === undefined && RESOURCES.some((resource) => resource.collection === read) ? read : undefined);
  // Things that share a list with ours, as `source` objects among a customer's cards.
  if (collection === undefined) return [];
  return withParts(collection, record, version, parentId === undefined ? {} : { parentId });
}

function withParts(collection: string, record: Json, version: number, context: Context): readonly Result[] {
  const own = toRecord(collection, record, version, context, record.deleted === true);
  if ('failure' in own || own.deleted === true) return [own];
  return [own, ...partsOf(collection, record).map((part) => toRecord(part.collection, part.record, version, part.context, false))];
}

function toRecord(collection: string, record: Json, version: number, context: Context, deleted: boolean): Result {
  const { id } = record;
  if (typeof id !== 'string' || id === '') return failure('record_without_id', `A record of ${collection} has no id.`);
  return { collection, kind: 'object', id, version, ...(deleted && { deleted }), data: toColumns(collection, record, context) };
}

/** End of the event's second, so that a read in the same second, but before the change, can't win; a delete wins a tie. */
const eventVersion = (created: number, type: string): number => created * 1_000 + (type.endsWith('.deleted') ? 999 : type.endsWith('.created') ? 997 : 998);

/**
 * An event, and what it carries. The object's state is only taken from webhooks: a sync reads the object itself, in the
 * pinned version.
 */
function fromEvent(event: Json, takeObject: boolean): readonly Result[] {
  const { id, type } = event;
  if (typeof id !== 'string' || id === '') return [failure('record_without_id', 'An event has no id.')];
  if (typeof type !== 'string') return [failure('event_without_type', 'An event has no type.')];
  const created = Number(String(event.created));
  if (!Number.isSafeInteger(created)) return [failure('event_without_time', 'An event has no `created`.')];
  const version = eventVersion(created, type);
  if (takeObject && isForeign(event)) return [eventRecord(event, type, id)];
  const deletions = deletionsOf(event);
  const gone = new Set(deletions.map(({ collection, record }) => `${collection}/${String(record.id)}`));
  const results: Result[] = [eventRecord(event, type, id)];
  const object = eventObject(event);
  const collection = collectionOf(object?.object);
  if (takeObject && object !== undefined && collection !== undefined) {
    results.push(...withParts(collection, object, version, {}).filter((result) => 'failure' in result || !gone.has(`${result.collection}/${result.id}`)));
  }
  for (const deletion of deletions) results.push(toRecord(deletion.collection, deletion.record, eventVersion(created, '.deleted'), {}, true));
  return results;
}

function eventRecord(event: Json, type: string, id: string): NormalizedRecord {
  const { created, object: _, data, request, type: __, ...rest } = event;
  const { client_secret: ___, ...object } = isObject(at(data, 'object')) ? at(data, 'object') as Json : {};
  const timestamp = toTimestamp(created);
  return {
    collection: eventCollection(type), kind: 'event', id, version: 0,
    event: type.replaceAll('.', '_'), eventText: type, timestamp: String(timestamp),
    data: {
      ...rest, type, created: timestamp,
      request_id: isObject(request) ? request.id ?? null : request ?? null, idempotency_key: at(request, 'idempotency_key') ?? null,
      object_id: object.id ?? null, object_type: object.object ?? null, object, previous_attributes: at(data, 'previous_attributes') ?? null,
    },
  };
}

/** A v2 event only says what happened to which object; there is nothing in it to refresh from. */
function thinEvent(event: Json): Result {
  const { id, type, created, related_object: related } = event;
  if (typeof id !== 'string' || id === '') return failure('record_without_id', 'An event has no id.');
  if (typeof type !== 'string') return failure('event_without_type', 'An event has no type.');
  if (typeof created !== 'string' || Number.isNaN(Date.parse(created))) return failure('event_without_time', 'An event has no `created`.');
  const timestamp = new Date(created).toISOString();
  return {
    collection: OTHER_EVENTS, kind: 'event', id, version: 0, event: type.replaceAll('.', '_'), eventText: type, timestamp,
    data: { id, type, created: timestamp, livemode: event.livemode ?? null, object_id: at(related, 'id') ?? null, object_type: at(related, 'type') ?? null, object: event.data ?? null, previous_attributes: null },
  };
}
