import { Injectable } from '@nestjs/common';
import { withFound, type CheckResult, type Connector, type Credentials } from '#connector-kit';
import { GrantGone, SourceRepository, isUniqueViolation, newId, type CollectionHealth, type Idempotency, type Principal, type SourceChange, type SourceCollectionEntity, type SourceEntity } from '#persistence';
import { GatewayConfig } from '../gateway.config.js';
import { Creates } from '../http/creates.js';
import { Problem, invalid, notFound } from '../http/problem.js';
import { WarehousesService } from '../warehouses/warehouses.service.js';
import { SourceCredentials, grantGone, type GivenCredentials } from './source-credentials.js';
import { DEFAULT_INTERVAL, readInterval, readRhythms, readTiming, type AskedSchedule } from './schedule-input.js';
import { hasObjects, isSlug, numberedSlug, readCollections, readStartDate, toSlug } from './source-input.js';
import { SourceTester, type Discovered } from './source-tester.js';
import { newWebhookToken } from '../webhook/webhook-token.js';

export interface SourceView { readonly source: SourceEntity; readonly collections: readonly SourceCollectionEntity[]; readonly health: readonly CollectionHealth[] }

export interface CreateSource extends GivenCredentials {
  readonly connector: string;
  readonly name: string;
  readonly slug?: string;
  readonly warehouseId?: string | null;
  readonly collections?: readonly string[];
  readonly startDate?: string;
  readonly intervalMinutes?: number;
  readonly schedule?: AskedSchedule;
  readonly dailyCallBudget?: number | null;
  readonly partnerReservePercent?: number;
}

@Injectable()
export class SourcesService {
  constructor(
    private readonly sources: SourceRepository, private readonly warehouses: WarehousesService, private readonly tester: SourceTester,
    private readonly creates: Creates, private readonly credentials: SourceCredentials, private readonly config: GatewayConfig,
  ) {}

  async list(workspaceId: string, limit: number, after: string | undefined): Promise<SourceView[]> {
    const found = await this.sources.list(workspaceId, limit, after);
    const ids = found.map(({ id }) => id);
    const [collections, health] = await Promise.all([this.sources.collections(ids), this.sources.health(ids)]);
    return found.map((source) => ({ source, collections: collections.get(source.id) ?? [], health: health.filter(({ sourceId }) => sourceId === source.id) }));
  }

  async get(workspaceId: string, id: string): Promise<SourceView> {
    const source = await this.sources.get(workspaceId, id);
    if (source === undefined) throw notFound('source');
    const [collections, health] = await Promise.all([this.sources.collections([id]), this.sources.health([id])]);
    return { source, collections: collections.get(source.id) ?? [], health };
  }

  /** The source's connector, also for those beside it. */
  connector(name: string): Connector { return this.tester.connector(name); }

  async test(caller: Principal, connectorName: string, given: GivenCredentials, collections: readonly string[] | undefined): Promise<CheckResult> {
    const plain = this.tester.connector(connectorName);
    const { credentials } = await this.credentials.read(caller, plain, given);
    const { connector } = await this.knowing(plain, credentials, collections);
    return (await this.tester.test(connector, credentials, collections === undefined ? undefined : readCollections(connector.declaration, collections))).result;
  }

  /** As a run would meet the partner now. @throws an error of the taxonomy when the credentials themselves are refused */
  async testSaved(caller: Principal, id: string, asked: readonly string[] | undefined): Promise<CheckResult> {
    const { source, collections } = await this.get(caller.workspaceId, id);
    const connector = await this.tester.connectorOf(source);
    const wanted = asked === undefined ? collections.map(({ collection }) => collection) : readCollections(connector.declaration, asked);
    const { result: tested } = await this.credentials.tried(source, () => this.credentials.change(caller, connector, source, {}), (credentials) => this.tester.test(connector, credentials, wanted));
    await this.tester.count(id, tested);
    return tested.result;
  }

