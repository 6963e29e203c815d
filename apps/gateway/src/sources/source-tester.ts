import { Injectable } from '@nestjs/common';
import { createPartnerHttp, type ApiCall, type CheckResult, type Connector, type Credentials } from '#connector-kit';
import { UsageRepository } from '#persistence';
import { Catalog } from '../catalog/catalog.js';
import { GatewayConfig } from '../gateway.config.js';
import { invalid } from '../http/problem.js';

/** A person is waiting. */
const TEST_TIMEOUT_MS = 30_000;

export interface Tested { readonly result: CheckResult; readonly calls: readonly ApiCall[] }

/** Tries credentials at the partner's. */
@Injectable()
export class SourceTester {
  constructor(private readonly catalog: Catalog, private readonly usage: UsageRepository, private readonly config: GatewayConfig) {}

  /** @throws Problem when there is none of that name */
  connector(name: string): Connector {
    const connector = this.catalog.get(name);
    if (connector === undefined) throw invalid([{ field: 'connector', message: `There is no such connector. There are: ${this.catalog.connectors.map(({ declaration }) => declaration.name).join(', ')}.` }]);
    return connector;
  }

  /**
   * @param collections whose permission is tried too; none: only the credentials themselves
   * @throws an error of the taxonomy when the partner refuses them or can't be reached
   */
  async test(connector: Connector, credentials: Credentials, collections: readonly string[] | undefined): Promise<Tested> {
    const calls: ApiCall[] = [];
    const signal = AbortSignal.timeout(TEST_TIMEOUT_MS);
    const http = createPartnerHttp({
      connector, credentials, signal, onCall: (call) => { calls.push(call); }, allowPrivateAddresses: this.config.allowPrivateAddresses,
      maxAttempts: 2, maxWaitMs: 5_000, connectTimeoutMs: 5_000, headersTimeoutMs: 15_000,
    });
    try {
      return { result: await connector.check({ http, credentials, signal }, collections), calls };
    } finally {
      await http.close();
    }
  }

  /** Counts the calls of a test for the source that they were made for. */
  async count(sourceId: string, calls: readonly ApiCall[]): Promise<void> {
    const byCollection = new Map<string, number>();
    for (const { collection } of calls) byCollection.set(collection, (byCollection.get(collection) ?? 0) + 1);
    for (const [collection, count] of byCollection) await this.usage.add(sourceId, collection, count);
  }
}
