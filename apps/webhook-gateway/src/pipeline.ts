import { rawHeaders, rawKey, type RawRecordMeta } from '#contracts';
import type { Connector, WebhookHandler, WebhookRequest } from '#connector-kit';
import type { OutgoingMessage } from '#kafka';

/** What is known of a webhook URL's token. */
export interface WebhookEndpoint {
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly connector: string;
  /** Active ones, newest first, in clear; held in memory only. */
  readonly secrets: readonly string[];
  readonly selected: readonly string[];
}

export interface IncomingWebhook extends WebhookRequest { readonly token: string }

/** What the sender is answered. 2xx is only ever said after the broker's acks=all. */
export interface WebhookAnswer {
  readonly status: 200 | 401 | 404 | 413 | 415 | 503;
  readonly reason: string;
  readonly retryAfterSeconds?: number;
  /** What the partner wants to read with a 200, where that is more than the status. */
  readonly acknowledgement?: { readonly contentType: string; readonly body: string };
}

export interface WebhookPorts {
  /** Undefined only after an authoritative look-up. @throws when the look-up isn't possible: answered with 503. */
  readonly endpoint: (token: string) => Promise<WebhookEndpoint | undefined>;
  /** As `endpoint`, looked up after this call: a secret may have been added since the last look-up. */
  readonly renewedEndpoint: (token: string) => Promise<WebhookEndpoint | undefined>;
  readonly connector: (name: string) => Connector | undefined;
  /** Resolves after acks=all. @throws when Kafka doesn't acknowledge. */
  readonly toRaw: (connector: string, message: OutgoingMessage) => Promise<void>;
  /** Keeps a webhook with a bad signature, so that a wrong secret can be mended without loss; capped, best effort. */
  readonly quarantine: (endpoint: WebhookEndpoint, webhook: IncomingWebhook, reason: string) => void;
  readonly failed: (stage: 'endpoint' | 'raw', error: unknown) => void;
  /** How a webhook of this endpoint was answered; for people to look at. */
  readonly answered: (endpoint: WebhookEndpoint, webhook: IncomingWebhook, answer: WebhookAnswer, deliveryId?: string) => void;
}

const RETRY_AFTER_SECONDS = 5;

/**
 * The whole service: one webhook, from its bytes to the answer.
 *
 *     look up → media type → size → signature (with renewed secrets, if it doesn't hold) → raw record → acks=all → 200
 *
 * The status code decides whether the partner sends again: everything that is our own trouble is 503 with Retry-After.
 */
export async function receive(webhook: IncomingWebhook, ports: WebhookPorts): Promise<WebhookAnswer> {
  let endpoint: WebhookEndpoint | undefined;
  try {
    endpoint = await ports.endpoint(webhook.token);
  } catch (error) {
    ports.failed('endpoint', error);
    return busy('The endpoint could not be looked up.');
  }
  const connector = endpoint === undefined ? undefined : ports.connector(endpoint.connector);
  const takes = connector?.declaration.webhook;
  if (endpoint === undefined || connector?.webhook === undefined || takes === undefined) return { status: 404, reason: 'There is no webhook endpoint at this URL.' };

  const { answer, deliveryId } = await take(webhook, ports, endpoint, connector.webhook, connector.declaration.name, takes);
  ports.answered(endpoint, webhook, answer, deliveryId);
  return answer;
}

interface Taken { readonly answer: WebhookAnswer; readonly deliveryId?: string }

/** From the media type on: whom it is for is known. */
async function take(webhook: IncomingWebhook, ports: WebhookPorts, known: WebhookEndpoint, handler: WebhookHandler, connector: string, takes: NonNullable<Connector['declaration']['webhook']>): Promise<Taken> {
  let endpoint = known;
  const contentType = mediaType(webhook.headers['content-type']);
  if (!takes.contentTypes.includes(contentType)) return { answer: { status: 415, reason: `This endpoint takes ${takes.contentTypes.join(', ')}.` } };
  if (webhook.body.length > takes.maxBytes) return { answer: { status: 413, reason: `This endpoint takes at most ${takes.maxBytes} bytes.` } };

  let verdict = handler.verify(webhook, endpoint.secrets);
  if (!verdict.ok) {
    try {
      endpoint = await ports.renewedEndpoint(webhook.token) ?? endpoint;
    } catch (error) {
      ports.failed('endpoint', error);
      return { answer: busy('The endpoint could not be looked up.') };
    }
    verdict = handler.verify(webhook, endpoint.secrets);
  }
  if (!verdict.ok) {
    ports.quarantine(endpoint, { ...webhook, body: toKeep(handler, webhook.body) }, verdict.reason);
    return { answer: { status: 401, reason: `The signature does not hold: ${verdict.reason}.` } };
  }

  try {
    const kept = handler.keep?.(webhook.body) ?? { body: webhook.body, recordsAt: '', contentType };
    await ports.toRaw(connector, rawMessage(endpoint, webhook, verdict.deliveryId, takes.rawCollection, kept));
  } catch (error) {
    ports.failed('raw', error);
    return { answer: busy('Kafka did not acknowledge the webhook; send it again.'), deliveryId: verdict.deliveryId };
  }
  const { acknowledgement } = handler;
  return { answer: { status: 200, reason: 'received', ...acknowledgement !== undefined && { acknowledgement } }, deliveryId: verdict.deliveryId };
}

const busy = (reason: string): WebhookAnswer => ({ status: 503, reason, retryAfterSeconds: RETRY_AFTER_SECONDS });

/** A body without what nobody may see; who sent it makes no difference. One that can't be read is not kept. */
function toKeep(handler: WebhookHandler, body: Buffer): Buffer {
  try { return handler.keep?.(body).body ?? body; } catch { return Buffer.alloc(0); }
}

/** The media type without its parameters; a sender that names none is taken for JSON, since a 4xx would lose the webhook. */
function mediaType(header: string | readonly string[] | undefined): string {
  const first = typeof header === 'string' ? header : header?.[0];
  return first?.split(';')[0]?.trim().toLowerCase() || 'application/json';
}

function rawMessage(endpoint: WebhookEndpoint, webhook: IncomingWebhook, deliveryId: string, collection: string, { body, recordsAt, contentType }: ReturnType<NonNullable<WebhookHandler['keep']>>): OutgoingMessage {
  const { workspaceId, sourceId, connector, selected } = endpoint;
  const meta: RawRecordMeta = {
    id: `${sourceId}/webhook/${deliveryId}`,
    workspaceId, sourceId, connector, collection, contentType, selected,
    component: 'webhook',
    receivedAt: new Date(webhook.receivedAt).toISOString(),
    observedAt: webhook.receivedAt,
    recordsAt,
  };
  return { key: rawKey(sourceId, collection), lane: 'urgent', value: body, headers: rawHeaders(meta) };
}
