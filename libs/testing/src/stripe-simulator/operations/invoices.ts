import type { StripeAccount } from '../account.js';
import type { StripeObject } from '../collection.js';
import { readParameters, type ParameterKinds } from '../parameters.js';
import { invalid } from '../stripe-error.js';
import { deletedObject, firstId, number, text, withMetadata, type Operations } from './operation.js';
import { pay } from './payments.js';

const itemKinds: ParameterKinds = { customer: 'text', amount: 'integer', currency: 'text', description: 'text', metadata: 'metadata', invoice: 'text', price: 'text', pricing: 'hash', quantity: 'integer', unit_amount: 'integer', unit_amount_decimal: 'text', period: 'hash', subscription: 'text', discountable: 'boolean' };
const invoiceKinds: ParameterKinds = { customer: 'text', description: 'text', metadata: 'metadata', collection_method: 'text', days_until_due: 'integer', auto_advance: 'boolean', footer: 'text', currency: 'text', subscription: 'text', pending_invoice_items_behavior: 'text', default_tax_rates: 'list' };

/** The fields by which lines and items say what was sold, in both shapes. */
function pricing(account: StripeAccount, priceId: string | null): Record<string, unknown> {
  const price = priceId === null ? undefined : account.find('prices', priceId);
  if (price === undefined) return { plan: null, price: null, pricing: null };
  return {
    plan: account.find('plans', price.id) ?? null, price,
    pricing: { price_details: { price: price.id, product: price.product }, type: 'price_details', unit_amount_decimal: price.unit_amount_decimal },
  };
}

export interface LineValues {
  readonly amount: number;
  readonly currency: string;
  readonly description: string | null;
  readonly price: string | null;
  readonly quantity: number;
  readonly period: { readonly start: number; readonly end: number };
  readonly invoiceItem?: string;
  readonly subscription?: string | null;
  readonly subscriptionItem?: string;
  readonly taxRate?: StripeObject;
  readonly metadata?: unknown;
}

const taxOf = (amount: number, rate: StripeObject | undefined): number => rate === undefined ? 0 : Math.round(amount * number(rate.percentage) / 100);

export function addLine(account: StripeAccount, invoice: string, line: LineValues): StripeObject {
  const { amount, currency, subscription = null, taxRate } = line;
  const tax = taxOf(amount, taxRate);
  return account.create('invoice_lines', {
    amount, amount_excluding_tax: amount, currency, description: line.description, discount_amounts: [], discountable: true, discounts: [], invoice, livemode: false, metadata: line.metadata ?? {}, period: line.period, quantity: line.quantity, subtotal: amount,
    ...pricing(account, line.price), proration: false, proration_details: { credited_items: null }, subscription, type: line.subscriptionItem === undefined ? 'invoiceitem' : 'subscription', unit_amount_excluding_tax: String(Math.round(amount / line.quantity)),
    ...line.invoiceItem === undefined ? {} : { invoice_item: line.invoiceItem }, ...line.subscriptionItem === undefined ? {} : { subscription_item: line.subscriptionItem },
    tax_amounts: taxRate === undefined ? [] : [{ amount: tax, inclusive: false, tax_rate: taxRate.id, taxability_reason: null, taxable_amount: amount }], tax_rates: taxRate === undefined ? [] : [taxRate],
    taxes: taxRate === undefined ? [] : [{ amount: tax, tax_behavior: 'exclusive', tax_rate_details: { tax_rate: taxRate.id }, taxability_reason: 'not_available', taxable_amount: amount, type: 'tax_rate_details' }],
    parent: line.subscriptionItem === undefined
      ? { invoice_item_details: { invoice_item: line.invoiceItem, proration: false, proration_details: null, subscription }, subscription_item_details: null, type: 'invoice_item_details' }
      : { invoice_item_details: null, subscription_item_details: { invoice_item: null, proration: false, proration_details: null, subscription, subscription_item: line.subscriptionItem }, type: 'subscription_item_details' },
  });
}

export interface InvoiceValues {
  readonly customer: string;
  readonly currency: string;
  readonly subscription?: StripeObject;
  readonly billingReason?: string;
  readonly given?: Record<string, unknown>;
  readonly period?: { readonly start: number; readonly end: number };
}

