import type { OutgoingMessage } from '#kafka';
import type { OutboxRepository } from '#persistence';

const LIMIT = 500;

/** Resolves after the broker's acks=all; messages that are sent one after the other arrive in that order. */
export type Send = (topic: string, message: OutgoingMessage) => Promise<void>;

/**
 * Outbox to Kafka, in the order of the ids; a row is deleted once the broker has it. When the process dies in between, the message is sent twice: consumers
 * take that (a run is claimed once, an event has an id).
 * @returns how many were sent
 * @throws when Kafka doesn't acknowledge; the rows stay
 */
export async function relay(outbox: Pick<OutboxRepository, 'take'>, send: Send, topicPrefix: string): Promise<number> {
  let sent = 0;
  for (;;) {
    const count = await outbox.take(LIMIT, async (messages) => {
      // All of them settle before the transaction ends, so that none is still on its way when the rows are free again.
      const results = await Promise.allSettled(messages.map(({ topic, key, headers, value }) => send(`${topicPrefix}${topic}`, { key, headers: { ...headers }, value })));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    });
    sent += count;
    if (count < LIMIT) return sent;
  }
}
