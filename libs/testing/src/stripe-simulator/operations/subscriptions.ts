import type { StripeAccount } from '../account.js';
import type { StripeObject } from '../collection.js';
import { readParameters, type ParameterKinds } from '../parameters.js';
import { invalid, missingParameter } from '../stripe-error.js';
import { discountFrom } from './catalog.js';
import { addLine, announceDraft, createDraft, finalize, payInvoice } from './invoices.js';
import { deletedObject, firstId, number, text, withMetadata, type Operations } from './operation.js';

const kinds: ParameterKinds = { customer: 'text', items: 'items', metadata: 'metadata', description: 'text', coupon: 'text', discounts: 'items', cancel_at_period_end: 'boolean', default_payment_method: 'text', collection_method: 'text', days_until_due: 'integer', trial_period_days: 'integer', default_tax_rates: 'list', application_fee_percent: 'number', payment_behavior: 'text', proration_behavior: 'text', off_session: 'boolean', trial_end: 'text', quantity: 'integer', cancel_at: 'integer' };
const seconds: Readonly<Record<string, number>> = { day: 86_400, week: 7 * 86_400, month: 30 * 86_400, year: 365 * 86_400 };

interface ItemValues { readonly price: string; readonly quantity: number; readonly metadata: unknown }

function readItems(account: StripeAccount, items: unknown): ItemValues[] {
  return (items as Record<string, unknown>[]).map((item, index) => {
    const price = text(item.price) ?? text(item.plan);
    if (price === null) throw missingParameter(`items[${index}][price]`);
    if (account.get('prices', price, `items[${index}][price]`).type !== 'recurring') throw invalid('The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.', undefined, `items[${index}][price]`);
    return { price, quantity: number(item.quantity ?? 1), metadata: item.metadata ?? {} };
  });
}

function addItem(account: StripeAccount, subscription: string, { price: priceId, quantity, metadata }: ItemValues): StripeObject {
  const price = account.get('prices', priceId, 'price');
  const { interval, interval_count } = price.recurring as Record<string, unknown>;
  return account.create('subscription_items', {
    billing_thresholds: null, created: account.now(), current_period_end: account.now() + (seconds[String(interval)] ?? 0) * number(interval_count), current_period_start: account.now(), discounts: [], metadata, plan: account.get('plans', priceId), price, quantity, subscription, tax_rates: [],
  });
}

/** The fields of classic shapes that are derived from the items. */
function derived(account: StripeAccount, id: string): Record<string, unknown> {
  const items = account.collection('subscription_items').all(id).map(({ value }) => value);
  const first = items[0];
  const single = items.length === 1 ? first : undefined;
  return { plan: single?.plan ?? null, quantity: single?.quantity ?? null, current_period_start: first?.current_period_start, current_period_end: first?.current_period_end };
}

export interface SubscriptionValues {
  readonly customer: string;
  readonly items: readonly ItemValues[];
  readonly coupon?: string;
  readonly trialDays?: number;
  readonly fields?: Record<string, unknown>;
  readonly fails?: boolean;
  readonly applicationFee?: number;
  readonly onBehalfOf?: string;
}

/** A subscription with its items, its first invoice and its payment. */
export function createSubscription(account: StripeAccount, { customer: customerId, items, coupon, trialDays = 0, fields = {}, ...payment }: SubscriptionValues): StripeObject {
  const customer = account.get('customers', customerId, 'customer');
  const id = account.newId('subscriptions');
  const price = account.get('prices', items[0]?.price ?? '', 'items');
  const trial = trialDays > 0;
  account.create('subscriptions', {
    id, application: null, application_fee_percent: null, automatic_tax: { enabled: false, liability: null }, billing_cycle_anchor: account.now(), billing_cycle_anchor_config: null, billing_mode: { type: 'classic' }, billing_schedules: [], billing_thresholds: null, cancel_at: null, cancel_at_period_end: false,
    canceled_at: null, cancellation_details: { comment: null, feedback: null, reason: null }, collection_method: 'charge_automatically', created: account.now(), currency: price.currency, customer: customer.id, days_until_due: null, default_payment_method: null, default_source: null,
    default_tax_rates: [], description: null, discount: null, discounts: [], ended_at: null, invoice_settings: { account_tax_ids: null, issuer: { type: 'self' } }, latest_invoice: null, livemode: false, metadata: {}, next_pending_invoice_item_invoice: null, on_behalf_of: null,
    pause_collection: null, payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: 'off' }, pending_invoice_item_interval: null, pending_setup_intent: null, pending_update: null, schedule: null, start_date: account.now(),
    status: trial ? 'trialing' : 'active', test_clock: null, transfer_data: null, trial_end: trial ? account.now() + trialDays * 86_400 : null, trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' } }, trial_start: trial ? account.now() : null, ...fields,
  });
  for (const item of items) addItem(account, id, item);
  const discount = coupon === undefined ? undefined : discountFrom(account, coupon, { customer: customer.id, subscription: id });
  const subscription = account.change('subscriptions', id, { ...derived(account, id), ...discount === undefined ? {} : { discount, discounts: [discount.id] } });
  account.emit('customer.subscription.created', subscription);
  if (discount !== undefined) account.emit('customer.discount.created', discount as StripeObject);
  if (customer.currency === null) account.change('customers', customer.id, { currency: price.currency }, 'customer.updated');
  const invoice = bill(account, id, 'subscription_create', trial, payment);
  return account.change('subscriptions', id, { latest_invoice: invoice, ...payment.fails === true ? { status: 'past_due' } : {} }, 'customer.subscription.updated');
}

