import { describe, expect, it } from '@jest/globals';
import type { OutgoingMessage } from '#kafka';
import type { ModelRunEnd, ModelTask } from '#persistence';
import { Logger, Metrics } from '#platform';
import { ManyValuesError, OldComputationError, QueryFailedError, WarehouseRefusedError, WarehouseUnavailableError, type ModelRow, type ReadRequest } from '#warehouse';
import { ModelWorker, type ModelPorts } from './model-worker.js';

const task: ModelTask = { runId: 'r', token: '1', trigger: 'manual', modelId: 'm', workspaceId: 'w', warehouseId: 'wh', kind: 'audience', slug: 's', name: 'S', statement: 'select …' };
const OUTCOME = { size: 1, entered: 1, exited: 0, changed: 0, skipped: 0 };

interface World { readonly waiting: string[]; unpublished: number; readonly tasks: ModelTask[]; readonly ends: ModelRunEnd[]; readonly released: string[]; readonly written: ModelRow[]; readonly sent: string[]; changes: number }

/** A worker among fakes, run until its queue is empty. */
async function worked(tasks: readonly ModelTask[], ports: { readonly read?: (request: ReadRequest) => Promise<{ rows: number; truncated: boolean }>; readonly write?: () => Promise<never>; readonly send?: (topic: string, message: OutgoingMessage) => Promise<void>; readonly publish?: () => Promise<never>; readonly unpublished?: number } = {}): Promise<World> {
  const world: World = { waiting: [], unpublished: ports.unpublished ?? 0, tasks: [...tasks], ends: [], released: [], written: [], sent: [], changes: 1 };
  const read = ports.read ?? (async ({ onRows }) => { await onRows([{ name: 'n', type: 'text' }, { name: 'user_id', type: 'text' }], [['x', 'u']]); return { rows: 1, truncated: false }; });
  let idle!: () => void;
  const done = new Promise<void>((resolve) => { idle = resolve; });
  const fakes: ModelPorts = {
    runs: {
      take: async () => { const next = world.tasks.shift(); if (next === undefined) idle(); return next; },
      renew: async () => true, release: async ({ runId }) => { world.released.push(runId); idle(); }, waiting: async (_, { code }) => { world.waiting.push(code); idle(); }, finish: async (_, end) => { world.ends.push(end); },
    },
    reader: async () => ({ read }),
    store: {
      write: async (_target, _token, rows) => { if (ports.write !== undefined) return ports.write(); await rows(async (some) => { world.written.push(...some); }); return OUTCOME; },
      drop: async () => undefined, close: async () => undefined, isUnpublished: async () => world.unpublished-- > 0,
      publish: async (_warehouse, _limit, send) => {
        if (ports.publish !== undefined) return ports.publish();
        if (world.changes === 0) return 0;
        await send([{ workspaceId: 'w', modelId: 'm', kind: 'audience', slug: 's', name: 'S', token: '1', at: '2026-01-31T08:00:00.000Z', userId: 'u', event: 'audience_entered', value: null, previous: null }]);
        world.changes -= 1;
        return 1;
      },
    },
    send: ports.send ?? (async (topic, { headers }) => { world.sent.push(`${topic} ${String(headers['ce_id'])}`); }),
    topicPrefix: 'cs.', limits: { timeoutMs: 1_000, maxRows: 10 }, logger: Logger.create('spec', 'silent'), metrics: new Metrics('spec'),
  };
  const worker = new ModelWorker('wh', fakes);
  worker.turn();
  if (ports.send === undefined) await done;
  await worker.stop();
  return world;
}

describe('the worker', () => {
  it('writes the users of the query, and publishes what was left behind first', async () => {
    const { ends, written, sent } = await worked([task]);
    expect(ends).toEqual([{ state: 'succeeded', ...OUTCOME }]);
    expect(written).toEqual([['u', null]]);
    expect(sent).toEqual(['cs.events.warehouse.audience_changes m/1/u']);
  });

  it('takes the value of a trait, and drops what is deleted', async () => {
    const read = async ({ onRows }: ReadRequest) => { await onRows([{ name: 'value', type: 'bigint' }, { name: 'user_id', type: 'text' }], [['9007199254740993', 'u']]); return { rows: 1, truncated: false }; };
    expect((await worked([{ ...task, kind: 'trait' }], { read })).written).toEqual([['u', '9007199254740993']]);
    expect((await worked([{ ...task, trigger: 'delete' }])).ends).toEqual([{ state: 'succeeded' }]);
  });

  it('says what is wrong with the query', async () => {
    const fails = async (ports: Parameters<typeof worked>[1], of: ModelTask = task) => (await worked([of], ports)).ends[0];
    expect(await fails({ read: async ({ onRows }) => { await onRows([{ name: 'id', type: 'text' }], []); return { rows: 0, truncated: false }; } })).toMatchObject({ state: 'failed', error: { title: 'The query has no column user_id.' } });
    expect(await fails({}, { ...task, kind: 'trait' })).toMatchObject({ error: { title: 'The query has no column value.' } });
    expect(await fails({ read: async () => { throw new QueryFailedError('42703', 'no such column', 8, undefined, undefined); } })).toMatchObject({ error: { code: 'query_failed', title: 'PostgreSQL: no such column', position: 8 } });
    expect(await fails({ read: async () => ({ rows: 10, truncated: true }) })).toMatchObject({ error: { title: 'The query finds more than 10 rows.' } });
    expect(await fails({ write: async () => { throw new ManyValuesError(2); } })).toMatchObject({ error: { title: '2 users have more than one value.' } });
  });

  it('gives a task back while the warehouse is away, and leaves one that was taken over', async () => {
    expect(await worked([task], { write: async () => { throw new WarehouseUnavailableError('gone'); } })).toMatchObject({ ends: [], released: ['r'] });
    expect(await worked([task], { write: async () => { throw new OldComputationError(); } })).toMatchObject({ ends: [], released: [] });
  });

  it('has deleted a model only when everybody was told', async () => {
    const deletes: ModelTask = { ...task, trigger: 'delete' };
    expect(await worked([deletes], { unpublished: 1 })).toMatchObject({ ends: [], released: ['r'], waiting: ['kafka_unavailable'] });
    expect(await worked([deletes], { unpublished: 0 })).toMatchObject({ ends: [{ state: 'succeeded' }], released: [] });
  });

  it('says why all of a warehouse wait', async () => {
    expect(await worked([task], { publish: async () => { throw new WarehouseUnavailableError('gone'); } })).toMatchObject({ tasks: [task], waiting: ['warehouse_unavailable'] });
    expect(await worked([task], { publish: async () => { throw new WarehouseRefusedError('no', 'Do.'); } })).toMatchObject({ tasks: [task], waiting: ['warehouse_refused'] });
  });

  it('keeps changes that Kafka didn\'t take', async () => {
    const { changes, ends } = await worked([task], { send: async () => { throw new Error('away'); } });
    expect([changes, ends]).toEqual([1, []]);
  });
});
