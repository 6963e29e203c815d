import { SUPPORT_REMEDY, type ErrorReport, type SyncCommand } from '#contracts';
import type { DataSource } from 'typeorm';
import { newId, rows } from './database.js';
import { DUE, createDueAfter, isUsedUp, quotaColumns, type DueSource, type QuotaUse } from './due.js';
import { putCommands, putQueued } from './outbox.repository.js';
import { beginEnding, closeAttempts, type EndedRun } from './run-ending.js';
import { MAX_LOSSES } from './run.repository.js';

type Waiting = Omit<SyncCommand, 'requestedAt'>;
const WAITING = `id as "runId", source_id as "sourceId", workspace_id as "workspaceId", connector`;

/** What the scheduler does to all sources and runs at once. Every method takes at most `limit` rows, skips those that others hold, and returns how many there were. */
export class ScheduleRepository {
  /** @param syncsPerDay the operator's default of what a plan allows each source; 0: any number */
  constructor(private readonly database: DataSource, private readonly syncsPerDay = 0) {}

  /**
   * Queues a run for each source that is due and moves its due time on, so that it keeps its phase however late this is.
   * A source with an active run only moves on, and so does one whose quota of the day is used up: to its first due time of the next day.
   */
  queueDue(limit: number): Promise<{ readonly due: number; readonly queued: number; readonly overQuota: number }> {
    return this.database.transaction(async (tx) => {
      const due = await rows<{ id: string; workspaceId: string; connector: string; now: Date } & DueSource & QuotaUse>(tx, `
        select s.id, s.workspace_id as "workspaceId", s.connector, now() as now, ${DUE}, ${quotaColumns('$2')} from sources s join workspaces w on w.id = s.workspace_id
        where s.state = 'active' and s.deleted_at is null and s.next_run_at <= now() order by s.next_run_at limit $1 for update of s skip locked`, [limit, this.syncsPerDay]);
      if (due.length === 0) return { due: 0, queued: 0, overQuota: 0 };
      const dueAfter = createDueAfter();
      const over = due.map((source) => isUsedUp(source));
      const queued = await rows<Waiting>(tx, `
        with plan as (select * from unnest(string_to_array($1, ',')::uuid[], string_to_array($2, ',')::uuid[], string_to_array($3, ',')::uuid[], string_to_array($4, ','), string_to_array($5, ',')::timestamptz[], string_to_array($6, ',')::boolean[], string_to_array($7, ',')::date[], string_to_array($8, ',')::integer[])
          as p(source_id, run_id, workspace_id, connector, next_run_at, over_quota, today, used)),
        queued as (insert into runs (id, workspace_id, source_id, connector, trigger) select run_id, workspace_id, source_id, connector, 'schedule' from plan where not over_quota
          on conflict (source_id) where state in ('queued', 'running', 'deferred') do nothing returning id, source_id, workspace_id, connector),
        moved as (update sources s set next_run_at = p.next_run_at, syncs_day = p.today, syncs_used = p.used + case when q.id is null then 0 else 1 end
          from plan p left join queued q on q.source_id = p.source_id where s.id = p.source_id)
        select ${WAITING} from queued`, [
        due.map(({ id }) => id), due.map(() => newId()), due.map(({ workspaceId }) => workspaceId), due.map(({ connector }) => connector),
        due.map((source, n) => dueAfter(source, over[n] === true ? source.resetsAt.getTime() - 1 : source.now.getTime()).toISOString()), over, due.map(({ today }) => today), due.map(({ used }) => used),
      ].map((column) => column.join()));
      await putQueued(tx, queued);
      return { due: due.length, queued: queued.length, overQuota: over.filter((one) => one).length };
    });
  }

  /** After the clock was set back: intervals that would be waited for twice are pulled back into phase. @returns how many */
  async pullBack(): Promise<number> {
    return (await rows(this.database, `
      update sources set next_run_at = sources.next_run_at - every * floor(extract(epoch from sources.next_run_at - now()) / extract(epoch from every))
      from (select s.id, s.interval_minutes * interval '1 minute' as every, ${quotaColumns('$1')} from sources s join workspaces w on w.id = s.workspace_id
        where s.schedule_mode = 'interval' and s.state = 'active' and s.deleted_at is null) source
      where sources.id = source.id and sources.next_run_at > now() + every + interval '2 minutes' and not (quota > 0 and used >= quota) returning 1`, [this.syncsPerDay])).length;
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
