import { Injectable } from '@nestjs/common';
import { createPartnerHttp, withFound, type ApiCall, type CheckContext, type CheckResult, type CollectionDeclaration, type Connector, type Credentials, type Quota } from '#connector-kit';
import { AccountRepository, PartnerAccountRepository, UsageRepository, type SourceEntity } from '#persistence';
import { Catalog } from '../catalog/catalog.js';
import { GatewayConfig } from '../gateway.config.js';
import { invalid } from '../http/problem.js';

/** A person is waiting. */
const TEST_TIMEOUT_MS = 30_000;

export interface Tested { readonly result: CheckResult; readonly calls: readonly ApiCall[]; /** What the partner said of its limit. */ readonly quotas: readonly Quota[] }

export interface Discovered { readonly found: readonly CollectionDeclaration[]; readonly calls: readonly ApiCall[] }

/** Asks the partner while a person waits: whether credentials work, and what only the account knows. */
@Injectable()
export class SourceTester {
  constructor(private readonly catalog: Catalog, private readonly usage: UsageRepository, private readonly account: AccountRepository, private readonly accounts: PartnerAccountRepository, private readonly config: GatewayConfig) {}

  /** @throws Problem when there is none of that name */
  connector(name: string): Connector {
    const connector = this.catalog.get(name);
    if (connector === undefined) throw invalid([{ field: 'connector', message: `There is no such connector. There are: ${this.catalog.connectors.map(({ declaration }) => declaration.name).join(', ')}.` }]);
    return connector;
  }

  /** The source's connector, with the collections that were found in its account. */
  async connectorOf({ id, connector }: Pick<SourceEntity, 'id' | 'connector'>): Promise<Connector> {
    return withFound(this.connector(connector), await this.account.found(id));
  }

  /**
   * @param collections whose permission is tried too; none: only the credentials themselves
   * @throws an error of the taxonomy when the partner refuses them or can't be reached
   */
  async test(connector: Connector, credentials: Credentials, collections: readonly string[] | undefined): Promise<Tested> {
    const { answer, calls, quotas } = await this.ask(connector, credentials, (context) => connector.check(context, collections));
    return { result: answer, calls, quotas };
  }

  /**
   * Collections that only the account knows; none where the partner has no such thing.
   * @param known what was found there before
   * @throws as `test`
   */
  async discover({ discovery, ...connector }: Connector, credentials: Credentials, known: readonly CollectionDeclaration[] = []): Promise<Discovered> {
    if (discovery === undefined) return { found: [], calls: [] };
    const { answer, calls } = await this.ask(connector, credentials, (context) => discovery.discover({ ...context, found: known }));
    return { found: answer, calls };
  }

  /** Counts the calls of a test for the source that they were made for, and keeps what the partner said of its limit. */
  async count(sourceId: string, { calls, quotas = [] }: Pick<Tested, 'calls'> & Partial<Pick<Tested, 'quotas'>>): Promise<void> {
    await this.usage.add(sourceId, calls.map(({ collection }) => collection));
    await this.accounts.note(sourceId, quotas);
  }

  private async ask<T>(connector: Connector, credentials: Credentials, question: (context: CheckContext) => Promise<T>): Promise<{ readonly answer: T; readonly calls: readonly ApiCall[]; readonly quotas: readonly Quota[] }> {
    const calls: ApiCall[] = [];
    const quotas: Quota[] = [];
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    const http = createPartnerHttp({
      connector, credentials, signal, onCall: (call) => { calls.push(call); }, onQuota: (quota) => { quotas.push(quota); }, allowPrivateAddresses: this.config.allowPrivateAddresses,
      maxAttempts: 2, maxWaitMs: 5_000, connectTimeoutMs: 5_000, headersTimeoutMs: 15_000,
    });
    try {
      return { answer: await question({ http, credentials, signal }), calls, quotas };
    } finally {
      await http.close();
    }
  }
}
