import type { StripeAccount } from '../account.js';
import type { StripeObject } from '../collection.js';
import { readParameters, type ParameterKinds } from '../parameters.js';
import { invalid, missingParameter } from '../stripe-error.js';
import { deletedObject, firstId, number, text, withMetadata, type Operations } from './operation.js';

const productKinds: ParameterKinds = { id: 'text', name: 'text', active: 'boolean', description: 'text', images: 'list', metadata: 'metadata', shippable: 'boolean', statement_descriptor: 'text', tax_code: 'text', unit_label: 'text', url: 'text', default_price: 'text' };
const priceKinds: ParameterKinds = { currency: 'text', product: 'text', unit_amount: 'integer', recurring: 'hash', nickname: 'text', active: 'boolean', lookup_key: 'text', metadata: 'metadata', tax_behavior: 'text' };
const planKinds: ParameterKinds = { id: 'text', currency: 'text', product: 'text', amount: 'integer', interval: 'text', interval_count: 'integer', nickname: 'text', active: 'boolean', metadata: 'metadata', trial_period_days: 'integer', usage_type: 'text' };
const couponKinds: ParameterKinds = { id: 'text', name: 'text', percent_off: 'number', amount_off: 'integer', currency: 'text', duration: 'text', duration_in_months: 'integer', max_redemptions: 'integer', redeem_by: 'integer', metadata: 'metadata' };
const taxRateKinds: ParameterKinds = { display_name: 'text', percentage: 'number', inclusive: 'boolean', active: 'boolean', country: 'text', state: 'text', jurisdiction: 'text', description: 'text', tax_type: 'text', metadata: 'metadata' };

const defaults = (values: Record<string, unknown>): Record<string, unknown> => ({ ...values, livemode: false, metadata: values.metadata ?? {} });

/** A recurring price and a plan are two views of one thing: they share the id. */
function planOf(price: StripeObject): Record<string, unknown> {
  const recurring = price.recurring as Record<string, unknown>;
  return {
    id: price.id, object: 'plan', active: price.active, aggregate_usage: null, amount: price.unit_amount, amount_decimal: price.unit_amount_decimal, billing_scheme: 'per_unit',
    created: price.created, currency: price.currency, interval: recurring.interval, interval_count: recurring.interval_count, livemode: false, metadata: price.metadata, meter: null,
    nickname: price.nickname, product: price.product, tiers_mode: null, transform_usage: null, trial_period_days: null, usage_type: recurring.usage_type,
  };
}

function createPrice(account: StripeAccount, values: Record<string, unknown>): StripeObject {
  const product = account.get('products', String(values.product), 'product');
  const given = values.recurring as Record<string, unknown> | null | undefined;
  const recurring = given === undefined || given === null ? null : { aggregate_usage: null, interval: given.interval ?? 'month', interval_count: number(given.interval_count ?? 1), meter: null, trial_period_days: null, usage_type: given.usage_type ?? 'licensed' };
  const amount = values.unit_amount ?? null;
  const price = account.create('prices', {
    ...values.id === undefined ? {} : { id: values.id },
    object: 'price', active: values.active ?? true, billing_scheme: 'per_unit', created: account.now(), currency: values.currency, custom_unit_amount: null, livemode: false,
    lookup_key: values.lookup_key ?? null, metadata: values.metadata ?? {}, nickname: values.nickname ?? null, product: product.id, recurring, tax_behavior: values.tax_behavior ?? 'unspecified',
    tiers_mode: null, transform_quantity: null, type: recurring === null ? 'one_time' : 'recurring', unit_amount: amount, unit_amount_decimal: amount === null ? null : String(amount),
  }, 'price.created');
  if (recurring !== null) account.create('plans', planOf(price), 'plan.created');
  return price;
}

