import { Inject, Injectable } from '@nestjs/common';
import { WarehouseRepository, newId, type WarehouseChange, type WarehouseEntity } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { PostgresWarehouse, WarehouseRefusedError, WarehouseUnavailableError, type PrivilegeProblem } from '#warehouse';
import { Creates } from '../http/creates.js';
import { Problem, invalid, notFound } from '../http/problem.js';
import { VAULT } from '../tokens.js';

@Injectable()
export class WarehousesService {
  constructor(private readonly warehouses: WarehouseRepository, private readonly creates: Creates, @Inject(VAULT) private readonly vault: Vault) {}

  list(workspaceId: string, limit: number, after: string | undefined): Promise<WarehouseEntity[]> { return this.warehouses.list(workspaceId, limit, after); }

  async get(workspaceId: string, id: string): Promise<WarehouseEntity> {
    const warehouse = await this.warehouses.get(workspaceId, id);
    if (warehouse === undefined) throw notFound('warehouse');
    return warehouse;
  }

  /** @throws Problem when it can't be reached or refuses the login. @returns what the login lacks */
  async test(url: string): Promise<readonly PrivilegeProblem[]> {
    if (!URL.canParse(url) || new URL(url).hostname === '' || new URL(url).pathname.length < 2) throw invalid([{ field: 'url', message: 'url must be postgres://user:password@host:port/database, with special characters percent-encoded' }]);
    const warehouse = new PostgresWarehouse(url);
    try {
      return await warehouse.testPrivileges();
    } catch (error) {
      if (error instanceof WarehouseUnavailableError) {
        throw new Problem({ status: 422, code: 'warehouse_unavailable', title: `The warehouse can't be reached (${error.reason}).`, remedy: 'Check host, port and firewall, and that the server is up.' });
      }
      if (error instanceof WarehouseRefusedError) throw new Problem({ status: 422, code: 'warehouse_refused', title: `The warehouse refused: ${error.reason}.`, remedy: error.remedy });
      // Whatever else it is, it comes from the address that was entered.
      throw new Problem({ status: 422, code: 'warehouse_unavailable', title: 'What answers at this address can\'t be used as a warehouse.', remedy: 'Check that it is PostgreSQL 14 or newer, and that the URL has user and password.' });
    } finally {
      await warehouse.close().catch(() => undefined);
    }
  }

  async testSaved(workspaceId: string, id: string): Promise<readonly PrivilegeProblem[]> {
    const { urlSealed } = await this.get(workspaceId, id);
    return this.test(this.vault.open(urlSealed, sealContext.warehouseUrl(id)));
  }

  /** Tested first; saved only when it can be loaded. */
  create(workspaceId: string, input: { readonly name: string; readonly url: string }, key: string | undefined): Promise<WarehouseEntity> {
    const { name, url } = input;
    return this.creates.once({
      workspaceId, route: 'POST /warehouses', key, body: input,
      find: (id) => this.get(workspaceId, id),
      make: async (idempotency) => {
        const id = newId();
        await this.warehouses.create({ id, workspaceId, name, ...await this.tested(id, url) }, idempotency);
        return this.get(workspaceId, id);
      },
    });
  }

  /** @param url the same tables at another address, or with another login: tested first */
  async change(workspaceId: string, id: string, url: string | undefined, change: WarehouseChange): Promise<WarehouseEntity> {
    await this.get(workspaceId, id);
    await this.warehouses.change(id, { ...change, ...(url !== undefined && await this.tested(id, url)) });
    return this.get(workspaceId, id);
  }

  /** What is saved of an address that can be loaded. @throws Problem when it can't */
  private async tested(id: string, url: string): Promise<Pick<WarehouseEntity, 'location' | 'urlSealed'>> {
    const problems = await this.test(url);
    if (problems.length > 0) {
      throw new Problem({
        status: 422, code: 'warehouse_refused', title: `The login can't load the warehouse: ${problems.map(({ problem }) => problem).join(' ')}`,
        remedy: problems.map(({ remedy }) => remedy).join(' '),
      });
    }
    const { hostname, port, pathname } = new URL(url);
    return { location: `${hostname}${port === '' ? '' : `:${port}`}${pathname}`, urlSealed: this.vault.seal(url, sealContext.warehouseUrl(id)) };
  }

  async delete(workspaceId: string, id: string): Promise<void> {
    await this.get(workspaceId, id);
    if (!await this.warehouses.delete(workspaceId, id)) {
      throw new Problem({ status: 409, code: 'warehouse_in_use', title: 'Sources load into this warehouse, or traits and audiences are computed in it.', remedy: 'Move the sources to another warehouse or delete them, and delete the traits and audiences, first.' });
    }
  }

  /**
   * The warehouse that a source loads into: the one asked for, else the workspace's only enabled one.
   * @param needed the source has object collections
   * @throws Problem `warehouse_required`
   */
  async forSource(workspaceId: string, asked: string | null | undefined, needed: boolean): Promise<string | null> {
    if (asked !== undefined && asked !== null) {
      const { enabled } = await this.warehouses.get(workspaceId, asked) ?? (() => { throw invalid([{ field: 'warehouseId', message: 'There is no such warehouse in this workspace.' }]); })();
      if (!enabled && needed) throw required('The warehouse of this source is disabled.', 'Enable it (PATCH /api/v1/warehouses/{id}) or choose another one.');
      return asked;
    }
    const enabled = asked === null ? [] : (await this.warehouses.list(workspaceId, 1_000)).filter((warehouse) => warehouse.enabled);
    if (enabled.length === 1) return enabled[0]?.id ?? null;
    if (!needed) return null;
    throw enabled.length > 1
      ? required('There are several warehouses.', 'Say which one as warehouseId.')
      : required('Object collections need a warehouse, and this source has none.', 'Connect one first (POST /api/v1/warehouses), or select event collections only.');
  }
}

const required = (title: string, remedy: string): Problem => new Problem({ status: 409, code: 'warehouse_required', title, remedy });