/** A draft without lines. */
export function createDraft(account: StripeAccount, { customer: customerId, currency, subscription, billingReason = 'manual', given = {}, period }: InvoiceValues): StripeObject {
  const customer = account.get('customers', customerId, 'customer');
  const sequence = number(customer.next_invoice_sequence);
  account.change('customers', customer.id, { next_invoice_sequence: sequence + 1 });
  const { days_until_due, pending_invoice_items_behavior: _, ...fields } = given;
  return account.create('invoices', {
    account_country: 'US', account_name: 'Simulated shop', account_tax_ids: null, amount_due: 0, amount_overpaid: 0, amount_paid: 0, amount_paid_off_stripe: 0, amount_remaining: 0, amount_shipping: 0, application: null, application_fee_amount: null, attempt_count: 0, attempted: false,
    auto_advance: false, automatic_tax: { enabled: false, liability: null, status: null }, billing_reason: billingReason, charge: null, collection_method: 'charge_automatically', confirmation_secret: null, created: account.now(), currency, custom_fields: null, customer: customer.id,
    customer_address: customer.address, customer_email: customer.email, customer_name: customer.name, customer_phone: customer.phone, customer_shipping: customer.shipping, customer_tax_exempt: 'none', customer_tax_ids: [], default_payment_method: null, default_source: null,
    default_tax_rates: [], description: null, discount: null, discounts: [], due_date: days_until_due === undefined ? null : account.now() + number(days_until_due) * 86_400, effective_at: null, ending_balance: null, footer: null, from_invoice: null, hosted_invoice_url: null,
    invoice_pdf: null, issuer: { type: 'self' }, last_finalization_error: null, latest_revision: null, livemode: false, metadata: {}, next_payment_attempt: null, number: `${String(customer.invoice_prefix)}-${String(sequence).padStart(4, '0')}`, on_behalf_of: null, paid: false,
    paid_out_of_band: false, parent: subscription === undefined ? null : { quote_details: null, subscription_details: { metadata: subscription.metadata, subscription: subscription.id }, type: 'subscription_details' }, payment_intent: null,
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null }, period_end: period?.end ?? account.now(), period_start: period?.start ?? account.now(), post_payment_credit_notes_amount: 0, pre_payment_credit_notes_amount: 0, quote: null,
    receipt_number: null, rendering: null, shipping_cost: null, shipping_details: null, starting_balance: 0, statement_descriptor: null, status: 'draft', status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subscription: subscription?.id ?? null, subscription_details: { metadata: subscription?.metadata ?? null }, subtotal: 0, subtotal_excluding_tax: 0, tax: null, test_clock: null, total: 0, total_discount_amounts: [], total_excluding_tax: 0, total_tax_amounts: [], total_taxes: [],
    transfer_data: null, webhooks_delivered_at: account.now(), ...fields,
  });
}

/** Sums the lines up. */
function totals(account: StripeAccount, id: string): Record<string, unknown> {
  const lines = account.collection('invoice_lines').all(id).map(({ value }) => value);
  const subtotal = lines.reduce((sum, line) => sum + number(line.amount), 0);
  const taxes = lines.flatMap((line) => line.tax_amounts as { amount: number }[]);
  const tax = taxes.reduce((sum, { amount }) => sum + amount, 0);
  const total = subtotal + tax;
  return {
    subtotal, subtotal_excluding_tax: subtotal, total, total_excluding_tax: subtotal, tax: taxes.length === 0 ? null : tax, total_tax_amounts: taxes, total_taxes: lines.flatMap((line) => line.taxes as object[]),
    amount_due: Math.max(total, 0), amount_remaining: Math.max(total, 0),
  };
}

/** Sums up and announces a draft whose lines were put in. */
export function announceDraft(account: StripeAccount, id: string): StripeObject {
  const invoice = account.change('invoices', id, totals(account, id));
  account.emit('invoice.created', invoice);
  return invoice;
}

export function finalize(account: StripeAccount, id: string): StripeObject {
  const invoice = account.get('invoices', id);
  if (invoice.status !== 'draft') throw invalid('This invoice is already finalized, you can\'t re-finalize a non-draft invoice.', 'invoice_not_editable');
  return account.change('invoices', id, {
    ...totals(account, id), status: 'open', auto_advance: true, effective_at: account.now(), hosted_invoice_url: `https://invoice.stripe.com/i/${account.id}/test_${id}`, invoice_pdf: `https://pay.stripe.com/invoice/${account.id}/test_${id}/pdf`,
    status_transitions: { ...invoice.status_transitions as object, finalized_at: account.now() },
  }, 'invoice.finalized');
}

/** Charges the customer for an open invoice. */
export function payInvoice(account: StripeAccount, id: string, options: { fails?: boolean; applicationFee?: number; onBehalfOf?: string } = {}): StripeObject {
  const invoice = account.get('invoices', id);
  if (invoice.status === 'paid') throw invalid('Invoice is already paid', 'invoice_already_paid');
  const due = number(invoice.amount_due);
  const intent = due === 0 ? undefined : pay(account, { amount: due, currency: String(invoice.currency), customer: text(invoice.customer), invoice: id, description: 'Subscription update', paymentMethod: text(invoice.default_payment_method), ...options });
  const common = { attempt_count: number(invoice.attempt_count) + 1, attempted: true, payment_intent: intent?.id ?? null, charge: intent?.latest_charge ?? null, application_fee_amount: options.applicationFee ?? null };
  if (options.fails === true) {
    return account.change('invoices', id, { ...common, next_payment_attempt: account.now() + 3 * 86_400 }, 'invoice.payment_failed');
  }
  account.change('invoices', id, {
    ...common, amount_paid: due, amount_remaining: 0, ending_balance: 0, next_payment_attempt: null, paid: true, status: 'paid', status_transitions: { ...invoice.status_transitions as object, paid_at: account.now() },
  }, 'invoice.paid');
  return account.change('invoices', id, {}, 'invoice.payment_succeeded');
}

