import { at, firstOf, idOf, idsOf, isObject, listOf, type Json } from './values.js';

/** What is known from where the record was found. */
export interface Context {
  /** Id of the object that the record is part of. */
  readonly parentId?: string;
  /** That object, when the record came inside it. */
  readonly parent?: Json;
}

type Unify = (record: Json, context: Context) => Record<string, unknown>;

/** The amounts of tax by rate: `total_tax_amounts`/`tax_amounts` until 2025-03-31.basil, `total_taxes`/`taxes` since. */
const taxAmounts = (old: unknown, now: unknown): unknown => {
  if (Array.isArray(now)) {
    return now.map((tax: unknown) => ({
      amount: at(tax, 'amount'), inclusive: at(tax, 'tax_behavior') === 'inclusive', tax_rate: firstOf(at(tax, 'tax_rate_details', 'tax_rate'), null),
      taxability_reason: at(tax, 'taxability_reason'), taxable_amount: at(tax, 'taxable_amount'),
    }));
  }
  return Array.isArray(old) ? old.map((tax: unknown) => (isObject(tax) ? { ...tax, tax_rate: idOf(tax.tax_rate) } : tax)) : firstOf(old, now);
};

/** Sum of the taxes; null when Stripe computed none. */
const taxTotal = (taxes: unknown): unknown => {
  const amounts = listOf(taxes).map((tax) => at(tax, 'amount'));
  if (amounts.length < 2) return amounts[0] ?? null;
  return amounts.every((amount) => typeof amount === 'number') ? amounts.reduce((sum, amount) => sum + amount, 0) : null;
};

/** What an invoice's payments say: the one that Stripe tries by default, otherwise the newest. */
const payment = (invoice: Json, field: 'charge' | 'payment_intent'): unknown => {
  const payments = listOf(invoice.payments);
  const chosen = payments.find((one) => at(one, 'is_default') === true) ?? payments[0];
  return at(chosen, 'payment', field);
};

/** `pi_…_secret_…` begins with the payment intent's id. */
const intentOfSecret = (secret: unknown): unknown => (typeof secret === 'string' ? /^(pi_[A-Za-z0-9]+)_secret_/.exec(secret)?.[1] : undefined);

const firstDiscount = (record: Json): unknown => firstOf(idOf(record.discount), idOf(listOf(record.discounts)[0]), null);

/** Price, plan and subscription of an invoice item or line, in both shapes. */
function priced(record: Json, details: unknown): Record<string, unknown> {
  const price = firstOf(idOf(record.price), idOf(at(record.pricing, 'price_details', 'price')), null);
  const subscription = firstOf(idOf(record.subscription), idOf(at(details, 'subscription')), null);
  return {
    price_id: price,
    // A plan is a recurring price; since basil only the subscription tells them from one-off prices.
    plan_id: firstOf(idOf(record.plan), subscription === null ? null : price),
    product_id: firstOf(idOf(at(record.price, 'product')), idOf(at(record.plan, 'product')), idOf(at(record.pricing, 'price_details', 'product')), null),
    unit_amount_decimal: firstOf(record.unit_amount_decimal, at(record.price, 'unit_amount_decimal'), at(record.pricing, 'unit_amount_decimal'), null),
    subscription_id: subscription,
    subscription_item_id: firstOf(idOf(record.subscription_item), idOf(at(details, 'subscription_item')), null),
    proration: firstOf(record.proration, at(details, 'proration'), false),
  };
}

const lineTypes: Readonly<Record<string, string>> = { invoice_item_details: 'invoiceitem', subscription_item_details: 'subscription' };

const line: Unify = (record, { parentId }) => {
  const kind = at(record.parent, 'type');
  const details = typeof kind === 'string' ? at(record.parent, kind) : undefined;
  const rates = record.tax_rates ?? (Array.isArray(record.taxes) ? record.taxes.map((tax: unknown) => idOf(at(tax, 'tax_rate_details', 'tax_rate'))).filter((id) => typeof id === 'string') : []);
  return {
    ...priced(record, details),
    invoice_id: firstOf(idOf(record.invoice), parentId, null),
    type: firstOf(record.type, typeof kind === 'string' ? lineTypes[kind] : null, null),
    item_id: firstOf(idOf(record.invoice_item), idOf(at(details, 'invoice_item')), null),
    tax_rates: idsOf(rates),
    tax_amounts: firstOf(taxAmounts(record.tax_amounts, record.taxes), []),
    discounts: idsOf(record.discounts),
  };
};

const invoiceItem: Unify = (record) => ({
  ...priced(record, at(record.parent, 'subscription_details')),
  tax_rates: idsOf(record.tax_rates),
  discounts: idsOf(record.discounts),
});

