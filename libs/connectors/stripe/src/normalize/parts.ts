import { collectionOf } from '../collections/resources.js';
import type { Context } from './unify.js';
import { at, isObject, listOf, type Json } from './values.js';

/** A record inside another one, with what it needs of it. */
interface PartRecord {
  readonly collection: string;
  readonly record: Json;
  readonly context: Context;
}

const LISTS: Readonly<Record<string, string>> = {
  accounts: 'external_accounts', application_fees: 'refunds', customers: 'sources', invoices: 'lines', subscriptions: 'items', transfers: 'reversals',
};
const PART_OF: Readonly<Record<string, readonly string[]>> = {
  accounts: ['cards', 'bank_accounts'], application_fees: ['application_fee_refunds'], customers: ['cards', 'bank_accounts'],
  invoices: ['invoice_lines'], subscriptions: ['subscription_items'], transfers: ['transfer_reversals'],
};

/** The records of other collections that a record holds, in the order in which they stand in it. */
export function partsOf(collection: string, parent: Json): readonly PartRecord[] {
  const parentId = typeof parent.id === 'string' ? parent.id : undefined;
  const context: Context = parentId === undefined ? { parent } : { parent, parentId };
  const parts: PartRecord[] = [];
  const list = LISTS[collection];
  const allowed = PART_OF[collection] ?? [];
  if (list !== undefined) {
    for (const record of listOf(parent[list])) {
      // A customer's sources may also be `source` objects, which are no collection of ours.
      const own = allowed.length === 1 ? allowed[0] : collectionOf(at(record, 'object'));
      if (isObject(record) && own !== undefined && allowed.includes(own)) parts.push({ collection: own, record, context });
    }
  }
  if (collection === 'balance_transactions' && parentId !== undefined) {
    listOf(parent.fee_details).forEach((fee, index) => {
      if (isObject(fee)) parts.push({ collection: 'balance_transaction_fee_details', record: { id: `${parentId}-${index}`, ...fee, balance_transaction_id: parentId }, context });
    });
  }
  if (collection === 'customers' || collection === 'subscriptions' || collection === 'invoices') {
    for (const discount of [parent.discount, ...listOf(parent.discounts)]) {
      // Without an id (before 2020-08-27) or as a bare id it can't be a row.
      if (isObject(discount) && typeof discount.id === 'string' && !parts.some(({ record }) => record.id === discount.id)) parts.push({ collection: 'discounts', record: discount, context });
    }
  }
  return parts;
}

/** How many records a page holds, by collection, without normalising them. */
export function countRecords(collection: string, records: readonly unknown[], selected: ReadonlySet<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (name: string): void => { if (selected.has(name)) counts[name] = (counts[name] ?? 0) + 1; };
  for (const record of records) {
    if (!isObject(record)) continue;
    const own = collectionOf(record.object) ?? collection;
    add(own);
    for (const part of partsOf(own, record)) add(part.collection);
  }
  return counts;
}
