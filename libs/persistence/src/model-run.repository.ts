import type { ModelKind } from '#contracts';
import type { DataSource } from 'typeorm';
import { jsonb, newId, rows, type Executor } from './database.js';
import type { SqlError } from './query.repository.js';

/** One computation of a trait or an audience. */
export interface ModelRun {
  readonly id: string;
  readonly trigger: 'schedule' | 'manual' | 'change' | 'delete';
  readonly state: 'queued' | 'running' | 'succeeded' | 'failed';
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Users in it afterwards. */
  readonly size: number | null;
  readonly entered: number | null;
  readonly exited: number | null;
  /** Users of a trait who had another value. */
  readonly changed: number | null;
  /** Rows without a user's id. */
  readonly skipped: number | null;
  readonly error: SqlError | null;
}

/** A computation that this process holds the lease of. */
export interface ModelTask {
  readonly runId: string;
  /** Grows with every lease. */
  readonly token: string;
  readonly trigger: ModelRun['trigger'];
  readonly modelId: string;
  readonly workspaceId: string;
  readonly warehouseId: string;
  readonly kind: ModelKind;
  readonly slug: string;
  readonly name: string;
  readonly statement: string;
}

export type ModelRunEnd = { readonly state: 'succeeded' } & Partial<Pick<ModelRun, 'size' | 'entered' | 'exited' | 'changed' | 'skipped'>> | { readonly state: 'failed'; readonly error: SqlError };

const LOST = { code: 'internal', title: 'The computation was lost three times.', remedy: 'Look at the log of the warehouse-loader; the query may need more memory or time than it has.' };
const LOSSES = 3;
/** Computations of each model that are kept, for the chart of its size. */
const KEPT = 1_000;

/** When a delete of the model `m` that failed is tried again: after a minute, then twice as long each time, up to an hour. Null: none has failed. */
export const DELETE_AGAIN_AT = `(select max(finished_at) + least(60, power(2, least(count(*), 7) - 1)) * interval '1 minute' from model_runs where model_id = m.id and trigger = 'delete' and state = 'failed')`;

/** The queue of computations: the scheduler fills it, the loader of the warehouse works it off. */
export class ModelRunRepository {
  constructor(private readonly database: DataSource) {}

  /** Queues a computation of every model that is due, and moves its due time on. @returns how many were due; `limit` means that there may be more */
  async queueDue(limit: number): Promise<number> {
    const [done] = await rows<{ due: number }>(this.database, `with due as (
        -- After the clock was set back, too.
        select id, warehouse_id from models where enabled and deleted_at is null and interval_minutes is not null and (next_run_at <= now() or next_run_at > now() + (interval_minutes + 1) * interval '1 minute')
        order by next_run_at limit $1 for update skip locked),
      moved as (update models set next_run_at = case when next_run_at > now() then now() else next_run_at end + interval_minutes * interval '1 minute' * greatest(1, ceil(extract(epoch from now() - next_run_at) / (interval_minutes * 60)))
        from due where models.id = due.id),
      queued as (insert into model_runs (id, model_id, warehouse_id, trigger) select uuid_v7(), id, warehouse_id, 'schedule' from due on conflict (model_id) where state in ('queued', 'running') do nothing)
      select count(*)::integer as due from due`, [limit]);
    return done?.due ?? 0;
  }

  /** Queues what takes away a deleted model that is still there, whyever it is: its delete failed a while ago, or was lost. */
  async queueDeletes(): Promise<void> {
    // After the clock was set back, too.
    await rows(this.database, `insert into model_runs (id, model_id, warehouse_id, trigger) select uuid_v7(), m.id, m.warehouse_id, 'delete' from models as m where m.deleted_at is not null
        and not exists (select from model_runs where model_id = m.id and state in ('queued', 'running')) and coalesce(${DELETE_AGAIN_AT} not between now() and now() + interval '61 minutes', true)
      for key share of m skip locked on conflict (model_id) where state in ('queued', 'running') do nothing`);
  }

