import type { StripeAccount } from '../account.js';
import type { StripeObject } from '../collection.js';
import { readParameters } from '../parameters.js';
import { invalid } from '../stripe-error.js';
import { firstId, number, withMetadata, type Operations } from './operation.js';

/** A credit note on a finalised invoice. */
export function createCreditNote(account: StripeAccount, invoiceId: string, values: { amount?: number; reason?: unknown; memo?: unknown; metadata?: unknown } = {}): StripeObject {
  const invoice = account.get('invoices', invoiceId, 'invoice');
  if (invoice.status === 'draft') throw invalid('You can only create a credit note for a finalized invoice.', undefined, 'invoice');
  const amount = values.amount ?? number(invoice.total);
  const id = account.newId('credit_notes');
  const paid = invoice.status === 'paid';
  account.create('credit_notes', {
    id, amount, amount_shipping: 0, created: account.now(), currency: invoice.currency, customer: invoice.customer, customer_balance_transaction: null, discount_amount: 0, discount_amounts: [], effective_at: account.now(), invoice: invoiceId, livemode: false, memo: values.memo ?? null, metadata: values.metadata ?? {},
    number: `${String(invoice.number)}-CN-01`, out_of_band_amount: paid ? amount : null, pdf: `https://pay.stripe.com/credit_notes/${account.id}/test_${id}/pdf`, post_payment_amount: paid ? amount : 0, pre_payment_amount: paid ? 0 : amount, pretax_credit_amounts: [], reason: values.reason ?? null, refund: null, refunds: [],
    shipping_cost: null, status: 'issued', subtotal: amount, subtotal_excluding_tax: amount, tax_amounts: [], total: amount, total_excluding_tax: amount, total_taxes: [], type: paid ? 'post_payment' : 'pre_payment', voided_at: null,
  });
  account.create('credit_note_lines', { credit_note: id, amount, amount_excluding_tax: amount, description: 'Credit', discount_amount: 0, discount_amounts: [], livemode: false, pretax_credit_amounts: [], quantity: 1, tax_amounts: [], tax_rates: [], taxes: [], type: 'custom_line_item', unit_amount: amount, unit_amount_decimal: String(amount), unit_amount_excluding_tax: String(amount) });
  const note = account.get('credit_notes', id);
  account.emit('credit_note.created', note);
  account.change('invoices', invoiceId, paid ? { post_payment_credit_notes_amount: number(invoice.post_payment_credit_notes_amount) + amount } : { pre_payment_credit_notes_amount: number(invoice.pre_payment_credit_notes_amount) + amount, amount_remaining: Math.max(0, number(invoice.amount_remaining) - amount) }, 'invoice.updated');
  return note;
}

/** A checkout session; completed ones carry what came of them. */
export function createSession(account: StripeAccount, values: Record<string, unknown>): StripeObject {
  const id = account.newId('checkout_sessions');
  return account.create('checkout_sessions', {
    id, after_expiration: null, allow_promotion_codes: null, amount_subtotal: null, amount_total: null, automatic_tax: { enabled: false, liability: null, status: null }, billing_address_collection: null, cancel_url: null, client_reference_id: null, client_secret: null, consent: null, created: account.now(), currency: 'usd',
    custom_fields: [], custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null }, customer: null, customer_creation: null, customer_details: null, customer_email: null, expires_at: account.now() + 86_400, invoice: null, invoice_creation: null, livemode: false, locale: null, metadata: {}, mode: 'payment',
    payment_intent: null, payment_link: null, payment_method_collection: 'always', payment_method_options: {}, payment_method_types: ['card'], payment_status: 'unpaid', phone_number_collection: { enabled: false }, recovered_from: null, setup_intent: null, shipping_address_collection: null, shipping_cost: null, shipping_options: [],
    status: 'open', submit_type: null, subscription: null, success_url: 'https://example.com/success', total_details: null, ui_mode: 'hosted_page', url: `https://checkout.stripe.com/c/pay/${id}`, ...values,
  });
}

export const completeSession = (account: StripeAccount, id: string, results: Record<string, unknown>): StripeObject =>
  account.change('checkout_sessions', id, { status: 'complete', payment_status: 'paid', url: null, ...results }, 'checkout.session.completed');

/** Credit notes and checkout sessions. */
export const documentOperations: Operations = {
  'POST credit_notes': (account, tree) => {
    const { invoice, amount, ...more } = readParameters(tree, { invoice: 'text', amount: 'integer', reason: 'text', memo: 'text', metadata: 'metadata', out_of_band_amount: 'integer', credit_amount: 'integer', refund_amount: 'integer' }, ['invoice']);
    return createCreditNote(account, String(invoice), { ...more, ...amount === undefined ? {} : { amount: number(amount) } });
  },
  'POST credit_notes/:id': (account, tree, ids) => {
    const note = account.get('credit_notes', firstId(ids));
    return account.change('credit_notes', note.id, withMetadata(note, readParameters(tree, { memo: 'text', metadata: 'metadata' })), 'credit_note.updated');
  },
  'POST credit_notes/:id/void': (account, _tree, ids) => account.change('credit_notes', firstId(ids), { status: 'void', voided_at: account.now() }, 'credit_note.voided'),
  'POST checkout/sessions': (account, tree) => {
    const { line_items: _, ...values } = readParameters(tree, { mode: 'text', customer: 'text', customer_email: 'text', success_url: 'text', cancel_url: 'text', client_reference_id: 'text', metadata: 'metadata', line_items: 'items' });
    return createSession(account, values);
  },
  'POST checkout/sessions/:id/expire': (account, _tree, ids) => account.change('checkout_sessions', firstId(ids), { status: 'expired', url: null }, 'checkout.session.expired'),
};
