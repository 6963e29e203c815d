import { Injectable } from '@nestjs/common';
import { withFound } from '#connector-kit';
import { AccountRepository, SelectionRepository, SourceRepository, type Selection, type SelectionChange } from '#persistence';
import { Catalog } from '../catalog/catalog.js';
import { Problem, invalid, notFound } from '../http/problem.js';
import { WarehousesService } from './warehouses.service.js';

/** Which sources, collections and columns a warehouse takes. */
@Injectable()
export class SelectionService {
  constructor(private readonly selections: SelectionRepository, private readonly warehouses: WarehousesService, private readonly sources: SourceRepository, private readonly accounts: AccountRepository, private readonly catalog: Catalog) {}

  async list(workspaceId: string, warehouseId: string): Promise<Selection[]> {
    await this.warehouses.get(workspaceId, warehouseId);
    return this.selections.list(workspaceId, warehouseId);
  }

  async choose(workspaceId: string, warehouseId: string, sourceId: string, change: SelectionChange): Promise<Selection> {
    const all = await this.collections(workspaceId, warehouseId, sourceId);
    known(all, 'collectionsLeftOut', change.collectionsLeftOut);
    known(all, 'columnsLeftOut', Object.keys(change.columnsLeftOut));
    if (Object.values(change.columnsLeftOut).some((paths) => !Array.isArray(paths) || paths.some((path) => typeof path !== 'string' || path === ''))) {
      throw invalid([{ field: 'columnsLeftOut', message: 'columnsLeftOut must hold a list of field names for each collection.' }]);
    }
    await this.selections.choose(warehouseId, sourceId, change, all);
    return this.one(warehouseId, sourceId);
  }

  async reload(workspaceId: string, warehouseId: string, sourceId: string, collections: readonly string[] | undefined): Promise<Selection> {
    known(await this.collections(workspaceId, warehouseId, sourceId), 'collections', collections ?? []);
    const { included } = await this.one(warehouseId, sourceId);
    if (!included) throw new Problem({ status: 409, code: 'source_not_included', title: 'The warehouse does not take this source.', remedy: `Choose it first (PUT /api/v1/warehouses/${warehouseId}/selection/${sourceId}).` });
    await this.selections.reload(warehouseId, sourceId, collections ?? null);
    return this.one(warehouseId, sourceId);
  }

  private async one(warehouseId: string, sourceId: string): Promise<Selection> {
    const selection = await this.selections.get(warehouseId, sourceId);
    if (selection === undefined) throw notFound('source');
    return selection;
  }

  /** All that the source's connector has. @throws Problem when the workspace has no such warehouse or source */
  private async collections(workspaceId: string, warehouseId: string, sourceId: string): Promise<string[]> {
    await this.warehouses.get(workspaceId, warehouseId);
    const source = await this.sources.get(workspaceId, sourceId);
    if (source === undefined) throw notFound('source');
    const connector = this.catalog.get(source.connector);
    return connector === undefined ? [] : withFound(connector, await this.accounts.found(sourceId)).declaration.collections.map(({ name }) => name);
  }
}

function known(all: readonly string[], field: string, asked: readonly string[]): void {
  const strange = asked.filter((name) => !all.includes(name));
  if (strange.length > 0) throw invalid([{ field, message: `The connector has no collection ${strange.slice(0, 5).join(', ')}.` }]);
}
