/** What a list parameter does: `equal` compares a field, `range` takes `[gt|gte|lt|lte]`, `accepted` changes nothing here. */
export type FilterKind = 'equal' | 'range' | 'among' | 'accepted' | 'special';

export interface ResourceDefinition {
  /** `object` of its objects. */
  readonly object: string;
  /** As error messages call it, where that isn't `object`. */
  readonly noun?: string;
  readonly prefix: string;
  /** Path below /v1 of the list; undefined when it is only listed below its parent. */
  readonly path?: string;
  /** Restricted keys need `rak_<permission>_read` or `_write`. */
  readonly permission: string;
  readonly filters: Readonly<Record<string, FilterKind>>;
  /** The list takes `created`. */
  readonly created?: true;
  /** Listed at /v1/<parent's path>/{id}/<as>, and embedded in the parent (first 10) unless `embed` is false. */
  readonly parent?: { readonly resource: string; readonly field: string; readonly as: string; readonly embed: 'always' | 'expanded'; readonly filter?: string };
  /** `object` of the parent's field that names other objects: what `expand` may resolve. */
  readonly expandable?: Readonly<Record<string, string>>;
}

const define = <const T extends Record<string, ResourceDefinition>>(table: T): T => table;
const customer = 'customers';
const byCustomer = { customer: 'equal', customer_account: 'accepted' } as const;

/**
 * Every resource by the name of its collection. Filters: the OpenAPI specification of 2026-08-26.dahlia. Permissions: as Stripe's
 * list of app permissions names them (plans and prices are both `plan`, refunds ride on charges, items on invoices).
 */
