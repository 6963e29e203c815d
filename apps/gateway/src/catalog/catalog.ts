import { loadConnectors } from '#connectors';
import type { Connector } from '#connector-kit';

/** The connectors there are. */
export class Catalog {
  private readonly byName: ReadonlyMap<string, Connector>;

  constructor(readonly connectors: readonly Connector[]) {
    this.byName = new Map(connectors.map((connector) => [connector.declaration.name, connector]));
  }

  static async load(): Promise<Catalog> { return new Catalog(await loadConnectors()); }

  get(name: string): Connector | undefined { return this.byName.get(name); }
}