/** Products, prices, plans, coupons and tax rates. */
export const catalogOperations: Operations = {
  'POST products': (account, tree) => {
    const values = readParameters(tree, productKinds, ['name']);
    return account.create('products', {
      active: true, default_price: null, description: null, images: [], marketing_features: [], package_dimensions: null, shippable: null, statement_descriptor: null, tax_code: null, unit_label: null, url: null,
      ...defaults(values), created: account.now(), type: 'service', updated: account.now(),
    }, 'product.created');
  },
  'POST products/:id': (account, tree, ids) => {
    const product = account.get('products', firstId(ids));
    return account.change('products', product.id, { ...withMetadata(product, readParameters(tree, productKinds)), updated: account.now() }, 'product.updated');
  },
  'DELETE products/:id': (account, _tree, ids) => {
    const used = account.collection('prices').all().some(({ value }) => value.product === ids[0]);
    if (used) throw invalid('This product cannot be deleted because it has one or more user-created prices.');
    return deletedObject(account.remove('products', firstId(ids), 'product.deleted'));
  },
  'POST prices': (account, tree) => createPrice(account, readParameters(tree, priceKinds, ['currency', 'product'])),
  'POST prices/:id': (account, tree, ids) => {
    const price = account.get('prices', firstId(ids));
    const { active, nickname, metadata } = withMetadata(price, readParameters(tree, { active: 'boolean', nickname: 'text', metadata: 'metadata', lookup_key: 'text', tax_behavior: 'text' }));
    const patch = Object.fromEntries(Object.entries({ active, nickname, metadata }).filter(([, value]) => value !== undefined));
    if (account.find('plans', price.id) !== undefined) account.change('plans', price.id, patch, 'plan.updated');
    return account.change('prices', price.id, patch, 'price.updated');
  },
  'POST plans': (account, tree) => {
    const { id, currency, product, amount, interval, interval_count, nickname, metadata, usage_type } = readParameters(tree, planKinds, ['currency', 'interval']);
    if (product === undefined) throw missingParameter('product');
    return account.get('plans', createPrice(account, { id: id ?? account.newId('plans'), currency, product, unit_amount: amount ?? 0, nickname, metadata, recurring: { interval, interval_count, usage_type } }).id);
  },
  'POST plans/:id': (account, tree, ids) => {
    const plan = account.get('plans', firstId(ids));
    const patch = withMetadata(plan, readParameters(tree, { active: 'boolean', nickname: 'text', metadata: 'metadata', product: 'text', trial_period_days: 'integer' }));
    account.change('prices', plan.id, Object.fromEntries(Object.entries(patch).filter(([key]) => key !== 'trial_period_days')), 'price.updated');
    return account.change('plans', plan.id, patch, 'plan.updated');
  },
  'DELETE plans/:id': (account, _tree, ids) => {
    const plan = account.remove('plans', firstId(ids), 'plan.deleted');
    if (account.find('prices', plan.id) !== undefined) account.remove('prices', plan.id, 'price.deleted');
    return deletedObject(plan);
  },
  'POST coupons': (account, tree) => {
    const values = readParameters(tree, couponKinds);
    if (values.percent_off === undefined && values.amount_off === undefined) throw missingParameter('percent_off');
    return account.create('coupons', {
      amount_off: null, currency: null, duration: 'once', duration_in_months: null, max_redemptions: null, name: null, percent_off: null, redeem_by: null,
      ...defaults(values), created: account.now(), times_redeemed: 0, valid: true,
    }, 'coupon.created');
  },
  'POST coupons/:id': (account, tree, ids) => {
    const coupon = account.get('coupons', firstId(ids));
    return account.change('coupons', coupon.id, withMetadata(coupon, readParameters(tree, { name: 'text', metadata: 'metadata' })), 'coupon.updated');
  },
  'DELETE coupons/:id': (account, _tree, ids) => deletedObject(account.remove('coupons', firstId(ids), 'coupon.deleted')),
  'POST tax_rates': (account, tree) => {
    const values = readParameters(tree, taxRateKinds, ['display_name', 'inclusive', 'percentage']);
    return account.create('tax_rates', {
      active: true, country: null, description: null, jurisdiction: null, jurisdiction_level: null, rate_type: 'percentage', state: null, tax_type: null, flat_amount: null,
      ...defaults(values), effective_percentage: null, created: account.now(),
    }, 'tax_rate.created');
  },
  'POST tax_rates/:id': (account, tree, ids) => {
    const rate = account.get('tax_rates', firstId(ids));
    return account.change('tax_rates', rate.id, withMetadata(rate, readParameters(tree, taxRateKinds)), 'tax_rate.updated');
  },
};

/** A discount that a coupon gives to `holder`; `coupon` in the shapes before clover, `source` from then on. */
export function discountFrom(account: StripeAccount, couponId: string, holder: { customer: unknown; subscription?: string; invoice?: string }): Record<string, unknown> {
  const coupon = account.get('coupons', couponId, 'coupon');
  account.change('coupons', coupon.id, { times_redeemed: number(coupon.times_redeemed) + 1 });
  return {
    id: `di_${account.random.text(24)}`, object: 'discount', checkout_session: null, coupon: account.get('coupons', coupon.id), customer: text(holder.customer), end: null, invoice: holder.invoice ?? null, invoice_item: null,
    promotion_code: null, source: { coupon: coupon.id, type: 'coupon' }, start: account.now(), subscription: holder.subscription ?? null, subscription_item: null,
  };
}