  /** Credentials are tested before anything is saved. */
  create(caller: Principal, input: CreateSource, key: string | undefined): Promise<SourceView> {
    const { workspaceId } = caller;
    return this.creates.once({
      workspaceId, route: 'POST /sources', key, body: input,
      find: (id) => this.get(workspaceId, id),
      make: (idempotency) => this.make(caller, input, idempotency),
    });
  }

  private async make(caller: Principal, input: CreateSource, idempotency: Idempotency | undefined): Promise<SourceView> {
    const { workspaceId } = caller;
    const plain = this.tester.connector(input.connector);
    const { credentials, shown, grantId, keepAliveAt } = await this.credentials.read(caller, plain, input);
    const { connector, found, calls: asked } = await this.knowing(plain, credentials, input.collections);
    const { declaration } = connector;
    const collections = readCollections(declaration, input.collections);
    const startDate = readStartDate(input.startDate, Date.now());
    const floor = this.config.intervalFloorMinutes;
    const intervalMinutes = readInterval(input.schedule?.intervalMinutes ?? input.intervalMinutes ?? Math.max(DEFAULT_INTERVAL, floor), floor);
    const schedule = { ...readTiming(input.schedule ?? {}, floor), everyMinutes: readRhythms(declaration, collections, input.schedule?.collections, undefined, floor) };
    const warehouseId = await this.warehouses.forSource(workspaceId, input.warehouseId, hasObjects(declaration, collections));
    const slug = await this.slug(workspaceId, input, warehouseId);
    const tested = await this.tester.test(connector, credentials, []);
    const { accountId: account } = tested.result;

    const id = newId();
    const token = newWebhookToken();
    try {
      await this.sources.create({
        id, workspaceId, connector: declaration.name, name: input.name, slug, warehouseId, configuration: shown, startDate, intervalMinutes, schedule, collections, found,
        ...(account !== undefined && { account }), ...(input.dailyCallBudget !== undefined && { dailyCallBudget: input.dailyCallBudget }),
        ...(input.partnerReservePercent !== undefined && { partnerReservePercent: input.partnerReservePercent }),
        sealedCredentials: this.credentials.seal(id, credentials), ...(grantId !== undefined && { grantId }), ...(keepAliveAt !== undefined && { keepAliveAt }),
        ...(declaration.webhook !== undefined && { webhook: { token, sealed: this.credentials.sealToken(id, token) } }),
      }, 'first', idempotency);
    } catch (error) {
      if (error instanceof GrantGone) throw grantGone();
      throw isUniqueViolation(error) ? slugTaken(slug) : error;
    }
    await this.tester.count(id, { ...tested, calls: [...asked, ...tested.calls] });
    return this.get(workspaceId, id);
  }

  async change(workspaceId: string, id: string, { warehouseId, schedule, ...rest }: SourceChange & { readonly schedule?: AskedSchedule }): Promise<SourceView> {
    const { source, collections } = await this.get(workspaceId, id);
    const chosen = warehouseId === undefined ? undefined : await this.warehouses.forSource(workspaceId, warehouseId, hasObjects((await this.tester.connectorOf(source)).declaration, names(collections)));
    if (schedule !== undefined) await this.schedule(workspaceId, id, schedule);
    await this.sources.change(id, { ...rest, ...(chosen !== undefined && { warehouseId: chosen }) });
    return this.get(workspaceId, id);
  }

  async delete(workspaceId: string, id: string): Promise<void> {
    await this.get(workspaceId, id);
    await this.sources.delete(id);
  }

  /** Takes effect on the next due time, which is then the source's `nextRunAt`. */
  async schedule(workspaceId: string, id: string, asked: AskedSchedule): Promise<SourceView> {
    const { source, collections } = await this.get(workspaceId, id);
    const floor = this.config.intervalFloorMinutes;
    const timing = readTiming(asked, floor);
    const everyMinutes = asked.collections && readRhythms((await this.tester.connectorOf(source)).declaration, names(collections), asked.collections, rhythms(collections), floor);
    await this.sources.schedule(id, { ...timing, ...(everyMinutes !== undefined && { everyMinutes }) });
    return this.get(workspaceId, id);
  }