const invoice: Unify = (record) => {
  const details = at(record.parent, 'subscription_details');
  return {
    subscription_id: firstOf(idOf(record.subscription), idOf(at(details, 'subscription')), null),
    charge_id: firstOf(idOf(record.charge), idOf(payment(record, 'charge')), 'charge' in record || 'payments' in record ? null : undefined),
    payment_intent_id: firstOf(
      idOf(record.payment_intent), idOf(payment(record, 'payment_intent')), intentOfSecret(at(record.confirmation_secret, 'client_secret')),
      'payment_intent' in record || 'payments' in record ? null : undefined,
    ),
    paid: firstOf(record.paid, record.status === 'paid'),
    tax: 'tax' in record ? record.tax : taxTotal(record.total_taxes ?? record.total_tax_amounts),
    total_tax_amounts: firstOf(taxAmounts(record.total_tax_amounts, record.total_taxes), []),
    application_fee: firstOf(record.application_fee_amount, record.application_fee),
    quote_id: firstOf(idOf(record.quote), idOf(at(record.parent, 'quote_details', 'quote')), null),
    subscription_metadata: firstOf(at(record.subscription_details, 'metadata'), at(details, 'metadata'), null),
    subscription_proration_date: firstOf(record.subscription_proration_date, at(details, 'subscription_proration_date'), null),
    discount_id: firstDiscount(record),
    discounts: idsOf(record.discounts),
    default_tax_rates: idsOf(record.default_tax_rates),
    account_tax_ids: idsOf(record.account_tax_ids),
  };
};

/** Epoch seconds of the items: the first start, the last end. */
const period = (items: readonly unknown[], field: string, choose: (...values: number[]) => number): unknown => {
  const values = items.map((item) => at(item, field)).filter((value) => typeof value === 'number');
  return values.length === 0 ? undefined : choose(...values);
};

const subscription: Unify = (record) => {
  const items = listOf(record.items);
  const only = items.length === 1 ? items[0] : undefined;
  return {
    plan_id: firstOf(idOf(record.plan), idOf(at(only, 'plan')), idOf(at(only, 'price')), null),
    quantity: firstOf(record.quantity, at(only, 'quantity'), null),
    current_period_start: firstOf(record.current_period_start, period(items, 'current_period_start', Math.min)),
    current_period_end: firstOf(record.current_period_end, period(items, 'current_period_end', Math.max)),
    discount_id: firstDiscount(record),
    discounts: idsOf(firstOf(record.discounts, isObject(record.discount) ? [record.discount] : [])),
    default_tax_rates: idsOf(record.default_tax_rates),
  };
};

const subscriptionItem: Unify = (record, { parentId, parent }) => ({
  plan_id: firstOf(idOf(record.plan), idOf(record.price), null),
  price_id: firstOf(idOf(record.price), idOf(record.plan), null),
  subscription_id: firstOf(idOf(record.subscription), parentId, null),
  current_period_start: firstOf(record.current_period_start, parent?.current_period_start),
  current_period_end: firstOf(record.current_period_end, parent?.current_period_end),
  tax_rates: idsOf(record.tax_rates ?? []),
  discounts: idsOf(record.discounts ?? []),
});

/** Segment's names for what Stripe moved into `business_profile` and `settings`. */
const account: Unify = ({ business_profile: profile, settings, ...record }) => ({
  business_logo: firstOf(idOf(at(settings, 'branding', 'logo')), record.business_logo),
  business_name: firstOf(at(profile, 'name'), record.business_name),
  business_url: firstOf(at(profile, 'url'), record.business_url),
  product_description: firstOf(at(profile, 'product_description'), record.product_description),
  ...Object.fromEntries(['email', 'phone', 'url'].map((name) => [`support_${name}`, firstOf(at(profile, `support_${name}`), record[`support_${name}`])])),
  support_address: firstOf(at(profile, 'support_address'), record.support_address),
  display_name: firstOf(at(settings, 'dashboard', 'display_name'), record.display_name),
  timezone: firstOf(at(settings, 'dashboard', 'timezone'), record.timezone),
  statement_descriptor: firstOf(at(settings, 'payments', 'statement_descriptor'), record.statement_descriptor),
  debit_negative_balances: firstOf(at(settings, 'payouts', 'debit_negative_balances'), record.debit_negative_balances),
  transfers_enabled: firstOf(record.payouts_enabled, record.transfers_enabled),
});

/**
 * Per collection: columns that Stripe's shapes spell differently, from whichever shape the record has. The first shape is
 * that of 2022-11-15 (and older), the second that of 2025-03-31.basil and later; `/v1/events` and webhooks send either.
 */
export const UNIFY: Readonly<Record<string, Unify>> = {
  accounts: account,
  balance_transactions: (record) => ({ available: record.available_on, source: idOf(record.source) }),
  charges: (record) => ({ destination: firstOf(idOf(record.destination), idOf(at(record.transfer_data, 'destination')), null) }),
  credit_notes: (record) => ({ tax_amounts: firstOf(taxAmounts(record.tax_amounts, record.total_taxes), []) }),
  customers: (record) => ({ discount_id: firstDiscount(record) }),
  discounts: (record) => ({ coupon_id: firstOf(idOf(record.coupon), idOf(at(record.source, 'coupon')), null), subscription: firstOf(record.subscription, null) }),
  invoice_items: invoiceItem,
  invoice_lines: line,
  invoices: invoice,
  subscription_items: subscriptionItem,
  subscriptions: subscription,
  bank_accounts: (record, { parent, parentId }) => owner(record, parent, parentId),
  cards: (record, { parent, parentId }) => owner(record, parent, parentId),
  application_fee_refunds: (record, { parentId }) => ({ fee_id: firstOf(idOf(record.fee), parentId, null) }),
  transfer_reversals: (record, { parentId }) => ({ transfer_id: firstOf(idOf(record.transfer), parentId, null) }),
};

const owner = (record: Json, parent: Json | undefined, parentId: string | undefined): Record<string, unknown> => ({
  customer_id: firstOf(idOf(record.customer), parent?.object === 'customer' ? parentId : null, null),
  account_id: firstOf(idOf(record.account), parent?.object === 'account' ? parentId : null, null),
});
