import type { ClientBase } from 'pg';
import { FencedError, OffsetsMismatchError, SelectionChangedError } from '../errors.js';
import type { Advance, Claim, ClaimRequest, PartitionRef, WarehouseBatch } from '../warehouse.js';

interface OffsetRow { topic: string; partition: number; epoch: string; next_offset: string; cluster_id: string }

const toClaim = ({ topic, partition, epoch, next_offset }: OffsetRow): Claim => ({ topic, partition, epoch: BigInt(epoch), nextOffset: BigInt(next_offset) });

const CLAIM = `INSERT INTO _cloud_sources.offsets AS o (loader, cluster_id, topic, partition, epoch, next_offset, topic_id)
  SELECT $1, $2, topic, partition, 1, start, topic_id FROM unnest($3::text[], $4::int[], $5::bigint[], $6::uuid[]) AS wanted(topic, partition, start, topic_id) ORDER BY topic, partition
  ON CONFLICT (loader, topic, partition) DO UPDATE SET epoch = o.epoch + 1, updated_at = now(), topic_id = coalesce(o.topic_id, excluded.topic_id)
  WHERE o.cluster_id <> excluded.cluster_id OR o.topic_id IS NULL OR excluded.topic_id IS NULL OR o.topic_id = excluded.topic_id
  RETURNING topic, partition, epoch, next_offset, cluster_id`;

/** Takes the partitions over; waits for the transaction that the owner before has open. */
export async function claimOffsets(client: ClientBase, loader: string, clusterId: string, partitions: readonly ClaimRequest[]): Promise<Claim[]> {
  await client.query("BEGIN; SET LOCAL statement_timeout = '60s'");
  try {
    const { rows } = await client.query<OffsetRow>(CLAIM, [loader, clusterId, partitions.map(({ topic }) => topic), partitions.map(({ partition }) => partition), partitions.map(({ startOffset }) => String(startOffset ?? 0n)), partitions.map(({ topicId }) => topicId ?? null)]);
    for (const row of rows) if (row.cluster_id !== clusterId) throw new OffsetsMismatchError(row, `the Kafka cluster ${row.cluster_id}, not to ${clusterId}`);
    await client.query('COMMIT');
    return rows.map(toClaim);
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

export async function readOffsets(client: Pick<ClientBase, 'query'>, loader: string, partitions: readonly PartitionRef[]): Promise<Claim[]> {
  const { rows } = await client.query<OffsetRow>(
    `SELECT topic, partition, epoch, next_offset, cluster_id FROM _cloud_sources.offsets JOIN unnest($2::text[], $3::int[]) AS wanted(topic, partition) USING (topic, partition)
     WHERE loader = $1 ORDER BY topic, partition`,
    [loader, partitions.map(({ topic }) => topic), partitions.map(({ partition }) => partition)]);
  return rows.map(toClaim);
}

/** Waits for the open transactions of batches that an older version chose. */
export async function raiseSelection(client: ClientBase, loader: string, version: number): Promise<number> {
  const { rows: [stored] } = await client.query<{ version: number }>(`INSERT INTO _cloud_sources.selections AS s (loader, version) VALUES ($1, $2)
    ON CONFLICT (loader) DO UPDATE SET version = greatest(s.version, excluded.version) RETURNING version::float8 AS version`, [loader, version]);
  return stored?.version ?? version;
}

const MOVE = `WITH chosen AS (SELECT version FROM _cloud_sources.selections WHERE loader = $1 FOR SHARE), moved AS (
  UPDATE _cloud_sources.offsets AS o SET next_offset = a.until, updated_at = now()
  FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[]) AS a(topic, partition, epoch, start, until)
  WHERE o.loader = $1 AND o.topic = a.topic AND o.partition = a.partition AND o.epoch = a.epoch AND o.next_offset = a.start RETURNING 1)
SELECT (SELECT version FROM chosen)::float8 AS selection, (SELECT count(*) FROM moved)::int AS moved,
  (SELECT array_agg(t.generation::text ORDER BY n.place) FROM unnest($7::text[], $8::text[]) WITH ORDINALITY AS n(schema_name, table_name, place)
   LEFT JOIN _cloud_sources.tables AS t USING (schema_name, table_name)) AS generations`;

/**
 * The compare-and-set that every load begins with: locks the partitions' rows, so that a zombie and the owner meet here
 * and not in the data. Brings back the generation of each table's schema, to see whether the plans still hold.
 * @throws SelectionChangedError
 * @throws FencedError when one of them has another epoch or position; roll back then
 */
export async function moveOffsets(
  client: ClientBase, loader: string, { advances, selection }: Pick<WarehouseBatch, 'advances' | 'selection'>, tables: readonly { readonly schema: string; readonly table: string }[],
): Promise<readonly (string | null)[]> {
  const { rows: [answer] } = await client.query<{ selection: number | null; moved: number; generations: (string | null)[] | null }>({
    name: 'cs_move', text: MOVE,
    values: [
      loader, advances.map(({ topic }) => topic), advances.map(({ partition }) => partition), advances.map(({ epoch }) => String(epoch)),
      advances.map(({ from }) => String(from)), advances.map(({ to }) => String(to)), tables.map(({ schema }) => schema), tables.map(({ table }) => table),
    ],
  });
  if (selection !== undefined && answer?.selection !== null && answer !== undefined && answer.selection > selection) throw new SelectionChangedError(answer.selection);
  if (answer?.moved === advances.length) return answer.generations ?? [];
  const stored = await readOffsets(client, loader, advances);
  // The rows that did match have been moved by this transaction already.
  const holds = (a: Advance): boolean => stored.some((s) => s.topic === a.topic && s.partition === a.partition && s.epoch === a.epoch && s.nextOffset === a.to && a.to !== a.from);
  const fenced = advances.filter((advance) => !holds(advance));
  throw new FencedError(fenced.length === 0 ? advances : fenced);
}
