import type { Kafka } from '#kafka';
import type { Warehouse } from '#warehouse';
import { compare, type CollectionVerdict, type Comparison } from './compare.js';
import { readPartnerIds, type PartnerIds, type PartnerReadOptions } from './partner-ids.js';
import { readTopicStates, type RecordState, type TopicCollection } from './topic-ids.js';

export interface VerifyOptions extends PartnerReadOptions {
  readonly sourceId: string;
  /** The source's schema in the warehouse. */
  readonly slug: string;
  readonly kafka: Kafka;
  readonly topicPrefix: string;
  readonly warehouse: Warehouse;
  /** Runs a sync and waits for its end; undefined compares what is there. */
  readonly sync?: () => Promise<void>;
  /** Longest wait for records on their way, in ms. */
  readonly settleMs: number;
  /** Longest wait for a partner whose API tells of a change later than its webhook, in ms. */
  readonly partnerSettleMs: number;
}

export interface SourceVerdict {
  readonly sourceId: string;
  readonly slug: string;
  readonly collections: readonly CollectionVerdict[];
  readonly difference: number;
  readonly apiCalls: number;
}

const PAUSE_MS = 1_000;
/** Between questions to a partner that will know in a minute or two. */
const LATE_PAUSE_MS = 10_000;
/** Between syncs for what such a partner has lost again before it told of it. */
const LATE_SYNC_MS = 60_000;

/**
 * Compares partner, topics and warehouse, per collection and record. The partner may change all the time: it is read before and
 * after, a record counts as lost when it was there both times, and what is on its way is given time to arrive. Only what
 * is not the same the first time is looked at again: what changes later is not waited for. What a webhook or a change brought may
 * be older than the sync start date: where the topic has more, the partner is read whole.
 */
export async function verifySource(options: VerifyOptions): Promise<SourceVerdict> {
  const { connector, selected, signal } = options;
  const chosen = new Set(selected);
  const collections = connector.declaration.collections.filter(({ name }) => chosen.has(name));
  const before = await readPartnerIds(options);
  await options.sync?.();
  let apiCalls = before.apiCalls;
  let after = before;
  let whole = before;
  let standing: ReadonlyMap<string, Comparison> | undefined;
  const begin = Date.now();
  let synced = begin;
  for (;;) {
    const topics = await readTopicStates(options.kafka, options.topicPrefix, connector.declaration, options.sourceId, collections);
    standing = await judge(options, collections, [before, after, whole], topics, standing);
    const comparisons = [...standing.values()];
    const verdicts = comparisons.map(({ problems: _, ...verdict }): CollectionVerdict => verdict);
    const difference = verdicts.reduce((sum, verdict) => sum + verdict.difference, 0);
    const problems = new Set(comparisons.flatMap((comparison) => [...comparison.problems.values()]));
    const onlyLate = problems.size === 1 && problems.has('not at the partner');
    if (difference === 0 || Date.now() - begin >= (onlyLate ? options.partnerSettleMs : options.settleMs)) return { sourceId: options.sourceId, slug: options.slug, collections: verdicts, difference, apiCalls };
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, onlyLate ? LATE_PAUSE_MS : PAUSE_MS));
    if (onlyLate && Date.now() - synced >= LATE_SYNC_MS) {
      await options.sync?.();
      synced = Date.now();
    }
    if (problems.has('not at the partner')) after = whole = await readPartnerIds({ ...options, startDate: 0 });
    else if (problems.has('not in the topic')) after = await readPartnerIds(options);
    else continue;
    apiCalls += after.apiCalls;
  }
}

async function judge(
  { warehouse, slug }: VerifyOptions, collections: readonly TopicCollection[], [before, after, whole]: readonly [PartnerIds, PartnerIds, PartnerIds],
  topics: ReadonlyMap<string, ReadonlyMap<string, RecordState>>, standing: ReadonlyMap<string, Comparison> | undefined,
): Promise<Map<string, Comparison>> {
  const comparisons = new Map<string, Comparison>();
  for (const { name, kind } of collections) {
    const rows = new Map<string, RecordState>();
    for await (const { id, version, deleted } of warehouse.ids(slug, name)) rows.set(id, { version, deleted });
    const unreadable = after.unreadable.get(name) ?? before.unreadable.get(name);
    const [first, last] = [before.ids.get(name) ?? new Set<string>(), after.ids.get(name) ?? new Set<string>()];
    comparisons.set(name, compare({
      collection: name, kind, topic: topics.get(name) ?? new Map(), warehouse: rows,
      partnerAlways: unreadable === undefined ? new Set([...first].filter((id) => last.has(id))) : undefined,
      partnerEver: unreadable === undefined ? new Set([...first, ...last, ...(whole.ids.get(name) ?? [])]) : undefined,
      ...(unreadable !== undefined && { note: `The partner could not be asked: ${unreadable}` }),
    }, standing?.get(name)));
  }
  return comparisons;
}
