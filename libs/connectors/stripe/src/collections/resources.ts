/** A list that Stripe keeps inside another object, cut after the first records; its records are collections of their own. */
export interface Part {
  /** What its records can be; `object` of each says which. */
  readonly collections: readonly string[];
  /** Property of the parent that holds the list. */
  readonly list: string;
  /** What to expand so that a list holds it, below `data.`; absent where Stripe includes it unasked. */
  readonly expand?: string;
  /** Events that say that a part changed, beyond the parent's own. */
  readonly eventTypes: readonly string[];
  /** Where the whole list is; absent where it is never cut. */
  readonly all?: (parentId: string) => { readonly path: string; readonly endpoint: string; readonly query?: Readonly<Record<string, string>> };
}

/** A collection with a list endpoint of its own. */
export interface Resource {
  readonly collection: string;
  /** Stripe's `object`. */
  readonly object: string;
  readonly path: string;
  readonly permission: string;
  readonly title: string;
  readonly description: string;
  /** Parameters of the list besides paging. */
  readonly query?: Readonly<Record<string, string>>;
  /** `server`: the list takes `created[…]`. `client`: it doesn't, but is newest first by `created`, so a walk knows where to stop. */
  readonly filter: 'server' | 'client';
  /** Events that say that a record changed or went. Empty: Stripe tells of no change. */
  readonly eventTypes: readonly string[];
  readonly parts: readonly Part[];
  /** Its records go from `pending` to another status at their `available_on`, of which Stripe tells no event. */
  readonly settles?: true;
  /** Few records that all others refer to, however old: the sync start date doesn't apply to them. */
  readonly catalog?: true;
}

const named = (prefix: string, names: string): string[] => names.split(' ').map((name) => `${prefix}.${name}`);
const CHANGED = 'created updated deleted';

const sources: Part = {
  collections: ['cards', 'bank_accounts'], list: 'sources', expand: 'sources', eventTypes: named('customer.source', 'created expiring updated deleted'),
  all: (id) => ({ path: `/v1/customers/${id}/sources`, endpoint: '/v1/customers/{id}/sources' }),
};
const externalAccounts: Part = {
  collections: ['cards', 'bank_accounts'], list: 'external_accounts', eventTypes: named('account.external_account', CHANGED),
  all: (id) => ({ path: `/v1/accounts/${id}/external_accounts`, endpoint: '/v1/accounts/{id}/external_accounts' }),
};
const feeRefunds: Part = {
  collections: ['application_fee_refunds'], list: 'refunds', eventTypes: ['application_fee.refund.updated'],
  all: (id) => ({ path: `/v1/application_fees/${id}/refunds`, endpoint: '/v1/application_fees/{id}/refunds' }),
};
const invoiceLines: Part = {
  collections: ['invoice_lines'], list: 'lines', eventTypes: [],
  all: (id) => ({ path: `/v1/invoices/${id}/lines`, endpoint: '/v1/invoices/{id}/lines' }),
};
const subscriptionItems: Part = {
  collections: ['subscription_items'], list: 'items', eventTypes: [],
  all: (id) => ({ path: '/v1/subscription_items', endpoint: '/v1/subscription_items', query: { subscription: id } }),
};
const reversals: Part = {
  collections: ['transfer_reversals'], list: 'reversals', eventTypes: [],
  all: (id) => ({ path: `/v1/transfers/${id}/reversals`, endpoint: '/v1/transfers/{id}/reversals' }),
};
const feeDetails: Part = { collections: ['balance_transaction_fee_details'], list: 'fee_details', eventTypes: [] };
const discounts: Part = { collections: ['discounts'], list: 'discounts', eventTypes: named('customer.discount', CHANGED) };

const resource = (
  collection: string, path: string, permission: string, title: string, description: string, eventTypes: readonly string[],
  more: Partial<Pick<Resource, 'object' | 'query' | 'filter' | 'parts' | 'settles' | 'catalog'>> = {},
): Resource => ({ object: collection.slice(0, -1), path: `/v1/${path}`, permission: `rak_${permission}_read`, filter: 'server', parts: [], ...more, collection, title, description, eventTypes });

