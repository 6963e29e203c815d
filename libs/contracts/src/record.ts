import { Type, type Static } from '@sinclair/typebox';
import { CE_TYPES, attribute, type WireHeaders } from './cloud-event.js';

/** Value of a message on `objects.<connector>.<collection>`. */
export const ObjectRecord = Type.Object({
  id: Type.String({ description: "The partner's id of the record." }),
  version: Type.String({ pattern: '^[0-9]{1,18}$', description: 'Orders the states of one record: the higher number is newer. Usually milliseconds on the partner\'s clock.' }),
  deleted: Type.Boolean({ description: 'True when the partner says that the record is gone; `data` then holds what is known of it.' }),
  partial: Type.Optional(Type.Boolean({ description: 'True when `data` holds some of the columns only, as a webhook may tell them: the others stay as they were. The next sync sends the whole record with this version or a newer one.' })),
  receivedAt: Type.String({ format: 'date-time', description: 'When the raw record arrived.' }),
  data: Type.Record(Type.String(), Type.Unknown(), { description: 'The columns of the collection. Numbers are exact: read them with a lossless parser where they may exceed 2^53.' }),
}, { $id: 'cloud-sources.object.v1', title: 'Object record' });
export type ObjectRecord = Static<typeof ObjectRecord>;

/** Value of a message on `events.<connector>.<collection>`. */
export const EventRecord = Type.Object({
  id: Type.String({ description: "The partner's id of the event." }),
  version: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$', description: 'Of an event that was made again from what is retained: the higher one takes the place of those before it, which have none.' })),
  event: Type.String({ description: 'Name of the event in snake_case, e.g. `customer_created`.' }),
  eventText: Type.String({ description: 'Name as the partner spells it, e.g. `customer.created`.' }),
  timestamp: Type.String({ format: 'date-time', description: 'When it happened.' }),
  receivedAt: Type.String({ format: 'date-time', description: 'When the raw record arrived.' }),
  data: Type.Record(Type.String(), Type.Unknown(), { description: 'The columns of the collection.' }),
}, { $id: 'cloud-sources.event.v1', title: 'Event record' });
export type EventRecord = Static<typeof EventRecord>;

/** Key of a record message on both kinds of topics. */
export const recordKey = (sourceId: string, recordId: string): string => `${sourceId}/${recordId}`;

/** What a consumer needs of the headers to load a record without reading its body. */
export interface RecordMeta {
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly connector: string;
  readonly collection: string;
  readonly recordId: string;
  /** Decimal; for events `0`, or when they were made again: the higher number takes the other's place. */
  readonly recordVersion: string;
  readonly kind: 'object' | 'event';
  readonly runId: string | undefined;
  /** Present where the partner describes its columns: the control database holds the types of this version, or a newer one, before the record is sent. */
  readonly fieldsVersion?: number;
}

/** @throws Error naming the missing header, for the dead letter. */
export function readRecordHeaders(headers: WireHeaders | undefined): RecordMeta {
  const need = (name: string): string => {
    const value = attribute(headers, name);
    if (value === undefined) throw new Error(`record without the header ce_${name}`);
    return value;
  };
  const type = need('type');
  if (type !== CE_TYPES.object && type !== CE_TYPES.event) throw new Error(`record of the unknown type ${type}`);
  const fieldsVersion = attribute(headers, 'fieldsversion');
  return {
    workspaceId: need('workspaceid'), sourceId: need('sourceid'), connector: need('connector'), collection: need('collection'),
    recordId: need('recordid'), recordVersion: attribute(headers, 'recordversion') ?? '0',
    kind: type === CE_TYPES.object ? 'object' : 'event', runId: attribute(headers, 'runid'),
    ...(fieldsVersion !== undefined && { fieldsVersion: Number(fieldsVersion) }),
  };
}
