import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPartnerHttp, createRunScope, planReads, recordSlices, type Checkpoint, type NormalizedRecord, type Page, type PartnerHttpOptions } from '#connector-kit';
import { startZendeskSimulator, zendeskRateLimits, type ZendeskSimulator } from '#testing';
import { connector } from './src/index.js';

const HOUR = 3_600_000;
const all = connector.declaration.collections.map(({ name }) => name);

/** What a warehouse holds: the newest version of each object, each event once. */
class Table {
  readonly rows = new Map<string, NormalizedRecord>();

  take(record: NormalizedRecord): void {
    const key = `${record.collection}/${record.id}`;
    const known = this.rows.get(key);
    if (known === undefined || (record.kind === 'object' && record.version >= known.version)) this.rows.set(key, record);
  }

  live(collections: readonly string[] = all): Record<string, Record<string, unknown>> {
    const rows = [...this.rows].filter(([, { deleted, collection }]) => deleted !== true && collections.includes(collection));
    return Object.fromEntries(rows.map(([key, { data }]) => [key, data] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

describe('runs after changes', () => {
  let simulator: ZendeskSimulator;
  beforeEach(async () => {
    simulator = await startZendeskSimulator({ startAt: Date.now() - 100 * HOUR, exportRows: 25, data: { tickets: 50, days: 20 } });
  });
  afterEach(() => simulator.stop());

  interface Run { readonly calls: number; readonly records: readonly NormalizedRecord[] }

  async function sync(table: Table, checkpoints: Record<string, Checkpoint | undefined>, selected: readonly string[] = all, more: Partial<PartnerHttpOptions> = {}): Promise<Run> {
    let calls = 0;
    const records: NormalizedRecord[] = [];
    const credentials = { subdomain: simulator.subdomain, email: simulator.email, apiToken: simulator.apiToken, baseUrl: simulator.url };
    const http = createPartnerHttp({ connector, credentials, limits: {}, allowPrivateAddresses: true, onCall: () => { calls++; }, ...more });
    const names = new Set(selected);
    const run = createRunScope();
    const before = { ...checkpoints };
    try {
      for (const { reader } of planReads(connector, names)) {
        for await (const page of connector.readers[reader]?.({
          http, credentials, checkpoint: before[reader], checkpoints: before, startDate: 0, selected: names, run,
          now: () => http.now(), signal: new AbortController().signal, warn: (message) => { throw new Error(message); },
        }) ?? []) {
          for (const record of normalized(reader, page, selected)) { table.take(record); records.push(record); }
          if (page.checkpoint !== undefined) checkpoints[reader] = page.checkpoint;
        }
      }
    } finally {
      await http.close();
    }
    return { calls, records };
  }

  function normalized(reader: string, page: Page, selected: readonly string[]): NormalizedRecord[] {
    return recordSlices(page.body, page.recordsAt).flatMap(({ start, end }) => connector.normalize(JSON.parse(page.body.toString('utf8', start, end)) as Record<string, unknown>, {
      id: page.request, workspaceId: 'w', sourceId: 's', connector: 'zendesk', collection: reader, component: 'sync', receivedAt: new Date(page.observedAt).toISOString(),
      observedAt: page.observedAt, recordsAt: page.recordsAt, request: page.request, selected,
    })).map((result) => {
      if ('failure' in result) throw new Error(result.failure.message);
      return result;
    });
  }

  /** Changes at all times, so that the export has many pages. */
  function busyHours(): void {
    const start = simulator.now();
    simulator.advance(2 * HOUR);
    for (let change = 0; change < 300; change++) simulator.inPast(start + change * 20_000, () => { simulator.step(); });
  }

  /** Collections whose deleted records are told; those of a list that simply lost a row are found by comparing full passes. */
  const told = all.filter((name) => name !== 'tags');

  it('leave the same rows as a first run after them, whatever happened at a desk', async () => {
    const table = new Table();
    const checkpoints: Record<string, Checkpoint | undefined> = {};
    await sync(table, checkpoints);
    for (const changes of [1, 30, 120]) {
      simulator.advance(HOUR);
      simulator.step(changes);
      simulator.advance(HOUR);
      await sync(table, checkpoints);
      const fresh = new Table();
      await sync(fresh, {});
      expect(table.live(told)).toEqual(fresh.live(told));
    }
    const rows = Object.keys(table.live());
    const counts: Readonly<Record<string, number>> = simulator.counts();
    const counted = (names: readonly string[]): Record<string, number> => Object.fromEntries(names.map((name) => [name, rows.filter((key) => key.startsWith(`${name}/`)).length]));
    const names = told.filter((name) => name in counts);
    expect(names).toHaveLength(19);
    expect(counted(names)).toEqual(Object.fromEntries(names.map((name) => [name, counts[name]])));
  }, 60_000);

  describe('state complete passes', () => {
    const pages = async (collection: string, checkpoint?: Checkpoint, stopAfter = Infinity): Promise<Page[]> => {
      const read: Page[] = [];
      const credentials = { subdomain: simulator.subdomain, email: simulator.email, apiToken: simulator.apiToken, baseUrl: simulator.url };
      const http = createPartnerHttp({ connector, credentials, limits: {}, allowPrivateAddresses: true, onCall: () => undefined });
      try {
        for await (const page of connector.readers[collection]?.({
          http, credentials, checkpoint, checkpoints: {}, startDate: 0, selected: new Set([collection]), run: createRunScope(), now: () => http.now(), signal: new AbortController().signal, warn: () => undefined,
        }) ?? []) if (read.push(page) >= stopAfter) break;
      } finally { await http.close(); }
      return read;
    };
    const stated = (read: readonly Page[]) => read.map(({ pass }) => pass === undefined ? undefined : [pass.ids.length, pass.begins, pass.ends]);
    const fill = (collection: 'macros' | 'sla_policies' | 'tags', to: number): void => { while (simulator.counts()[collection] < to) simulator.create(collection, { title: 'One more' }); };

    it('over the pages by cursor, from the first to the last', async () => {
      fill('macros', 230);
      expect(stated(await pages('macros'))).toEqual([[100, true, false], [100, false, false], [30, false, true]]);
      const [first] = await pages('macros', undefined, 1);
      expect(stated(await pages('macros', first?.checkpoint))).toEqual([[100, false, false], [30, false, true]]);
      expect(stated(await pages('macros', { walk: { from: 0, until: 1, reached: 1, after: 'not taken' } }))).toEqual([[100, true, false], [100, false, false], [30, false, true]]);
    });

    it('of pages by number only when there is one', async () => {
      fill('sla_policies', 100);
      expect(stated(await pages('sla_policies'))).toEqual([[100, true, true]]);
      fill('sla_policies', 101);
      expect(stated(await pages('sla_policies'))).toEqual([undefined, undefined]);
    });

    it('never of tags, nor of what has a record without a certain id', async () => {
      expect(stated(await pages('tags'))).toEqual([undefined]);
      const [all] = stated(await pages('macros'));
      expect(all?.slice(1)).toEqual([true, true]);
      for (const id of ['9007199254740993', 'null', '""']) {
        simulator.fault({ path: '/api/v2/macros.json', kind: 'rewrite', rewrite: (text) => text.replace(/"id":\d+/, `"id":${id}`) });
        expect(stated(await pages('macros'))).toEqual([undefined]);
      }
    });
  });

  it('see what changed in the last minute one run later, and nothing twice but the last second', async () => {
    const table = new Table();
    const checkpoints: Record<string, Checkpoint | undefined> = {};
    const mine = ['tickets', 'organizations'];
    await sync(table, checkpoints, mine);
    const [ticket = 0] = simulator.ids('tickets');
    const [organization = 0] = simulator.ids('organizations');
    simulator.update('tickets', ticket, { subject: 'changed' });
    simulator.update('organizations', organization, { notes: 'changed' });
    expect((await sync(table, checkpoints, mine)).records.filter(({ data }) => data['subject'] === 'changed' || data['notes'] === 'changed')).toEqual([]);
    simulator.advance(61_000);
    const { calls, records } = await sync(table, checkpoints, mine);
    expect(calls).toBe(2);
    expect(records.filter(({ collection }) => collection === 'tickets').map(({ id }) => id)).toEqual([String(ticket)]);
    expect(table.live()[`organizations/${organization}`]).toMatchObject({ notes: 'changed' });
  });

  it('read every row of a second that is larger than a page, and come to an end', async () => {
    const at = simulator.now() - 2 * HOUR;
    const names = Array.from({ length: 90 }, (_unused, index) => `Organization ${index}`);
    simulator.inPast(at, () => { for (const name of names) simulator.create('organizations', { name }); });
    const table = new Table();
    await sync(table, {}, ['organizations']);
    expect(Object.values(table.live()).map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });

  it('take a system update of a ticket that leaves updated_at behind, and a deletion', async () => {
    const table = new Table();
    const checkpoints: Record<string, Checkpoint | undefined> = {};
    await sync(table, checkpoints, ['tickets', 'ticket_metrics']);
    const [touched = 0, gone = 0] = simulator.ids('tickets');
    expect(table.rows.get(`ticket_metrics/${gone}`)).not.toHaveProperty('deleted');
    simulator.advance(HOUR);
    simulator.touch(touched, { satisfaction_rating: { score: 'offered' } });
    simulator.delete('tickets', gone);
    simulator.advance(HOUR);
    await sync(table, checkpoints, ['tickets', 'ticket_metrics']);
    expect(table.live()[`tickets/${touched}`]).toMatchObject({ satisfaction_rating: { score: 'offered' } });
    expect([table.rows.get(`tickets/${gone}`), table.rows.get(`ticket_metrics/${gone}`)]).toMatchObject([{ deleted: true }, { deleted: true }]);
  });

  it('read the past again for a collection that is new, and only then', async () => {
    const table = new Table();
    const checkpoints: Record<string, Checkpoint | undefined> = {};
    await sync(table, checkpoints, ['tickets']);
    expect((await sync(table, checkpoints, ['tickets'])).calls).toBe(1);
    await sync(table, checkpoints, ['tickets', 'ticket_metrics']);
    expect(Object.keys(table.live(['ticket_metrics']))).toHaveLength(simulator.counts().ticket_metrics);
    expect((await sync(table, checkpoints, ['tickets', 'ticket_metrics'])).calls).toBe(1);
  });

  it('wait for the limit of the exports as long as Zendesk says, and lose nothing', async () => {
    busyHours();
    simulator.setRateLimits(zendeskRateLimits);
    const table = new Table();
    const waits: number[] = [];
    await sync(table, {}, ['ticket_events', 'tickets'], { clock: () => simulator.now(), wait: async (ms) => { waits.push(ms); simulator.advance(ms); } });
    expect(waits.length).toBeGreaterThan(0);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
    expect(simulator.requestLog.filter(({ status }) => status === 429)).toHaveLength(waits.length);
    expect(Object.keys(table.live(['tickets']))).toHaveLength(simulator.counts().tickets);
    expect(Object.keys(table.live(['ticket_events']))).toHaveLength(simulator.counts().ticket_events);
  });

  it('keep below that limit by themselves', async () => {
    busyHours();
    simulator.setRateLimits(zendeskRateLimits);
    const { endpoints } = connector.declaration.limits;
    const { calls } = await sync(new Table(), {}, ['ticket_events', 'tickets'], { limits: { endpoints }, clock: () => simulator.now(), wait: async (ms) => { simulator.advance(ms); } });
    expect(calls).toBeGreaterThan(10);
    expect(simulator.requestLog.filter(({ status }) => status === 429)).toEqual([]);
  });

  it('are deferred when the limit lasts longer than a run should wait', async () => {
    simulator.fault({ path: '/api/v2/incremental', kind: 'status', status: 429, headers: { 'retry-after': '600' } });
    await expect(sync(new Table(), {}, ['tickets'])).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 600_000 });
  });
});
