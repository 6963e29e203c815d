import { SUPPORT_REMEDY, type ErrorReport, type SyncCommand } from '#contracts';
import type { DataSource } from 'typeorm';
import { rows } from './database.js';
import { DUE, USED_UP, createDueAfter, isUsedUp, nextOfInterval, quotaColumns, type DueSource, type QuotaUse } from './due.js';
import { insertQueued, putCommands, putQueued } from './outbox.repository.js';
import { beginEnding, closeAttempts, type EndedRun } from './run-ending.js';
import { MAX_LOSSES } from './run.repository.js';

type Waiting = Omit<SyncCommand, 'requestedAt'>;
const WAITING = `id as "runId", source_id as "sourceId", workspace_id as "workspaceId", connector`;

interface Queued { readonly due: number; readonly queued: number; readonly overQuota: number }

/** Sources whose time has come, locked; those that others hold are left to them. */
const dueSources = (mode: DueSource['mode']): string => `
  select s.id, s.workspace_id, s.connector, now() as now, ${DUE}, ${quotaColumns('$2')} from sources s join workspaces w on w.id = s.workspace_id
  where s.state = 'active' and s.deleted_at is null and s.schedule_mode = '${mode}' and s.next_run_at <= now() order by s.next_run_at limit $1 for update of s skip locked`;

/** What is done with a `plan` of sources (id, workspace_id, connector, next_run_at, over_quota, today, used). One that has a run under way only moves on. */
const queue = (): string => `
  queued as (insert into runs (id, workspace_id, source_id, connector, trigger) select uuid_v7(), workspace_id, id, connector, 'schedule' from plan where not over_quota
    on conflict (source_id) where state in ('queued', 'running', 'deferred') do nothing returning id as run_id, source_id, workspace_id, connector),
  moved as (update sources s set next_run_at = p.next_run_at, syncs_day = p.today, syncs_used = p.used + (s.id in (select source_id from queued))::integer from plan p where s.id = p.id),
  sent as (${insertQueued('queued')})
  select count(*)::integer as due, (select count(*) from queued)::integer as queued, (count(*) filter (where over_quota))::integer as "overQuota" from plan`;

/** What the scheduler does to all sources and runs at once. Every method takes at most `limit` rows, skips those that others hold, and returns how many there were. */
export class ScheduleRepository {
  /** @param syncsPerDay the operator's default of what a plan allows each source; 0: any number */
  constructor(private readonly database: DataSource, private readonly syncsPerDay = 0) {}

  /**
   * Queues a run for each source that is due and moves its due time on, so that it keeps its phase however late this is.
   * A source with an active run only moves on, and so does one whose quota of the day is used up: to its first due time of the next day.
   */
  async queueDue(limit: number): Promise<Queued> {
    const intervals = await this.queueIntervals(limit);
    // A full one is asked again.
    if (intervals.due >= limit) return intervals;
    const times = await this.queueTimes(limit);
    return { due: intervals.due + times.due, queued: intervals.queued + times.queued, overQuota: intervals.overQuota + times.overQuota };
  }

  /** All in the database, in one statement: ten thousand cost it little more than their rows do. */
  private async queueIntervals(limit: number): Promise<Queued> {
    const [queued] = await rows<Queued>(this.database, `
      with due as materialized (${dueSources('interval')}),
      plan as materialized (select id, workspace_id, connector, today::date as today, used, ${USED_UP} as over_quota,
        ${nextOfInterval(`case when ${USED_UP} then "resetsAt" - interval '1 ms' else now() end`)} as next_run_at from due),
      ${queue()}`, [limit, this.syncsPerDay]);
    return queued as Queued;
  }

  /** Preferred times follow the clocks of a zone, which the domain knows. */
  private queueTimes(limit: number): Promise<Queued> {
    return this.database.transaction(async (tx) => {
      const due = await rows<{ id: string; now: Date } & DueSource & QuotaUse>(tx, dueSources('times'), [limit, this.syncsPerDay]);
      if (due.length === 0) return { due: 0, queued: 0, overQuota: 0 };
      const dueAfter = createDueAfter();
      const [queued] = await rows<Queued>(tx, `
        with plan as materialized (select s.id, s.workspace_id, s.connector, p.* from unnest($1::uuid[], $2::timestamptz[], $3::boolean[], $4::date[], $5::integer[])
          as p(source_id, next_run_at, over_quota, today, used) join sources s on s.id = p.source_id),
        ${queue()}`, [
        due.map(({ id }) => id), due.map((source) => dueAfter(source, isUsedUp(source) ? source.resetsAt.getTime() - 1 : source.now.getTime())), due.map(isUsedUp), due.map(({ today }) => today), due.map(({ used }) => used),
      ]);
      return queued as Queued;
    });
  }