  /** Why the warehouse's computations wait. */
  async waiting(warehouseId: string, why: SqlError): Promise<void> {
    await rows(this.database, `update model_runs set error = $2 where warehouse_id = $1 and state = 'queued' and error is distinct from $2::jsonb`, [warehouseId, jsonb(why)]);
  }

  /** The oldest one of the warehouse that nobody works at. One that was lost too often fails. */
  async take(warehouseId: string, owner: string, leaseMs: number): Promise<ModelTask | undefined> {
    await rows(this.database, `update model_runs set state = 'failed', finished_at = now(), error = $2 where warehouse_id = $1 and state = 'running' and lease_expires_at < now() and losses >= $3`, [warehouseId, JSON.stringify(LOST), LOSSES - 1]);
    const [task] = await rows<ModelTask>(this.database, `update model_runs as r set state = 'running', lease_owner = $2, lease_expires_at = now() + $3::float8 * interval '1 millisecond', token = nextval('model_run_tokens'), error = null,
        started_at = coalesce(r.started_at, now()), losses = r.losses + case when r.state = 'running' then 1 else 0 end
      from models as m where m.id = r.model_id and r.id = (select id from model_runs where warehouse_id = $1 and (state = 'queued' or (state = 'running' and lease_expires_at < now())) order by id limit 1 for update skip locked)
      returning r.id as "runId", r.token::text as token, r.trigger, m.id as "modelId", m.workspace_id as "workspaceId", m.warehouse_id as "warehouseId", m.kind, m.slug, m.name, m.statement`, [warehouseId, owner, leaseMs]);
    return task;
  }

  /** Renews the lease. False: it is somebody else's now. */
  async renew({ runId, token }: ModelTask, leaseMs: number): Promise<boolean> {
    return (await rows(this.database, `update model_runs set lease_expires_at = now() + $3::float8 * interval '1 millisecond' where id = $1 and token = $2 and state = 'running' returning 1`, [runId, token, leaseMs])).length > 0;
  }

  /** Lets go of it: another loader begins anew. */
  async release({ runId, token }: ModelTask): Promise<void> {
    await rows(this.database, `update model_runs set state = 'queued', lease_owner = null, lease_expires_at = null where id = $1 and token = $2 and state = 'running'`, [runId, token]);
  }

  /** A delete that is done takes the model and its computations along. */
  finish({ runId, token, modelId, trigger }: ModelTask, end: ModelRunEnd): Promise<void> {
    return this.database.transaction(async (tx) => {
      if (trigger === 'delete' && end.state === 'succeeded') {
        await rows(tx, `delete from models where id = $3 and exists (select from model_runs where id = $1 and token = $2 and state = 'running')`, [runId, token, modelId]);
        return;
      }
      const [size, entered, exited, changed, skipped] = end.state === 'succeeded' ? [end.size, end.entered, end.exited, end.changed, end.skipped] : [];
      await rows(tx, `update model_runs set state = $3, finished_at = now(), lease_expires_at = null, size = $4, entered = $5, exited = $6, changed = $7, skipped = $8, error = $9 where id = $1 and token = $2 and state = 'running'`,
        [runId, token, end.state, size ?? null, entered ?? null, exited ?? null, changed ?? null, skipped ?? null, end.state === 'failed' ? jsonb(end.error) : null]);
      await rows(tx, 'delete from model_runs where model_id = $1 and id < (select id from model_runs where model_id = $1 order by id desc offset $2 limit 1)', [modelId, KEPT]);
      // Deleted while it was being computed.
      if (trigger !== 'delete' && (await rows(tx, 'select 1 from models where id = $1 and deleted_at is not null', [modelId])).length > 0) await queue(tx, modelId, 'delete');
    });
  }
}

/** False: one waits or runs already. */
export async function queue(tx: Executor, modelId: string, trigger: ModelRun['trigger']): Promise<boolean> {
  return (await rows(tx, `insert into model_runs (id, model_id, warehouse_id, trigger) select $1, id, warehouse_id, $3 from models where id = $2 for key share
    on conflict (model_id) where state in ('queued', 'running') do nothing returning 1`, [newId(), modelId, trigger])).length > 0;
}
