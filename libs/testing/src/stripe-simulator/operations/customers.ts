import type { StripeAccount } from '../account.js';
import type { StripeObject } from '../collection.js';
import { readParameters, type ParameterKinds, type ParameterTree } from '../parameters.js';
import type { ResourceName } from '../resources.js';
import { noSuch } from '../stripe-error.js';
import { discountFrom } from './catalog.js';
import { deletedObject, firstId, text, withMetadata, type Operations } from './operation.js';
import { cancelSubscription } from './subscriptions.js';

const customerKinds: ParameterKinds = {
  name: 'text', email: 'text', phone: 'text', description: 'text', balance: 'integer', address: 'hash', shipping: 'hash', metadata: 'metadata', invoice_prefix: 'text', invoice_settings: 'hash',
  next_invoice_sequence: 'integer', preferred_locales: 'list', tax_exempt: 'text', coupon: 'text', source: 'text', default_source: 'text', payment_method: 'text',
};
const cardBrands = { tok_visa: ['Visa', '4242'], tok_mastercard: ['MasterCard', '4444'], tok_amex: ['American Express', '8431'] } as const;

/** Fields that every customer has. */
const customerDefaults = {
  object: 'customer', address: null, balance: 0, currency: null, default_source: null, delinquent: false, description: null, discount: null, email: null, invoice_prefix: null,
  invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null }, livemode: false, metadata: {}, name: null, next_invoice_sequence: 1, phone: null,
  preferred_locales: [], shipping: null, tax_exempt: 'none', test_clock: null,
};

function createCard(account: StripeAccount, customer: string, token: string, values: Record<string, unknown> = {}): StripeObject {
  const [brand, last4] = Object.hasOwn(cardBrands, token) ? cardBrands[token as keyof typeof cardBrands] : cardBrands.tok_visa;
  return account.create('cards', {
    address_city: null, address_country: null, address_line1: null, address_line1_check: null, address_line2: null, address_state: null, address_zip: null, address_zip_check: null, brand, country: 'US', customer,
    cvc_check: 'pass', dynamic_last4: null, exp_month: account.random.between(1, 12), exp_year: 2030, fingerprint: account.random.text(16), funding: 'credit', last4, metadata: {}, name: null, tokenization_method: null, ...values,
  }, 'customer.source.created');
}

function createBankAccount(account: StripeAccount, customer: string, values: Record<string, unknown> = {}): StripeObject {
  return account.create('bank_accounts', {
    account_holder_name: 'Test holder', account_holder_type: 'company', account_type: null, bank_name: 'STRIPE TEST BANK', country: 'US', currency: 'usd', customer, fingerprint: account.random.text(16), last4: '6789',
    metadata: {}, routing_number: '110000000', status: 'new', ...values,
  }, 'customer.source.created');
}

const addSource = (account: StripeAccount, customer: string, token: string, values?: Record<string, unknown>): StripeObject =>
  token.startsWith('btok_') ? createBankAccount(account, customer, values) : createCard(account, customer, token, values);

/** The card or bank account of this customer. */
function source(account: StripeAccount, ids: readonly string[]): { resource: ResourceName; object: StripeObject } {
  account.get('customers', firstId(ids));
  for (const resource of ['cards', 'bank_accounts'] as const) {
    const object = account.find(resource, ids[1] ?? '');
    if (object?.customer === ids[0] && object !== undefined) return { resource, object };
  }
  throw noSuch('source', ids[1] ?? '');
}

function patched(account: StripeAccount, customer: StripeObject, tree: ParameterTree): Record<string, unknown> {
  const { coupon, source: token, payment_method: paymentMethod, ...values } = readParameters(tree, customerKinds);
  const patch: Record<string, unknown> = withMetadata(customer, values);
  if (typeof values.address === 'object' && values.address !== null) patch.address = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null, ...values.address };
  if (typeof values.invoice_settings === 'object' && values.invoice_settings !== null) patch.invoice_settings = { ...customer.invoice_settings as object, ...values.invoice_settings };
  if (typeof coupon === 'string') patch.discount = discountFrom(account, coupon, { customer: customer.id });
  if (typeof token === 'string') patch.default_source = addSource(account, customer.id, token).id;
  if (typeof paymentMethod === 'string') account.change('payment_methods', paymentMethod, { customer: customer.id }, 'payment_method.attached');
  return patch;
}

