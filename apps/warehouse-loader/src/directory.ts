import type { CollectionDeclaration } from '#connector-kit';
import type { DescribedCollection, SourceTarget } from '#persistence';
import type { TableTarget } from '#warehouse';
import type { Destination, Origin } from './decode.js';
import type { Place } from './record-row.js';

const STRANGER_MS = 5_000;
const MAX_STRANGERS = 1_000;
const NOTHING: readonly string[] = [];

/** What the control database says: the sources, and the versions of what each warehouse takes of them, which were read before. */
export interface Chosen {
  readonly versions: ReadonlyMap<string, number>;
  readonly sources: readonly SourceTarget[];
}

/** The sources of the control database, kept in memory: which warehouses and which schema their records belong to. */
export class Directory {
  private sources = new Map<string, SourceTarget>();
  private versions: ReadonlyMap<string, number> = new Map();
  private readonly targets = new Map<string, TableTarget>();
  private places = new Map<string, Place>();
  private readonly strangers = new Map<string, number>();
  /** What partners say of columns, by source and collection. */
  private readonly described = new Map<string, Pick<DescribedCollection, 'types' | 'version'>>();
  /** Newer versions of it that a record told of, by source. */
  private readonly wanted = new Map<string, Map<string, number>>();
  private refreshing: Promise<void> | undefined;
  /** The last answer: most records have the origin of the one before. */
  private last: { readonly warehouseId: string; readonly origin: Origin; readonly destination: Destination } | undefined;

  constructor(
    private readonly load: () => Promise<Chosen>,
    private readonly collection: (connector: string, collection: string) => CollectionDeclaration | undefined,
    private readonly describedOf: (sourceId: string) => Promise<readonly DescribedCollection[]>,
  ) {}

  /** Reads them anew; who comes while it is being done waits for the same answer. @throws when the database is away: the old ones stay */
  refresh(): Promise<void> {
    return this.refreshing ??= this.load()
      .then(({ versions, sources }) => {
        this.sources = new Map(sources.map((source) => [source.id, source]));
        this.versions = versions;
        this.places = new Map();
        this.last = undefined;
      })
      .finally(() => { this.refreshing = undefined; });
  }

  /** Reads what `destination` missed of a source: the source itself, unless that was done a moment ago, or the types of its columns. */
  async lookFor(sourceId: string): Promise<void> {
    const wanted = this.wanted.get(sourceId);
    if (wanted !== undefined) {
      for (const { collection, types, version } of await this.describedOf(sourceId)) this.described.set(`${sourceId}/${collection}`, { types, version });
      // What isn't there is not asked for again.
      for (const [collection, version] of wanted) {
        const key = `${sourceId}/${collection}`;
        const known = this.described.get(key);
        if ((known?.version ?? 0) < version) this.described.set(key, { types: known?.types ?? {}, version });
      }
      this.wanted.delete(sourceId);
      this.last = undefined;
    }
    if (this.sources.has(sourceId)) return;
    if (Date.now() - (this.strangers.get(sourceId) ?? 0) < STRANGER_MS) return;
    await this.refresh();
    if (this.sources.has(sourceId)) return;
    if (this.strangers.size >= MAX_STRANGERS) this.strangers.clear();
    this.strangers.set(sourceId, Date.now());
  }

  /** Version of what is known of the warehouse's selection: `destination` answers by it, or a newer one. */
  version(warehouseId: string): number { return this.versions.get(warehouseId) ?? 0; }

  source(sourceId: string): SourceTarget | undefined { return this.sources.get(sourceId); }

  /** The same object for the same table, so that rows can be grouped by it. Undefined: `lookFor` must look first. */
  destination(warehouseId: string, origin: Origin): Destination {
    const { last } = this;
    if (last?.origin === origin && last.warehouseId === warehouseId) return last.destination;
    const destination = this.find(warehouseId, origin);
    this.last = destination === undefined ? undefined : { warehouseId, origin, destination };
    return destination;
  }

  private find(warehouseId: string, { sourceId, connector, collection, kind, fieldsVersion = 0 }: Origin): Destination {
    const source = this.sources.get(sourceId);
    if (source?.deleted === true) return 'deleted';
    const chosen = source?.selections.find((one) => one.warehouseId === warehouseId);
    if (source !== undefined && !(chosen?.included ?? source.warehouseId === warehouseId)) return 'elsewhere';
    if (chosen?.collectionsLeftOut.includes(collection) === true) return 'left-out';
    const described = this.described.get(`${sourceId}/${collection}`);
    const isNews = fieldsVersion > (described?.version ?? 0);
    if (isNews) this.wanted.set(sourceId, (this.wanted.get(sourceId) ?? new Map<string, number>()).set(collection, fieldsVersion));
    if (isNews || source === undefined) return undefined;
    const key = `${source.slug}/${kind}/${connector}/${collection}/${described?.version ?? 0}`;
    let place = this.places.get(`${warehouseId}/${key}`);
    if (place === undefined) {
      let target = this.targets.get(key);
      // What a connector declares is the truth; the rest is as the partner describes it.
      if (target === undefined) this.targets.set(key, target = { schema: source.slug, table: collection, kind, fields: { ...described?.types, ...this.collection(connector, collection)?.fields } });
      place = { target, leftOut: (chosen?.columnsLeftOut[collection] ?? NOTHING).map((path) => path.split('.')) };
      this.places.set(`${warehouseId}/${key}`, place);
    }
    return place;
  }
}
