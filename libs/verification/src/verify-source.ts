import type { Kafka } from '#kafka';
import type { Warehouse } from '#warehouse';
import { compare, type CollectionVerdict } from './compare.js';
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
}

export interface SourceVerdict {
  readonly sourceId: string;
  readonly slug: string;
  readonly collections: readonly CollectionVerdict[];
  readonly difference: number;
  readonly apiCalls: number;
}

const PAUSE_MS = 1_000;

/**
 * Compares partner, topics and warehouse, per collection and record. The partner may change meanwhile: it is read before and
 * after, a record counts as lost when it was there both times, and what is on its way is given `settleMs` to arrive. What a
 * webhook or a change brought may be older than the sync start date: where the topic has more, the partner is read whole.
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
  const end = Date.now() + options.settleMs;
  for (;;) {
    const topics = await readTopicStates(options.kafka, options.topicPrefix, connector.declaration.name, options.sourceId, collections);
    const verdicts = await judge(options, collections, [before, after, whole], topics);
    const difference = verdicts.reduce((sum, verdict) => sum + verdict.difference, 0);
    if (difference === 0 || Date.now() >= end) return { sourceId: options.sourceId, slug: options.slug, collections: verdicts, difference, apiCalls };
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    after = await readPartnerIds(options);
    apiCalls += after.apiCalls;
    if (!verdicts.some(({ examples }) => examples.some(({ problem }) => problem === 'not at the partner'))) continue;
    whole = await readPartnerIds({ ...options, startDate: 0 });
    apiCalls += whole.apiCalls;
  }
}

async function judge(
  { warehouse, slug }: VerifyOptions, collections: readonly TopicCollection[], [before, after, whole]: readonly [PartnerIds, PartnerIds, PartnerIds],
  topics: ReadonlyMap<string, ReadonlyMap<string, RecordState>>,
): Promise<CollectionVerdict[]> {
  const verdicts: CollectionVerdict[] = [];
  for (const { name, kind } of collections) {
    const rows = new Map<string, RecordState>();
    for await (const { id, version, deleted } of warehouse.ids(slug, name)) rows.set(id, { version, deleted });
    const unreadable = after.unreadable.get(name) ?? before.unreadable.get(name);
    const [first, last] = [before.ids.get(name) ?? new Set<string>(), after.ids.get(name) ?? new Set<string>()];
    verdicts.push(compare({
      collection: name, kind, topic: topics.get(name) ?? new Map(), warehouse: rows,
      partnerAlways: unreadable === undefined ? new Set([...first].filter((id) => last.has(id))) : undefined,
      partnerEver: unreadable === undefined ? new Set([...first, ...last, ...(whole.ids.get(name) ?? [])]) : undefined,
      ...(unreadable !== undefined && { note: `The partner could not be asked: ${unreadable}` }),
    }));
  }
  return verdicts;
}
