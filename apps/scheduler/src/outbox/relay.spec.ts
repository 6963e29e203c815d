import { describe, expect, it } from '@jest/globals';
import type { OutboxMessage } from '#persistence';
import { relay } from './relay.js';

const message = (id: number): OutboxMessage => ({ id: String(id), topic: 'sync.events', key: 'k', headers: { ce_id: String(id) }, value: `{"n":${id}}` });

/** An outbox in memory with the same promise: what `send` rejects stays. */
function outbox(count: number) {
  const rows = Array.from({ length: count }, (_, id) => message(id));
  return {
    rows,
    take: async (limit: number, send: (messages: readonly OutboxMessage[]) => Promise<void>) => {
      const batch = rows.slice(0, limit);
      if (batch.length > 0) await send(batch);
      rows.splice(0, batch.length);
      return batch.length;
    },
  };
}

describe('relay', () => {
  it('sends all, in order, to the prefixed topic', async () => {
    const box = outbox(1_203);
    const sent: string[] = [];
    expect(await relay(box, async (topic, { value }) => { sent.push(`${topic} ${String(value)}`); }, 'cs.')).toBe(1_203);
    expect(sent).toEqual(Array.from({ length: 1_203 }, (_, id) => `cs.sync.events {"n":${id}}`));
    expect(box.rows).toEqual([]);
  });

  it('keeps the rows when one is not acknowledged, and waits for the others first', async () => {
    const box = outbox(3);
    let settled = 0;
    const send = async (_: string, { value }: { value: unknown }) => {
      await new Promise((resolve) => setImmediate(resolve));
      settled += 1;
      if (value === '{"n":0}') throw new Error('Kafka is away');
    };
    await expect(relay(box, send, '')).rejects.toThrow('Kafka is away');
    expect(settled).toBe(3);
    expect(box.rows).toHaveLength(3);
  });
});
