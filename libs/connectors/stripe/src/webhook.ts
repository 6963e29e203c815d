import { hmacVerifier } from '#connector-kit';

/** `Stripe-Signature: t=…,v1=…[,v1=…]`: HMAC-SHA256 of `<t>.<body>` with the whole `whsec_…` text as key; `v0` doesn't count. */
export const webhook = hmacVerifier({
  header: 'stripe-signature',
  list: { separator: ',', signature: 'v1', timestamp: 't' },
  timestamp: { unit: 'seconds', toleranceMs: 300_000 },
  signed: '{timestamp}.{body}',
  hash: 'sha256',
  encoding: 'hex',
  deliveryId: { bodyField: 'id' },
});
