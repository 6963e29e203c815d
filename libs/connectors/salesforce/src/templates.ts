import type { TemplateDeclaration } from '#connector-kit';

export const templates: readonly TemplateDeclaration[] = [
  {
    name: 'pipeline', kind: 'metric', title: 'Pipeline', unit: 'open', collections: ['opportunities'], description: 'What open opportunities are worth together.',
    sql: `select coalesce(sum(amount), 0) as value
from {{source}}.opportunities
where not is_closed and not is_deleted`,
  },
  {
    name: 'win_rate', kind: 'metric', title: 'Win rate', unit: '%', collections: ['opportunities'], description: 'Won opportunities among those closed in the last 90 days.',
    sql: `select round(100.0 * count(*) filter (where is_won) / nullif(count(*), 0), 1) as value
from {{source}}.opportunities
where is_closed and close_date > current_date - 90 and not is_deleted`,
  },
  {
    name: 'won', kind: 'metric', title: 'Won', unit: 'a month', collections: ['opportunities'], description: 'What was won, by the month in which it closed.',
    sql: `select date_trunc('month', close_date::timestamptz) as at, sum(amount) as value
from {{source}}.opportunities
where is_won and close_date > current_date - 365 and not is_deleted
group by 1 order by 1`,
  },
  {
    name: 'new_leads', kind: 'metric', title: 'New leads', unit: 'a day', collections: ['leads'], description: 'Leads by the day on which they were made.',
    sql: `select date_trunc('day', created_date) as at, count(*) as value
from {{source}}.leads
where created_date > now() - interval '90 days' and not is_deleted
group by 1 order by 1`,
  },
  {
    name: 'overdue_accounts', kind: 'segment', title: 'Accounts with overdue deals', collections: ['accounts', 'opportunities'], description: 'With an open opportunity whose close date has passed.',
    sql: `select a.id, a.name, count(*) as deals, sum(o.amount) as amount
from {{source}}.accounts a
join {{source}}.opportunities o on o.account_id = a.id
where not o.is_closed and o.close_date < current_date and not o.is_deleted and not a.is_deleted
group by a.id, a.name`,
  },
  {
    name: 'cold_leads', kind: 'segment', title: 'Cold leads', collections: ['leads'], description: 'Not converted within 30 days.',
    sql: `select id, email, name, company, created_date
from {{source}}.leads
where not is_converted and created_date < now() - interval '30 days' and not is_deleted`,
  },
];