  async select(workspaceId: string, id: string, asked: readonly string[]): Promise<SourceView> {
    const { source, collections } = await this.get(workspaceId, id);
    const { declaration } = await this.tester.connectorOf(source);
    const selected = readCollections(declaration, asked);
    const warehouseId = await this.warehouses.forSource(workspaceId, source.warehouseId ?? undefined, hasObjects(declaration, selected));
    if (warehouseId !== source.warehouseId) await this.sources.change(id, { warehouseId });
    await this.sources.select(id, selected);
    await this.sources.schedule(id, { everyMinutes: readRhythms(declaration, selected, [], rhythms(collections)) });
    return this.get(workspaceId, id);
  }

  async pause(workspaceId: string, id: string): Promise<SourceView> {
    await this.get(workspaceId, id);
    await this.sources.pause(id);
    return this.get(workspaceId, id);
  }

  async resume(workspaceId: string, id: string): Promise<SourceView> {
    await this.get(workspaceId, id);
    if (!await this.sources.resume(id)) throw inError();
    return this.get(workspaceId, id);
  }

  /** New values over the old ones, tested before they are saved; ends the error state. */
  async replaceCredentials(caller: Principal, id: string, given: GivenCredentials): Promise<SourceView> {
    const { source } = await this.get(caller.workspaceId, id);
    const connector = this.connector(source.connector);
    const { made, result } = await this.credentials.tried(source, () => this.credentials.change(caller, connector, source, given), (credentials) => this.tester.test(connector, credentials, []));
    await this.credentials.replace(source, made, result.result);
    await this.tester.count(id, result);
    return this.get(caller.workspaceId, id);
  }

  /** The connector as this account has it: looked at only when something is asked for that isn't declared. */
  private async knowing(connector: Connector, credentials: Credentials, asked: readonly string[] = []): Promise<Discovered & { readonly connector: Connector }> {
    const own = new Set(connector.declaration.collections.map(({ name }) => name));
    if (asked.every((name) => own.has(name))) return { connector, found: [], calls: [] };
    const { found, calls } = await this.tester.discover(connector, credentials);
    return { connector: withFound(connector, found), found, calls };
  }

  /** The one asked for, or the first free one made of the name. */
  private async slug(workspaceId: string, { slug, name }: CreateSource, warehouseId: string | null): Promise<string> {
    if (slug !== undefined) {
      if (!isSlug(slug)) throw invalid([{ field: 'slug', message: 'slug must begin with a letter, hold a-z, 0-9 and _ only, be at most 63 long and not be one of PostgreSQL\'s own schemas.' }]);
      if (await this.sources.slugTaken(workspaceId, slug, warehouseId)) throw slugTaken(slug);
      return slug;
    }
    const plain = toSlug(name);
    let free = plain;
    for (let count = 2; await this.sources.slugTaken(workspaceId, free, warehouseId); count += 1) free = numberedSlug(plain, count);
    return free;
  }
}

const names = (collections: readonly SourceCollectionEntity[]): string[] => collections.map(({ collection }) => collection);
const rhythms = (collections: readonly SourceCollectionEntity[]): Map<string, number | null> => new Map(collections.map(({ collection, everyMinutes }) => [collection, everyMinutes]));

const slugTaken = (slug: string): Problem =>
  new Problem({ status: 409, code: 'slug_taken', title: `The slug ${slug} is or was another source's.`, remedy: 'Choose another one: it names the schema in the warehouse, where the other source\'s tables are.' });

export const inError = (): Problem =>
  new Problem({ status: 409, code: 'source_in_error', title: 'The partner refuses this source\'s credentials.', remedy: 'Enter new ones first (PUT /api/v1/sources/{id}/credentials).' });