  /** After the clock was set back: intervals that would be waited for twice are pulled back into phase. @returns how many */
  async pullBack(): Promise<number> {
    return (await rows(this.database, `
      update sources set next_run_at = sources.next_run_at - every * floor(extract(epoch from sources.next_run_at - now()) / extract(epoch from every))
      from (select s.id, s.interval_minutes * interval '1 minute' as every, ${quotaColumns('$1')} from sources s join workspaces w on w.id = s.workspace_id
        where s.schedule_mode = 'interval' and s.state = 'active' and s.deleted_at is null) source
      where sources.id = source.id and sources.next_run_at > now() + every + interval '2 minutes' and not (${USED_UP}) returning 1`, [this.syncsPerDay])).length;
  }

  /** Takes back runs whose lease expired: queued again, or, after too many losses without progress, on its way to failed (see `beginEnding`). */
  takeBackExpired(limit: number): Promise<number> {
    return this.database.transaction(async (tx) => {
      const lost = await rows<Waiting & EndedRun>(tx, `
        with lost as (select id from runs where state = 'running' and lease_expires_at < now() order by lease_expires_at limit $1 for update skip locked)
        update runs r set fencing_token = fencing_token + 1, losses = losses + 1, lease_owner = null, lease_expires_at = null, command_sent_at = now(), commands_sent = 1,
          waiting_until = null, state = case when losses + 1 >= ${MAX_LOSSES} then 'running' else 'queued' end
        from lost where r.id = lost.id
        returning r.id as "runId", r.id, r.source_id as "sourceId", r.workspace_id as "workspaceId", r.connector, r.state, r.started_at as "startedAt", null as error`, [limit]);
      await closeAttempts(tx, lost.map(({ runId }) => runId), 'lost');
      for (const { runId } of lost.filter(({ state }) => state === 'running')) {
        const error: ErrorReport = {
          code: 'internal', title: `The run lost its worker ${MAX_LOSSES} times in a row without getting any further.`, remedy: SUPPORT_REMEDY.notified, supportReference: runId,
        };
        await beginEnding(tx, runId, undefined, { state: 'failed', error });
      }
      const again = lost.filter(({ state }) => state === 'queued');
      await putQueued(tx, again);
      return lost.length;
    });
  }

  /** Queues deferred runs whose time has come. */
  resumeDeferred(limit: number): Promise<number> {
    return this.database.transaction(async (tx) => {
      const runs = await rows<Waiting>(tx, `
        with due as (select id from runs where state = 'deferred' and resume_at <= now() order by resume_at limit $1 for update skip locked)
        update runs r set state = 'queued', command_sent_at = now(), commands_sent = 1 from due where r.id = due.id
        returning r.id as "runId", r.source_id as "sourceId", r.workspace_id as "workspaceId", r.connector`, [limit]);
      await putQueued(tx, runs);
      return runs.length;
    });
  }

  /** Sends the command of queued runs that nobody claimed again: after `afterMs`, then after twice as long, and so on up to 32 times. */
  resendUnclaimed(afterMs: number, limit: number): Promise<number> {
    return this.database.transaction(async (tx) => {
      const runs = await rows<Waiting>(tx, `
        with waiting as (
          select id from runs where state = 'queued' and command_sent_at < now() - $2 * interval '1 ms' * power(2, least(commands_sent - 1, 5))
          order by command_sent_at limit $1 for update skip locked)
        update runs r set command_sent_at = now(), commands_sent = commands_sent + 1 from waiting where r.id = waiting.id
        returning ${WAITING.replace('id as', 'r.id as')}`, [limit, afterMs]);
      await putCommands(tx, runs);
      return runs.length;
    });
  }
}