const table = define({
  customers: { object: 'customer', prefix: 'cus_', path: 'customers', permission: 'customer', created: true, filters: { email: 'equal', test_clock: 'accepted' }, expandable: { default_source: 'sources' } },
  cards: { object: 'card', noun: 'source', prefix: 'card_', permission: 'customer', filters: { object: 'equal' }, parent: { resource: customer, field: 'customer', as: 'sources', embed: 'expanded' }, expandable: { customer } },
  bank_accounts: { object: 'bank_account', noun: 'source', prefix: 'ba_', permission: 'customer', filters: { object: 'equal' }, parent: { resource: customer, field: 'customer', as: 'sources', embed: 'expanded' }, expandable: { customer } },
  charges: { object: 'charge', prefix: 'ch_', path: 'charges', permission: 'charge', created: true, filters: { customer: 'equal', payment_intent: 'equal', transfer_group: 'equal' }, expandable: { customer, balance_transaction: 'balance_transactions', payment_intent: 'payment_intents', invoice: 'invoices', application_fee: 'application_fees', transfer: 'transfers', on_behalf_of: 'accounts' } },
  payment_intents: { object: 'payment_intent', noun: 'payment_intent', prefix: 'pi_', path: 'payment_intents', permission: 'payment_intent', created: true, filters: byCustomer, expandable: { customer, latest_charge: 'charges', payment_method: 'payment_methods', invoice: 'invoices' } },
  setup_intents: { object: 'setup_intent', noun: 'setupintent', prefix: 'seti_', path: 'setup_intents', permission: 'setup_intent', created: true, filters: { ...byCustomer, payment_method: 'equal', attach_to_self: 'accepted' }, expandable: { customer, payment_method: 'payment_methods' } },
  refunds: { object: 'refund', prefix: 're_', path: 'refunds', permission: 'charge', created: true, filters: { charge: 'equal', payment_intent: 'equal' }, parent: { resource: 'charges', field: 'charge', as: 'refunds', embed: 'expanded' }, expandable: { charge: 'charges', payment_intent: 'payment_intents', balance_transaction: 'balance_transactions' } },
  disputes: { object: 'dispute', prefix: 'du_', path: 'disputes', permission: 'dispute', created: true, filters: { charge: 'equal', payment_intent: 'equal' }, expandable: { charge: 'charges', payment_intent: 'payment_intents' } },
  invoices: { object: 'invoice', prefix: 'in_', path: 'invoices', permission: 'invoice', created: true, filters: { ...byCustomer, collection_method: 'equal', due_date: 'range', status: 'equal', subscription: 'equal' }, expandable: { customer, charge: 'charges', payment_intent: 'payment_intents', subscription: 'subscriptions', default_payment_method: 'payment_methods' } },
  invoice_lines: { object: 'line_item', prefix: 'il_', permission: 'invoice', filters: {}, parent: { resource: 'invoices', field: 'invoice', as: 'lines', embed: 'always' }, expandable: { subscription: 'subscriptions' } },
  invoice_items: { object: 'invoiceitem', prefix: 'ii_', path: 'invoiceitems', permission: 'invoice', created: true, filters: { ...byCustomer, invoice: 'equal', pending: 'special' }, expandable: { customer, invoice: 'invoices', subscription: 'subscriptions' } },
  subscriptions: { object: 'subscription', prefix: 'sub_', path: 'subscriptions', permission: 'subscription', created: true, filters: { ...byCustomer, collection_method: 'equal', current_period_start: 'range', current_period_end: 'range', price: 'special', plan: 'special', status: 'special', automatic_tax: 'accepted', test_clock: 'accepted' }, parent: { resource: customer, field: 'customer', as: 'subscriptions', embed: 'expanded' }, expandable: { customer, latest_invoice: 'invoices', default_payment_method: 'payment_methods', schedule: 'subscription_schedules', pending_setup_intent: 'setup_intents' } },
  subscription_items: { object: 'subscription_item', prefix: 'si_', path: 'subscription_items', permission: 'subscription', filters: { subscription: 'special' }, parent: { resource: 'subscriptions', field: 'subscription', as: 'items', embed: 'always', filter: 'subscription' } },
  plans: { object: 'plan', prefix: 'plan_', path: 'plans', permission: 'plan', created: true, filters: { active: 'equal', product: 'equal' }, expandable: { product: 'products' } },
  prices: { object: 'price', prefix: 'price_', path: 'prices', permission: 'plan', created: true, filters: { active: 'equal', currency: 'equal', lookup_keys: 'special', product: 'equal', recurring: 'accepted', type: 'equal' }, expandable: { product: 'products' } },
  products: { object: 'product', prefix: 'prod_', path: 'products', permission: 'product', created: true, filters: { active: 'equal', ids: 'among', shippable: 'equal', url: 'equal' }, expandable: { default_price: 'prices' } },
  coupons: { object: 'coupon', prefix: '', path: 'coupons', permission: 'coupon', created: true, filters: {} },
  balance_transactions: { object: 'balance_transaction', prefix: 'txn_', path: 'balance_transactions', permission: 'balance_transaction_source', created: true, filters: { currency: 'equal', source: 'equal', type: 'equal' }, expandable: { source: '*' } },
  application_fees: { object: 'application_fee', prefix: 'fee_', path: 'application_fees', permission: 'application_fee', created: true, filters: { charge: 'equal' }, expandable: { account: 'accounts', charge: 'charges', balance_transaction: 'balance_transactions', originating_transaction: 'charges' } },
  application_fee_refunds: { object: 'fee_refund', prefix: 'fr_', permission: 'application_fee', filters: {}, parent: { resource: 'application_fees', field: 'fee', as: 'refunds', embed: 'always' }, expandable: { fee: 'application_fees', balance_transaction: 'balance_transactions' } },
  transfers: { object: 'transfer', prefix: 'tr_', path: 'transfers', permission: 'transfer', created: true, filters: { destination: 'equal', transfer_group: 'equal' }, expandable: { balance_transaction: 'balance_transactions', destination: 'accounts', source_transaction: 'charges' } },
  transfer_reversals: { object: 'transfer_reversal', prefix: 'trr_', permission: 'transfer', filters: {}, parent: { resource: 'transfers', field: 'transfer', as: 'reversals', embed: 'always' }, expandable: { transfer: 'transfers', balance_transaction: 'balance_transactions' } },
  payouts: { object: 'payout', prefix: 'po_', path: 'payouts', permission: 'payout', created: true, filters: { arrival_date: 'range', destination: 'equal', status: 'equal' }, expandable: { balance_transaction: 'balance_transactions' } },
  payment_methods: { object: 'payment_method', noun: 'PaymentMethod', prefix: 'pm_', path: 'payment_methods', permission: 'payment_method', filters: { ...byCustomer, type: 'equal', allow_redisplay: 'equal' }, parent: { resource: customer, field: 'customer', as: 'payment_methods', embed: 'expanded' }, expandable: { customer } },
  tax_rates: { object: 'tax_rate', prefix: 'txr_', path: 'tax_rates', permission: 'tax_rate', created: true, filters: { active: 'equal', inclusive: 'equal' } },
  accounts: { object: 'account', prefix: 'acct_', path: 'accounts', permission: 'connected_account', created: true, filters: {} },
  credit_notes: { object: 'credit_note', noun: 'creditnote', prefix: 'cn_', path: 'credit_notes', permission: 'credit_note', created: true, filters: { ...byCustomer, invoice: 'equal' }, expandable: { customer, invoice: 'invoices' } },
  credit_note_lines: { object: 'credit_note_line_item', prefix: 'cnli_', permission: 'credit_note', filters: {}, parent: { resource: 'credit_notes', field: 'credit_note', as: 'lines', embed: 'always' } },
  checkout_sessions: { object: 'checkout.session', prefix: 'cs_test_', path: 'checkout/sessions', permission: 'checkout_session', created: true, filters: { ...byCustomer, customer_details: 'accepted', payment_intent: 'equal', payment_link: 'equal', status: 'equal', subscription: 'equal' }, expandable: { customer, invoice: 'invoices', payment_intent: 'payment_intents', setup_intent: 'setup_intents', subscription: 'subscriptions' } },
  subscription_schedules: { object: 'subscription_schedule', prefix: 'sub_sched_', path: 'subscription_schedules', permission: 'subscription', created: true, filters: { ...byCustomer, canceled_at: 'range', completed_at: 'range', released_at: 'range', scheduled: 'special' }, expandable: { customer, subscription: 'subscriptions' } },
  events: { object: 'event', prefix: 'evt_', path: 'events', permission: 'event', created: true, filters: { type: 'special', types: 'special', delivery_success: 'accepted' } },
});

export type ResourceName = keyof typeof table;
export const resources: Readonly<Record<ResourceName, ResourceDefinition>> = table;
export const resourceNames = Object.keys(table) as readonly ResourceName[];

const byPath = new Map(resourceNames.flatMap((name) => {
  const { path } = resources[name];
  return path === undefined ? [] : [[path, name] as const];
}));

/** The resource listed at `/v1/<path>`. */
export const resourceAt = (path: string): ResourceName | undefined => byPath.get(path);

/** Resources listed below `parent` as `as`: `sources` are cards and bank accounts together. */
export const childrenOf = (parent: ResourceName): readonly ResourceName[] => children.get(parent) ?? [];
const children = new Map(resourceNames.map((parent) => [parent, resourceNames.filter((name) => resources[name].parent?.resource === parent)]));

const byObject = new Map(resourceNames.map((name) => [resources[name].object, name]));

/** The resource that holds objects of this type, e.g. `invoice_items` for `invoiceitem`. */
export const resourceOfObject = (object: string): ResourceName | undefined => byObject.get(object);