/** Invoices a subscription's period and charges for it. @returns the invoice's id */
function bill(account: StripeAccount, id: string, reason: string, free: boolean, payment: { fails?: boolean; applicationFee?: number; onBehalfOf?: string } = {}): string {
  const subscription = account.get('subscriptions', id);
  const draft = createDraft(account, { customer: String(subscription.customer), currency: String(subscription.currency), subscription, billingReason: reason, period: { start: number(subscription.current_period_start), end: number(subscription.current_period_end) } });
  const rate = (subscription.default_tax_rates as (StripeObject | string)[])[0];
  const taxRate = typeof rate === 'string' ? account.find('tax_rates', rate) : rate;
  for (const { value: item } of account.collection('subscription_items').all(id)) {
    const price = item.price as StripeObject;
    addLine(account, draft.id, {
      amount: free ? 0 : number(price.unit_amount) * number(item.quantity), currency: String(price.currency), description: `${String(item.quantity)} × ${String(price.nickname ?? price.id)}`, price: price.id, quantity: number(item.quantity),
      period: { start: number(item.current_period_start), end: number(item.current_period_end) }, subscription: id, subscriptionItem: item.id, ...taxRate === undefined ? {} : { taxRate }, metadata: subscription.metadata,
    });
  }
  announceDraft(account, draft.id);
  finalize(account, draft.id);
  payInvoice(account, draft.id, payment);
  return draft.id;
}

/** Begins the next period of a subscription and bills it. */
export function renewSubscription(account: StripeAccount, id: string, fails = false): StripeObject {
  for (const { value: item } of [...account.collection('subscription_items').all(id)]) {
    const start = number(item.current_period_end);
    account.change('subscription_items', item.id, { current_period_start: start, current_period_end: start + start - number(item.current_period_start) });
  }
  account.change('subscriptions', id, derived(account, id));
  const invoice = bill(account, id, 'subscription_cycle', false, { fails });
  return account.change('subscriptions', id, { latest_invoice: invoice, status: fails ? 'past_due' : 'active' }, 'customer.subscription.updated');
}

export function cancelSubscription(account: StripeAccount, id: string): StripeObject {
  const { status } = account.get('subscriptions', id);
  if (status === 'canceled') throw invalid(`No such subscription: '${id}'`, 'resource_missing', 'id');
  return account.change('subscriptions', id, { status: 'canceled', canceled_at: account.now(), ended_at: account.now(), cancellation_details: { comment: null, feedback: null, reason: 'cancellation_requested' } }, 'customer.subscription.deleted');
}

