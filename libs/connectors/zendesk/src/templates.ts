import type { TemplateDeclaration } from '#connector-kit';

export const templates: readonly TemplateDeclaration[] = [
  {
    name: 'first_reply_time', kind: 'metric', title: 'First reply time', unit: 'min', collections: ['tickets', 'ticket_metrics'], description: 'Minutes until the first reply, the median of the tickets of each day.',
    sql: `select date_trunc('day', t.created_at) as at, percentile_cont(0.5) within group (order by m.reply_time_in_minutes_calendar) as value
from {{source}}.tickets t
join {{source}}.ticket_metrics m on m.ticket_id = t.id
where t.created_at > now() - interval '90 days' and m.reply_time_in_minutes_calendar is not null and not t.is_deleted
group by 1 order by 1`,
  },
  {
    name: 'backlog', kind: 'metric', title: 'Backlog', unit: 'tickets', collections: ['tickets'], description: 'Tickets that are not solved.',
    sql: `select count(*) as value
from {{source}}.tickets
where status in ('new', 'open', 'pending', 'hold') and not is_deleted`,
  },
  {
    name: 'new_tickets', kind: 'metric', title: 'New tickets', unit: 'a day', collections: ['tickets'], description: 'Tickets by the day on which they were made.',
    sql: `select date_trunc('day', created_at) as at, count(*) as value
from {{source}}.tickets
where created_at > now() - interval '90 days' and not is_deleted
group by 1 order by 1`,
  },
  {
    name: 'satisfaction', kind: 'metric', title: 'Satisfaction', unit: '%', collections: ['satisfaction_ratings'], description: 'Good ratings among those of the last 30 days.',
    sql: `select round(100.0 * count(*) filter (where score like 'good%') / nullif(count(*) filter (where score like 'good%' or score like 'bad%'), 0), 1) as value
from {{source}}.satisfaction_ratings
where created_at > now() - interval '30 days' and not is_deleted`,
  },
  {
    name: 'many_open_tickets', kind: 'segment', title: 'People with many open tickets', collections: ['users', 'tickets'], description: 'Who wait for three tickets or more.',
    sql: `select u.id, u.email, u.name, count(*) as open_tickets
from {{source}}.users u
join {{source}}.tickets t on t.requester_id = u.id
where t.status in ('new', 'open', 'pending', 'hold') and not t.is_deleted and not u.is_deleted
group by u.id, u.email, u.name
having count(*) >= 3`,
  },
  {
    name: 'unhappy', kind: 'segment', title: 'Unhappy people', collections: ['users', 'satisfaction_ratings'], description: 'Who gave a bad rating within 30 days.',
    sql: `select distinct u.id, u.email, u.name
from {{source}}.users u
join {{source}}.satisfaction_ratings r on r.requester_id = u.id
where r.score like 'bad%' and r.created_at > now() - interval '30 days' and not u.is_deleted`,
  },
];
