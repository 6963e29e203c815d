import type { StripeAccount } from './account.js';
import type { StripeObject } from './collection.js';
import { createAccount, createPayout, createTransfer, refundFee, reverseTransfer } from './operations/connect.js';
import { createPaymentMethod } from './operations/customers.js';
import { completeSession, createCreditNote, createSession } from './operations/documents.js';
import { createCharge, dispute, pay, refund } from './operations/payments.js';
import { cancelSubscription, createSchedule, createSubscription, renewSubscription } from './operations/subscriptions.js';
import { perform } from './perform.js';

const DAY = 86_400;
const NAMES = ['Ada Abel', 'Bo Berg', 'Cleo Cruz', 'Dan Dale', 'Zoë Öst', 'Finn Fox', 'Gus Gray', 'Hana Hill', '李 明', 'Jo Jung'];

/** What a small shop has: enough of every resource that each one has rows, sub-lists of more than 10, and deletions. */
export interface SeedOptions {
  /** Default 60. */
  readonly customers?: number;
  /** How far back it begins; default 400. Events are kept for the last 30 of them. */
  readonly days?: number;
}

interface Catalog { readonly recurring: readonly string[]; readonly oneTime: string; readonly coupons: readonly string[]; readonly taxRate: string; readonly accounts: readonly string[] }

/** Fills an account. The same random seed gives the same ids and the same story. */
export function seedAccount(account: StripeAccount, { customers = 60, days = 400 }: SeedOptions = {}): void {
  const end = account.now() - 60;
  const start = end - days * DAY;
  const catalog = account.at(start, () => seedCatalog(account));
  for (let i = 0; i < customers; i++) {
    const begun = start + Math.floor((end - start) * (i + account.random.next()) / customers);
    seedCustomer(account, catalog, i, Math.min(begun, end - 10), end);
  }
  for (let day = start + 7 * DAY; day < end; day += 7 * DAY) account.at(day, () => createPayout(account, account.random.between(10_000, 90_000), 'usd', { automatic: true, status: 'paid' }));
  const charges = account.collection('charges').all().map(({ value }) => value);
  for (const [i, destination] of catalog.accounts.entries()) {
    account.at(end - (i + 1) * 12 * DAY, () => {
      const transfer = createTransfer(account, { amount: 5000 + 100 * i, currency: 'usd', destination, source_transaction: charges[i]?.id ?? null });
      for (let part = 0; part < 12 && i === 0; part++) reverseTransfer(account, transfer.id, 10);
    });
  }
  account.at(end - 5 * DAY, () => {
    const gone = perform(account, 'POST', 'customers', { name: 'Gone Away', email: 'gone@example.com' });
    perform(account, 'DELETE', `customers/${gone.id}`);
  });
}

function seedCatalog(account: StripeAccount): Catalog {
  const recurring: string[] = [];
  let oneTime = '';
  for (const [i, name] of ['Starter', 'Team', 'Business'].entries()) {
    const product = perform(account, 'POST', 'products', { name, description: `${name} plan`, metadata: { line: 'main' } });
    recurring.push(perform(account, 'POST', 'prices', { product: product.id, currency: 'usd', unit_amount: 1000 * (i + 1), nickname: `${name} monthly`, recurring: { interval: 'month' } }).id);
    recurring.push(perform(account, 'POST', 'prices', { product: product.id, currency: 'eur', unit_amount: 9900 * (i + 1), nickname: `${name} yearly`, recurring: { interval: 'year' } }).id);
    oneTime = perform(account, 'POST', 'prices', { product: product.id, currency: 'usd', unit_amount: 4900, nickname: 'Setup' }).id;
    recurring.push(perform(account, 'POST', 'plans', { id: `legacy_${name.toLowerCase()}`, product: product.id, currency: 'usd', amount: 700 * (i + 1), interval: 'month', nickname: `${name} legacy` }).id);
  }
  const coupons = [{ id: 'WELCOME10', percent_off: 10 }, { id: 'FIVEOFF', amount_off: 500, currency: 'usd' }, { id: 'FOREVER5', percent_off: 5.5, duration: 'forever' }].map((coupon) => perform(account, 'POST', 'coupons', coupon).id);
  const taxRate = perform(account, 'POST', 'tax_rates', { display_name: 'VAT', percentage: 19, inclusive: false, country: 'DE' }).id;
  perform(account, 'POST', 'tax_rates', { display_name: 'Sales tax', percentage: 8.25, inclusive: false, country: 'US', state: 'CA' });
  const accounts = [0, 1, 2].map((i) => createAccount(account, { email: `seller${i}@example.com` }).id);
  return { recurring, oneTime, coupons, taxRate, accounts };
}

