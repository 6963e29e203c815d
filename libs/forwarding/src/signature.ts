import { createHmac, randomBytes } from 'node:crypto';

/** `whsec_` and 32 random bytes in base64, as Standard Webhooks asks for. */
export const newSigningSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** Whether it is `whsec_` and 24 to 64 bytes in base64. */
export const isSigningSecret = (secret: string): boolean => {
  const base64 = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const { length } = Buffer.from(base64 ?? '', 'base64');
  return length >= 24 && length <= 64;
};

/**
 * Headers of Standard Webhooks 1.0: HMAC-SHA-256 of `<id>.<timestamp>.<body>`, one signature for each secret, so that the receiver may
 * know either of them while they are rotated.
 * @param timestamp Unix seconds
 */
export function signatureHeaders(secrets: readonly string[], id: string, timestamp: number, body: string | Buffer): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).update(`${id}.${timestamp}.`).update(body).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
}
