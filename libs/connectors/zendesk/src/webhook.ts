import { hmacVerifier, type WebhookHandler } from '#connector-kit';

/** The secret with which Zendesk signs the test requests of webhooks that aren't saved yet. Everybody knows it. */
const TEST_SECRET = Buffer.from('this_secret_is_for_testing_only').toString('base64');

const signed = hmacVerifier({
  header: 'x-zendesk-webhook-signature',
  timestamp: { header: 'x-zendesk-webhook-signature-timestamp', unit: 'iso8601', toleranceMs: 300_000 },
  signed: '{timestamp}{body}',
  hash: 'sha256',
  encoding: 'base64',
  deliveryId: { header: 'x-zendesk-webhook-invocation-id' },
});

/**
 * `X-Zendesk-Webhook-Signature`: base64 of HMAC-SHA256 over the timestamp's text and the body. An event is known by its own id,
 * whichever webhook brings it; what a trigger sends has ids of its author's choosing, so there the invocation counts.
 */
export const webhook: WebhookHandler = {
  verify(request, secrets) {
    const verdict = signed.verify(request, secrets.map((secret) => (secret === TEST_SECRET ? '' : secret)));
    if (!verdict.ok) return verdict;
    return { ...verdict, deliveryId: eventId(request.body) ?? verdict.deliveryId };
  },
};

function eventId(body: Buffer): string | undefined {
  try {
    const { id, type } = (JSON.parse(body.toString('utf8')) ?? {}) as { id?: unknown; type?: unknown };
    return typeof type === 'string' && type.startsWith('zen:event-type:') && typeof id === 'string' && id !== '' ? id : undefined;
  } catch {
    return undefined;
  }
}
