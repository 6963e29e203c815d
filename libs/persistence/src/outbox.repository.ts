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

type Message = Omit<OutboxMessage, 'id' | 'key'> & { readonly key: string };
type Run = Omit<SyncCommand, 'requestedAt'>;

/** Between messages on their way to the database: JSON, names and ids hold no control character. */
const SEPARATOR = '\u001e';

/**
 * Puts messages into the outbox, in the transaction of the state change that they tell of. As joined text, which neither side
 * has to escape or parse: a thousand of them cost a third of what they do as one JSON or as arrays.
 */
async function put(tx: Executor, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  const joined = (part: (message: Message) => string): string => messages.map(part).join(SEPARATOR);
  await rows(tx, `insert into outbox (topic, key, headers, value) select topic, key, headers::jsonb, value
    from unnest(string_to_array($1, $5), string_to_array($2, $5), string_to_array($3, $5), string_to_array($4, $5)) with ordinality as m(topic, key, headers, value, n) order by n`,
  [joined(({ topic }) => topic), joined(({ key }) => key), joined(({ headers }) => JSON.stringify(headers)), joined(({ value }) => value), SEPARATOR]);
}

function commands(runs: readonly Run[]): Message[] {
  const requestedAt = new Date().toISOString();
  return runs.map(({ runId, sourceId, workspaceId, connector }) => ({
    topic: topicNames.syncCommands('', connector),
    key: sourceId,
    headers: toHeaders({ id: newId(), source: '/services/scheduler', type: CE_TYPES.syncCommand, time: requestedAt, workspaceid: workspaceId, sourceid: sourceId, connector, runid: runId }),
    value: JSON.stringify({ runId, sourceId, workspaceId, connector, requestedAt } satisfies SyncCommand),
  }));
}

const tidings = (events: readonly SyncEvent[]): Message[] => events.map((event) => ({
  topic: topicNames.syncEvents(''),
  key: event.sourceId,
  headers: toHeaders({ id: newId(), source: '/services/control', type: CE_TYPES.syncEvent, time: event.at, workspaceid: event.workspaceId, sourceid: event.sourceId, runid: event.runId }),
  value: JSON.stringify(event),
}));

/** Runs are waiting: the commands that make a fetcher claim them. Sending one twice does no harm. */
export const putCommands = (tx: Executor, runs: readonly Run[]): Promise<void> => put(tx, commands(runs));

/** What happened to runs without a fetcher's doing (queued, cancelled, given up). */
export const putEvents = (tx: Executor, events: readonly SyncEvent[]): Promise<void> => put(tx, tidings(events));

/** Runs that were queued: their commands, and the news of it. */
export const putQueued = (tx: Executor, runs: readonly Run[]): Promise<void> => {
  const at = new Date().toISOString();
  return put(tx, [...commands(runs), ...tidings(runs.map(({ runId, sourceId, workspaceId }) => ({ type: 'run.changed', runId, sourceId, workspaceId, state: 'queued', at })))]);
};
