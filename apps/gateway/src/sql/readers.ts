import { Inject, Injectable } from '@nestjs/common';
import { QueryRepository } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { PostgresReader, type WarehouseReader } from '#warehouse';
import { VAULT } from '../tokens.js';
import { WarehousesService } from '../warehouses/warehouses.service.js';

/** Who reads a warehouse for people: a login of its own, made when it is first needed. */
@Injectable()
export class Readers {
  constructor(private readonly warehouses: WarehousesService, private readonly queries: QueryRepository, @Inject(VAULT) private readonly vault: Vault) {}

  /** @throws Problem when the workspace has no such warehouse */
  async of(workspaceId: string, warehouseId: string): Promise<WarehouseReader> {
    const { urlSealed } = await this.warehouses.get(workspaceId, warehouseId);
    const { role, sealed, given } = await this.queries.reader(warehouseId, (password) => this.vault.seal(password, sealContext.warehouseReader(warehouseId)));
    return new PostgresReader({
      url: this.vault.open(urlSealed, sealContext.warehouseUrl(warehouseId)), role, given, password: this.vault.open(sealed, sealContext[given ? 'warehouseLogin' : 'warehouseReader'](warehouseId)),
      slugs: await this.queries.slugs(warehouseId), warehouseId,
    });
  }
}
