import assert from 'node:assert/strict';
import { CloudSourcesError, type ErrorCode } from '#contracts';
import type { CheckResult, Connector, Credentials } from '../connector.js';
import type { ApiCall } from '../http/types.js';
import { planReads } from '../plan-reads.js';
import { FaultProxy, type ProxyFault } from './fault-proxy.js';
import type { ConformanceHarness, ConformancePartner } from './harness.js';
import { conformanceHttp, readSource, type ReadOptions, type ReadResult } from './read-source.js';

/** A running partner with a proxy before it, and the connector pointed at the proxy. */
export class TestBed {
  private constructor(readonly connector: Connector, readonly partner: ConformancePartner, readonly proxy: FaultProxy, private readonly harness: ConformanceHarness) {}

  static async use(connector: Connector, harness: ConformanceHarness, account: 'filled' | 'empty', work: (bed: TestBed) => Promise<void>): Promise<void> {
    const partner = await harness.start(account);
    try {
      const proxy = await FaultProxy.start(connector.baseUrl(partner.credentials));
      try {
        await work(new TestBed({ ...connector, baseUrl: () => proxy.url }, partner, proxy, harness));
      } finally {
        await proxy.stop();
      }
    } finally {
      await partner.stop();
    }
  }

  /** Names of all collections. */
  get all(): string[] {
    return this.connector.declaration.collections.map(({ name }) => name);
  }

  /** Each reader with the collections to select so that it runs. */
  get readers(): { readonly reader: string; readonly selected: readonly string[] }[] {
    return planReads(this.connector, new Set(this.all)).filter(({ feeds }) => feeds.length > 0).map(({ reader, feeds }) => ({ reader, selected: feeds.includes(reader) ? [reader] : feeds }));
  }

  get secrets(): string[] {
    return this.connector.declaration.configuration.filter(({ type }) => type === 'secret').map(({ name }) => this.partner.credentials[name] ?? '').filter((secret) => secret !== '');
  }

  read(options: Partial<ReadOptions> = {}): Promise<ReadResult> {
    return readSource({ connector: this.connector, credentials: this.partner.credentials, startDate: this.harness.startDate ?? 0, selected: this.all, ...options });
  }

  /** A run that must go through without an error. */
  async readAll(options: Partial<ReadOptions> = {}): Promise<ReadResult> {
    const result = await this.read(options);
    for (const [reader, thrown] of result.errors) assert.fail(`reading ${reader} failed: ${String(thrown)}`);
    return result;
  }

  async check(credentials: Credentials = this.partner.credentials, onCall: (call: ApiCall) => void = () => undefined): Promise<CheckResult> {
    const http = conformanceHttp(this.connector, credentials, onCall);
    try {
      return await this.connector.check({ http, credentials, signal: new AbortController().signal }, this.all);
    } finally {
      await http.close();
    }
  }

  /** The partner's answer with an error status. */
  answer(status: number, headers: Readonly<Record<string, string>> = {}): ProxyFault {
    const { body, headers: own } = this.harness.errorAnswer?.(status) ?? { body: `{"error":"simulated ${status}"}` };
    return { kind: 'answer', status, body, headers: { 'content-type': 'application/json', ...own, ...headers } };
  }
}

/** @throws AssertionError unless `thrown` is the taxonomy's error of that code */
export function assertCode(thrown: unknown, code: ErrorCode, where: string): asserts thrown is CloudSourcesError {
  assert.ok(thrown instanceof CloudSourcesError, `${where}: expected ${code}, got ${thrown === undefined ? 'no error' : String(thrown)}`);
  assert.equal(thrown.code, code, `${where}: ${thrown.message}`);
}

/** What `work` rejects with; undefined when it doesn't. */
export const rejection = (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (thrown: unknown) => thrown ?? new Error('rejected with nothing'));
