import type { DataSource } from 'typeorm';
import { rows } from './database.js';

/** How long is kept what nobody works with any more, in days. */
export interface Retention {
  /** A finished run's log and API calls. */
  readonly runDetailsDays: number;
  /** A finished run, and the API usage of a day. */
  readonly runsDays: number;
  /** An entry of the audit log. */
  readonly auditDays: number;
}

/** Of one table in one turn: locks stay short, and a first turn after years doesn't hold the others up. */
const MOST = 2_000;

/**
 * What goes, table by table. A source's newest run stays however old it is, and so does what a run that isn't finished needs;
 * partners count calls in windows of a day at most; an expired webhook URL or secret is refused already.
 */
const SWEEPS: readonly { readonly what: string; readonly sql: (days: Retention) => readonly [string, readonly unknown[]] }[] = [
  { what: 'run_details', sql: ({ runDetailsDays }) => [`
    with old as (select id from runs where finished_at < now() - $1 * interval '1 day' and details_deleted_at is null order by finished_at limit $2 for update skip locked),
      log as (delete from run_log where run_id in (select id from old)), calls as (delete from api_calls where run_id in (select id from old))
    update runs set details_deleted_at = now() where id in (select id from old) returning 1`, [runDetailsDays, MOST / 20]] },
  { what: 'runs', sql: ({ runsDays }) => [`
    delete from runs where id in (select id from runs as old where finished_at < now() - $1 * interval '1 day' and details_deleted_at is not null
      and exists (select from runs as newer where newer.source_id = old.source_id and newer.id > old.id) order by finished_at limit $2) returning 1`, [runsDays, MOST]] },
  { what: 'api_usage', sql: ({ runsDays }) => ['delete from api_usage where ctid in (select ctid from api_usage where day < (now() - $1 * interval \'1 day\')::date limit $2) returning 1', [runsDays, MOST]] },
  { what: 'account_calls', sql: () => ['delete from account_calls where ctid in (select ctid from account_calls where hour < now() - interval \'8 days\' limit $1) returning 1', [MOST]] },
  { what: 'idempotency_keys', sql: () => ['delete from idempotency_keys where ctid in (select ctid from idempotency_keys where created_at < now() - interval \'2 days\' limit $1) returning 1', [MOST]] },
  { what: 'webhook_endpoints', sql: () => ['delete from webhook_endpoints where not_after < now() - interval \'1 day\' returning 1', []] },
  { what: 'webhook_secrets', sql: () => ['delete from webhook_secrets where not_after < now() - interval \'1 day\' returning 1', []] },
  { what: 'webhook_hours', sql: ({ runsDays }) => ['delete from webhook_hours where ctid in (select ctid from webhook_hours where hour < now() - $1 * interval \'1 day\' limit $2) returning 1', [runsDays, MOST]] },
  { what: 'notifications', sql: () => ['delete from notifications where id in (select id from notifications where done_at < now() - interval \'90 days\' limit $1) returning 1', [MOST]] },
  { what: 'destination_secrets', sql: () => ['delete from destination_secrets where not_after < now() - interval \'1 day\' returning 1', []] },
  { what: 'audit_log', sql: ({ auditDays }) => ['delete from audit_log where id in (select id from audit_log where at < now() - $1 * interval \'1 day\' limit $2) returning 1', [auditDays, MOST]] },
  { what: 'sessions', sql: () => ['delete from sessions where expires_at < now() returning 1', []] },
  { what: 'invitations', sql: () => ['delete from invitations where expires_at < now() - interval \'30 days\' returning 1', []] },
  { what: 'throttles', sql: () => ['delete from throttles where key in (select key from throttles where failed_at < now() - interval \'1 day\' limit $1) returning 1', [MOST]] },
  { what: 'request_counts', sql: () => ['delete from request_counts where at < now() - interval \'1 hour\' returning 1', []] },
  { what: 'known_addresses', sql: () => ['delete from known_addresses where seen_at < now() - interval \'90 days\' returning 1', []] },
];

/** Deletes what has been kept long enough, so that the control database doesn't grow with the years. */
export class HousekeepingRepository {
  constructor(private readonly database: DataSource) {}

  /** One turn, a bounded part of it. @returns rows by what they were; what had none is left out */
  async sweep(retention: Retention): Promise<Readonly<Record<string, number>>> {
    const swept: Record<string, number> = {};
    for (const { what, sql } of SWEEPS) {
      const [statement, values] = sql(retention);
      const { length } = await rows(this.database, statement, [...values]);
      if (length > 0) swept[what] = length;
    }
    return swept;
  }
}
