import { topicOf, type ConnectorDeclaration } from '#connector-kit';
import { attribute, recordTopic } from '#contracts';
import { scanTopics, type Kafka } from '#kafka';

/** The newest state of a record. */
export interface RecordState { readonly version: bigint; readonly deleted: boolean }

export interface TopicCollection { readonly name: string; readonly kind: 'object' | 'event' }

/**
 * Newest state by id and collection, of one source. As in the warehouse, the higher version wins, and of equal ones the
 * later in the topic. A topic holds one collection, or all that were found in accounts: the header tells which.
 */
export async function readTopicStates(kafka: Kafka, prefix: string, declaration: ConnectorDeclaration, sourceId: string, collections: readonly TopicCollection[]): Promise<Map<string, Map<string, RecordState>>> {
  const byName = new Map(collections.map((collection) => [collection.name, collection]));
  const topics = new Set(collections.map(({ name, kind }) => recordTopic(prefix, declaration.name, topicOf(declaration, name), kind)));
  const states = new Map<string, Map<string, RecordState>>(collections.map(({ name }) => [name, new Map()]));
  await scanTopics(kafka, [...topics], ({ headers, value }) => {
    const collection = byName.get(attribute(headers, 'collection') ?? '');
    const id = attribute(headers, 'recordid');
    if (collection === undefined || id === undefined || attribute(headers, 'sourceid') !== sourceId) return;
    const version = BigInt(attribute(headers, 'recordversion') ?? '0');
    const known = states.get(collection.name)?.get(id);
    if (known !== undefined && known.version > version) return;
    states.get(collection.name)?.set(id, { version, deleted: collection.kind === 'object' && isDeleted(value) });
  });
  return states;
}

/** `deleted` stands before `data` in the envelope, so the body needs no parsing. */
const isDeleted = (value: Buffer | null): boolean => value === null || value.subarray(0, 400).includes('"deleted":true');
