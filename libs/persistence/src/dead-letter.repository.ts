import type { DeadLetter } from '#contracts';
import type { DataSource } from 'typeorm';
import { isId, newId, rows, type Executor } from './database.js';

export const DEAD_LETTER_STATES = ['open', 'replayed', 'discarded'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

/** A letter as it stands on its topic. */
export interface NewDeadLetter {
  readonly letter: DeadLetter;
  readonly at: Date;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Of the message that failed: name to bytes in base64. */
  readonly headers: Readonly<Record<string, string>>;
  /** The letter whose replay this is. */
  readonly replayOf?: string;
  /** Of the letter on its topic, decimal. */
  readonly offset: string;
}

export interface DeadLetterFilter {
  readonly state?: DeadLetterState;
  readonly sourceId?: string;
  readonly collection?: string;
  readonly service?: string;
  readonly reason?: string;
}

export interface DeadLetterRow {
  readonly id: string;
  readonly service: string;
  readonly reason: string;
  readonly message: string;
  readonly state: DeadLetterState;
  readonly sourceId: string | null;
  readonly connector: string | null;
  readonly collection: string | null;
  readonly recordIndex: number | null;
  readonly at: Date;
  readonly settledAt: Date | null;
  readonly replayOf: string | null;
  /** Of its own replay, where that failed too. */
  readonly failedAgainAs: string | null;
  /** Bytes of the record, at most as many as were asked for. */
  readonly value: Buffer | null;
  readonly bytes: number;
  /** Where the message that failed stands. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Its headers: name to bytes in base64. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What is needed to send a letter's message again. */
export interface DeadLetterMessage {
  readonly id: string;
  readonly service: string;
  readonly connector: string | null;
  readonly topic: string;
  readonly recordIndex: number | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  /** When the replay was asked for. */
  readonly askedAt: Date;
}

export interface DeadLetterCount { readonly service: string; readonly reason: string; readonly open: number; readonly replayed: number; readonly discarded: number }

/** A webhook whose signature didn't hold isn't known to be the partner's: nobody replays it. */
const REPLAYABLE = `service <> 'webhook-gateway'`;
/** Letters that were settled are forgotten after so many days, as their topic forgets them. */
const KEPT_DAYS = 30;

const columns = (bytes: string): string => `d.id, d.service, d.reason, d.message, d.state, d.source_id as "sourceId", d.connector, d.collection, d.record_index as "recordIndex", d.at, d.settled_at as "settledAt",
  d.replay_of as "replayOf", (select n.id from dead_letters n where n.replay_of = d.id order by n.id desc limit 1) as "failedAgainAs", substring(d.value from 1 for ${bytes}::integer) as value, coalesce(octet_length(d.value), 0) as bytes,
  d.topic, d.partition, d.kafka_offset::text as "offset", d.headers`;

/** Whose letters: a workspace's, or with null those that belong to none, which are the operator's. */
type Whose = string | null;
const isTheirs = (whose: Whose): string => (whose === null ? '$1::uuid is null and d.workspace_id is null' : 'd.workspace_id = $1');

/** Of letters `d`, with the filter's values from parameter 2 on. */
const matches = (whose: Whose): string => `${isTheirs(whose)} and ($2::text is null or d.state = $2) and ($3::uuid is null or d.source_id = $3) and ($4::text is null or d.collection = $4)
  and ($5::text is null or d.service = $5) and ($6::text is null or d.reason = $6)`;

const values = (workspaceId: Whose, { state, sourceId, collection, service, reason }: DeadLetterFilter): unknown[] =>
  [workspaceId, state ?? null, sourceId ?? null, collection ?? null, service ?? null, reason ?? null];

/** PostgreSQL's text takes no NUL. */
const text = (value: string | undefined): string | null => value?.replaceAll('\0', '\ufffd') ?? null;

/** The index of the dead-letter topics: what could not be processed, per workspace; null is for what belongs to none. */
export class DeadLetterRepository {
  constructor(private readonly database: DataSource) {}

  /** Letters of one partition and how far it is read, in one transaction: each is kept once, however often it comes. */
  keep(topic: string, partition: number, letters: readonly NewDeadLetter[], nextOffset: string): Promise<void> {
    return this.database.transaction(async (tx) => {
      await rows(tx, 'insert into dead_letter_offsets (topic, partition, next_offset) values ($1, $2, 0) on conflict do nothing', [topic, partition]);
      const [known] = await rows<{ next: string }>(tx, 'select next_offset::text as next from dead_letter_offsets where topic = $1 and partition = $2 for update', [topic, partition]);
      for (const letter of letters) if (BigInt(letter.offset) >= BigInt(known?.next ?? 0)) await insert(tx, topic, partition, letter);
      await rows(tx, 'update dead_letter_offsets set next_offset = greatest(next_offset, $3::bigint) where topic = $1 and partition = $2', [topic, partition, nextOffset]);
    });
  }

  /** Newest first, older than `before` (an id). @param bytes of each record, at most */
  list(workspaceId: Whose, filter: DeadLetterFilter, bytes: number, limit: number, before?: string): Promise<DeadLetterRow[]> {
    return rows(this.database, `select ${columns('$9')} from dead_letters d where ${matches(workspaceId)} and ($7::uuid is null or d.id < $7) order by d.id desc limit $8`, [...values(workspaceId, filter), before ?? null, limit, bytes]);
  }

  async get(workspaceId: Whose, id: string, bytes: number): Promise<DeadLetterRow | undefined> {
    if (!isId(id)) return undefined;
    return (await rows<DeadLetterRow>(this.database, `select ${columns('$3')} from dead_letters d where ${isTheirs(workspaceId)} and d.id = $2`, [workspaceId, id, bytes]))[0];
  }

  /** By service and reason, the most open ones first. */
  counts(workspaceId: Whose, filter: DeadLetterFilter): Promise<DeadLetterCount[]> {
    return rows(this.database, `select d.service, d.reason, count(*) filter (where d.state = 'open')::float8 as open, count(*) filter (where d.state = 'replayed')::float8 as replayed,
      count(*) filter (where d.state = 'discarded')::float8 as discarded from dead_letters d where ${matches(workspaceId)} group by 1, 2 order by 3 desc, 1, 2`, values(workspaceId, filter));
  }

  /** Settles open letters: all that match, or one. What can't be replayed stays open. @returns how many were settled */
  async settle(workspaceId: Whose, filter: DeadLetterFilter & { readonly id?: string }, state: 'replayed' | 'discarded'): Promise<number> {
    if (filter.id !== undefined && !isId(filter.id)) return 0;
    const settled = await rows(this.database, `update dead_letters d set state = $8, settled_at = clock_timestamp() where ${matches(workspaceId)} and ($7::uuid is null or d.id = $7) and ($8 <> 'replayed' or ${REPLAYABLE}) returning 1`,
      [...values(workspaceId, { ...filter, state: 'open' }), filter.id ?? null, state]);
    return settled.length;
  }

  /**
   * Hands letters whose replay was asked for to `send`, oldest first, and notes that they were sent once it has resolved. Sent twice when
   * that can't be noted, which does no harm: ids and versions are the same.
   * @returns how many there were; `limit` means that there may be more
   */
  takeReplays(limit: number, send: (letters: readonly DeadLetterMessage[]) => Promise<void>): Promise<number> {
    return this.database.transaction(async (tx) => {
      const letters = await rows<DeadLetterMessage>(tx, `select id, service, connector, topic, record_index as "recordIndex", key, value, headers, settled_at as "askedAt" from dead_letters
        where state = 'replayed' and sent_at is null order by id limit $1 for update skip locked`, [limit]);
      if (letters.length === 0) return 0;
      await send(letters);
      await rows(tx, 'update dead_letters set sent_at = now() where id = any($1::uuid[])', [letters.map(({ id }) => id)]);
      return letters.length;
    });
  }

  /** Forgets what was settled long ago. */
  async forget(): Promise<void> {
    await rows(this.database, `delete from dead_letters where state <> 'open' and (state = 'discarded' or sent_at is not null) and settled_at < now() - $1 * interval '1 day'`, [KEPT_DAYS]);
  }
}

/** The workspace is that of the source, whatever the letter says; a letter of neither is the operator's. */
async function insert(tx: Executor, topic: string, partition: number, { letter, at, key, value, headers, replayOf, offset }: NewDeadLetter): Promise<void> {
  const id = (candidate: string | undefined): string | null => (candidate !== undefined && isId(candidate) ? candidate : null);
  await rows(tx, `
    insert into dead_letters (id, workspace_id, source_id, service, reason, message, connector, collection, topic, partition, kafka_offset, record_index, letter_topic, letter_partition, letter_offset, key, value, headers, at, replay_of, destination_id)
    select $1, coalesce((select workspace_id from sources where id = $3), (select workspace_id from destinations where id = $21), case when $3::uuid is null then (select id from workspaces where id = $2) end), $3,
      $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::jsonb, $19, $20, $21
    on conflict (letter_topic, letter_partition, letter_offset) do nothing`, [
    newId(at.getTime()), id(letter.workspaceId), id(letter.sourceId), letter.service, text(letter.reason), text(letter.message), text(letter.connector), text(letter.collection), letter.topic, letter.partition, letter.offset,
    letter.recordIndex ?? null, topic, partition, offset, key, value, JSON.stringify(headers), at, id(replayOf), id(letter.destinationId)]);
}
