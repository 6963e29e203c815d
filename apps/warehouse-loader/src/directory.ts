import type { CollectionDeclaration } from '#connector-kit';
import type { RecordMeta } from '#contracts';
import type { SourceTarget } from '#persistence';
import type { TableTarget } from '#warehouse';
import type { Destination } from './decode.js';

const STRANGER_MS = 5_000;
const MAX_STRANGERS = 1_000;

/** The sources of the control database, kept in memory: which warehouse and which schema their records belong to. */
export class Directory {
  private sources = new Map<string, SourceTarget>();
  private readonly targets = new Map<string, TableTarget>();
  private readonly strangers = new Map<string, number>();
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly load: () => Promise<readonly SourceTarget[]>,
    private readonly collection: (connector: string, collection: string) => CollectionDeclaration | undefined,
  ) {}

  /** Reads them anew; who comes while it is being done waits for the same answer. @throws when the database is away: the old ones stay */
  refresh(): Promise<void> {
    return this.refreshing ??= this.load()
      .then((all) => { this.sources = new Map(all.map((source) => [source.id, source])); })
      .finally(() => { this.refreshing = undefined; });
  }

  /** Reads them anew for a source that isn't there, unless that was done for it a moment ago. */
  async lookFor(sourceId: string): Promise<void> {
    if (Date.now() - (this.strangers.get(sourceId) ?? 0) < STRANGER_MS) return;
    await this.refresh();
    if (this.sources.has(sourceId)) return;
    if (this.strangers.size >= MAX_STRANGERS) this.strangers.clear();
    this.strangers.set(sourceId, Date.now());
  }

  /** The same object for the same table, so that rows can be grouped by it. */
  destination(warehouseId: string, { sourceId, connector, collection, kind }: RecordMeta): Destination {
    const source = this.sources.get(sourceId);
    if (source === undefined) return undefined;
    if (source.deleted) return 'deleted';
    if (source.warehouseId !== warehouseId) return 'elsewhere';
    const key = `${source.slug}/${kind}/${connector}/${collection}`;
    let target = this.targets.get(key);
    if (target === undefined) {
      target = { schema: source.slug, table: collection, kind, fields: this.collection(connector, collection)?.fields ?? {} };
      this.targets.set(key, target);
    }
    return target;
  }
}