/**
 * Event types by collection: Stripe's documented types, as `enabled_events` of its OpenAPI document lists them, with the
 * older ones that accounts pinned to an old version still send.
 */
export const RESOURCES: readonly Resource[] = [
  resource('accounts', 'accounts', 'connected_account', 'Accounts', 'Your own account and, on a Connect platform, the accounts connected to it.', ['account.updated'], { parts: [externalAccounts], catalog: true }),
  resource('application_fees', 'application_fees', 'application_fee', 'Application fees', 'Fees that a Connect platform earned on charges of its accounts.', named('application_fee', 'created refunded'), { parts: [feeRefunds] }),
  resource('balance_transactions', 'balance_transactions', 'balance_transaction_source', 'Balance transactions', 'Every movement of the Stripe balance, with its fee and net amount.', [], { parts: [feeDetails], settles: true }),
  resource('charges', 'charges', 'charge', 'Charges', 'Attempts to move money from a customer to you.', named('charge', 'captured expired failed pending refunded succeeded updated')),
  resource('checkout_sessions', 'checkout/sessions', 'checkout_session', 'Checkout sessions', "Customers' visits to a Checkout page, with what they came to.", named('checkout.session', 'async_payment_failed async_payment_succeeded completed expired'), { object: 'checkout.session' }),
  resource('coupons', 'coupons', 'coupon', 'Coupons', 'Amounts or percentages off that can be applied to invoices.', named('coupon', CHANGED), { catalog: true }),
  resource('credit_notes', 'credit_notes', 'credit_note', 'Credit notes', 'Corrections that lower the amount of a finalised invoice.', named('credit_note', 'created updated voided')),
  resource('customers', 'customers', 'customer', 'Customers', 'The people and companies that pay you.', named('customer', CHANGED), { parts: [sources, discounts] }),
  resource('disputes', 'disputes', 'dispute', 'Disputes', 'Charges that a cardholder questioned, with their evidence and outcome.', named('charge.dispute', 'closed created funds_reinstated funds_withdrawn updated')),
  resource('invoice_items', 'invoiceitems', 'invoice', 'Invoice items', "Amounts put on a customer's next invoice.", named('invoiceitem', CHANGED), { object: 'invoiceitem' }),
  resource('invoices', 'invoices', 'invoice', 'Invoices', 'What customers owe for a period, and whether it was paid.',
    [...named('invoice', 'created deleted finalization_failed finalized marked_uncollectible overdue overpaid paid payment_action_required payment_failed payment_succeeded sent updated voided will_be_due'), 'invoice_payment.paid'],
    { parts: [invoiceLines, { ...discounts, expand: 'discounts', eventTypes: [] }] }),
  resource('payment_intents', 'payment_intents', 'payment_intent', 'Payment intents', 'Payments from the first try to their success or cancellation.',
    named('payment_intent', 'amount_capturable_updated canceled created partially_funded payment_failed processing requires_action succeeded')),
  resource('payment_methods', 'payment_methods', 'payment_method', 'Payment methods', 'Cards, bank debits, wallets and others that payments are made with.',
    named('payment_method', 'attached automatically_updated detached updated'), { filter: 'client' }),
  resource('payouts', 'payouts', 'payout', 'Payouts', 'Transfers from the Stripe balance to your bank account.', named('payout', 'canceled created failed paid reconciliation_completed updated')),
  resource('plans', 'plans', 'plan', 'Plans', 'What a subscription costs and how often; recurring prices in their older form.', named('plan', CHANGED), { catalog: true }),
  resource('prices', 'prices', 'plan', 'Prices', 'What a product costs, once or recurring.', named('price', CHANGED), { catalog: true }),
  resource('products', 'products', 'product', 'Products', 'Goods and services that you sell.', named('product', CHANGED), { catalog: true }),
  resource('refunds', 'refunds', 'charge', 'Refunds', 'Money given back for charges.', [...named('refund', 'created failed updated'), 'charge.refund.updated']),
  resource('setup_intents', 'setup_intents', 'setup_intent', 'Setup intents', 'Attempts to save a payment method for later.', named('setup_intent', 'canceled created requires_action setup_failed succeeded')),
  resource('subscription_schedules', 'subscription_schedules', 'subscription', 'Subscription schedules', 'Planned changes of subscriptions, phase by phase.',
    named('subscription_schedule', 'aborted canceled completed created expiring released updated')),
  resource('subscriptions', 'subscriptions', 'subscription', 'Subscriptions', 'What customers pay for again and again, ended ones included.',
    named('customer.subscription', 'created deleted paused pending_update_applied pending_update_expired resumed trial_will_end updated'),
    { query: { status: 'all' }, parts: [subscriptionItems, { ...discounts }] }),
  resource('tax_rates', 'tax_rates', 'tax_rate', 'Tax rates', 'Rates that can be applied to invoices and subscriptions.', named('tax_rate', 'created updated'), { catalog: true }),
  resource('transfers', 'transfers', 'transfer', 'Transfers', 'Money moved between the platform and its connected accounts.', named('transfer', 'created reversed updated'), { parts: [reversals] }),
];

