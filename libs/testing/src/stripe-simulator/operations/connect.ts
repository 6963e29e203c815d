import type { StripeAccount } from '../account.js';
import type { StripeObject } from '../collection.js';
import { readParameters } from '../parameters.js';
import { invalid } from '../stripe-error.js';
import { deletedObject, firstId, number, withMetadata, type Operations } from './operation.js';
import { createBalanceTransaction } from './payments.js';

/** What /v1/account answers, and every connected account. */
export const accountObject = (account: StripeAccount, id: string, values: Record<string, unknown> = {}): StripeObject => ({
  id, object: 'account', business_profile: { mcc: null, name: 'Simulated shop', product_description: null, support_email: null, support_phone: null, support_url: null, url: null }, business_type: 'company', capabilities: { card_payments: 'active', transfers: 'active' },
  charges_enabled: true, controller: { is_controller: true, type: 'application' }, country: 'US', created: account.now(), default_currency: 'usd', details_submitted: true, email: null, external_accounts: { object: 'list', data: [], has_more: false, url: `/v1/accounts/${id}/external_accounts` },
  metadata: {}, payouts_enabled: true, requirements: { alternatives: [], current_deadline: null, currently_due: [], disabled_reason: null, errors: [], eventually_due: [], past_due: [], pending_verification: [] }, settings: { branding: { icon: null, logo: null, primary_color: null, secondary_color: null }, card_payments: { decline_on: { avs_failure: false, cvc_failure: false }, statement_descriptor_prefix: null, statement_descriptor_prefix_kana: null, statement_descriptor_prefix_kanji: null }, dashboard: { display_name: 'Simulated shop', timezone: 'Etc/UTC' }, payments: { statement_descriptor: null, statement_descriptor_kana: null, statement_descriptor_kanji: null } },
  tos_acceptance: { date: null }, type: 'express', ...values,
});

export const createAccount = (account: StripeAccount, values: Record<string, unknown> = {}): StripeObject => account.create('accounts', accountObject(account, account.newId('accounts'), values));

export function createTransfer(account: StripeAccount, values: { amount: number; currency: string; destination: string; metadata?: unknown; description?: unknown; transfer_group?: unknown; source_transaction?: unknown }): StripeObject {
  const id = account.newId('transfers');
  return account.create('transfers', {
    id, amount_reversed: 0, balance_transaction: createBalanceTransaction(account, 'transfer', id, -values.amount, values.currency).id, created: account.now(), description: null, destination_payment: `py_${account.random.text(24)}`, livemode: false, metadata: {}, reversed: false,
    source_transaction: null, source_type: 'card', transfer_group: null, ...values,
  }, 'transfer.created');
}

export function reverseTransfer(account: StripeAccount, transferId: string, amount?: number, metadata: unknown = {}): StripeObject {
  const transfer = account.get('transfers', transferId);
  const left = number(transfer.amount) - number(transfer.amount_reversed);
  const reversed = amount ?? left;
  if (reversed > left || reversed <= 0) throw invalid(`Reversal amount (${reversed}) is greater than what is left of the transfer (${left}).`, undefined, 'amount');
  const id = account.newId('transfer_reversals');
  const made = account.create('transfer_reversals', { id, amount: reversed, balance_transaction: createBalanceTransaction(account, 'transfer_refund', id, reversed, String(transfer.currency)).id, created: account.now(), currency: transfer.currency, destination_payment_refund: null, metadata, source_refund: null, transfer: transferId });
  account.change('transfers', transferId, { amount_reversed: number(transfer.amount_reversed) + reversed, reversed: reversed === left }, 'transfer.reversed');
  return made;
}

export function refundFee(account: StripeAccount, feeId: string, amount?: number, metadata: unknown = {}): StripeObject {
  const fee = account.get('application_fees', feeId);
  const left = number(fee.amount) - number(fee.amount_refunded);
  const refunded = amount ?? left;
  if (refunded > left || refunded <= 0) throw invalid(`Refund amount (${refunded}) is greater than what is left of the fee (${left}).`, undefined, 'amount');
  const id = account.newId('application_fee_refunds');
  const made = account.create('application_fee_refunds', { id, amount: refunded, balance_transaction: createBalanceTransaction(account, 'application_fee_refund', id, -refunded, String(fee.currency)).id, created: account.now(), currency: fee.currency, fee: feeId, metadata });
  account.change('application_fees', feeId, { amount_refunded: number(fee.amount_refunded) + refunded, refunded: refunded === left }, 'application_fee.refunded');
  return made;
}

