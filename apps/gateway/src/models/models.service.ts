import { Inject, Injectable } from '@nestjs/common';
import type { ModelKind } from '#contracts';
import { ModelRepository, SlugTaken, newId, type Model, type ModelEdit, type ModelRun, type Principal } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { PostgresModelStore, QueryFailedError, type ModelMember, type ResultColumn } from '#warehouse';
import { Creates } from '../http/creates.js';
import { Problem, invalid, notFound } from '../http/problem.js';
import { toSlug } from '../sources/source-input.js';
import { Readers } from '../sql/readers.js';
import { sqlProblem } from '../sql/sql-problem.js';
import { VAULT } from '../tokens.js';
import { WarehousesService } from '../warehouses/warehouses.service.js';
import type { CreateModelDto } from './models.dto.js';

const CHECK = 'select * from (\n';
/** Of a check, which plans the query and runs nothing. */
const CHECK_LIMITS = { timeoutMs: 15_000, maxRows: 1, maxBytes: 65_536, maxCost: 0 };

/** Without the end that a statement of its own has, so that it can stand within another one. */
export const plain = (statement: string): string => statement.replace(/[\s;]+$/, '');

@Injectable()
export class ModelsService {
  constructor(
    private readonly models: ModelRepository, private readonly warehouses: WarehousesService, private readonly readers: Readers, private readonly creates: Creates, @Inject(VAULT) private readonly vault: Vault,
  ) {}

  list(workspaceId: string, kind: ModelKind, limit: number, after: string | undefined): Promise<Model[]> { return this.models.list(workspaceId, kind, limit, after); }

  async get(workspaceId: string, kind: ModelKind, id: string): Promise<Model> {
    const model = await this.models.get(workspaceId, kind, id);
    if (model === undefined) throw notFound(kind);
    return model;
  }

  /** Saved once its query is one that can be computed. */
  create(caller: Principal, kind: ModelKind, input: CreateModelDto, key: string | undefined): Promise<Model> {
    const { workspaceId } = caller;
    return this.creates.once({
      workspaceId, route: `POST /${kind}s`, key, body: input,
      find: (id) => this.get(workspaceId, kind, id),
      make: async (idempotency) => {
        const warehouseId = await this.warehouseOf(workspaceId, input.warehouseId);
        await this.check(workspaceId, warehouseId, kind, input.statement);
        const id = newId();
        const { name, description, statement, intervalMinutes, slug = toSlug(name, kind) } = input;
        try {
          await this.models.create(id, { warehouseId, kind, name, slug, description, statement, intervalMinutes }, caller, idempotency);
        } catch (error) {
          if (!(error instanceof SlugTaken)) throw error;
          throw new Problem({ status: 409, code: 'slug_taken', title: error.deleting ? `The ${kind} that has the table ${slug} is still being deleted.` : `Another ${kind} has the table ${slug}.`, remedy: error.deleting ? 'Wait until it is gone, or choose another name.' : 'Choose another name.' });
        }
        return this.get(workspaceId, kind, id);
      },
    });
  }

  async change(workspaceId: string, kind: ModelKind, id: string, change: ModelEdit): Promise<Model> {
    const { warehouseId } = await this.kept(workspaceId, kind, id);
    if (change.statement !== undefined) await this.check(workspaceId, warehouseId, kind, change.statement);
    await this.models.change(id, change);
    return this.get(workspaceId, kind, id);
  }

  /** @param force nobody is told, and the table stays */
  async delete(workspaceId: string, kind: ModelKind, id: string, force: boolean): Promise<void> {
    await this.get(workspaceId, kind, id);
    await (force ? this.models.forget(id) : this.models.delete(id));
  }

  async compute(workspaceId: string, kind: ModelKind, id: string): Promise<Model> {
    const { enabled } = await this.kept(workspaceId, kind, id);
    if (!enabled) throw new Problem({ status: 409, code: 'conflict', title: `The ${kind} is disabled.`, remedy: 'Enable it: it is computed at once.' });
    await this.models.request(id);
    return this.get(workspaceId, kind, id);
  }

  async runs(workspaceId: string, kind: ModelKind, id: string, limit: number, before: string | undefined): Promise<ModelRun[]> {
    await this.get(workspaceId, kind, id);
    return this.models.runs(id, limit, before);
  }

  async members(workspaceId: string, kind: ModelKind, id: string, limit: number, after: string | undefined, prefix: string): Promise<ModelMember[]> {
    const { warehouseId } = await this.get(workspaceId, kind, id);
    const { urlSealed } = await this.warehouses.get(workspaceId, warehouseId);
    const store = new PostgresModelStore(this.vault.open(urlSealed, sealContext.warehouseUrl(warehouseId)));
    try {
      return await store.members(id, limit, after, prefix) ?? [];
    } catch (error) {
      throw sqlProblem(error) ?? error;
    } finally {
      await store.close().catch(() => undefined);
    }
  }

  /** @throws Problem when somebody deleted it */
  private async kept(workspaceId: string, kind: ModelKind, id: string): Promise<Model> {
    const model = await this.get(workspaceId, kind, id);
    if (model.deleting !== null) throw new Problem({ status: 409, code: 'conflict', title: `The ${kind} is being deleted.`, remedy: 'Make a new one.' });
    return model;
  }

  /** @throws Problem when there is none, or several */
  async warehouseOf(workspaceId: string, asked: string | undefined): Promise<string> {
    const id = await this.warehouses.forSource(workspaceId, asked, true);
    if (id === null) throw notFound('warehouse');
    return id;
  }

  /** Plans the query and looks at its columns. @throws Problem with the place that is wrong */
  private async check(workspaceId: string, warehouseId: string, kind: ModelKind, statement: string): Promise<void> {
    const reader = await this.readers.of(workspaceId, warehouseId);
    let columns: readonly ResultColumn[] = [];
    try {
      await reader.read({ id: `check-${newId()}`, statement: `${CHECK}${plain(statement)}\n) as model limit 0`, limits: CHECK_LIMITS, onRows: (found) => { columns = found; } });
    } catch (error) {
      if (error instanceof QueryFailedError && error.position !== undefined) {
        const position = Math.max(1, error.position - CHECK.length);
        throw sqlProblem(new QueryFailedError(error.sqlState, error.message, position, error.hint, error.detail));
      }
      throw sqlProblem(error) ?? error;
    }
    for (const name of kind === 'trait' ? ['user_id', 'value'] : ['user_id']) {
      if (!columns.some((column) => column.name === name)) throw invalid([{ field: 'statement', message: `The query has no column ${name}. Name it: select … as ${name}.` }]);
    }
  }
}
