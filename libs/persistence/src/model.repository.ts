import type { ModelKind } from '#contracts';
import type { DataSource } from 'typeorm';
import type { Principal } from './access.repository.js';
import { isId, isUniqueViolation, rows } from './database.js';
import { remember, type Idempotency } from './idempotency.js';
import { queue, type ModelRun } from './model-run.repository.js';

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
}

export type NewModel = Pick<Model, 'warehouseId' | 'kind' | 'name' | 'slug' | 'description' | 'statement' | 'intervalMinutes'>;
export type ModelEdit = Partial<Pick<Model, 'name' | 'description' | 'statement' | 'intervalMinutes' | 'enabled'>>;

/** Another model of this kind has the slug. */
export class SlugTaken extends Error {}

const RUN_JSON = `jsonb_build_object('id', r.id, 'trigger', r.trigger, 'state', r.state, 'createdAt', r.created_at, 'startedAt', r.started_at, 'finishedAt', r.finished_at,
  'size', r.size, 'entered', r.entered, 'exited', r.exited, 'changed', r.changed, 'skipped', r.skipped, 'error', r.error)`;

const MODEL = `select m.id, m.warehouse_id as "warehouseId", m.kind, m.name, m.slug, m.description, m.statement, m.interval_minutes as "intervalMinutes", m.enabled, m.next_run_at as "nextRunAt", m.author,
  m.created_at as "createdAt", m.updated_at as "updatedAt",
  (select ${RUN_JSON} from model_runs as r where r.model_id = m.id order by r.id desc limit 1) as "lastRun",
  (select ${RUN_JSON} from model_runs as r where r.model_id = m.id and r.state = 'succeeded' order by r.id desc limit 1) as "lastSuccess"
  from models as m where m.deleted_at is null and m.workspace_id = $1 and m.kind = $2`;

/** Dates inside of JSON come as text. */
const datedRun = (run: ModelRun): ModelRun => ({ ...run, createdAt: new Date(run.createdAt), startedAt: run.startedAt && new Date(run.startedAt), finishedAt: run.finishedAt && new Date(run.finishedAt) });
const dated = (model: Model): Model => ({ ...model, lastRun: model.lastRun && datedRun(model.lastRun), lastSuccess: model.lastSuccess && datedRun(model.lastSuccess) });

/** Traits and audiences of the workspaces. */
export class ModelRepository {
  constructor(private readonly database: DataSource) {}

  /** In order of creation, after `after` (an id). */
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
        await queue(tx, id, 'change');
      });
    } catch (error) {
      if (isUniqueViolation(error, 'models_slug')) throw new SlugTaken();
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

  /** Its table goes too, as soon as there is somebody for it. */
  delete(id: string): Promise<void> {
    return this.database.transaction(async (tx) => {
      await rows(tx, 'update models set deleted_at = now(), enabled = false where id = $1 and deleted_at is null', [id]);
      await rows(tx, `update model_runs set trigger = 'delete' where model_id = $1 and state = 'queued'`, [id]);
      await queue(tx, id, 'delete');
    });
  }

  /** Newest first, older than `before` (an id). */
  async runs(modelId: string, limit: number, before?: string): Promise<ModelRun[]> {
    const found = await rows<{ run: ModelRun }>(this.database, `select ${RUN_JSON} as run from model_runs as r where r.model_id = $1 and ($3::uuid is null or r.id < $3) order by r.id desc limit $2`, [modelId, limit, before ?? null]);
    return found.map(({ run }) => datedRun(run));
  }
}
