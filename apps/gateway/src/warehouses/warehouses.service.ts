import { Inject, Injectable } from '@nestjs/common';
import { QueryRepository, WarehouseRepository, newId, type WarehouseChange, type WarehouseEntity, type WarehouseUse } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { PostgresReader, PostgresWarehouse, WarehouseRefusedError, WarehouseUnavailableError, type PrivilegeProblem } from '#warehouse';
import { Creates } from '../http/creates.js';
import { Problem, invalid, notFound } from '../http/problem.js';
import { VAULT } from '../tokens.js';

/** A login for people's SQL that an administrator made. */
export interface ReaderInput { readonly user: string; readonly password: string }

/** What a warehouse's logins lack: the one that loads, and the one that SQL runs under. */
export interface WarehouseProblems { readonly load: readonly PrivilegeProblem[]; readonly sql: readonly PrivilegeProblem[] }

@Injectable()
export class WarehousesService {
  constructor(private readonly warehouses: WarehouseRepository, private readonly queries: QueryRepository, private readonly creates: Creates, @Inject(VAULT) private readonly vault: Vault) {}

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

  /** @param reader undefined: the loader's login is to make one */
  async testBoth(url: string, reader: ReaderInput | undefined): Promise<WarehouseProblems> { return { load: await this.test(url), sql: await this.testReader(url, reader) }; }

  async testSaved(workspaceId: string, id: string): Promise<WarehouseProblems> {
    const { urlSealed, readerUser, readerPasswordSealed } = await this.get(workspaceId, id);
    const url = this.vault.open(urlSealed, sealContext.warehouseUrl(id));
    const reader = readerUser === null || readerPasswordSealed === null ? undefined : { user: readerUser, password: this.vault.open(readerPasswordSealed, sealContext.warehouseLogin(id)) };
    return { load: await this.test(url), sql: await this.testReader(url, reader, id) };
  }

  /** @param id of a warehouse that is there: its login may read its tables */
  private async testReader(url: string, reader: ReaderInput | undefined, id?: string): Promise<readonly PrivilegeProblem[]> {
    const access = reader === undefined ? { role: `cs_reader_${(id ?? newId()).replaceAll('-', '')}`, password: '', given: false } : { role: reader.user, password: reader.password, given: true };
    return new PostgresReader({ url, ...access, slugs: id === undefined ? [] : await this.queries.slugs(id), warehouseId: id ?? newId() }).test();
  }

  /** Tested first; saved only when it can be loaded. */
  create(workspaceId: string, input: { readonly name: string; readonly url: string; readonly reader?: ReaderInput | undefined }, key: string | undefined): Promise<WarehouseEntity> {
    const { name, url, reader } = input;
    return this.creates.once({
      workspaceId, route: 'POST /warehouses', key, body: input,
      find: (id) => this.get(workspaceId, id),
      make: async (idempotency) => {
        const id = newId();
        await this.warehouses.create({ id, workspaceId, name, ...await this.tested(id, url), ...(reader !== undefined && await this.proven(url, reader, id, false)) }, idempotency);
        return this.get(workspaceId, id);
      },
    });
  }

  /**
   * @param url the same tables at another address, or with another login: tested first
   * @param reader a login for SQL, tested first; null: the loader's login makes one again
   */
  async change(workspaceId: string, id: string, { url, reader }: { readonly url?: string | undefined; readonly reader?: ReaderInput | null | undefined }, change: WarehouseChange): Promise<WarehouseEntity> {
    const { urlSealed } = await this.get(workspaceId, id);
    const address = url ?? this.vault.open(urlSealed, sealContext.warehouseUrl(id));
    await this.warehouses.change(id, {
      ...change, ...(url !== undefined && await this.tested(id, url)),
      ...(reader === null ? { readerUser: null, readerPasswordSealed: null } : reader !== undefined && await this.proven(address, reader, id, true)),
    });
    return this.get(workspaceId, id);
  }

  /** What is saved of a login that can only read. @throws Problem when it can do more, or less */
  private async proven(url: string, reader: ReaderInput, id: string, there: boolean): Promise<Pick<WarehouseEntity, 'readerUser' | 'readerPasswordSealed'>> {
    const [problem] = await this.testReader(url, reader, there ? id : undefined);
    if (problem !== undefined) throw new Problem({ status: 422, code: 'warehouse_refused', title: problem.problem, remedy: problem.remedy });
    return { readerUser: reader.user, readerPasswordSealed: this.vault.seal(reader.password, sealContext.warehouseLogin(id)) };
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
    const uses = await this.warehouses.delete(workspaceId, id);
    if (uses.length > 0) throw inUse(uses);
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

/** Most that are named of a kind. */
const NAMED = 10;

function inUse(uses: readonly WarehouseUse[]): Problem {
  const named = (some: readonly WarehouseUse[], what: string): string[] => (some.length === 0 ? [] : [`${what} (${some.slice(0, NAMED).map(({ name }) => name).join(', ')}${some.length > NAMED ? `, and ${some.length - NAMED} more` : ''})`]);
  const [sources, models] = [uses.filter(({ kind }) => kind === 'source'), uses.filter(({ kind }) => kind !== 'source')];
  const [live, going] = [models.filter(({ deleting }) => !deleting), models.filter(({ deleting }) => deleting)];
  return new Problem({
    status: 409, code: 'warehouse_in_use',
    title: `This warehouse is needed by ${[...named(sources, 'sources'), ...named(live, 'traits and audiences'), ...named(going, 'traits and audiences that are being deleted')].join(', ')}.`,
    remedy: [
      ...(sources.length > 0 ? ['Move the sources to another warehouse, or delete them.'] : []), ...(live.length > 0 ? ['Delete the traits and audiences.'] : []),
      ...(models.length > 0 ? ['Wait until those that are deleted are gone: only then has everybody been told to leave them. Where that can\'t be, give them up (DELETE with force=true): nobody is told.'] : []),
    ].join(' '),
  });
}

const required = (title: string, remedy: string): Problem => new Problem({ status: 409, code: 'warehouse_required', title, remedy });
