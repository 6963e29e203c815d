import type { TemplateDeclaration } from '#connector-kit';

const PAYING = `('active', 'past_due')`;

/** Amounts are in hundredths, as in all currencies but those without decimals. */
export const templates: readonly TemplateDeclaration[] = [
  {
    name: 'mrr', kind: 'metric', title: 'Monthly recurring revenue', unit: 'a month', collections: ['subscriptions', 'subscription_items', 'plans'],
    description: 'What active subscriptions bring in a month, before discounts, in the currency that most of them are in.',
    sql: `select round(sum(i.quantity * p.amount / 100.0 / greatest(p.interval_count, 1)
  * case p."interval" when 'day' then 365 / 12.0 when 'week' then 365 / 84.0 when 'year' then 1 / 12.0 else 1 end), 2) as value
from {{source}}.subscriptions s
join {{source}}.subscription_items i on i.subscription_id = s.id and not i.is_deleted
join {{source}}.plans p on p.id = i.plan_id
where s.status in ${PAYING} and not s.is_deleted
  and s.currency = (select mode() within group (order by currency) from {{source}}.subscriptions where status in ${PAYING})`,
  },
  {
    name: 'revenue', kind: 'metric', title: 'Payments received', unit: 'a day', collections: ['charges'], description: 'Captured charges less refunds, day by day, in the currency that most of them are in.',
    sql: `select date_trunc('day', created) as at, round(sum(amount_captured - amount_refunded) / 100.0, 2) as value
from {{source}}.charges
where status = 'succeeded' and created > now() - interval '90 days'
  and currency = (select mode() within group (order by currency) from {{source}}.charges)
group by 1 order by 1`,
  },
  {
    name: 'failed_payments', kind: 'metric', title: 'Failed payments', unit: 'a day', collections: ['charges'], description: 'Charges that did not go through, day by day.',
    sql: `select date_trunc('day', created) as at, count(*) filter (where status = 'failed') as value
from {{source}}.charges
where created > now() - interval '90 days'
group by 1 order by 1`,
  },
  {
    name: 'new_customers', kind: 'metric', title: 'New customers', unit: 'a day', collections: ['customers'], description: 'Customers by the day on which they were made.',
    sql: `select date_trunc('day', created) as at, count(*) as value
from {{source}}.customers
where created > now() - interval '90 days'
group by 1 order by 1`,
  },
  {
    name: 'churned_customers', kind: 'segment', title: 'Churned customers', collections: ['customers', 'subscriptions'], description: 'Whose last subscription ended within 90 days.',
    sql: `select c.id, c.email, c.name, max(s.ended_at) as ended_at
from {{source}}.customers c
join {{source}}.subscriptions s on s.customer_id = c.id
where not c.is_deleted
group by c.id, c.email, c.name
having bool_and(s.status in ('canceled', 'incomplete_expired')) and max(s.ended_at) > now() - interval '90 days'`,
  },
  {
    name: 'payment_overdue', kind: 'segment', title: 'Customers whose payment is overdue', collections: ['customers', 'subscriptions'], description: 'With a subscription that is past due or unpaid.',
    sql: `select distinct c.id, c.email, c.name
from {{source}}.customers c
join {{source}}.subscriptions s on s.customer_id = c.id
where s.status in ('past_due', 'unpaid') and not s.is_deleted and not c.is_deleted`,
  },
];
