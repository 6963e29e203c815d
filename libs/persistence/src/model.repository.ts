import type { ModelKind } from '#contracts';
import type { DataSource } from 'typeorm';
import type { Principal } from './access.repository.js';
import { isId, isUniqueViolation, rows } from './database.js';
import { remember, type Idempotency } from './idempotency.js';
import { DELETE_AGAIN_AT, queue, type ModelRun } from './model-run.repository.js';
import type { SqlError } from './query.repository.js';

/** A delete that isn't done yet. */
export interface Deletion {
  readonly since: Date;
  /** Why it wasn't done the last time, or why it waits. */
  readonly error: SqlError | null;
  /** Null: it waits for its loader, or is being done. */
  readonly nextTryAt: Date | null;
}

/** SQL whose result is kept up to date. */
export interface Model {
  readonly id: string;
  readonly warehouseId: string;
  readonly kind: ModelKind;
  readonly name: string;
  readonly slug: string;
  readonly description: string;
  readonly statement: string;
  /** Null: only when somebody asks. */
  readonly intervalMinutes: number | null;
  readonly enabled: boolean;
  readonly nextRunAt: Date | null;
  readonly author: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The newest one, and the newest one that succeeded. */
  readonly lastRun: ModelRun | null;
  readonly lastSuccess: ModelRun | null;
  /** Of one that somebody deleted: it stays until everybody has left it. */
  readonly deleting: Deletion | null;
}

export type NewModel = Pick<Model, 'warehouseId' | 'kind' | 'name' | 'slug' | 'description' | 'statement' | 'intervalMinutes'>;
export type ModelEdit = Partial<Pick<Model, 'name' | 'description' | 'statement' | 'intervalMinutes' | 'enabled'>>;

/** Another model of this kind has the slug, or one that is being deleted still has. */
export class SlugTaken extends Error {
  constructor(readonly deleting: boolean) { super(); }
}

const DISABLED = { code: 'warehouse_disabled', title: 'The warehouse is disabled.', remedy: 'Enable it: the delete goes on by itself.' } satisfies SqlError;

const RUN_JSON = `jsonb_build_object('id', r.id, 'trigger', r.trigger, 'state', r.state, 'createdAt', r.created_at, 'startedAt', r.started_at, 'finishedAt', r.finished_at,
  'size', r.size, 'entered', r.entered, 'exited', r.exited, 'changed', r.changed, 'skipped', r.skipped, 'error', r.error)`;

const MODEL = `select m.id, m.warehouse_id as "warehouseId", m.kind, m.name, m.slug, m.description, m.statement, m.interval_minutes as "intervalMinutes", m.enabled, m.next_run_at as "nextRunAt", m.author,
  m.created_at as "createdAt", m.updated_at as "updatedAt",
  (select ${RUN_JSON} from model_runs as r where r.model_id = m.id order by r.id desc limit 1) as "lastRun",
  (select ${RUN_JSON} from model_runs as r where r.model_id = m.id and r.state = 'succeeded' order by r.id desc limit 1) as "lastSuccess",
  case when m.deleted_at is not null then jsonb_build_object('since', m.deleted_at, 'error', case when w.enabled then (select error from model_runs where model_id = m.id and trigger = 'delete' and error is not null order by id desc limit 1) else '${JSON.stringify(DISABLED)}' end,
    'nextTryAt', case when not exists (select from model_runs where model_id = m.id and state in ('queued', 'running')) then ${DELETE_AGAIN_AT} end) end as deleting
  from models as m join warehouses as w on w.id = m.warehouse_id where m.workspace_id = $1 and m.kind = $2`;

/** Dates inside of JSON come as text. */
const datedRun = (run: ModelRun): ModelRun => ({ ...run, createdAt: new Date(run.createdAt), startedAt: run.startedAt && new Date(run.startedAt), finishedAt: run.finishedAt && new Date(run.finishedAt) });
const datedDeletion = (deletion: Deletion): Deletion => ({ ...deletion, since: new Date(deletion.since), nextTryAt: deletion.nextTryAt && new Date(deletion.nextTryAt) });
const dated = (model: Model): Model => ({ ...model, lastRun: model.lastRun && datedRun(model.lastRun), lastSuccess: model.lastSuccess && datedRun(model.lastSuccess), deleting: model.deleting && datedDeletion(model.deleting) });

