import { stringifyJson } from '#normalization';
import { MODELS, subjectOf, type ForwardedEvent } from './event.js';
import { signatureHeaders } from './signature.js';

export const DESTINATION_KINDS = ['webhook', 'segment'] as const;
export type DestinationKind = (typeof DESTINATION_KINDS)[number];

/** What is needed to talk to a destination. */
export interface Target {
  readonly kind: DestinationKind;
  /** webhook: the endpoint itself. segment: the API's base, before `/v1/batch`. */
  readonly url: string;
  /** webhook: signing secrets, the newest first. segment: the write key. */
  readonly secrets: readonly string[];
  /** See `subjectOf`. */
  readonly subject: readonly string[];
}

export interface DestinationRequest { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer }

/** The largest request that a kind takes, the largest message in it, in bytes, and how many messages. */
export const LIMITS: Readonly<Record<DestinationKind, { readonly request: number; readonly message: number; readonly messages: number }>> = {
  webhook: { request: 1_048_576, message: 1_048_576, messages: 1 },
  // Segment's HTTP Tracking API: 500 KB a batch, 32 KB a message; some room is left for what stands around the messages.
  segment: { request: 490_000, message: 32_000, messages: 100 },
};

const JSON_HEADERS = { 'content-type': 'application/json', 'user-agent': 'cloud-sources' };

/** One message as a destination of this kind gets it, JSON in UTF-8. */
export function messageFor({ kind, subject }: Pick<Target, 'kind' | 'subject'>, event: ForwardedEvent): Buffer {
  const { sourceId, connector, collection, messageId, timestamp, data, lossless } = event;
  if (kind === 'webhook') {
    // The record's own bytes: every number arrives as the partner sent it.
    const head = JSON.stringify({ type: event.event, timestamp, source: { id: sourceId, connector, collection } });
    return Buffer.concat([Buffer.from(`${head.slice(0, -1)},"data":`), event.value, Buffer.from('}')]);
  }
  const userId = subjectOf(event, subject);
  // What is known of a user is set there, not only told.
  const [about, name, properties] = connector === MODELS && event.event === 'trait_changed' ? [{ type: 'identify', messageId }, 'traits', { [String(data['trait'])]: data['value'] }] : [{ type: 'track', messageId, event: event.event }, 'properties', data];
  const head = JSON.stringify({ ...about, ...(userId === undefined ? { anonymousId: messageId } : { userId }), timestamp, context: { library: { name: 'cloud-sources', version: '1' }, source: { id: sourceId, connector, collection } } });
  return Buffer.from(`${head.slice(0, -1)},"${name}":${stringifyJson(properties, lossless)}}`);
}

/**
 * The request that carries these messages; a webhook carries one.
 * @param now milliseconds since the epoch
 */
export function requestFor({ kind, url, secrets }: Target, messages: readonly { readonly messageId: string; readonly body: Buffer }[], now: number): DestinationRequest {
  const [first] = messages;
  if (first === undefined) throw new Error('a request without a message');
  if (kind === 'webhook') return { url, body: first.body, headers: { ...JSON_HEADERS, ...signatureHeaders(secrets, first.messageId, Math.floor(now / 1000), first.body) } };
  const bodies = messages.flatMap(({ body }, index) => (index === 0 ? [body] : [Buffer.from(','), body]));
  return {
    url: `${url.replace(/\/+$/, '')}/v1/batch`, headers: { ...JSON_HEADERS, authorization: `Basic ${Buffer.from(`${secrets[0] ?? ''}:`).toString('base64')}` },
    body: Buffer.concat([Buffer.from('{"batch":['), ...bodies, Buffer.from(`],"sentAt":${JSON.stringify(new Date(now).toISOString())}}`)]),
  };
}
