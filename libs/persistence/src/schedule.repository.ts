import type { ErrorReport, SyncCommand, SyncEvent } from '#contracts';
import type { DataSource } from 'typeorm';
import { jsonb, rows } from './database.js';
import { putCommands, putEvents } from './outbox.repository.js';
import { MAX_LOSSES, closeRun, type EndedRun } from './run.repository.js';

type Waiting = Omit<SyncCommand, 'requestedAt'>;
const WAITING = `id as "runId", source_id as "sourceId", workspace_id as "workspaceId", connector`;

const changed = (run: Waiting, state: 'queued' | 'failed', error?: ErrorReport): SyncEvent =>
  ({ type: 'run.changed', runId: run.runId, sourceId: run.sourceId, workspaceId: run.workspaceId, state, at: new Date().toISOString(), ...(error !== undefined && { error }) });

/** What the scheduler does to all sources and runs at once. Every method takes at most `limit` rows, skips those that others hold, and returns how many there were. */
export class ScheduleRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Queues a run for each source that is due and moves its due time on by whole intervals, so that it keeps its phase
   * however late this is. A source with an active run only moves on.
   */
  queueDue(limit: number): Promise<{ readonly due: number; readonly queued: number }> {
    return this.database.transaction(async (tx) => {
      const due = await rows<Partial<Waiting>>(tx, `
        with due as (
          select id, workspace_id, connector, next_run_at, interval_minutes * interval '1 minute' as every
          from sources where state = 'active' and deleted_at is null and next_run_at <= now() order by next_run_at limit $1 for update skip locked),
        moved as (update sources s set next_run_at = due.next_run_at + due.every * (floor(extract(epoch from now() - due.next_run_at) / extract(epoch from due.every)) + 1)
          from due where s.id = due.id),
        queued as (insert into runs (id, workspace_id, source_id, connector, trigger) select uuid_v7(), workspace_id, id, connector, 'schedule' from due
          on conflict (source_id) where state in ('queued', 'running', 'deferred') do nothing returning id, source_id, workspace_id, connector)
        select q.id as "runId", q.source_id as "sourceId", q.workspace_id as "workspaceId", q.connector from due left join queued q on q.source_id = due.id`, [limit]);
      const queued = due.filter((run): run is Waiting => run.runId !== null && run.runId !== undefined);
      await putCommands(tx, queued);
      await putEvents(tx, queued.map((run) => changed(run, 'queued')));
      return { due: due.length, queued: queued.length };
    });
  }

  /** Takes back runs whose lease expired: queued again, or failed after too many losses without progress. */
  takeBackExpired(limit: number): Promise<number> {
    return this.database.transaction(async (tx) => {
      const lost = await rows<Waiting & EndedRun>(tx, `
        with lost as (select id from runs where state = 'running' and lease_expires_at < now() order by lease_expires_at limit $1 for update skip locked)
        update runs r set fencing_token = fencing_token + 1, losses = losses + 1, lease_owner = null, lease_expires_at = null, command_sent_at = now(), commands_sent = 1,
          state = case when losses + 1 >= ${MAX_LOSSES} then 'failed' else 'queued' end,
          finished_at = case when losses + 1 >= ${MAX_LOSSES} then now() end
        from lost where r.id = lost.id
        returning r.id as "runId", r.id, r.source_id as "sourceId", r.workspace_id as "workspaceId", r.connector, r.state, r.started_at as "startedAt", null as error`, [limit]);
      const given = lost.filter(({ state }) => state === 'failed');
      for (const run of given) {
        const error: ErrorReport = {
          code: 'internal', title: `The run lost its worker ${MAX_LOSSES} times without getting any further.`,
          remedy: 'Contact support with the reference below; the next scheduled run tries again.', supportReference: run.runId,
        };
        await rows(tx, 'update runs set error = $2::jsonb where id = $1', [run.runId, jsonb(error)]);
        await closeRun(tx, { ...run, error });
        await putEvents(tx, [changed(run, 'failed', error)]);
      }
      const again = lost.filter(({ state }) => state === 'queued');
      await putCommands(tx, again);
      await putEvents(tx, again.map((run) => changed(run, 'queued')));
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
      await putCommands(tx, runs);
      await putEvents(tx, runs.map((run) => changed(run, 'queued')));
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
