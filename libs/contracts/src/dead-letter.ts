import { CE_TYPES, attribute, toHeaders, type WireHeaders } from './cloud-event.js';

/**
 * A message on `dead-letter.<service>`: the value is the bytes that couldn't be processed, untouched, the original
 * key is kept, the original headers follow with the prefix `original_`, and these say why.
 */
export interface DeadLetter {
  readonly service: string;
  /** A stable word for grouping, e.g. `not_json`, `record_without_id`. */
  readonly reason: string;
  /** What happened, to what. Holds no value of the record. */
  readonly message: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly workspaceId?: string;
  readonly sourceId?: string;
  readonly connector?: string;
  readonly collection?: string;
  /** Index of the record in its page, when only a part of the page failed. */
  readonly recordIndex?: number;
  /** The destination that didn't get it; the others have it, or have letters of their own. */
  readonly destinationId?: string;
}

/** Headers of a dead letter. Its id is deterministic, so that a reprocessed batch can't double it for a consumer. */
export function deadLetterHeaders(letter: DeadLetter, at: Date): Record<string, string> {
  return toHeaders({
    id: `${letter.topic}/${letter.partition}/${letter.offset}${letter.recordIndex === undefined ? '' : `#${letter.recordIndex}`}${letter.destinationId === undefined ? '' : `@${letter.destinationId}`}`,
    source: `/services/${letter.service}`,
    type: CE_TYPES.deadLetter,
    time: at.toISOString(),
    service: letter.service, reason: letter.reason, message: letter.message.slice(0, 1_000),
    topic: letter.topic, partition: String(letter.partition), offset: letter.offset,
    workspaceid: letter.workspaceId, sourceid: letter.sourceId, connector: letter.connector, collection: letter.collection,
    recordindex: letter.recordIndex === undefined ? undefined : String(letter.recordIndex),
    destinationid: letter.destinationId,
  }, 'application/octet-stream');
}

/** @throws Error naming the missing header */
export function readDeadLetter(headers: WireHeaders | undefined): { readonly letter: DeadLetter; readonly at: Date } {
  const need = (name: string): string => {
    const value = attribute(headers, name);
    if (value === undefined) throw new Error(`dead letter without the header ce_${name}`);
    return value;
  };
  const [partition, offset, at] = [Number(need('partition')), need('offset'), new Date(need('time'))];
  if (!Number.isSafeInteger(partition) || !/^\d{1,18}$/.test(offset) || Number.isNaN(at.getTime())) throw new Error('dead letter whose place or time can not be read');
  const [workspaceId, sourceId, connector, collection, recordIndex, destinationId] = ['workspaceid', 'sourceid', 'connector', 'collection', 'recordindex', 'destinationid'].map((name) => attribute(headers, name));
  return {
    at,
    letter: {
      service: need('service'), reason: need('reason'), message: need('message'), topic: need('topic'), partition, offset,
      ...(workspaceId !== undefined && { workspaceId }), ...(sourceId !== undefined && { sourceId }), ...(connector !== undefined && { connector }), ...(collection !== undefined && { collection }),
      ...(recordIndex !== undefined && { recordIndex: Number(recordIndex) }), ...(destinationId !== undefined && { destinationId }),
    },
  };
}
