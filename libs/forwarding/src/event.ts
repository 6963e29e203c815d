import { createHash } from 'node:crypto';
import { parseJson } from '#normalization';
import { valueAt } from './condition.js';

/** Where an event comes from, as its headers say. */
export interface EventOrigin {
  /** `ce_id`: the same for the same event, however often it comes. */
  readonly id: string;
  readonly sourceId: string;
  readonly connector: string;
  readonly collection: string;
}

/** An event on its way to destinations. */
export interface ForwardedEvent extends EventOrigin {
  /** The same at every try: receivers drop what they have by it. */
  readonly messageId: string;
  /** In snake_case, e.g. `customer_created`. */
  readonly event: string;
  /** ISO 8601. */
  readonly timestamp: string;
  /** When the raw record arrived, ISO 8601. */
  readonly receivedAt: string;
  /** Its properties. */
  readonly data: Readonly<Record<string, unknown>>;
  /** `data` holds numbers that a double doesn't. */
  readonly lossless: boolean;
  /** The event record as it is on the topic, JSON in UTF-8. */
  readonly value: Buffer;
}

/** Of the event `ce_id`: no dot (it would be ambiguous in a signature), within every receiver's limits. */
const messageIdOf = (id: string): string => `evt_${createHash('sha256').update(id).digest('base64url').slice(0, 27)}`;

/** Why bytes are no event; `reason` is the dead letter's word. */
export class NotAnEventError extends Error {
  constructor(readonly reason: string, message: string) { super(message); this.name = 'NotAnEventError'; }
}

/** @throws NotAnEventError */
export function readEvent(origin: EventOrigin, value: Buffer): ForwardedEvent {
  let parsed: ReturnType<typeof parseJson>;
  try { parsed = parseJson(value); } catch (error) {
    throw new NotAnEventError((error as { reason?: string }).reason ?? 'not_json', error instanceof RangeError ? 'the event is nested too deeply to be read' : (error as Error).message);
  }
  const { event, timestamp, receivedAt, data } = (parsed.value ?? {}) as Record<string, unknown>;
  for (const [name, text] of Object.entries({ event, timestamp, receivedAt })) if (typeof text !== 'string') throw new NotAnEventError('not_an_event', `${name} isn't what the event's schema says`);
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new NotAnEventError('not_an_event', 'data isn\'t what the event\'s schema says');
  return {
    ...origin, messageId: messageIdOf(origin.id), event: event as string, timestamp: timestamp as string, receivedAt: receivedAt as string,
    data: data as Readonly<Record<string, unknown>>, lossless: parsed.lossless, value,
  };
}

/** Where events of the partners that we know say whom they are about. */
export const DEFAULT_SUBJECT: readonly string[] = ['user_id', 'customer_id', 'object.customer', 'object_id', 'ticket_id'];

/** What made the events of traits and audiences. */
export const MODELS = 'warehouse';

/**
 * Whom an event is about: the first of these properties that holds a text or a number. It is the user towards a tracking API, and events
 * of one subject go to a destination one after the other. Traits and audiences say it themselves. Undefined: nobody in particular.
 */
export function subjectOf({ connector, data }: Pick<ForwardedEvent, 'connector' | 'data'>, paths: readonly string[]): string | undefined {
  for (const path of connector === MODELS ? ['user_id'] : paths) {
    const found = valueAt(data, path.split('.'));
    if ((typeof found === 'string' && found !== '') || typeof found === 'number') return String(found).slice(0, 200);
  }
  return undefined;
}
