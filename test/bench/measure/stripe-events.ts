import { randomBytes } from 'node:crypto';
import { stripeSignature } from '#testing';

/** An event as Stripe sends it, about 1.2 kB: a customer was created. */
function eventBody(id: string, index: number, seconds: number): string {
  const customer = `cus_${id.slice(-14)}`;
  return JSON.stringify({
    id, object: 'event', api_version: '2026-08-26.dahlia', created: seconds, livemode: false, pending_webhooks: 1, request: { id: null, idempotency_key: null }, type: 'customer.created',
    data: {
      object: {
        id: customer, object: 'customer', address: { city: 'Oslo', country: 'US', line1: `${index} Main St`, line2: null, postal_code: '94107', state: 'CA' }, balance: 0, created: seconds, currency: 'usd',
        default_source: null, delinquent: false, description: `Customer ${index}`, discount: null, email: `user${index}@example.com`, invoice_prefix: customer.slice(-8).toUpperCase(),
        invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null }, livemode: false, metadata: { tier: 'plus', seats: String(index % 50) },
        name: `Ada Abel ${index}`, next_invoice_sequence: 1, phone: null, preferred_locales: [], shipping: null, tax_exempt: 'none', test_clock: null,
      },
    },
  }, null, 2); // Stripe indents its webhooks
}

export interface SignedEvent { readonly id: string; readonly body: string; readonly signature: string }

/** `count` different events with real signatures of this moment, which hold for five minutes. */
export function signedEvents(count: number, secret: string): SignedEvent[] {
  const batch = randomBytes(6).toString('hex');
  const seconds = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, (_, index) => {
    const id = `evt_${batch}${index.toString(36).padStart(12, '0')}`;
    const body = eventBody(id, index, seconds);
    return { id, body, signature: stripeSignature(body, [secret], seconds) };
  });
}
