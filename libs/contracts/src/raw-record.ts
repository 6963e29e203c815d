import { CE_TYPES, attribute, toHeaders, type WireHeaders } from './cloud-event.js';

/** Which component received it. */
export type Component = 'sync' | 'webhook';

/**
 * What is known about a raw record besides its bytes: where, when and for which run it was received.
 * It travels as CloudEvents headers; the message's value is the partner's bytes, untouched.
 */
export interface RawRecordMeta {
  /** Deterministic: the same page of the same run, or the same webhook delivery, has the same id. */
  readonly id: string;
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly connector: string;
  /** The collection whose reader fetched the page; for a webhook the connector's webhook collection. */
  readonly collection: string;
  readonly component: Component;
  /** ISO 8601 with milliseconds: when we received it. */
  readonly receivedAt: string;
  /**
   * Milliseconds since the epoch on the partner's clock at which the answer's state was true at the earliest
   * (when the request was sent). Becomes the `recordversion` of records that have no version of their own.
   */
  readonly observedAt: number;
  readonly runId?: string;
  /** JSON path of the array of records in a page, dotted; empty when the body is one record. */
  readonly recordsAt: string;
  /** Names of the selected collections, so that nothing else is emitted; undefined means all. */
  readonly selected?: readonly string[];
  /** Path and query of the request, without credentials. */
  readonly request?: string;
  readonly contentType?: string;
  /** Of the described types of this collection's columns, see `RecordMeta.fieldsVersion`. */
  readonly fieldsVersion?: number;
  /** The records aren't the partner's: they hold the ids that a complete pass, begun at `observedAt`, didn't find any more. */
  readonly absent?: true;
  readonly traceparent?: string;
  /** Set when it is normalised again: milliseconds since the epoch. Its events take the place of those with the same id. */
  readonly replay?: number;
}

/** Key of a raw message: `<source>/<collection>`, with `#<shard>` where order doesn't matter (newest wins). */
export const rawKey = (sourceId: string, collection: string, shard?: number): string =>
  shard === undefined ? `${sourceId}/${collection}` : `${sourceId}/${collection}#${shard}`;

export function rawHeaders(meta: RawRecordMeta): Record<string, string> {
  return toHeaders({
    id: meta.id,
    source: `/sources/${meta.sourceId}`,
    type: meta.absent === true ? CE_TYPES.rawAbsent : meta.component === 'sync' ? CE_TYPES.rawPage : CE_TYPES.rawWebhook,
    time: meta.receivedAt,
    workspaceid: meta.workspaceId,
    sourceid: meta.sourceId,
    connector: meta.connector,
    collection: meta.collection,
    component: meta.component,
    observedat: String(meta.observedAt),
    recordsat: meta.recordsAt,
    runid: meta.runId,
    selected: meta.selected?.join(','),
    request: meta.request,
    fieldsversion: meta.fieldsVersion === undefined ? undefined : String(meta.fieldsVersion),
    traceparent: meta.traceparent,
  }, meta.contentType);
}

/** The meta of a raw message. @throws Error naming the missing header, for the dead letter. */
export function readRawHeaders(headers: WireHeaders | undefined): RawRecordMeta {
  const need = (name: string): string => {
    const value = attribute(headers, name);
    if (value === undefined) throw new Error(`raw record without the header ce_${name}`);
    return value;
  };
  const component = need('component');
  if (component !== 'sync' && component !== 'webhook') throw new Error(`raw record with the unknown component ${component}`);
  const observedAt = Number(need('observedat'));
  if (!Number.isSafeInteger(observedAt)) throw new Error('raw record whose header ce_observedat is not a number of milliseconds');
  const [runId, selected, request, fieldsVersion, traceparent] = ['runid', 'selected', 'request', 'fieldsversion', 'traceparent'].map((name) => attribute(headers, name));
  const replay = attribute(headers, 'replay');
  if (replay !== undefined && !/^\d{1,15}$/.test(replay)) throw new Error('raw record whose header ce_replay is not a number of milliseconds');
  return {
    id: need('id'), workspaceId: need('workspaceid'), sourceId: need('sourceid'), connector: need('connector'),
    collection: need('collection'), component, receivedAt: need('time'), observedAt, recordsAt: need('recordsat'),
    ...(attribute(headers, 'type') === CE_TYPES.rawAbsent && { absent: true }),
    ...(runId !== undefined && { runId }),
    ...(selected !== undefined && { selected: selected.split(',') }),
    ...(request !== undefined && { request }),
    ...(fieldsVersion !== undefined && { fieldsVersion: Number(fieldsVersion) }),
    ...(traceparent !== undefined && { traceparent }),
    ...(replay !== undefined && { replay: Number(replay) }),
  };
}
