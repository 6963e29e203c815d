import { Injectable } from '@nestjs/common';
import type { CollectionDeclaration } from '#connector-kit';
import { AccountRepository, type CollectionHealth, type Principal, type SourceCollectionEntity, type SourceEntity } from '#persistence';
import { SourceCredentials, type GivenCredentials } from './source-credentials.js';
import { SourceTester } from './source-tester.js';
import { SourcesService } from './sources.service.js';

export interface SourceCollection { readonly declaration: CollectionDeclaration; readonly chosen: SourceCollectionEntity | undefined; readonly health: CollectionHealth | undefined; /** Columns that are computed when they are read. */ readonly calculated: readonly string[] }

/** What a source can read: what its connector declares, and what its account has besides. */
@Injectable()
export class SourceCollections {
  constructor(private readonly sources: SourcesService, private readonly tester: SourceTester, private readonly credentials: SourceCredentials, private readonly account: AccountRepository) {}

  async list(workspaceId: string, id: string): Promise<SourceCollection[]> { return (await this.of(workspaceId, id)).collections; }

  /** With the source. */
  async of(workspaceId: string, id: string): Promise<{ readonly source: SourceEntity; readonly collections: SourceCollection[] }> {
    const { source, collections, health } = await this.sources.get(workspaceId, id);
    const { declaration } = await this.tester.connectorOf(source);
    const calculated = new Map((await this.account.described(source.id)).map((described) => [described.collection, described.calculated]));
    const chosen = new Map(collections.map((one) => [one.collection, one]));
    return { source, collections: declaration.collections.map((one) => ({ declaration: one, chosen: chosen.get(one.name), health: health.find(({ collection }) => collection === one.name), calculated: calculated.get(one.name) ?? [] })) };
  }

  /** Before there is a source. @throws Problem; an error of the taxonomy */
  async preview(caller: Principal, connectorName: string, given: GivenCredentials): Promise<readonly CollectionDeclaration[]> {
    const connector = this.tester.connector(connectorName);
    const { credentials } = await this.credentials.read(caller, connector, given);
    return (await this.tester.discover(connector, credentials)).found;
  }

  /** Asks the partner anew; what was found before stays. @throws Problem; an error of the taxonomy */
  async discover(caller: Principal, id: string): Promise<SourceCollection[]> {
    const { source } = await this.sources.get(caller.workspaceId, id);
    const connector = this.tester.connector(source.connector);
    const known = await this.account.found(id);
    const { result } = await this.credentials.tried(source, () => this.credentials.change(caller, connector, source, {}), (credentials) => this.tester.discover(connector, credentials, known));
    await this.account.keepFound(id, result.found);
    await this.tester.count(id, result);
    return this.list(caller.workspaceId, id);
  }
}
