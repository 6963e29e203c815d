import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPartnerHttp, createRunScope, planReads, recordSlices, type Checkpoint, type NormalizedRecord, type Page } from '#connector-kit';
import { startStripeSimulator, type StripeSimulator } from '#testing';
import { connector } from './src/index.js';

const HOUR = 3_600_000;
const objects = connector.declaration.collections.filter(({ kind }) => kind === 'object').map(({ name }) => name);
const all = connector.declaration.collections.map(({ name }) => name);

/** What a warehouse holds: the newest version of each record. */
class Table {
  readonly rows = new Map<string, NormalizedRecord>();

  take(record: NormalizedRecord): void {
    if (record.kind === 'event') return;
    const key = `${record.collection}/${record.id}`;
    if (record.version >= (this.rows.get(key)?.version ?? 0)) this.rows.set(key, record);
  }

  live(): Record<string, Record<string, unknown>> {
    return Object.fromEntries([...this.rows].filter(([, { deleted }]) => deleted !== true).map(([key, { data }]) => [key, data] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

describe('runs after changes', () => {
  let simulator: StripeSimulator;
  beforeEach(async () => {
    simulator = await startStripeSimulator({ startAt: Date.now() - 100 * HOUR, data: { customers: 120, days: 60 } });
    simulator.advance(HOUR);
  });
  afterEach(() => simulator.stop());

  async function sync(table: Table, checkpoints: Record<string, Checkpoint | undefined>, selected: readonly string[] = all): Promise<number> {
    let calls = 0;
    const credentials = { apiKey: simulator.apiKey, baseUrl: simulator.url };
    const http = createPartnerHttp({ connector, credentials, limits: {}, allowPrivateAddresses: true, onCall: () => { calls++; } });
    const names = new Set(selected);
    const run = createRunScope();
    const before = { ...checkpoints };
    try {
      for (const { reader } of planReads(connector, names)) {
        for await (const page of connector.readers[reader]?.({
          http, credentials, checkpoint: before[reader], checkpoints: before, startDate: 0, selected: names, run,
          now: () => http.now(), signal: new AbortController().signal, warn: (message) => { throw new Error(message); },
        }) ?? []) {
          for (const record of normalized(reader, page, selected)) table.take(record);
          if (page.checkpoint !== undefined) checkpoints[reader] = page.checkpoint;
        }
      }
    } finally {
      await http.close();
    }
    return calls;
  }

  function normalized(reader: string, page: Page, selected: readonly string[]): NormalizedRecord[] {
    return recordSlices(page.body, page.recordsAt).flatMap(({ start, end }) => connector.normalize(JSON.parse(page.body.toString('utf8', start, end)) as Record<string, unknown>, {
      id: page.request, workspaceId: 'w', sourceId: 's', connector: 'stripe', collection: page.rawCollection ?? reader, component: 'sync', receivedAt: new Date(page.observedAt).toISOString(),
      observedAt: page.observedAt, recordsAt: page.recordsAt, request: page.request, selected,
    })).map((result) => {
      if ('failure' in result) throw new Error(result.failure.message);
      return result;
    });
  }

  it('leave the same rows as a first run after them, whatever happened in a shop', async () => {
    const table = new Table();
    const checkpoints: Record<string, Checkpoint | undefined> = {};
    await sync(table, checkpoints);
    for (const changes of [1, 40, 300]) {
      simulator.advance(HOUR);
      simulator.step(changes);
      simulator.advance(HOUR);
      await sync(table, checkpoints);
      const fresh = new Table();
      await sync(fresh, {});
      const [after, first] = [table.live(), fresh.live()];
      // The simulator makes up its own account anew for each answer.
      for (const rows of [after, first]) delete rows[`accounts/${simulator.accountId}`];
      expect(after).toEqual(first);
    }
    const counts: Readonly<Record<string, number>> = simulator.counts();
    const rows = Object.keys(table.live());
    const counted = Object.fromEntries(objects.map((name) => [name, rows.filter((key) => key.startsWith(`${name}/`)).length]));
    expect(counted).toEqual({ ...Object.fromEntries(objects.map((name) => [name, counts[name] ?? 0])), accounts: (counts.accounts ?? 0) + 1 });
  }, 60_000);

  it('cost few calls', async () => {
    const table = new Table();
    const checkpoints: Record<string, Checkpoint | undefined> = {};
    await sync(table, checkpoints, ['customers']);
    simulator.advance(HOUR);
    const [first = '', second = ''] = simulator.ids('customers');
    simulator.post(`customers/${first}`, { description: 'changed' });
    simulator.delete(`customers/${second}`);
    simulator.post('customers', { email: 'new@example.com' });
    simulator.advance(HOUR);
    // Events, the list, and the one that changed; the deletion is in its event.
    expect(await sync(table, checkpoints, ['customers'])).toBe(3);
    expect(table.live()[`customers/${first}`]).toMatchObject({ description: 'changed' });
    expect(table.live()).not.toHaveProperty([`customers/${second}`]);
    simulator.advance(HOUR);
    expect(await sync(table, checkpoints, ['customers'])).toBe(2);
  }, 60_000);
});
