import type { StripeAccount } from './account.js';
import type { StoredObject } from './collection.js';
import { dispute, pay, refund } from './operations/payments.js';
import { cancelSubscription, createSubscription, renewSubscription } from './operations/subscriptions.js';
import { perform } from './perform.js';
import type { ResourceName } from './resources.js';

type Step = (account: StripeAccount) => boolean;

function any(account: StripeAccount, resource: ResourceName, accept: (stored: StoredObject) => boolean = () => true): string | undefined {
  const all = account.collection(resource).all();
  for (let attempt = 0; attempt < 20 && all.length > 0; attempt++) {
    const stored = account.random.pick(all);
    if (accept(stored)) return stored.id;
  }
  return undefined;
}

const withOne = (resource: ResourceName, act: (account: StripeAccount, id: string) => unknown, accept?: (stored: StoredObject) => boolean): Step => (account) => {
  const id = any(account, resource, accept);
  if (id === undefined) return false;
  act(account, id);
  return true;
};
const live = ({ value }: StoredObject): boolean => value.status === 'active' || value.status === 'trialing';

/** What a shop's day is made of, with weights. */
const steps: readonly (readonly [number, Step])[] = [
  [30, (account) => {
    const n = account.random.between(1000, 999_999);
    perform(account, 'POST', 'customers', { name: `Visitor ${n}`, email: `visitor${n}@example.com`, metadata: { tier: account.random.pick(['free', 'pro']) } });
    return true;
  }],
  [30, withOne('customers', (account, id) => perform(account, 'POST', `customers/${id}`, { metadata: { seats: account.random.between(1, 500) }, balance: account.random.between(-2000, 2000) }))],
  [3, withOne('customers', (account, id) => perform(account, 'DELETE', `customers/${id}`))],
  [10, withOne('customers', (account, customer) => {
    const price = any(account, 'prices', ({ value }) => value.type === 'recurring' && value.active === true);
    if (price !== undefined) createSubscription(account, { customer, items: [{ price, quantity: account.random.between(1, 5), metadata: {} }], fails: account.random.chance(0.05) });
  })],
  [10, withOne('customers', (account, customer) => pay(account, { amount: account.random.between(500, 9000), currency: 'usd', customer, description: 'Order', fails: account.random.chance(0.1) }))],
  [4, withOne('charges', (account, id) => refund(account, id), ({ value }) => value.status === 'succeeded' && value.amount_refunded === 0)],
  [1, withOne('charges', (account, id) => dispute(account, id), ({ value }) => value.status === 'succeeded' && value.disputed === false)],
  [5, withOne('subscriptions', (account, id) => renewSubscription(account, id), live)],
  [3, withOne('subscriptions', (account, id) => cancelSubscription(account, id), live)],
  [2, withOne('products', (account, id) => perform(account, 'POST', `products/${id}`, { metadata: { revision: account.random.between(1, 99) } }))],
  [2, withOne('customers', (account, customer) => perform(account, 'POST', 'invoiceitems', { customer, amount: account.random.between(100, 900), currency: 'usd' }))],
];
const total = steps.reduce((sum, [weight]) => sum + weight, 0);

/** One change of the kind that happens in a shop, with the events it makes. */
export function trafficStep(account: StripeAccount): void {
  for (let attempt = 0; attempt < 50; attempt++) {
    let at = account.random.next() * total;
    const step = steps.find(([weight]) => (at -= weight) < 0)?.[1];
    if (step?.(account) === true) return;
  }
}
