import type { DataSource } from 'typeorm';
import { rows } from './database.js';

/** A source at a glance. Today is the day in UTC. */
export interface SourceGlance {
  readonly sourceId: string;
  /** When the partner was last heard of something: a page that was read, or a webhook. */
  readonly freshAt: Date | null;
  /** Records of today's runs. */
  readonly records: number;
  /** Webhooks taken today. */
  readonly webhooks: number;
  /** Calls of today that count against limits. */
  readonly calls: number;
  /** What the partner last said that an account may call a day; null: it didn't. */
  readonly toldPerDay: number | null;
}

/** What a workspace brought in, in one stretch of time; days are UTC. */
export interface Flow { readonly at: Date; readonly records: number; readonly webhooks: number; readonly calls: number }

/** Calls of one source on one day (UTC, `YYYY-MM-DD`). */
export interface SourceUsage { readonly day: string; readonly sourceId: string; readonly calls: number }

const MIDNIGHT = `date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'`;
const DAY_MS = 86_400_000;
const OURS = `(select id from sources where workspace_id = $1 and deleted_at is null)`;

/** Sums over a workspace. */
export class OverviewRepository {
  constructor(private readonly database: DataSource) {}

  glance(workspaceId: string): Promise<SourceGlance[]> {
    return rows(this.database, `
      with ran as (select source_id, sum(records) as records from runs where workspace_id = $1 and created_at >= ${MIDNIGHT} group by 1),
      called as (select source_id, sum(calls) as calls from account_calls where source_id in ${OURS} and hour >= ${MIDNIGHT} group by 1),
      heard as (select source_id, sum(taken) filter (where hour >= ${MIDNIGHT}) as webhooks from webhook_hours where source_id in ${OURS} and hour >= ${MIDNIGHT} group by 1)
      select s.id as "sourceId", coalesce(ran.records, 0)::float8 as records, coalesce(called.calls, 0)::float8 as calls, coalesce(heard.webhooks, 0)::float8 as webhooks,
        greatest((select max(read_at) from source_collections c where c.source_id = s.id), (select max(updated_at) from checkpoints c where c.source_id = s.id),
          (select received_at from webhook_deliveries d where d.source_id = s.id and d.status = 200 order by id desc limit 1)) as "freshAt",
        (select min((q ->> 'limit')::float8) from jsonb_array_elements(a.state -> 'quotas') q where (q ->> 'windowMs')::float8 = ${DAY_MS}) as "toldPerDay"
      from sources s left join ran on ran.source_id = s.id left join called on called.source_id = s.id left join heard on heard.source_id = s.id left join partner_accounts a on a.id = s.account_id
      where s.workspace_id = $1 and s.deleted_at is null order by s.id`, [workspaceId]);
  }

  /** The last `count` hours or days, the present one included, oldest first; those without anything are there with 0. */
  flow(workspaceId: string, step: 'hour' | 'day', count: number): Promise<Flow[]> {
    return rows(this.database, `
      with slots as (select generate_series(date_trunc($2, now() at time zone 'UTC') - ($3::int - 1) * ('1 ' || $2)::interval, date_trunc($2, now() at time zone 'UTC'), ('1 ' || $2)::interval) at time zone 'UTC' as at),
      since as (select min(at) as at from slots),
      ran as (select date_trunc($2, created_at at time zone 'UTC') at time zone 'UTC' as at, sum(records) as records from runs where workspace_id = $1 and created_at >= (select at from since) group by 1),
      called as (select date_trunc($2, hour at time zone 'UTC') at time zone 'UTC' as at, sum(calls) as calls from account_calls where source_id in ${OURS} and hour >= (select at from since) group by 1),
      heard as (select date_trunc($2, hour at time zone 'UTC') at time zone 'UTC' as at, sum(taken) as webhooks from webhook_hours where source_id in ${OURS} and hour >= (select at from since) group by 1)
      select slots.at, coalesce(records, 0)::float8 as records, coalesce(webhooks, 0)::float8 as webhooks, coalesce(calls, 0)::float8 as calls
      from slots left join ran using (at) left join called using (at) left join heard using (at) order by slots.at`, [workspaceId, step, count]);
  }

  /** From `from` to `to` (UTC days, both included), oldest first. */
  usage(workspaceId: string, from: string, to: string): Promise<SourceUsage[]> {
    return rows(this.database, `
      select to_char(day, 'YYYY-MM-DD') as day, source_id as "sourceId", sum(calls)::float8 as calls from api_usage
      where source_id in ${OURS} and day between $2::date and $3::date group by 1, 2 order by 1, 2`, [workspaceId, from, to]);
  }
}
