import { collectionOf } from '../collections/resources.js';
import { partsOf } from './parts.js';
import { at, isObject, listOf, type Json } from './values.js';

/** A record that an event says is gone. */
interface Deletion {
  readonly collection: string;
  readonly record: Json;
}

/** An object that an event says to read again. */
interface Change {
  /** Of a resource: an object with an endpoint of its own. */
  readonly collection: string;
  readonly id: string;
  /** The part collections whose change it is; absent when it is the object's own. */
  readonly parts?: readonly string[];
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** The object that an event carries; undefined for thin events and for previews that don't exist as records. */
export function eventObject(event: Json): Json | undefined {
  const object = at(event, 'data', 'object');
  // An upcoming invoice is computed, not kept: its id can't be read.
  return isObject(object) && event.type !== 'invoice.upcoming' ? object : undefined;
}

/**
 * True when a webhook tells of another account (a Connect endpoint): what it carries isn't this account's, except the
 * connected account itself and what it is paid out to.
 */
export function isForeign(event: Json): boolean {
  const account = text(event.account);
  const object = eventObject(event);
  if (account === undefined || object === undefined) return false;
  return !(object.object === 'account' ? object.id === account : object.account === account && (object.object === 'card' || object.object === 'bank_account'));
}

/** A `customer.subscription.deleted` ends a subscription: it stays readable, with the status `canceled`. */
const isDeletion = (type: string): boolean => type.endsWith('.deleted') && type !== 'customer.subscription.deleted';

/** What an event says is gone: its object, and parts that were taken out of their parent. */
export function deletionsOf(event: Json): readonly Deletion[] {
  const object = eventObject(event);
  const type = text(event.type);
  if (object === undefined || type === undefined) return [];
  const collection = collectionOf(object.object);
  if (collection === undefined) return [];
  const parts = partsOf(collection, object);
  // A draft's discounts may be those of its customer or subscription, and outlive it.
  if (isDeletion(type)) return [{ collection, record: object }, ...parts.filter((part) => collection !== 'invoices' || part.collection !== 'discounts')];
  const previous = at(event, 'data', 'previous_attributes');
  if (!isObject(previous)) return [];
  return removed(collection, object, previous);
}

/** Parts that were in the previous list and aren't in the present one; nothing when the present list is cut. */
function removed(collection: string, object: Json, previous: Json): readonly Deletion[] {
  const list = { invoices: 'lines', subscriptions: 'items' }[collection];
  if (list === undefined || previous[list] === undefined || at(object[list], 'has_more') === true) return [];
  const present = new Set(listOf(object[list]).map((part) => at(part, 'id')));
  return partsOf(collection, { ...object, discount: null, discounts: [], [list]: previous[list] }).filter(({ record }) => !present.has(record.id));
}

/** What an event says to read again, in words of resources. */
export function changesOf(event: Json): readonly Change[] {
  const object = eventObject(event);
  const type = text(event.type);
  if (object === undefined || type === undefined) return [];
  const id = text(object.id);
  const refer = (collection: string, reference: unknown, parts?: readonly string[]): readonly Change[] => {
    const target = text(isObject(reference) ? reference.id : reference);
    return target === undefined ? [] : [{ collection, id: target, ...(parts !== undefined && { parts }) }];
  };
  switch (object.object) {
    case 'card': case 'bank_account': case 'source':
      return [...refer('customers', object.customer, ['cards', 'bank_accounts']), ...refer('accounts', object.account, ['cards', 'bank_accounts'])];
    case 'fee_refund': return refer('application_fees', object.fee);
    case 'discount':
      return [...(object.subscription === null || object.subscription === undefined ? refer('customers', object.customer, ['discounts']) : refer('subscriptions', object.subscription, ['discounts']))];
    case 'invoice_payment': return refer('invoices', object.invoice);
    default:
  }
  const collection = collectionOf(object.object);
  if (collection === undefined || id === undefined) return [];
  const own: readonly Change[] = isDeletion(type) ? [] : [{ collection, id }];
  if (collection === 'disputes') return [...own, ...refer('charges', object.charge)];
  // Stripe sends no event for an item that an invoice picks up or lets go.
  if (collection === 'invoices') return [...own, ...listOf(object.lines).flatMap((line) => refer('invoice_items', at(line, 'invoice_item') ?? at(line, 'parent', 'invoice_item_details', 'invoice_item')))];
  return own;
}
