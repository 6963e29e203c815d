import type { SimulatedClock } from '../stripe-simulator/clock.js';
import type { SeededRandom } from '../stripe-simulator/random.js';
import type { Reader } from './org.js';
import { SalesforceApiError } from './salesforce-error.js';
import type { QueryResult } from './soql/run.js';

interface Cursor { readonly result: QueryResult; readonly openedAt: number; readonly userId: string; readonly version: string; readonly path: string }

const TWO_DAYS = 172_800_000;

/** Results of queries that are larger than a batch, kept until their locators expire. */
export class Cursors {
  /** Records in a batch at most; a query may ask for another size from 200 to 2000. */
  batchSize = 2_000;
  /** Open at a time for one user; the oldest makes room. */
  most = 10;
  private readonly open = new Map<string, Cursor>();

  constructor(private readonly clock: SimulatedClock, private readonly random: SeededRandom) {}

  first(result: QueryResult, reader: Reader, version: string, path: string): Record<string, unknown> {
    const cursor = { result, openedAt: this.clock.now(), userId: reader.userId, version, path };
    if (result.records.length <= this.batchSize) return this.batch('', cursor, 0);
    const mine = [...this.open].filter(([, { userId }]) => userId === reader.userId);
    for (const [oldest] of mine.slice(0, Math.max(0, mine.length - this.most + 1))) this.open.delete(oldest);
    const id = `01g${this.random.text(15)}`;
    this.open.set(id, cursor);
    return this.batch(id, cursor, 0);
  }

  /** @param locator e.g. `01gD0000002HU6KIAW-2000` @throws SalesforceApiError INVALID_QUERY_LOCATOR */
  next(locator: string, reader: Reader): Record<string, unknown> {
    const [id = '', from = ''] = locator.split('-');
    const cursor = this.open.get(id);
    const at = Number(from);
    if (cursor === undefined || cursor.userId !== reader.userId || cursor.openedAt + TWO_DAYS < this.clock.now() || !(at >= 0 && at < cursor.result.records.length)) {
      throw new SalesforceApiError(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
    }
    return this.batch(id, cursor, at);
  }

  /** All locators are invalid from now on. */
  expire(): void {
    this.open.clear();
  }

  private batch(id: string, { result: { object, records }, version, path }: Cursor, from: number): Record<string, unknown> {
    const to = Math.min(records.length, from + this.batchSize);
    const done = to >= records.length;
    const url = `/services/data/${version}/sobjects/${object.name}`;
    return {
      totalSize: records.length, done, ...!done && { nextRecordsUrl: `${path}/${id}-${to}` },
      records: records.slice(from, to).map((record) => ({ attributes: { type: object.name, ...typeof record.Id === 'string' && { url: `${url}/${record.Id}` } }, ...record })),
    };
  }
}
