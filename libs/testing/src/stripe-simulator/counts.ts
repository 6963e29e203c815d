import type { StripeAccount } from './account.js';
import { resourceNames, type ResourceName } from './resources.js';

/** Number of live objects by collection; `balance_transaction_fee_details` and `discounts` are counted inside their parents. */
export type StripeCounts = Readonly<Record<ResourceName | 'balance_transaction_fee_details' | 'discounts', number>>;

export function countObjects(account: StripeAccount): StripeCounts {
  const counts = Object.fromEntries(resourceNames.map((name) => [name, account.collection(name).size])) as Record<ResourceName, number>;
  let fees = 0;
  for (const { value } of account.collection('balance_transactions').all()) fees += (value.fee_details as unknown[]).length;
  const discounts = new Set<unknown>();
  for (const name of ['customers', 'subscriptions', 'invoices'] as const) {
    for (const stored of account.collection(name).all()) {
      if (!stored.source.includes('"object":"discount"')) continue;
      const { discount } = stored.value as { discount?: { id?: unknown } | null };
      if (discount?.id !== undefined) discounts.add(discount.id);
    }
  }
  return { ...counts, balance_transaction_fee_details: fees, discounts: discounts.size };
}
