import { invalid } from './stripe-error.js';

/**
 * The three shapes of objects that matter here, by what Stripe's changelog removed or added:
 * `classic` before 2025-03-31.basil, `basil` from then on, `clover` from 2025-09-30.clover (discounts' `source`).
 */
export const shapes = ['classic', 'basil', 'clover'] as const;
export type Shape = (typeof shapes)[number];

/** @throws StripeApiError when the text isn't a version. */
export function shapeOf(version: string): Shape {
  if (!/^20\d\d-\d\d-\d\d(\.[a-z]+)?$/.test(version)) throw invalid(`Invalid Stripe API version: ${version}`);
  const day = version.slice(0, 10);
  return day < '2025-03-31' ? 'classic' : day < '2025-09-30' ? 'basil' : 'clover';
}

interface Rule { readonly classicOnly: ReadonlySet<string>; readonly sinceBasil: ReadonlySet<string>; readonly hidden: ReadonlySet<string> }
const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));
const rule = (classicOnly: string, sinceBasil = '', hidden = ''): Rule => ({ classicOnly: words(classicOnly), sinceBasil: words(sinceBasil), hidden: words(hidden) });

/** By `object`. Source: stripe-node's changelog of 22 major versions, entries 2025-03-31.basil and 2025-09-30.clover. */
const rules: Readonly<Record<string, Rule>> = {
  invoice: rule(
    'charge payment_intent subscription paid paid_out_of_band tax total_tax_amounts application_fee_amount discount quote subscription_details transfer_data',
    'parent total_taxes amount_overpaid confirmation_secret',
  ),
  line_item: rule('plan price type proration proration_details subscription_item invoice_item tax_amounts tax_rates amount_excluding_tax unit_amount_excluding_tax', 'pricing parent taxes'),
  invoiceitem: rule('plan price subscription subscription_item unit_amount unit_amount_decimal', 'pricing parent'),
  subscription: rule('plan quantity discount current_period_start current_period_end'),
  subscription_item: rule('', 'current_period_start current_period_end'),
  charge: rule('invoice destination dispute'),
  payment_intent: rule('invoice'),
  credit_note: rule('tax_amounts refund', 'total_taxes refunds'),
  credit_note_line_item: rule('tax_amounts amount_excluding_tax unit_amount_excluding_tax', 'taxes', 'credit_note'),
  plan: rule('aggregate_usage'),
  price: rule(''),
};

/** True when objects of this type look different in different versions. */
export const isVersioned = (object: string): boolean => object in rules;

/**
 * A copy of `value` in the given shape. Objects are stored with the fields of all shapes; this leaves out those that
 * the shape doesn't have, at any depth.
 * @param object type of `value` when it carries no `object` of its own (`previous_attributes`)
 */
export function inShape(value: unknown, shape: Shape, object?: string): unknown {
  if (Array.isArray(value)) return value.map((item) => inShape(item, shape));
  if (typeof value !== 'object' || value === null) return value;
  const type = object ?? (value as { object?: unknown }).object;
  const rule = typeof type === 'string' && Object.hasOwn(rules, type) ? rules[type] : undefined;
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    if (rule !== undefined && (rule.hidden.has(key) || (shape === 'classic' ? rule.sinceBasil.has(key) : rule.classicOnly.has(key)))) continue;
    if (key === 'aggregate_usage' && shape !== 'classic') continue;
    if (type === 'discount' && key === (shape === 'clover' ? 'coupon' : 'source')) continue;
    copy[key] = key === 'metadata' ? field : inShape(field, shape);
  }
  return copy;
}