/** A collection whose records only come inside those of others. */
interface PartCollection {
  readonly collection: string;
  /** Stripe's `object`; undefined for fee details, which have none. */
  readonly object?: string;
  readonly title: string;
  readonly description: string;
}

export const PARTS: readonly PartCollection[] = [
  { collection: 'application_fee_refunds', object: 'fee_refund', title: 'Application fee refunds', description: 'Application fees given back, in part or in whole.' },
  { collection: 'balance_transaction_fee_details', title: 'Balance transaction fee details', description: 'What the fee of a balance transaction is made of. The id is the transaction\'s with the position in the list.' },
  { collection: 'bank_accounts', object: 'bank_account', title: 'Bank accounts', description: 'Bank accounts of customers and, on a Connect platform, those that connected accounts are paid out to.' },
  { collection: 'cards', object: 'card', title: 'Cards', description: 'Cards of customers kept as sources, and debit cards that connected accounts are paid out to.' },
  { collection: 'discounts', object: 'discount', title: 'Discounts', description: 'Coupons as applied to a customer, a subscription or an invoice.' },
  { collection: 'invoice_lines', object: 'line_item', title: 'Invoice lines', description: 'The lines of each invoice.' },
  { collection: 'subscription_items', object: 'subscription_item', title: 'Subscription items', description: 'The plans of each subscription, with their quantity.' },
  { collection: 'transfer_reversals', object: 'transfer_reversal', title: 'Transfer reversals', description: 'Transfers taken back, in part or in whole.' },
];

/** The resources in whose pages a part comes. */
export const resourcesWith = (part: string): readonly Resource[] => RESOURCES.filter(({ parts }) => parts.some(({ collections }) => collections.includes(part)));

/** The parts of a resource that somebody selected. */
export const selectedParts = ({ parts }: Resource, selected: ReadonlySet<string>): readonly Part[] =>
  parts.filter(({ collections }) => collections.some((name) => selected.has(name)));

/** True when the resource's reader has something to do. */
export const isRead = (resource: Resource, selected: ReadonlySet<string>): boolean =>
  selected.has(resource.collection) || selectedParts(resource, selected).length > 0;

const collectionByObject: ReadonlyMap<string, string> = new Map([
  ...RESOURCES.map(({ object, collection }): [string, string] => [object, collection]),
  ...PARTS.flatMap(({ object, collection }): [string, string][] => (object === undefined ? [] : [[object, collection]])),
]);

/** The collection that records with this `object` belong to. */
export const collectionOf = (object: unknown): string | undefined => (typeof object === 'string' ? collectionByObject.get(object) : undefined);
