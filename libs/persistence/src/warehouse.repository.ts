import type { DataSource } from 'typeorm';
import { isId, rows } from './database.js';
import { WarehouseEntity } from './entities/source.entity.js';
import { remember, type Idempotency } from './idempotency.js';

export type NewWarehouse = Pick<WarehouseEntity, 'id' | 'workspaceId' | 'name' | 'urlSealed' | 'location'> & Partial<Pick<WarehouseEntity, 'readerUser' | 'readerPasswordSealed'>>;

export type WarehouseChange = Partial<Pick<WarehouseEntity, 'enabled' | 'busyHours' | 'location' | 'urlSealed' | 'readerUser' | 'readerPasswordSealed'>>;

/** What needs a warehouse. */
export interface WarehouseUse { readonly kind: 'source' | 'audience' | 'trait'; readonly name: string; readonly deleting: boolean }

export class WarehouseRepository {
  constructor(private readonly database: DataSource) {}

  /** Of all workspaces, disabled ones too: for the loader. */
  all(): Promise<WarehouseEntity[]> {
    return this.database.getRepository(WarehouseEntity).find({ order: { id: 'ASC' } });
  }

  /** In order of creation, after `after` (an id). */
  list(workspaceId: string, limit: number, after?: string): Promise<WarehouseEntity[]> {
    if (after !== undefined && !isId(after)) return Promise.resolve([]);
    const query = this.database.getRepository(WarehouseEntity).createQueryBuilder('w').where('w.workspace_id = :workspaceId', { workspaceId });
    if (after !== undefined) query.andWhere('w.id > :after', { after });
    return query.orderBy('w.id').limit(limit).getMany();
  }

  async get(workspaceId: string, id: string): Promise<WarehouseEntity | undefined> {
    return isId(id) ? await this.database.getRepository(WarehouseEntity).findOneBy({ id, workspaceId }) ?? undefined : undefined;
  }

  /** @throws IdempotencyConflict when the key is taken */
  create(warehouse: NewWarehouse, idempotency?: Idempotency): Promise<void> {
    return this.database.transaction(async (tx) => {
      await remember(tx, warehouse.workspaceId, warehouse.id, idempotency);
      await tx.getRepository(WarehouseEntity).insert(warehouse);
    });
  }

  async change(id: string, change: WarehouseChange): Promise<void> {
    if (Object.keys(change).length > 0) await this.database.getRepository(WarehouseEntity).update({ id }, change);
  }

  /** @returns what needs it, and then it stays: sources load into it (deleted ones let go of it), or models are computed in it or still being deleted */
  delete(workspaceId: string, id: string): Promise<WarehouseUse[]> {
    return this.database.transaction(async (tx) => {
      await rows(tx, 'select 1 from warehouses where id = $1 for update', [id]);
      const uses = await rows<WarehouseUse>(tx, `select 'source' as kind, name, false as deleting from sources where deleted_at is null and (warehouse_id = $1
        or exists (select from warehouse_sources where warehouse_sources.warehouse_id = $1 and source_id = sources.id and included))
        union all select kind, name, deleted_at is not null from models where warehouse_id = $1 order by 1, 2`, [id]);
      if (uses.length > 0) return uses;
      await rows(tx, 'update sources set warehouse_id = null where warehouse_id = $1', [id]);
      await tx.getRepository(WarehouseEntity).delete({ id, workspaceId });
      return [];
    });
  }
}