/** Subscriptions and their items and schedules. */
export const subscriptionOperations: Operations = {
  'POST subscriptions': (account, tree) => {
    const { customer, items, coupon, discounts, trial_period_days, proration_behavior: _p, payment_behavior: _b, off_session: _o, trial_end: _t, quantity: _q, ...fields } = readParameters(tree, kinds, ['customer']);
    const first = (discounts as Record<string, unknown>[] | undefined)?.[0];
    const couponId = text(coupon) ?? text(first?.coupon);
    const rates = (fields.default_tax_rates as string[] | undefined)?.map((rate) => account.get('tax_rates', rate, 'default_tax_rates'));
    return createSubscription(account, { customer: String(customer), items: readItems(account, items ?? []), ...couponId === null ? {} : { coupon: couponId }, trialDays: number(trial_period_days), fields: { ...fields, ...rates === undefined ? {} : { default_tax_rates: rates } } });
  },
  'POST subscriptions/:id': (account, tree, ids) => {
    const id = firstId(ids);
    const subscription = account.get('subscriptions', id);
    const { items, proration_behavior: _p, payment_behavior: _b, off_session: _o, trial_end: _t, coupon: _c, discounts: _d, customer: _u, trial_period_days: _y, ...values } = readParameters(tree, kinds);
    for (const item of (items ?? []) as Record<string, unknown>[]) {
      if (typeof item.id !== 'string') addItem(account, id, readItems(account, [item])[0] ?? { price: '', quantity: 1, metadata: {} });
      else if (item.deleted === 'true') account.remove('subscription_items', item.id);
      else account.change('subscription_items', item.id, { ...item.quantity === undefined ? {} : { quantity: number(item.quantity) } });
    }
    return account.change('subscriptions', id, { ...withMetadata(subscription, values), ...derived(account, id), ...values.cancel_at_period_end === true ? { cancel_at: subscription.current_period_end, canceled_at: account.now() } : {} }, 'customer.subscription.updated');
  },
  'DELETE subscriptions/:id': (account, _tree, ids) => cancelSubscription(account, firstId(ids)),
  'POST subscription_items/:id': (account, tree, ids) => {
    const item = account.get('subscription_items', firstId(ids));
    const { proration_behavior: _, ...values } = readParameters(tree, { quantity: 'integer', metadata: 'metadata', proration_behavior: 'text' });
    const changed = account.change('subscription_items', item.id, withMetadata(item, values));
    account.change('subscriptions', String(item.subscription), derived(account, String(item.subscription)), 'customer.subscription.updated');
    return changed;
  },
  'DELETE subscription_items/:id': (account, _tree, ids) => {
    const item = account.remove('subscription_items', firstId(ids));
    account.emit('customer.subscription.updated', account.change('subscriptions', String(item.subscription), derived(account, String(item.subscription))));
    return deletedObject(item);
  },
  'POST subscription_schedules': (account, tree) => {
    const { from_subscription, metadata } = readParameters(tree, { from_subscription: 'text', customer: 'text', phases: 'items', start_date: 'text', end_behavior: 'text', metadata: 'metadata' });
    if (typeof from_subscription !== 'string') throw missingParameter('from_subscription');
    return createSchedule(account, from_subscription, metadata ?? {});
  },
  'POST subscription_schedules/:id': (account, tree, ids) => {
    const schedule = account.get('subscription_schedules', firstId(ids));
    return account.change('subscription_schedules', schedule.id, withMetadata(schedule, readParameters(tree, { metadata: 'metadata', end_behavior: 'text' })), 'subscription_schedule.updated');
  },
  'POST subscription_schedules/:id/cancel': (account, _tree, ids) => account.change('subscription_schedules', firstId(ids), { status: 'canceled', canceled_at: account.now(), current_phase: null }, 'subscription_schedule.canceled'),
};

/** A schedule with one phase: the subscription as it is. */
export function createSchedule(account: StripeAccount, subscriptionId: string, metadata: unknown = {}): StripeObject {
  const subscription = account.get('subscriptions', subscriptionId, 'from_subscription');
  const phase = { start_date: subscription.current_period_start, end_date: subscription.current_period_end };
  const items = account.collection('subscription_items').all(subscriptionId).map(({ value }) => ({ billing_thresholds: null, discounts: [], metadata: {}, plan: (value.plan as StripeObject).id, price: (value.price as StripeObject).id, quantity: value.quantity, tax_rates: [] }));
  const schedule = account.create('subscription_schedules', {
    application: null, billing_mode: { type: 'classic' }, canceled_at: null, completed_at: null, created: account.now(), current_phase: phase, customer: subscription.customer, default_settings: { billing_cycle_anchor: 'automatic', collection_method: 'charge_automatically', default_payment_method: null, invoice_settings: { account_tax_ids: null, days_until_due: null, issuer: { type: 'self' } } }, end_behavior: 'release',
    livemode: false, metadata, phases: [{ ...phase, add_invoice_items: [], currency: subscription.currency, discounts: [], items, metadata: {}, proration_behavior: 'create_prorations', trial_end: null }], released_at: null, released_subscription: null, status: 'active', subscription: subscription.id, test_clock: null,
  }, 'subscription_schedule.created');
  account.change('subscriptions', subscription.id, { schedule: schedule.id }, 'customer.subscription.updated');
  return schedule;
}
