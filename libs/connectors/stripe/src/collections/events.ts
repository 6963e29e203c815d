/** One event collection: the event types that begin with one of the prefixes, the longest prefix winning. */
interface Family {
  readonly collection: string;
  readonly title: string;
  readonly prefixes: readonly string[];
}

/** Everything that no other family takes; also the name of the reader of `/v1/events`. */
export const OTHER_EVENTS = 'other_events';

const FAMILIES: readonly Family[] = [
  { collection: 'account_events', title: 'Account events', prefixes: ['account.', 'capability.', 'person.'] },
  { collection: 'charge_events', title: 'Charge and refund events', prefixes: ['charge.', 'refund.'] },
  { collection: 'checkout_events', title: 'Checkout events', prefixes: ['checkout.', 'payment_link.'] },
  { collection: 'customer_events', title: 'Customer events', prefixes: ['customer.'] },
  { collection: 'dispute_events', title: 'Dispute events', prefixes: ['charge.dispute.'] },
  { collection: 'invoice_events', title: 'Invoice events', prefixes: ['invoice.', 'invoiceitem.', 'invoice_payment.', 'credit_note.'] },
  { collection: 'payment_events', title: 'Payment events', prefixes: ['payment_intent.', 'setup_intent.', 'payment_method.'] },
  { collection: 'payout_events', title: 'Payout, transfer and balance events', prefixes: ['payout.', 'transfer.', 'topup.', 'balance.', 'application_fee.'] },
  { collection: 'product_events', title: 'Product and price events', prefixes: ['product.', 'price.', 'plan.', 'coupon.', 'promotion_code.', 'tax_rate.'] },
  { collection: 'subscription_events', title: 'Subscription events', prefixes: ['customer.subscription.', 'subscription_schedule.'] },
];

const prefixes = FAMILIES.flatMap(({ collection, prefixes: all }) => all.map((prefix) => ({ prefix, collection })))
  .sort((a, b) => b.prefix.length - a.prefix.length);

/** The event collection that an event type belongs to. */
export const eventCollection = (type: string): string => prefixes.find(({ prefix }) => type.startsWith(prefix))?.collection ?? OTHER_EVENTS;

export const EVENT_COLLECTIONS: readonly { readonly collection: string; readonly title: string; readonly description: string }[] = [
  ...FAMILIES.map(({ collection, title, prefixes: all }) => ({ collection, title, description: `Events whose type begins with ${all.map((prefix) => `\`${prefix}\``).join(', ')}.` })),
  { collection: OTHER_EVENTS, title: 'Other events', description: 'Every event that no other event collection takes, v2 (thin) events included.' },
];