function seedCustomer(account: StripeAccount, catalog: Catalog, index: number, begun: number, end: number): void {
  const { random } = account;
  const name = NAMES[index % NAMES.length] ?? 'Nobody';
  const customer = account.at(begun, () => perform(account, 'POST', 'customers', {
    name, email: `customer${index}@example.com`, description: `Customer ${index}`, metadata: { tier: random.pick(['free', 'pro']), 'Sign up-date': String(begun), user_id: String(index) },
    address: { line1: `${random.between(1, 99)} Main St`, city: random.pick(['Berlin', 'Lima', 'Oslo']), country: 'US', postal_code: String(random.between(10_000, 99_999)) },
    ...random.chance(0.5) ? { source: random.chance(0.8) ? 'tok_visa' : 'btok_us_verified' } : {}, ...index % 7 === 3 ? { coupon: random.pick(catalog.coupons) } : {},
  }));
  const method = account.at(begun, () => createPaymentMethod(account, customer.id, random.chance(0.9) ? 'card' : 'sepa_debit'));
  const later = (): number => Math.min(begun + random.between(1, 30 * DAY), end);
  account.at(later(), () => perform(account, 'POST', 'setup_intents', { customer: customer.id, ...random.chance(0.7) ? { payment_method: method.id } : {} }));
  if (random.chance(0.7)) seedSubscription(account, catalog, customer, index, begun, end);
  for (let i = 0; i < random.between(0, 3); i++) account.at(later(), () => seedPayment(account, catalog, customer.id, method.id));
  if (index % 5 === 0) account.at(later(), () => seedInvoice(account, catalog, customer.id, index === 5 ? 27 : random.between(1, 4)));
  if (random.chance(0.2)) account.at(later(), () => perform(account, 'POST', 'invoiceitems', { customer: customer.id, amount: random.between(100, 900), currency: 'usd', description: 'Pending hours', metadata: { 'Cost Center': 'x' } }));
  account.at(later(), () => {
    const session = createSession(account, { customer: customer.id, mode: 'setup', metadata: { cart: String(index) } });
    if (random.chance(0.6)) completeSession(account, session.id, { payment_status: 'no_payment_required' });
  });
}

function seedSubscription(account: StripeAccount, catalog: Catalog, customer: StripeObject, index: number, begun: number, end: number): void {
  const { random } = account;
  const rate = account.get('tax_rates', catalog.taxRate);
  const price = random.pick(catalog.recurring);
  const items = [{ price, quantity: random.between(1, 9), metadata: {} }, ...index % 6 === 2 ? [{ price: catalog.recurring.find((other) => other !== price) ?? price, quantity: 1, metadata: {} }] : []];
  const subscription = account.at(begun + 5, () => createSubscription(account, {
    customer: customer.id, items, ...index % 8 === 1 ? { coupon: random.pick(catalog.coupons) } : {}, trialDays: index % 9 === 4 ? 14 : 0, fails: index % 17 === 8, fields: { metadata: { source: 'web' }, ...index % 4 === 0 ? { default_tax_rates: [rate] } : {} },
  }));
  for (let period = Number(subscription.current_period_end); period < end && random.chance(0.97); period = Number(account.get('subscriptions', subscription.id).current_period_end)) account.at(period, () => renewSubscription(account, subscription.id, random.chance(0.03)));
  if (index % 10 === 6) account.at(Math.min(begun + 40 * DAY, end), () => cancelSubscription(account, subscription.id));
  else if (index % 10 === 7) account.at(Math.min(begun + 2 * DAY, end), () => createSchedule(account, subscription.id));
}

function seedPayment(account: StripeAccount, catalog: Catalog, customer: string, method: string): void {
  const { random } = account;
  const amount = random.between(500, 50_000);
  const applicationFee = random.chance(0.3) ? { applicationFee: Math.round(amount / 20), onBehalfOf: random.pick(catalog.accounts) } : {};
  const payment = { amount, currency: 'usd', customer, paymentMethod: method, description: 'Order', metadata: { order_id: String(random.between(1000, 9999)) }, fails: random.chance(0.1), ...applicationFee };
  const charge = random.chance(0.2) ? createCharge(account, payment, null).id : String(pay(account, payment).latest_charge);
  if (payment.fails) return;
  if (random.chance(0.2)) refund(account, charge, { amount: Math.round(amount / 2), reason: 'requested_by_customer' });
  else if (random.chance(0.1)) dispute(account, charge);
  const fee = account.get('charges', charge).application_fee;
  if (typeof fee === 'string' && random.chance(0.5)) refundFee(account, fee, 10);
}

function seedInvoice(account: StripeAccount, catalog: Catalog, customer: string, lines: number): void {
  const { random } = account;
  for (let i = 0; i < lines; i++) perform(account, 'POST', 'invoiceitems', { customer, ...i === 0 ? { price: catalog.oneTime } : { amount: random.between(100, 9000), currency: 'usd', description: `Item ${i}` } });
  const invoice = perform(account, 'POST', 'invoices', { customer, pending_invoice_items_behavior: 'include', collection_method: 'send_invoice', days_until_due: 14 });
  if (random.chance(0.8)) {
    perform(account, 'POST', `invoices/${invoice.id}/finalize`);
    if (random.chance(0.8)) perform(account, 'POST', `invoices/${invoice.id}/pay`);
    if (random.chance(0.5)) createCreditNote(account, invoice.id, { amount: 50, reason: 'order_change', memo: 'Sorry' });
  }
}