/** Customers, their sources and their payment methods. */
export const customerOperations: Operations = {
  'POST customers': (account, tree) => {
    const id = account.newId('customers');
    const created = { ...customerDefaults, id, created: account.now(), invoice_prefix: account.random.text(8).toUpperCase() };
    return account.create('customers', { ...created, ...patched(account, created, tree) }, 'customer.created');
  },
  'POST customers/:id': (account, tree, ids) => {
    const customer = account.get('customers', firstId(ids));
    return account.change('customers', customer.id, patched(account, customer, tree), 'customer.updated');
  },
  'DELETE customers/:id': (account, _tree, ids) => {
    const id = firstId(ids);
    account.get('customers', id);
    for (const { id: subscription, value } of [...account.collection('subscriptions').all(id)]) if (value.status !== 'canceled') cancelSubscription(account, subscription);
    for (const resource of ['cards', 'bank_accounts'] as const) for (const { id: sourceId } of [...account.collection(resource).all(id)]) account.remove(resource, sourceId, 'customer.source.deleted');
    for (const { id: method } of [...account.collection('payment_methods').all(id)]) account.change('payment_methods', method, { customer: null }, 'payment_method.detached');
    return deletedObject(account.remove('customers', id, 'customer.deleted'));
  },
  'DELETE customers/:id/discount': (account, _tree, ids) => {
    const customer = account.get('customers', firstId(ids));
    const discount = customer.discount as StripeObject | null;
    if (discount === null) throw noSuch('discount', customer.id);
    account.change('customers', customer.id, { discount: null }, 'customer.updated');
    account.emit('customer.discount.deleted', discount);
    return deletedObject(discount);
  },
  'POST customers/:id/sources': (account, tree, ids) => {
    const customer = account.get('customers', firstId(ids));
    const { source: token, metadata } = readParameters(tree, { source: 'text', metadata: 'metadata' }, ['source']);
    const created = addSource(account, customer.id, String(token), { metadata: metadata ?? {} });
    if (customer.default_source === null) account.change('customers', customer.id, { default_source: created.id }, 'customer.updated');
    return created;
  },
  'POST customers/:id/sources/:id': (account, tree, ids) => {
    const { resource, object } = source(account, ids);
    const values = readParameters(tree, { metadata: 'metadata', name: 'text', exp_month: 'integer', exp_year: 'integer', address_zip: 'text', account_holder_name: 'text' });
    return account.change(resource, object.id, withMetadata(object, values), 'customer.source.updated');
  },
  'DELETE customers/:id/sources/:id': (account, _tree, ids) => {
    const { resource, object } = source(account, ids);
    const removed = account.remove(resource, object.id, 'customer.source.deleted');
    const customer = account.get('customers', firstId(ids));
    if (customer.default_source === object.id) account.change('customers', customer.id, { default_source: null }, 'customer.updated');
    return deletedObject(removed);
  },
  'POST payment_methods': (account, tree) => {
    const { type, billing_details, metadata } = readParameters(tree, { type: 'text', card: 'hash', billing_details: 'hash', metadata: 'metadata' }, ['type']);
    return createPaymentMethod(account, null, String(type), { metadata: metadata ?? {}, ...billing_details === undefined ? {} : { billing_details } });
  },
  'POST payment_methods/:id': (account, tree, ids) => {
    const method = account.get('payment_methods', firstId(ids));
    return account.change('payment_methods', method.id, withMetadata(method, readParameters(tree, { metadata: 'metadata', billing_details: 'hash', allow_redisplay: 'text' })), 'payment_method.updated');
  },
  'POST payment_methods/:id/attach': (account, tree, ids) => {
    const { customer } = readParameters(tree, { customer: 'text' }, ['customer']);
    account.get('customers', String(customer), 'customer');
    return account.change('payment_methods', firstId(ids), { customer }, 'payment_method.attached');
  },
  'POST payment_methods/:id/detach': (account, _tree, ids) => account.change('payment_methods', firstId(ids), { customer: null }, 'payment_method.detached'),
  'POST setup_intents': (account, tree) => {
    const values = readParameters(tree, { customer: 'text', payment_method: 'text', description: 'text', metadata: 'metadata', usage: 'text', payment_method_types: 'list' });
    const intent = account.create('setup_intents', {
      application: null, automatic_payment_methods: null, cancellation_reason: null, client_secret: null, created: account.now(), customer: null, description: null, last_setup_error: null, latest_attempt: null, livemode: false,
      mandate: null, metadata: {}, next_action: null, on_behalf_of: null, payment_method: null, payment_method_options: null, payment_method_types: ['card'], single_use_mandate: null, usage: 'off_session',
      ...values, status: text(values.payment_method) === null ? 'requires_payment_method' : 'succeeded',
    }, 'setup_intent.created');
    if (intent.status === 'succeeded') account.emit('setup_intent.succeeded', intent);
    return intent;
  },
  'POST setup_intents/:id/cancel': (account, _tree, ids) => account.change('setup_intents', firstId(ids), { status: 'canceled', cancellation_reason: 'requested_by_customer' }, 'setup_intent.canceled'),
};

/** A payment method, attached to a customer or to nobody yet. Creating one makes no event; attaching does. */
export function createPaymentMethod(account: StripeAccount, customer: string | null, type: string, values: Record<string, unknown> = {}): StripeObject {
  const card = { brand: 'visa', checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' }, country: 'US', exp_month: account.random.between(1, 12), exp_year: 2030, fingerprint: account.random.text(16), funding: 'credit', last4: '4242', networks: { available: ['visa'], preferred: null }, three_d_secure_usage: { supported: true }, wallet: null };
  return account.create('payment_methods', {
    allow_redisplay: 'unspecified', billing_details: { address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null }, email: null, name: null, phone: null },
    ...type === 'card' ? { card } : { [type]: {} }, created: account.now(), customer, livemode: false, metadata: {}, type, ...values,
  }, customer === null ? [] : 'payment_method.attached');
}
