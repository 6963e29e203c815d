import type { StripeAccount } from '../account.js';
import type { StripeObject } from '../collection.js';
import { readParameters, type ParameterKinds } from '../parameters.js';
import { invalid, missingParameter, StripeApiError } from '../stripe-error.js';
import { firstId, number, text, withMetadata, type Operations } from './operation.js';

/** What a payment is for. Amounts in the currency's smallest unit. */
export interface Payment {
  readonly amount: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly paymentMethod?: string | null;
  readonly description?: string | null;
  readonly invoice?: string | null;
  readonly metadata?: Record<string, unknown>;
  /** The card is declined. */
  readonly fails?: boolean;
  /** Goes to the platform when the charge is a connected account's. */
  readonly applicationFee?: number;
  readonly onBehalfOf?: string;
}

/** A movement on the balance, with Stripe's fee of 2.9 % + 30 for charges. */
export function createBalanceTransaction(account: StripeAccount, type: string, source: string, amount: number, currency: string, applicationFee = 0): StripeObject {
  const stripeFee = type === 'charge' ? Math.round(amount * 0.029) + 30 : 0;
  const details = [
    ...stripeFee === 0 ? [] : [{ amount: stripeFee, application: null, currency, description: 'Stripe processing fees', type: 'stripe_fee' }],
    ...applicationFee === 0 ? [] : [{ amount: applicationFee, application: 'ca_test', currency, description: 'Application fee', type: 'application_fee' }],
  ];
  const fee = stripeFee + applicationFee;
  return account.create('balance_transactions', {
    amount, available_on: account.now() + 2 * 86_400, balance_type: 'payments', created: account.now(), currency, description: null, exchange_rate: null, fee, fee_details: details, net: amount - fee,
    reporting_category: type === 'payment_refund' ? 'refund' : type, source, status: 'pending', type,
  });
}

