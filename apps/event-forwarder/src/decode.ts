import { CE_TYPES, attribute, deadLetterHeaders, readRecordHeaders, type DeadLetter } from '#contracts';
import { NotAnEventError, readEvent, subjectOf, type ForwardedEvent } from '#forwarding';
import type { IncomingMessage, OutgoingMessage } from '#kafka';
import type { NewDelivery } from '#persistence';
import { deadLetter, drop, ok, pipeline, type Pipeline, type Result } from '#pipeline';
import type { Listener } from './directory.js';

/** An event as it came. */
export interface Arrived {
  readonly message: IncomingMessage;
  readonly event: ForwardedEvent;
  readonly listeners: readonly Listener[];
  /** Made again out of what is retained. */
  readonly replayed: boolean;
  /** A dead letter that somebody sent back. */
  readonly again: boolean;
}

/** headers → body, for workspaces that have destinations. */
export function eventDecoder(listenersOf: (workspaceId: string) => readonly Listener[]): Pipeline<IncomingMessage, Arrived> {
  return pipeline<IncomingMessage>().pipe((message) => decode(message, listenersOf));
}

function decode(message: IncomingMessage, listenersOf: (workspaceId: string) => readonly Listener[]): Result<Arrived> {
  const { value, headers } = message;
  if (value === null) return drop('tombstone');
  let meta: ReturnType<typeof readRecordHeaders>;
  try { meta = readRecordHeaders(headers); } catch (error) { return deadLetter('bad_headers', (error as Error).message); }
  // A dead letter of one destination is sent back for that one only.
  const onlyFor = attribute(headers, 'destinationid');
  const listeners = listenersOf(meta.workspaceId).filter(({ id }) => onlyFor === undefined || id === onlyFor);
  if (listeners.length === 0) return drop('no_destination');
  const { sourceId, connector, collection, recordId, recordVersion } = meta;
  if (attribute(headers, 'type') !== CE_TYPES.event) return deadLetter('bad_headers', 'what is on a topic of events is no event');
  try {
    const event = readEvent({ id: attribute(headers, 'id') ?? `${sourceId}/${collection}/${recordId}`, sourceId, connector, collection }, value);
    return ok({ message, event, listeners, replayed: recordVersion !== '0', again: attribute(headers, 'replayof') !== undefined });
  } catch (error) {
    if (!(error instanceof NotAnEventError)) throw error;
    return deadLetter(error.reason, error.message);
  }
}

/** For each destination that wants the event, its delivery. @param knownSince since when the log of deliveries is whole, ms since the epoch */
export function deliveriesOf({ message, event, listeners, replayed, again }: Arrived, knownSince: number): NewDelivery[] {
  const receivedAt = Date.parse(event.receivedAt);
  // One clock that is behind must not make an event look older than its destination.
  const arrivedAt = replayed || again ? receivedAt : Math.max(receivedAt, Number(message.timestamp));
  // It was sent when it came first, and whether is not known any more.
  if (replayed && receivedAt < knownSince) return [];
  const { messageId, sourceId, connector, collection, value } = event;
  const { topic, partition, offset, key } = message;
  const kept = listeners.filter(({ startsAt, wants }) => arrivedAt >= startsAt && wants(event));
  if (kept.length === 0) return [];
  const headers = Object.fromEntries(Object.entries(message.headers).flatMap(([name, header]) => (header === undefined || Array.isArray(header) ? [] : [[name, Buffer.from(header).toString('base64')]])));
  return kept.map(({ id, subject }) => ({
    destinationId: id, messageId, event: event.event, sourceId, connector, collection, topic, partition, offset, key, headers, payload: value, again, arrivedAt: new Date(receivedAt),
    orderKey: `${sourceId}/${subjectOf(event, subject) ?? key?.toString() ?? messageId}`,
  }));
}

/** A message, or what is left of it in a delivery, as a dead letter: its bytes untouched, its headers behind `original_`. */
export function buried(letter: Omit<DeadLetter, 'service'>, { key, value, headers }: Pick<IncomingMessage, 'key' | 'value' | 'headers'>, at: Date): OutgoingMessage {
  const out: Record<string, string | Buffer> = deadLetterHeaders({ service: 'event-forwarder', ...letter }, at);
  for (const [name, header] of Object.entries(headers)) if (header !== undefined && !Array.isArray(header)) out[`original_${name}`] = header;
  if (letter.destinationId !== undefined) out['original_ce_destinationid'] = letter.destinationId;
  return { key, value, headers: out };
}

/** The workspace and source of a message that may have no such headers. */
export function originOf(headers: IncomingMessage['headers']): Pick<DeadLetter, 'workspaceId' | 'sourceId' | 'connector' | 'collection'> {
  try {
    const { workspaceId, sourceId, connector, collection } = readRecordHeaders(headers);
    return { workspaceId, sourceId, connector, collection };
  } catch { return {}; }
}