/** Traits and audiences of the workspaces. */
export class ModelRepository {
  constructor(private readonly database: DataSource) {}

  /** In order of creation, after `after` (an id); those that are being deleted, too. */
  async list(workspaceId: string, kind: ModelKind, limit: number, after?: string): Promise<Model[]> {
    return (await rows<Model>(this.database, `${MODEL} and ($4::uuid is null or m.id > $4) order by m.id limit $3`, [workspaceId, kind, limit, after ?? null])).map(dated);
  }

  async get(workspaceId: string, kind: ModelKind, id: string): Promise<Model | undefined> {
    return isId(id) ? (await rows<Model>(this.database, `${MODEL} and m.id = $3`, [workspaceId, kind, id])).map(dated)[0] : undefined;
  }

  /** With its first computation. @throws SlugTaken | IdempotencyConflict */
  async create(id: string, { warehouseId, kind, name, slug, description, statement, intervalMinutes }: NewModel, { workspaceId, name: author }: Principal, idempotency: Idempotency | undefined): Promise<void> {
    try {
      await this.database.transaction(async (tx) => {
        await remember(tx, workspaceId, id, idempotency);
        await rows(tx, `insert into models (id, workspace_id, warehouse_id, kind, name, slug, description, statement, interval_minutes, next_run_at, author)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9::integer, now() + $9::integer * interval '1 minute', $10)`, [id, workspaceId, warehouseId, kind, name, slug, description, statement, intervalMinutes, author]);
        // Its table is there until everybody has left it.
        if ((await rows(tx, 'select 1 from models where warehouse_id = $1 and kind = $2 and slug = $3 and deleted_at is not null', [warehouseId, kind, slug])).length > 0) throw new SlugTaken(true);
        await queue(tx, id, 'change');
      });
    } catch (error) {
      if (isUniqueViolation(error, 'models_slug')) throw new SlugTaken(false);
      throw error;
    }
  }

  /** What is to be found anew is computed at once. */
  change(id: string, { name, description, statement, intervalMinutes, enabled }: ModelEdit): Promise<void> {
    return this.database.transaction(async (tx) => {
      const [before] = await rows<{ statement: string; enabled: boolean }>(tx, 'select statement, enabled from models where id = $1 and deleted_at is null for update', [id]);
      if (before === undefined) return;
      await rows(tx, `update models set name = coalesce($2, name), description = coalesce($3, description), statement = coalesce($4, statement), enabled = coalesce($5, enabled), updated_at = now(),
        interval_minutes = case when $6 then $7::integer else interval_minutes end, next_run_at = case when $6 then now() + $7::integer * interval '1 minute' else next_run_at end where id = $1`,
      [id, name ?? null, description ?? null, statement ?? null, enabled ?? null, intervalMinutes !== undefined, intervalMinutes ?? null]);
      if ((enabled ?? before.enabled) && ((statement !== undefined && statement !== before.statement) || (enabled === true && !before.enabled))) await queue(tx, id, 'change');
    });
  }

  /** A computation as soon as there is somebody for it; false: one waits or runs already. */
  request(id: string): Promise<boolean> { return queue(this.database, id, 'manual'); }

  /** Its table goes, and then itself, as soon as there is somebody for it. Of one that is being deleted it is tried again at once. */
  delete(id: string): Promise<void> {
    return this.database.transaction(async (tx) => {
      await rows(tx, 'update models set deleted_at = now(), enabled = false where id = $1 and deleted_at is null', [id]);
      await rows(tx, `update model_runs set trigger = 'delete' where model_id = $1 and state = 'queued'`, [id]);
      await queue(tx, id, 'delete');
    });
  }

  /** Without its table, and without telling that everybody leaves it. */
  async forget(id: string): Promise<void> { await rows(this.database, 'delete from models where id = $1', [id]); }

  /** Newest first, older than `before` (an id). */
  async runs(modelId: string, limit: number, before?: string): Promise<ModelRun[]> {
    const found = await rows<{ run: ModelRun }>(this.database, `select ${RUN_JSON} as run from model_runs as r where r.model_id = $1 and ($3::uuid is null or r.id < $3) order by r.id desc limit $2`, [modelId, limit, before ?? null]);
    return found.map(({ run }) => datedRun(run));
  }
}