export function createPayout(account: StripeAccount, amount: number, currency: string, values: Record<string, unknown> = {}): StripeObject {
  const id = account.newId('payouts');
  return account.create('payouts', {
    id, amount, application_fee: null, application_fee_amount: null, arrival_date: account.now() + 2 * 86_400, automatic: false, balance_transaction: createBalanceTransaction(account, 'payout', id, -amount, currency).id, created: account.now(), currency, description: 'STRIPE PAYOUT', destination: `ba_${account.random.text(24)}`,
    failure_balance_transaction: null, failure_code: null, failure_message: null, livemode: false, metadata: {}, method: 'standard', original_payout: null, reconciliation_status: 'not_applicable', reversed_by: null, source_type: 'card', statement_descriptor: null, status: 'in_transit', type: 'bank_account', ...values,
  }, 'payout.created');
}

/** Connected accounts, transfers, application fees and payouts. */
export const connectOperations: Operations = {
  'POST accounts': (account, tree) => createAccount(account, readParameters(tree, { type: 'text', country: 'text', email: 'text', business_type: 'text', metadata: 'metadata', capabilities: 'hash', default_currency: 'text' })),
  'POST accounts/:id': (account, tree, ids) => {
    const object = account.get('accounts', firstId(ids));
    return account.change('accounts', object.id, withMetadata(object, readParameters(tree, { email: 'text', metadata: 'metadata', default_currency: 'text', business_type: 'text' })), 'account.updated');
  },
  'DELETE accounts/:id': (account, _tree, ids) => deletedObject(account.remove('accounts', firstId(ids))),
  'POST transfers': (account, tree) => {
    const { amount, currency, destination, ...more } = readParameters(tree, { amount: 'integer', currency: 'text', destination: 'text', description: 'text', metadata: 'metadata', source_transaction: 'text', transfer_group: 'text' }, ['amount', 'currency', 'destination']);
    account.get('accounts', String(destination), 'destination');
    return createTransfer(account, { ...more, amount: number(amount), currency: String(currency), destination: String(destination) });
  },
  'POST transfers/:id': (account, tree, ids) => {
    const object = account.get('transfers', firstId(ids));
    return account.change('transfers', object.id, withMetadata(object, readParameters(tree, { description: 'text', metadata: 'metadata' })), 'transfer.updated');
  },
  'POST transfers/:id/reversals': (account, tree, ids) => {
    const { amount, metadata } = readParameters(tree, { amount: 'integer', metadata: 'metadata', description: 'text' });
    return reverseTransfer(account, firstId(ids), amount === undefined ? undefined : number(amount), metadata);
  },
  'POST application_fees/:id/refunds': (account, tree, ids) => {
    const { amount, metadata } = readParameters(tree, { amount: 'integer', metadata: 'metadata' });
    return refundFee(account, firstId(ids), amount === undefined ? undefined : number(amount), metadata);
  },
  'POST payouts': (account, tree) => {
    const { amount, currency, ...more } = readParameters(tree, { amount: 'integer', currency: 'text', description: 'text', metadata: 'metadata', method: 'text', statement_descriptor: 'text', destination: 'text' }, ['amount', 'currency']);
    return createPayout(account, number(amount), String(currency), more);
  },
  'POST payouts/:id': (account, tree, ids) => {
    const object = account.get('payouts', firstId(ids));
    return account.change('payouts', object.id, withMetadata(object, readParameters(tree, { metadata: 'metadata' })), 'payout.updated');
  },
  'POST payouts/:id/cancel': (account, _tree, ids) => account.change('payouts', firstId(ids), { status: 'canceled' }, 'payout.canceled'),
};