export function createCharge(account: StripeAccount, payment: Payment, paymentIntent: string | null): StripeObject {
  const { amount, currency, customer, fails = false, applicationFee } = payment;
  const id = account.newId('charges');
  const transaction = fails ? null : createBalanceTransaction(account, 'charge', id, amount, currency, applicationFee).id;
  const fee = applicationFee === undefined || fails ? null : createApplicationFee(account, id, applicationFee, currency, payment.onBehalfOf);
  const card = { brand: 'visa', checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' }, country: 'US', exp_month: 8, exp_year: 2030, fingerprint: account.random.text(16), funding: 'credit', installments: null, last4: '4242', mandate: null, network: 'visa', three_d_secure: null, wallet: null };
  return account.create('charges', {
    id, amount, amount_captured: fails ? 0 : amount, amount_refunded: 0, application: null, application_fee: fee?.id ?? null, application_fee_amount: applicationFee ?? null, balance_transaction: transaction,
    billing_details: { address: { city: null, country: 'US', line1: null, line2: null, postal_code: '94107', state: null }, email: null, name: null, phone: null }, calculated_statement_descriptor: 'SIMULATED SHOP',
    captured: !fails, created: account.now(), currency, customer, description: payment.description ?? null, destination: null, dispute: null, disputed: false, failure_balance_transaction: null,
    failure_code: fails ? 'card_declined' : null, failure_message: fails ? 'Your card was declined.' : null, fraud_details: {}, invoice: payment.invoice ?? null, livemode: false, metadata: payment.metadata ?? {}, on_behalf_of: payment.onBehalfOf ?? null,
    outcome: { network_status: fails ? 'declined_by_network' : 'approved_by_network', reason: fails ? 'generic_decline' : null, risk_level: 'normal', seller_message: fails ? 'The bank did not return any further details with this decline.' : 'Payment complete.', type: fails ? 'issuer_declined' : 'authorized' },
    paid: !fails, payment_intent: paymentIntent, payment_method: payment.paymentMethod ?? null, payment_method_details: { card, type: 'card' }, receipt_email: null, receipt_number: null, receipt_url: null, refunded: false, review: null,
    shipping: null, source_transfer: null, statement_descriptor: null, statement_descriptor_suffix: null, status: fails ? 'failed' : 'succeeded', transfer_data: null, transfer_group: null,
  }, fails ? 'charge.failed' : 'charge.succeeded');
}

function createApplicationFee(account: StripeAccount, charge: string, amount: number, currency: string, from: string | undefined): StripeObject {
  const id = account.newId('application_fees');
  return account.create('application_fees', {
    id, account: from ?? account.id, amount, amount_refunded: 0, application: 'ca_test', balance_transaction: createBalanceTransaction(account, 'application_fee', id, amount, currency).id, charge, created: account.now(), currency, fee_source: { charge, type: 'charge' },
    livemode: false, originating_transaction: null, refunded: false,
  }, 'application_fee.created');
}

/** A payment intent and, when it is confirmed, its charge. */
export function pay(account: StripeAccount, payment: Payment, confirm = true): StripeObject {
  const intent = account.create('payment_intents', {
    amount: payment.amount, amount_capturable: 0, amount_details: { tip: {} }, amount_received: 0, application: null, application_fee_amount: payment.applicationFee ?? null, automatic_payment_methods: null, canceled_at: null, cancellation_reason: null,
    capture_method: 'automatic', client_secret: null, confirmation_method: 'automatic', created: account.now(), currency: payment.currency, customer: payment.customer, description: payment.description ?? null, invoice: payment.invoice ?? null, last_payment_error: null,
    latest_charge: null, livemode: false, metadata: payment.metadata ?? {}, next_action: null, on_behalf_of: payment.onBehalfOf ?? null, payment_method: payment.paymentMethod ?? null, payment_method_options: {}, payment_method_types: ['card'], processing: null,
    receipt_email: null, review: null, setup_future_usage: null, shipping: null, statement_descriptor: null, statement_descriptor_suffix: null, status: 'requires_payment_method', transfer_data: null, transfer_group: null,
  }, 'payment_intent.created');
  return confirm ? confirmIntent(account, intent, payment) : intent;
}

function confirmIntent(account: StripeAccount, intent: StripeObject, payment: Payment): StripeObject {
  const charge = createCharge(account, payment, intent.id);
  if (payment.fails === true) {
    return account.change('payment_intents', intent.id, { latest_charge: charge.id, last_payment_error: { charge: charge.id, code: 'card_declined', message: 'Your card was declined.', type: 'card_error' } }, 'payment_intent.payment_failed');
  }
  return account.change('payment_intents', intent.id, { amount_received: payment.amount, latest_charge: charge.id, status: 'succeeded' }, 'payment_intent.succeeded');
}

const paymentKinds: ParameterKinds = { amount: 'integer', currency: 'text', customer: 'text', description: 'text', metadata: 'metadata', payment_method: 'text', source: 'text', receipt_email: 'text', statement_descriptor: 'text', transfer_group: 'text', application_fee_amount: 'integer', on_behalf_of: 'text', capture: 'boolean', confirm: 'boolean', payment_method_types: 'list', automatic_payment_methods: 'hash', off_session: 'boolean' };

function paymentFrom(account: StripeAccount, values: Record<string, unknown>): Payment {
  if (values.customer !== undefined) account.get('customers', String(values.customer), 'customer');
  const token = String(values.source ?? values.payment_method ?? '');
  return {
    amount: number(values.amount), currency: String(values.currency), customer: text(values.customer), description: text(values.description), paymentMethod: text(values.payment_method), metadata: (values.metadata ?? {}) as Record<string, unknown>,
    fails: token.includes('chargeDeclined'), ...values.application_fee_amount === undefined ? {} : { applicationFee: number(values.application_fee_amount) }, ...values.on_behalf_of === undefined ? {} : { onBehalfOf: String(values.on_behalf_of) },
  };
}

/** A refund of a charge; all that is left unless `amount` is given. */
export function refund(account: StripeAccount, chargeId: string, values: { amount?: number; reason?: string | null; metadata?: Record<string, unknown> } = {}): StripeObject {
  const charge = account.get('charges', chargeId, 'charge');
  const left = number(charge.amount) - number(charge.amount_refunded);
  const amount = values.amount ?? left;
  if (left === 0) throw new StripeApiError(400, 'invalid_request_error', `Charge ${chargeId} has already been refunded.`, 'charge_already_refunded');
  if (amount > left) throw invalid(`Refund amount ($${amount / 100}) is greater than unrefunded amount on charge ($${left / 100})`, undefined, 'amount');
  const id = account.newId('refunds');
  const made = account.create('refunds', {
    id, amount, balance_transaction: createBalanceTransaction(account, 'refund', id, -amount, String(charge.currency)).id, charge: chargeId, created: account.now(), currency: charge.currency, destination_details: { card: { reference_status: 'pending', type: 'refund' }, type: 'card' },
    metadata: values.metadata ?? {}, payment_intent: charge.payment_intent, reason: values.reason ?? null, receipt_number: null, source_transfer_reversal: null, status: 'succeeded', transfer_reversal: null,
  }, 'refund.created');
  const refunded = number(charge.amount_refunded) + amount;
  account.change('charges', chargeId, { amount_refunded: refunded, refunded: refunded === charge.amount }, 'charge.refunded');
  return made;
}

/** The cardholder disputes a charge; only the partner's customers can do that, so there is no request for it. */
export function dispute(account: StripeAccount, chargeId: string, reason = 'fraudulent'): StripeObject {
  const charge = account.get('charges', chargeId);
  const id = account.newId('disputes');
  const transaction = createBalanceTransaction(account, 'adjustment', id, -number(charge.amount), String(charge.currency));
  account.change('charges', chargeId, { disputed: true, dispute: id }, 'charge.updated');
  return account.create('disputes', {
    id, amount: charge.amount, balance_transactions: [transaction], charge: chargeId, created: account.now(), currency: charge.currency, enhanced_eligibility_types: [], evidence: { access_activity_log: null, customer_email_address: null, customer_name: null, product_description: null, enhanced_evidence: {}, receipt: null, uncategorized_text: null },
    evidence_details: { enhanced_eligibility: {}, due_by: account.now() + 7 * 86_400, has_evidence: false, past_due: false, submission_count: 0 }, is_charge_refundable: false, livemode: false, metadata: {}, payment_intent: charge.payment_intent,
    payment_method_details: { card: { brand: 'visa', case_type: 'chargeback', network: 'visa', network_reason_code: '10.4' }, type: 'card' }, reason, status: 'needs_response',
  }, ['charge.dispute.created', 'charge.dispute.funds_withdrawn']);
}

/** Charges, payment intents, refunds and disputes. */
export const paymentOperations: Operations = {
  'POST charges': (account, tree) => {
    const values = readParameters(tree, paymentKinds, ['amount', 'currency']);
    const payment = paymentFrom(account, values);
    const charge = createCharge(account, payment, null);
    if (payment.fails === true) throw new StripeApiError(402, 'card_error', 'Your card was declined.', 'card_declined');
    return charge;
  },
  'POST charges/:id': (account, tree, ids) => {
    const charge = account.get('charges', firstId(ids));
    return account.change('charges', charge.id, withMetadata(charge, readParameters(tree, { description: 'text', metadata: 'metadata', customer: 'text', receipt_email: 'text', transfer_group: 'text', shipping: 'hash' })), 'charge.updated');
  },
  'POST payment_intents': (account, tree) => {
    const values = readParameters(tree, paymentKinds, ['amount', 'currency']);
    return pay(account, paymentFrom(account, values), values.confirm === true);
  },
  'POST payment_intents/:id': (account, tree, ids) => {
    const intent = account.get('payment_intents', firstId(ids));
    return account.change('payment_intents', intent.id, withMetadata(intent, readParameters(tree, { amount: 'integer', description: 'text', metadata: 'metadata', customer: 'text', payment_method: 'text', receipt_email: 'text' })));
  },
  'POST payment_intents/:id/confirm': (account, tree, ids) => {
    const intent = account.get('payment_intents', firstId(ids));
    const { payment_method } = readParameters(tree, { payment_method: 'text', off_session: 'boolean', return_url: 'text' });
    if (intent.status === 'succeeded' || intent.status === 'canceled') throw new StripeApiError(400, 'invalid_request_error', `This PaymentIntent's payment_method could not be updated because it has a status of ${intent.status}.`, 'payment_intent_unexpected_state');
    return confirmIntent(account, intent, paymentFrom(account, { ...intent, customer: intent.customer ?? undefined, application_fee_amount: intent.application_fee_amount ?? undefined, on_behalf_of: intent.on_behalf_of ?? undefined, payment_method }));
  },
  'POST payment_intents/:id/cancel': (account, _tree, ids) => account.change('payment_intents', firstId(ids), { status: 'canceled', canceled_at: account.now(), cancellation_reason: null }, 'payment_intent.canceled'),
  'POST refunds': (account, tree) => {
    const values = readParameters(tree, { charge: 'text', payment_intent: 'text', amount: 'integer', reason: 'text', metadata: 'metadata' });
    const charge = values.charge ?? (values.payment_intent === undefined ? undefined : account.get('payment_intents', String(values.payment_intent), 'payment_intent').latest_charge);
    if (charge === undefined || charge === null) throw missingParameter('charge');
    return refund(account, String(charge), { reason: text(values.reason), metadata: (values.metadata ?? {}) as Record<string, unknown>, ...values.amount === undefined ? {} : { amount: number(values.amount) } });
  },
  'POST refunds/:id': (account, tree, ids) => {
    const object = account.get('refunds', firstId(ids));
    const changed = account.change('refunds', object.id, withMetadata(object, readParameters(tree, { metadata: 'metadata' })), 'refund.updated');
    account.emit('charge.refund.updated', changed);
    return changed;
  },
  'POST disputes/:id': (account, tree, ids) => {
    const object = account.get('disputes', firstId(ids));
    return account.change('disputes', object.id, withMetadata(object, readParameters(tree, { metadata: 'metadata', evidence: 'hash', submit: 'boolean' })), 'charge.dispute.updated');
  },
  'POST disputes/:id/close': (account, _tree, ids) => account.change('disputes', firstId(ids), { status: 'lost' }, 'charge.dispute.closed'),
};
