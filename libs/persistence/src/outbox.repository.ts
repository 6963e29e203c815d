import { CE_TYPES, toHeaders, topicNames, type SyncCommand, type SyncEvent } from '#contracts';
import type { DataSource } from 'typeorm';
import { newId, rows, type Executor } from './database.js';

/** A message on its way to Kafka. */
export interface OutboxMessage {
  /** Grows with every message. */
  readonly id: string;
  /** Name without the configured prefix. */
  readonly topic: string;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

export class OutboxRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Hands the oldest messages, in order, to `send` and deletes them once it has resolved; when it rejects they stay.
   * @returns how many there were; `limit` means that there may be more
   */
  take(limit: number, send: (messages: readonly OutboxMessage[]) => Promise<void>): Promise<number> {
    return this.database.transaction(async (tx) => {
      const messages = await rows<OutboxMessage>(tx, 'select id::text as id, topic, key, headers, value from outbox order by outbox.id limit $1 for update', [limit]);
      if (messages.length === 0) return 0;
      await send(messages);
      await rows(tx, 'delete from outbox where id = any($1::bigint[])', [messages.map(({ id }) => id)]);
      return messages.length;
    });
  }
}

/** Puts messages into the outbox, in the transaction of the state change that they tell of. */
async function put(tx: Executor, messages: readonly Omit<OutboxMessage, 'id'>[]): Promise<void> {
  if (messages.length === 0) return;
  await rows(tx, `insert into outbox (topic, key, headers, value) select topic, key, headers, value
    from jsonb_to_recordset($1::jsonb) as m(n integer, topic text, key text, headers jsonb, value text) order by n`, [JSON.stringify(messages.map((message, n) => ({ n, ...message })))]);
}

/** A run is waiting: the command that makes a fetcher claim it. Sending it twice does no harm. */
export function putCommands(tx: Executor, runs: readonly Omit<SyncCommand, 'requestedAt'>[]): Promise<void> {
  const requestedAt = new Date().toISOString();
  return put(tx, runs.map(({ runId, sourceId, workspaceId, connector }) => ({
    topic: topicNames.syncCommands('', connector),
    key: sourceId,
    headers: toHeaders({ id: newId(), source: '/services/scheduler', type: CE_TYPES.syncCommand, time: requestedAt, workspaceid: workspaceId, sourceid: sourceId, connector, runid: runId }),
    value: JSON.stringify({ runId, sourceId, workspaceId, connector, requestedAt } satisfies SyncCommand),
  })));
}

/** What happened to runs without a fetcher's doing (queued, cancelled, given up). */
export function putEvents(tx: Executor, events: readonly SyncEvent[]): Promise<void> {
  return put(tx, events.map((event) => ({
    topic: topicNames.syncEvents(''),
    key: event.sourceId,
    headers: toHeaders({ id: newId(), source: '/services/control', type: CE_TYPES.syncEvent, time: event.at, workspaceid: event.workspaceId, sourceid: event.sourceId, runid: event.runId }),
    value: JSON.stringify(event),
  })));
}
