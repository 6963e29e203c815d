import { CE_TYPES, toHeaders, topicNames, type CloudEventAttributes, type SyncCommand, type SyncEvent } from '#contracts';
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

type Run = Omit<SyncCommand, 'requestedAt'>;

/** SQL of a jsonb or json object: names with expressions. */
const object = (make: 'jsonb' | 'json', fields: Readonly<Record<string, string>>): string => `${make}_build_object(${Object.entries(fields).map(([name, sql]) => `'${name}', ${sql}`).join(', ')})`;
const quoted = (text: string): string => `'${text}'`;

/** What a message says of a run, as expressions over the columns `run_id`, `source_id`, `workspace_id` and `connector`. */
function message(topic: string, attributes: Omit<CloudEventAttributes, 'id'>, columns: Readonly<Record<string, string>>, value: Readonly<Record<string, string>>, runs: string): string {
  const constant = Object.entries(toHeaders({ ...attributes, id: '' } as CloudEventAttributes)).map(([name, text]) => [name, quoted(text)] as const);
  const own = Object.entries({ id: 'gen_random_uuid()', ...columns }).map(([name, sql]) => [`ce_${name}`, sql] as const);
  return `select ${topic}, source_id::text, ${object('jsonb', Object.fromEntries([...constant, ...own]))}, ${object('json', value)}::text from ${runs}`;
}

function commands(at: string, runs: string): string {
  const columns = { workspaceid: 'workspace_id', sourceid: 'source_id', connector: 'connector', runid: 'run_id' };
  const value: Record<keyof SyncCommand, string> = { runId: 'run_id', sourceId: 'source_id', workspaceId: 'workspace_id', connector: 'connector', requestedAt: quoted(at) };
  return message(`${quoted(topicNames.syncCommands('', ''))} || connector`, { source: '/services/scheduler', type: CE_TYPES.syncCommand, time: at }, columns, value, runs);
}

function tidings(at: string, runs: string): string {
  const value = { type: quoted('run.changed'), runId: 'run_id', sourceId: 'source_id', workspaceId: 'workspace_id', state: quoted('queued'), at: quoted(at) };
  return message(quoted(topicNames.syncEvents('')), { source: '/services/control', type: CE_TYPES.syncEvent, time: at }, { workspaceid: 'workspace_id', sourceid: 'source_id', runid: 'run_id' }, value, runs);
}

/**
 * A statement, also as a part of the one that queues the runs, so that ten thousand of them cost no more than their rows: puts commands and news of runs that were queued.
 * @param runs a table, or a query in brackets with an alias, with `run_id`, `source_id`, `workspace_id` and `connector`
 */
export function insertQueued(runs: string): string {
  const at = new Date().toISOString();
  return `insert into outbox (topic, key, headers, value) ${commands(at, runs)} union all ${tidings(at, runs)}`;
}

const GIVEN = 'unnest($1::text[], $2::text[], $3::text[], $4::text[]) as given(run_id, source_id, workspace_id, connector)';
const columnsOf = (runs: readonly Run[]): string[][] => [runs.map(({ runId }) => runId), runs.map(({ sourceId }) => sourceId), runs.map(({ workspaceId }) => workspaceId), runs.map(({ connector }) => connector)];

/** Runs are waiting: the commands that make a fetcher claim them. Sending one twice does no harm. */
export async function putCommands(tx: Executor, runs: readonly Run[]): Promise<void> {
  if (runs.length > 0) await rows(tx, `insert into outbox (topic, key, headers, value) ${commands(new Date().toISOString(), GIVEN)}`, columnsOf(runs));
}

/** Runs that were queued: their commands, and the news of it, in the transaction that queued them. */
export async function putQueued(tx: Executor, runs: readonly Run[]): Promise<void> {
  if (runs.length > 0) await rows(tx, insertQueued(GIVEN), columnsOf(runs));
}

/** What happened to runs without a fetcher's doing (cancelled, given up). */
export async function putEvents(tx: Executor, events: readonly SyncEvent[]): Promise<void> {
  for (const event of events) {
    const headers = toHeaders({ id: newId(), source: '/services/control', type: CE_TYPES.syncEvent, time: event.at, workspaceid: event.workspaceId, sourceid: event.sourceId, runid: event.runId });
    await rows(tx, 'insert into outbox (topic, key, headers, value) values ($1, $2, $3, $4)', [topicNames.syncEvents(''), event.sourceId, JSON.stringify(headers), JSON.stringify(event)]);
  }
}