function takePendingItems(account: StripeAccount, invoice: StripeObject): void {
  for (const { value: item } of account.collection('invoice_items').all()) {
    if (item.customer !== invoice.customer || item.invoice !== null) continue;
    account.change('invoice_items', item.id, { invoice: invoice.id });
    addItemLine(account, invoice.id, item);
  }
}

const addItemLine = (account: StripeAccount, invoice: string, item: StripeObject): StripeObject => addLine(account, invoice, {
  amount: number(item.amount), currency: String(item.currency), description: text(item.description), price: (item.price as StripeObject | null)?.id ?? null, quantity: number(item.quantity), period: item.period as LineValues['period'], invoiceItem: item.id, metadata: item.metadata,
});

/** An item; pending until an invoice takes it, or put on the draft that it names. */
function createItem(account: StripeAccount, values: Record<string, unknown>): StripeObject {
  const customer = account.get('customers', String(values.customer), 'customer');
  const priceId = text(values.price) ?? text((values.pricing as Record<string, unknown> | undefined)?.price);
  const price = priceId === null ? undefined : account.get('prices', priceId, 'price');
  const quantity = number(values.quantity ?? 1);
  const unit = number(values.unit_amount ?? price?.unit_amount ?? values.amount);
  const amount = values.amount === undefined ? unit * quantity : number(values.amount);
  const item = account.create('invoice_items', {
    amount, currency: values.currency ?? price?.currency ?? 'usd', customer: customer.id, date: account.now(), description: values.description ?? null, discountable: values.discountable ?? true, discounts: [], invoice: values.invoice ?? null, livemode: false, metadata: values.metadata ?? {}, net_amount: amount,
    parent: values.subscription === undefined ? null : { subscription_details: { subscription: values.subscription }, type: 'subscription_details' }, period: { end: account.now(), start: account.now() }, ...pricing(account, priceId), proration: false, quantity, quantity_decimal: String(quantity),
    subscription: values.subscription ?? null, tax_rates: [], test_clock: null, unit_amount: unit, unit_amount_decimal: String(unit),
  }, 'invoiceitem.created');
  if (typeof values.invoice === 'string') {
    if (account.get('invoices', values.invoice, 'invoice').status !== 'draft') throw invalid('This invoice is no longer editable', 'invoice_not_editable', 'invoice');
    addItemLine(account, values.invoice, item);
    account.change('invoices', values.invoice, totals(account, values.invoice), 'invoice.updated');
  }
  return item;
}

/** Invoice items and invoices. */
export const invoiceOperations: Operations = {
  'POST invoiceitems': (account, tree) => createItem(account, readParameters(tree, itemKinds, ['customer'])),
  'POST invoiceitems/:id': (account, tree, ids) => {
    const item = account.get('invoice_items', firstId(ids));
    return account.change('invoice_items', item.id, withMetadata(item, readParameters(tree, { description: 'text', metadata: 'metadata', amount: 'integer', discountable: 'boolean' })), 'invoiceitem.updated');
  },
  'DELETE invoiceitems/:id': (account, _tree, ids) => deletedObject(account.remove('invoice_items', firstId(ids), 'invoiceitem.deleted')),
  'POST invoices': (account, tree) => {
    const given = readParameters(tree, invoiceKinds, ['customer']);
    const draft = createDraft(account, { customer: String(given.customer), currency: String(given.currency ?? 'usd'), given });
    if (given.pending_invoice_items_behavior === 'include') takePendingItems(account, draft);
    return announceDraft(account, draft.id);
  },
  'POST invoices/:id': (account, tree, ids) => {
    const invoice = account.get('invoices', firstId(ids));
    return account.change('invoices', invoice.id, withMetadata(invoice, readParameters(tree, { description: 'text', metadata: 'metadata', auto_advance: 'boolean', footer: 'text' })), 'invoice.updated');
  },
  'DELETE invoices/:id': (account, _tree, ids) => {
    if (account.get('invoices', firstId(ids)).status !== 'draft') throw invalid('You can only delete draft invoices. If you wish to void an invoice, use the void endpoint.', 'invoice_not_editable');
    return deletedObject(account.remove('invoices', firstId(ids), 'invoice.deleted'));
  },
  'POST invoices/:id/finalize': (account, _tree, ids) => finalize(account, firstId(ids)),
  'POST invoices/:id/pay': (account, _tree, ids) => {
    if (account.get('invoices', firstId(ids)).status === 'draft') finalize(account, firstId(ids));
    return payInvoice(account, firstId(ids));
  },
  'POST invoices/:id/void': (account, _tree, ids) => {
    const invoice = account.get('invoices', firstId(ids));
    return account.change('invoices', invoice.id, { status: 'void', status_transitions: { ...invoice.status_transitions as object, voided_at: account.now() } }, 'invoice.voided');
  },
};
