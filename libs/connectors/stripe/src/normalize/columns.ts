import { FIELDS } from '../collections/fields.js';
import { UNIFY, type Context } from './unify.js';
import { changeAt, idOf, isObject, listOf, toTimestamp, type Json } from './values.js';

const words = (text: string): readonly string[] => text.split(' ');

/** References that Segment names without `_id`. */
const BARE: Readonly<Record<string, readonly string[]>> = {
  application_fees: ['originating_transaction'],
  balance_transaction_fee_details: ['application'],
  charges: ['application_fee', 'destination'],
  discounts: ['subscription'],
  plans: ['product'],
  transfers: ['destination_payment', 'source_transaction'],
};
const BARE_ANYWHERE = words('default_source on_behalf_of');

/** Fields that refer to another object, whichever collection they are in. */
const REFERENCES = new Set(words(`account application application_fee balance_transaction bank_account charge checkout_session customer customer_balance_transaction
default_payment_method default_price default_source destination destination_payment destination_payment_refund dispute failure_balance_transaction fee invoice
invoice_item latest_attempt latest_charge latest_invoice latest_revision mandate on_behalf_of original_payout originating_transaction payment_intent
payment_link payment_method payout_method pending_setup_intent product promotion_code quote refund released_subscription reversed_by review schedule
setup_intent single_use_mandate source_refund source_transaction source_transfer source_transfer_reversal subscription subscription_item tax_code test_clock
transfer transfer_reversal`.replaceAll('\n', ' ')));

/** Not columns: secrets that let their holder pay, what other collections hold, and what `UNIFY` reads. */
const DROPPED = new Set(words('object client_secret confirmation_secret deleted'));
const DROPPED_IN: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(Object.entries({
  accounts: 'external_accounts',
  application_fees: 'refunds',
  balance_transactions: 'fee_details',
  charges: 'refunds',
  credit_notes: 'total_taxes',
  customers: 'sources cards subscriptions tax_ids discount default_card',
  discounts: 'coupon source',
  invoice_items: 'price plan pricing parent subscription subscription_item',
  invoice_lines: 'price plan pricing parent taxes subscription subscription_item invoice invoice_item',
  invoices: 'lines payments parent total_taxes discount subscription_details charge payment_intent subscription quote application_fee_amount',
  subscription_items: 'price plan subscription',
  subscriptions: 'items plan discount',
  transfers: 'reversals',
}).map(([collection, names]) => [collection, new Set(words(names))]));

/** Where the epoch seconds of a collection are: its declared timestamps, as paths into the record. */
const NESTED = words('status_transitions evidence_details tos_acceptance requirements future_requirements pause_collection period current_phase');
const timestampPaths = Object.fromEntries(Object.entries(FIELDS).map(([collection, fields]) => [
  collection,
  Object.entries(fields).filter(([, type]) => type === 'timestamp').flatMap(([name]): (readonly string[])[] => {
    if (name === 'after_expiration_recovery_expires_at') return [['after_expiration', 'recovery', 'expires_at']];
    const outer = NESTED.find((prefix) => name.startsWith(`${prefix}_`));
    return outer === undefined ? [[name]] : [[outer, name.slice(outer.length + 1)], [name]];
  }),
]));

/**
 * A record of Stripe's as the columns of its collection: one spelling for both shapes, `…_id` for references (expanded or
 * not), ISO 8601 for declared timestamps. Everything else stays as Stripe sent it; the warehouse flattens.
 */
export function toColumns(collection: string, record: Json, context: Context): Record<string, unknown> {
  const dropped = DROPPED_IN[collection];
  const bare = BARE[collection];
  const columns: Record<string, unknown> = {};
  const references: string[] = [];
  for (const name in record) {
    if (DROPPED.has(name) || dropped?.has(name) === true) continue;
    const value = record[name];
    if (REFERENCES.has(name)) references.push(name);
    else columns[name] = isObject(value) && value.object === 'list' ? listOf(value) : value;
  }
  for (const name of references) {
    const value = record[name];
    columns[BARE_ANYWHERE.includes(name) || bare?.includes(name) === true ? name : `${name}_id`] = isObject(value) && value.object === 'list' ? listOf(value) : idOf(value);
  }
  // Of a deleted object only the id is left: what isn't there must not be read as empty.
  const unified = record.deleted === true ? {} : UNIFY[collection]?.(record, context) ?? {};
  for (const name in unified) if (unified[name] !== undefined) columns[name] = unified[name];
  for (const [name, ...inner] of timestampPaths[collection] ?? []) {
    if (name === undefined || !(name in columns)) continue;
    const value = columns[name];
    if (inner.length === 0) columns[name] = toTimestamp(value);
    else if (isObject(value)) columns[name] = changeAt(value, inner, toTimestamp);
  }
  return columns;
}
